"""Counts tables, merged: nearly every service has a row in every window, so the days are dense arrays.

A missing row is a gap (NaN), not a zero. Whole numbers below 2^24 are kept in 4 bytes; anything else as millionths in
8, which are whole numbers too, so sums do not depend on their order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

DAY_US = 86_400_000_000
MILLION = 1e6
SMALL = 2.0**24
LEAST_ROOM = 8
MEASURES = ("lines", "bytes", "clients")
Real = NDArray[np.float64]


@dataclass(slots=True)
class Grid:
    """Counts per service and window of all tables read so far.

    Attributes:
        width_us: length of a window; must divide a day.
        services: name -> number, in order of arrival (sort before use).
        days: number of the day -> measure -> services x windows.
        fractional: whether any value is not a whole number.
        number_of_code: number of the service of each code of `dictionary`, -1 where it was not met.
        dictionary: an empty column that keeps the codes of names alive; None before the first.
        names_clients: clients are counted in each window.
    """

    width_us: int
    services: dict[str, int] = field(default_factory=dict)
    days: dict[int, dict[str, NDArray[np.floating]]] = field(default_factory=dict)
    fractional: bool = False
    number_of_code: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    dictionary: pl.Series | None = None
    names_clients: bool = False

    @property
    def windows_per_day(self) -> int:
        """Windows divide a day without rest."""
        return DAY_US // self.width_us

    def add(self, rows: pl.DataFrame, stem: str) -> None:
        """Add rows with `timestamp`, `lines` and any of `service`, `bytes`, `clients`."""
        if not len(rows):
            return
        window = rows["timestamp"].to_physical().to_numpy() // self.width_us
        service = self._numbers(rows, stem)
        values = {name: rows[name].to_numpy() for name in MEASURES if name in rows.columns}
        days = self._days_in(window)
        for day in days:
            of_day = window - day * self.windows_per_day
            here = slice(None) if len(days) == 1 else np.flatnonzero((of_day >= 0) & (of_day < self.windows_per_day))
            cells = service[here] * self.windows_per_day + of_day[here]
            for name, column in values.items():
                self._add_known(day, name, cells, column[here])

    def _days_in(self, window: NDArray[np.int64]) -> Sequence[int]:
        """The days that windows may lie in: sorting them is slower than trying each, unless they lie far apart."""
        first, last = int(window.min()) // self.windows_per_day, int(window.max()) // self.windows_per_day
        if last - first < len(window):
            return range(first, last + 1)
        return [int(day) for day in np.unique(window // self.windows_per_day)]

    def _add_known(self, day: int, name: str, cells: NDArray[np.int64], values: Real) -> None:
        known = np.isfinite(values)
        if not known.all():
            cells, values = cells[known], values[known]
        if len(cells):
            self._add_to(day, name, cells, values)

    def _numbers(self, rows: pl.DataFrame, stem: str) -> NDArray[np.int64]:
        """The number of the service of each row."""
        if "service" not in rows.columns:
            return np.full(len(rows), self._number(stem), np.int64)
        names = rows["service"]
        if isinstance(names.dtype, pl.Categorical) and not names.null_count():
            if self.dictionary is None:
                self.dictionary = names.clear()  # polars forgets the codes with the last column that uses them
            if names.dtype == self.dictionary.dtype:
                return self._numbers_of_codes(names)
        names = names.cast(pl.String).fill_null(stem)
        distinct = names.unique(maintain_order=True)
        numbers = pl.Series([self._number(name) for name in distinct.to_list()], dtype=pl.Int64)
        table = pl.DataFrame({"service": distinct, "number": numbers})
        joined = names.alias("service").to_frame().join(table, on="service", how="left", maintain_order="left")
        return np.asarray(joined["number"].to_numpy())

    def _numbers_of_codes(self, names: pl.Series) -> NDArray[np.int64]:
        """The same for names that are numbers of a dictionary, which polars keeps while `dictionary` lives."""
        codes = names.to_physical().to_numpy()
        beyond = int(codes.max()) + 1 - len(self.number_of_code)
        if beyond > 0:
            self.number_of_code = np.append(self.number_of_code, np.full(beyond, -1))
        numbers = self.number_of_code[codes]
        new = np.flatnonzero(numbers < 0)
        if len(new):
            distinct = names.gather(new).unique(maintain_order=True)
            found = [self._number(name) for name in distinct.cast(pl.String).to_list()]
            self.number_of_code[distinct.to_physical().to_numpy()] = found
            numbers = self.number_of_code[codes]
        return np.asarray(numbers)

    def _number(self, service: str) -> int:
        return self.services.setdefault(service, len(self.services))

    def _add_to(self, day: int, name: str, cells: NDArray[np.int64], values: Real) -> None:
        """Add values to cells of a day; several may fall into one cell."""
        whole = bool((values == np.floor(values)).all())
        self.fractional |= not whole and name == "lines"
        grid = self._room(day, name, wide=not whole or bool(values.max(initial=0) >= SMALL / 2**10))
        flat = grid.reshape(-1)
        scaled = np.rint(values * MILLION) if grid.dtype == np.float64 else values
        before = flat[cells]
        fresh = np.isnan(before)
        flat[cells[fresh]] = 0.0
        np.add.at(flat, cells, scaled.astype(grid.dtype))
        if grid.dtype == np.float32 and flat[cells].max() >= SMALL:  # beyond it sums are not exact any more
            flat[cells] = before
            self._room(day, name, wide=True)
            self._add_to(day, name, cells, values)

    def _room(self, day: int, name: str, *, wide: bool) -> NDArray[np.floating]:
        """The array of a measure of a day, grown to all services, widened to millionths if asked."""
        grids = self.days.setdefault(day, {})
        grid = grids.get(name)
        if grid is None:
            shape = (max(len(self.services), LEAST_ROOM), self.windows_per_day)
            grid = np.full(shape, np.nan, np.float64 if wide else np.float32)
        if len(grid) < len(self.services):
            more = np.full((max(len(self.services) - len(grid), len(grid) // 2), grid.shape[1]), np.nan, grid.dtype)
            grid = np.concatenate([grid, more])
        if wide and grid.dtype == np.float32:
            grid = grid.astype(np.float64) * MILLION
        grids[name] = grid
        return grid

    def measures(self) -> frozenset[str]:
        """The measures that are known of any service."""
        return frozenset(name for day in self.days.values() for name in day)

    def counted_per(self, _service: int) -> str:
        """A table tells clients."""
        return "client"

    def tells(self, column: str, service: str) -> bool:  # noqa: ARG002  as `Totals` does
        """Do records of a service, by its name, state this column? A table has no records."""
        return False

    def span(self) -> tuple[int, int]:
        """First window, and the one after the last."""
        first, last = min(self.days), max(self.days)
        begin = np.flatnonzero(~np.isnan(self.days[first]["lines"]).all(axis=0))[0]
        end = np.flatnonzero(~np.isnan(self.days[last]["lines"]).all(axis=0))[-1]
        return first * self.windows_per_day + int(begin), last * self.windows_per_day + int(end) + 1

    def knows(self, day: int) -> bool:
        """Is anything known of this day?"""
        return day in self.days

    def series(self, service: int, first: int, end: int) -> dict[str, Real]:
        """Windows first..end-1 of one service; NaN where nothing is known."""
        found = {name: np.full(end - first, np.nan) for name in MEASURES}
        for number in range(first // self.windows_per_day, (end - 1) // self.windows_per_day + 1):
            begin = number * self.windows_per_day
            low, high = max(first, begin), min(end, begin + self.windows_per_day)
            for name, grid in self.days.get(number, {}).items():
                if service < len(grid):
                    part = grid[service, low - begin : high - begin].astype(np.float64)
                    found[name][low - first : high - first] = part / MILLION if grid.dtype == np.float64 else part
        return found

    def distinct(self, service: int, first: int, end: int) -> float | None:
        """Mean of the clients that the table states per window, in windows first..end-1; None where it states none."""
        clients = self.series(service, first, end)["clients"]
        return None if np.isnan(clients).all() else float(np.nanmean(clients))

    def forget(self, number: int) -> None:
        """Free a day that is not needed any more."""
        self.days.pop(number, None)

    def matrices(self, number: int, services: NDArray[np.int64], only: tuple[str, ...] = MEASURES) -> dict[str, Real]:
        """One day of the given services (by number; -1: none) as services x windows; NaN where a table has no row."""
        shape = (len(services), self.windows_per_day)
        found = {}
        for name in only:
            full = np.full(shape, np.nan)
            grid = self.days.get(number, {}).get(name)
            if grid is not None:
                here = (services >= 0) & (services < len(grid))
                part = grid[services[here]]
                full[here] = part / MILLION if part.dtype == np.float64 else part
            found[name] = full
        return found
