"""Merged counts of a whole run, by day of event time: what every way of cutting the input has in common.

Everything here is a sum or a maximum of whole numbers, so the order in which partial counts arrive does not matter.
Logs are kept sparse (a cell for every service and window that has lines), counts tables dense (nearly every cell has
a row). Memory depends on services and time span, not on the number of lines.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from detector.windows import sketch
from detector.windows.counting import Numbers, Partial

DAY_US = 86_400_000_000
MEASURES = ("lines", "bytes", "errors", "debug")
Real = NDArray[np.float64]


@dataclass(slots=True)
class Day:
    """Counts of one day; a cell is service * windows_per_day + window of the day."""

    cells: list[Numbers] = field(default_factory=list)
    sums: list[Numbers] = field(default_factory=list)
    sketches: list[sketch.Entries] = field(default_factory=list)
    waiting: int = 0
    waiting_entries: int = 0

    def add(self, cells: Numbers, sums: Numbers, entries: sketch.Entries) -> None:
        """Take in counts (4 x n) and sketch entries; merge when as much waits as is stored."""
        self.cells.append(cells)
        self.sums.append(sums)
        self.sketches.append(entries)
        self.waiting += len(cells)
        self.waiting_entries += len(entries)
        if self.waiting > 2 * len(self.cells[0]) + 10_000 or self.waiting_entries > 2 * len(self.sketches[0]) + 100_000:
            self.merge()

    def merge(self) -> None:
        """Bring all parts together."""
        if len(self.cells) > 1:
            cells, row = np.unique(np.concatenate(self.cells), return_inverse=True)
            sums = np.concatenate(self.sums, axis=1)
            order = np.argsort(row, kind="stable")
            begins = np.searchsorted(row[order], np.arange(len(cells)))
            self.cells, self.sums = [cells], [np.add.reduceat(sums[:, order], begins, axis=1)] if len(cells) else [sums]
        self.sketches = [sketch.merge(self.sketches)]
        self.waiting = self.waiting_entries = 0


@dataclass(slots=True)
class Extent:
    """From the first to the last window of a stream, and the services seen in it."""

    first: int
    last: int
    services: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Totals:
    """Counts per service and window of everything read so far.

    Attributes:
        width_us: length of a window.
        services: name -> number, in order of arrival (sort before use).
        days: number of the day since 1970 -> its counts.
        extents: stream -> its span; inside it silence is zero.
    """

    width_us: int
    services: dict[str, int] = field(default_factory=dict)
    days: dict[int, Day] = field(default_factory=dict)
    extents: dict[str, Extent] = field(default_factory=dict)

    @property
    def windows_per_day(self) -> int:
        """Windows divide a day without rest."""
        return DAY_US // self.width_us

    def number(self, service: str) -> int:
        """The number of a service, a new one if it was not seen before."""
        return self.services.setdefault(service, len(self.services))

    def add(self, partial: Partial, stream: str) -> None:
        """Merge the counts of one block of a stream."""
        if not len(partial.window):
            return
        codes, place = np.unique(partial.service, return_inverse=True)
        service = np.array([self.number(partial.services[code] or "") for code in codes], np.int64)[place]
        self._extend(stream, int(partial.window.min()), int(partial.window.max()), np.unique(service))
        day = partial.window // self.windows_per_day
        cell = service * self.windows_per_day + partial.window % self.windows_per_day
        row = (partial.sketches >> np.uint64(sketch.ENTRY_BITS)).astype(np.int64)
        low = partial.sketches & np.uint64((1 << sketch.ENTRY_BITS) - 1)
        entries = (cell[row].astype(np.uint64) << np.uint64(sketch.ENTRY_BITS)) | low
        for number in np.unique(day):
            here = day == number
            mine = entries[here[row]] if not here.all() else entries
            self.days.setdefault(int(number), Day()).add(cell[here], partial.measures[:, here], mine)

    def _extend(self, stream: str, first: int, last: int, services: Numbers) -> None:
        extent = self.extents.setdefault(stream, Extent(first, last))
        extent.first, extent.last = min(extent.first, first), max(extent.last, last)
        extent.services.update(services.tolist())

    def spans(self) -> tuple[Numbers, Numbers]:
        """First and last window of each service, by number: silence between them is zero, outside it is unknown."""
        first = np.full(len(self.services), np.iinfo(np.int64).max)
        last = np.full(len(self.services), -1)
        for extent in self.extents.values():
            mine = np.fromiter(extent.services, np.int64)
            first[mine], last[mine] = np.minimum(first[mine], extent.first), np.maximum(last[mine], extent.last)
        return first, last

    def span(self) -> tuple[int, int]:
        """First window, and the one after the last."""
        extents = self.extents.values()
        return min(e.first for e in extents), max(e.last for e in extents) + 1

    def series(self, service: int, first: int, end: int) -> dict[str, Real]:
        """Windows first..end-1 of one service; NaN where nothing is known."""
        found = {name: np.full(end - first, np.nan) for name in (*MEASURES, "clients")}
        for number in range(first // self.windows_per_day, (end - 1) // self.windows_per_day + 1):
            begin = number * self.windows_per_day
            low, high = max(first, begin), min(end, begin + self.windows_per_day)
            for name, matrix in self.matrices(number, np.array([service])).items():
                found[name][low - first : high - first] = matrix[0, low - begin : high - begin]
        return found

    def distinct(self, service: int, first: int, end: int) -> int | None:
        """Distinct clients of one service in windows first..end-1 together; None where none is known."""
        parts = []
        for number in range(first // self.windows_per_day, (end - 1) // self.windows_per_day + 1):
            day = self.days.get(number)
            if day is None:
                continue
            day.merge()
            cell = (day.sketches[0] >> np.uint64(sketch.ENTRY_BITS)).astype(np.int64)
            window = number * self.windows_per_day + cell % self.windows_per_day
            mine = (cell // self.windows_per_day == service) & (window >= first) & (window < end)
            parts.append(day.sketches[0][mine] & np.uint64((1 << sketch.ENTRY_BITS) - 1))
        _, clients = sketch.estimate(sketch.merge(parts))
        return int(clients[0]) if len(clients) else None

    def forget(self, number: int) -> None:
        """Free a day that is not needed any more."""
        self.days.pop(number, None)

    def matrices(self, number: int, services: Numbers, only: tuple[str, ...] = (*MEASURES, "clients")) -> dict[str, Real]:
        """One day of the given services (by number; -1: none) as services x windows; NaN outside a service's span.

        `clients` is NaN where no client is known.
        """
        first, last = (np.append(edge, outside) for edge, outside in zip(self.spans(), (np.iinfo(np.int64).max, -1), strict=True))
        window = number * self.windows_per_day + np.arange(self.windows_per_day)
        known = (window >= first[services][:, None]) & (window <= last[services][:, None])
        found = {name: np.full(known.shape, np.nan) if name == "clients" else np.where(known, 0.0, np.nan) for name in only}
        day = self.days.get(number)
        if day is None:
            return found
        day.merge()
        row = np.full(len(self.services), -1)
        row[services[services >= 0]] = np.flatnonzero(services >= 0)
        for name, sums in zip(MEASURES, day.sums[0], strict=True):
            if name in only:
                self._fill(found[name], row, day.cells[0], sums)
        if "clients" in only:
            self._fill(found["clients"], row, *sketch.estimate(day.sketches[0]))
        return found

    def _fill(self, matrix: Real, row: Numbers, cells: Numbers, values: Numbers) -> None:
        place = row[cells // self.windows_per_day]
        mine = place >= 0
        matrix[place[mine], cells[mine] % self.windows_per_day] = values[mine]
