"""What counts of logs and counts tables have in common: all that the walk asks of them."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
Numbers = NDArray[np.int64]

MOST_UNKNOWN_DAYS = 8
"""A day after the week that baselines look back on."""


class Store(Protocol):
    """Counts per service and window; windows are numbered since 1970, days too.

    Attributes:
        width_us: length of a window, microseconds; it divides a day.
        services: name -> number, in order of arrival (sort before use).
        names_clients: clients are told apart over many windows, not counted in each of them.
    """

    width_us: int
    services: dict[str, int]
    names_clients: bool

    @property
    def windows_per_day(self) -> int:
        """Windows divide a day without rest."""

    def span(self) -> tuple[int, int]:
        """First window, and the one after the last."""

    def knows(self, day: int) -> bool:
        """Is anything known of this day, silence too?"""

    def measures(self) -> frozenset[str]:
        """The measures that are known of any service: `lines`, `bytes`, `clients` or more."""

    def counted_per(self, service: int) -> str:
        """What the lines of a service are counted per: `client`, `request` or `host`; that is its measure `clients`."""

    def tells(self, column: str, service: str) -> bool:
        """Do records of a service, by its name, state this column?"""

    def matrices(self, number: int, services: Numbers, only: tuple[str, ...]) -> dict[str, Real]:
        """The measures `only` of one day, of the given services (-1: none), S x windows; NaN where unknown."""

    def series(self, service: int, first: int, end: int) -> dict[str, Real]:
        """Every measure of one service in windows first..end-1; NaN where unknown."""

    def distinct(self, service: int, first: int, end: int) -> float | None:
        """Clients of one service in windows first..end-1 together; None where none is known."""


def numbers_of(store: Store, names: list[str]) -> Numbers:
    """The store's numbers of services, -1 for those that it does not know."""
    return np.array([store.services.get(name, -1) for name in names], np.int64)


def days_of(store: Store, first: int, end: int) -> list[int]:
    """The days that windows first..end-1 lie in, but for those more than a week after the last known one.

    Logs of two decades may lie side by side: nothing can be judged or learned between them.
    """
    found, last = [], None
    for day in range(first // store.windows_per_day, (end - 1) // store.windows_per_day + 1):
        last = day if store.knows(day) else last
        if last is not None and day - last <= MOST_UNKNOWN_DAYS:
            found.append(day)
    return found
