"""What is foretold of an incident: part of its causes, see `schemas.py`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Forecast:
    """When a service will be overloaded, from what was known at one moment.

    Attributes:
        as_of_us: that moment, microseconds since 1970 UTC: the end of the input for an incident that lasts, else when
            it was noticed.
        capacity: what the service can bear, in `unit`: lines/min, bytes/s, bytes/day or bytes.
        source: `settings`; or `learned`, the highest load that it bore for five minutes without failing.
        learned_us: when it bore that; None where the settings say it.
        course: how the surge grows: `level`, `linear` or `exponential`.
        load: share of the capacity at that moment; of a quota or a disk what will be taken of it by midnight or in
            24 h.
        load_of_all: the load if all clients did what one version does; None where no version is to blame.
        overload_us: when the capacity is reached; `as_of_us` if it is reached already; None: not within 24 h, or not
            known, since the service bears more than it ever did (a load above 1).
        earliest_us, latest_us: between them it lies with a chance of 90 %; None: not within 24 h.
    """

    as_of_us: int
    capacity: float
    unit: str
    source: str
    learned_us: int | None
    course: str
    load: float
    load_of_all: float | None = None
    overload_us: int | None = None
    earliest_us: int | None = None
    latest_us: int | None = None

    @property
    def is_uncharted(self) -> bool:
        """Does the service bear more than it ever did?"""
        return self.overload_us is None and self.source == "learned" and self.load >= 1

    @property
    def left_us(self) -> int | None:
        """From that moment to the overload; None: not within 24 h."""
        return None if self.overload_us is None else self.overload_us - self.as_of_us
