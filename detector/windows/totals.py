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
from detector.windows.denominators import Denominators

DAY_US = 86_400_000_000
FAR_DAYS = 90
"""A stream that is silent for so long may have been so by an absurd time: see `outliers.py`."""
MEASURES = ("lines", "bytes", "errors", "debug")
ALL = (*MEASURES, "clients")
Real = NDArray[np.float64]


@dataclass(slots=True)
class Day:
    """Counts of one day; a cell is service * windows_per_day + window of the day.

    Attributes:
        cells, sums: parts of n cells and 4 x n measures; merged, they are one part with sorted cells.
        sketches: parts of entries of `sketch.py`.
        waiting, waiting_entries: cells and entries that came in since they were merged.
    """

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
        if not self.waiting and not self.waiting_entries:
            return
        if len(self.cells) > 1:
            cells, row = np.unique(np.concatenate(self.cells), return_inverse=True)
            sums = np.concatenate(self.sums, axis=1)
            order = np.argsort(row, kind="stable")
            begins = np.searchsorted(row[order], np.arange(len(cells)))
            self.cells, self.sums = [cells], [np.add.reduceat(sums[:, order], begins, axis=1)] if len(cells) else [sums]
        self.sketches = [sketch.merge(self.sketches)]
        self.waiting = self.waiting_entries = 0

    def lines(self) -> int:
        """Lines of all services and windows."""
        return int(sum(sums[0].sum() for sums in self.sums))


@dataclass(slots=True)
class Stretch:
    """From the first to the last window of a part of a stream, and the services seen in it.

    Less than `FAR_DAYS` lie between one day of a stretch and the next; an ordinary stream is one stretch.
    """

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
        extents: stream -> its stretches in order; from the begin of the first to the end of the last silence is zero.
        numbers: of services, given so far; services may be dropped, numbers are not given again.
        told: column -> names of the services that state it.
        names_clients: clients are told apart over many windows.
        per: what lines are counted per; None: not known since something was added.
    """

    width_us: int
    services: dict[str, int] = field(default_factory=dict)
    days: dict[int, Day] = field(default_factory=dict)
    extents: dict[str, list[Stretch]] = field(default_factory=dict)
    numbers: int = 0
    told: dict[str, set[str]] = field(default_factory=dict)
    names_clients: bool = True
    per: Denominators | None = None

    @property
    def windows_per_day(self) -> int:
        """Windows divide a day without rest."""
        return DAY_US // self.width_us

    def number(self, service: str) -> int:
        """The number of a service, a new one if it was not seen before."""
        if service not in self.services:
            self.services[service] = self.numbers
            self.numbers += 1
        return self.services[service]

    def add(self, partial: Partial, stream: str) -> None:
        """Merge the counts of one block of a stream."""
        for column, names in partial.told.items():
            self.told.setdefault(column, set()).update(names)
        if not len(partial.window):
            return
        codes, place = np.unique(partial.service, return_inverse=True)
        service = np.array([self.number(partial.services[code] or "") for code in codes], np.int64)[place]
        self._extend(stream, partial.window, service)
        self.per = None
        day = partial.window // self.windows_per_day
        cell = service * self.windows_per_day + partial.window % self.windows_per_day
        row, _ = sketch.cells_of(partial.sketches)
        entries = sketch.moved(partial.sketches, cell[row])
        for number in np.unique(day):
            here = day == number
            mine = entries[here[row]] if not here.all() else entries
            self.days.setdefault(int(number), Day()).add(cell[here], partial.measures[:, here], mine)

    def _extend(self, stream: str, window: Numbers, service: Numbers) -> None:
        """Add the cells of a block to the stretches of its stream."""
        windows = np.unique(window)
        far = np.flatnonzero(np.diff(windows // self.windows_per_day) >= FAR_DAYS)
        firsts, lasts = windows[np.r_[0, far + 1]].tolist(), windows[np.r_[far, -1]].tolist()
        for first, last in zip(firsts, lasts, strict=True):
            found = set(service[(window >= first) & (window <= last)].tolist())
            self._join(stream, Stretch(first, last, found))

    def _join(self, stream: str, new: Stretch) -> None:
        """Add a stretch; those that are not far from it become one with it."""
        apart = []
        for old in self.extents.get(stream, []):
            if self._far(old.last, new.first) or self._far(new.last, old.first):
                apart.append(old)
            else:
                old.services |= new.services
                new = Stretch(min(old.first, new.first), max(old.last, new.last), old.services)
        self.extents[stream] = sorted([*apart, new], key=_first)

    def _far(self, window: int, later: int) -> bool:
        return later // self.windows_per_day - window // self.windows_per_day >= FAR_DAYS

    def spans(self) -> tuple[Numbers, Numbers]:
        """First and last window of each service, by number: silence between them is zero, outside it is unknown."""
        first = np.full(self.numbers, np.iinfo(np.int64).max)
        last = np.full(self.numbers, -1)
        for extent in self.extents.values():
            for stretch in extent:
                mine = np.fromiter(stretch.services, np.int64)
                first[mine] = np.minimum(first[mine], extent[0].first)
                last[mine] = np.maximum(last[mine], extent[-1].last)
        return first, last

    def measures(self) -> frozenset[str]:
        """The measures that are known of any service."""
        return frozenset(ALL if self.denominators().are_known else MEASURES)

    def denominators(self) -> Denominators:
        """What the lines of each service are counted per."""
        if self.per is None:
            self.per = Denominators()
            self.per.settle(map(self._telling, self.days.values()))
        return self.per

    def _telling(self, day: Day) -> tuple[Numbers, Numbers]:
        day.merge()
        cell, kind = sketch.telling(day.sketches[0])
        return cell // self.windows_per_day, kind

    def counted_per(self, service: int) -> str:
        """What the lines of a service are counted per: `client`, `request` or `host`."""
        return self.denominators().name(service)

    def tells(self, column: str, service: str) -> bool:
        """Do records of a service, by its name, state this column?"""
        return service in self.told.get(column, ())

    def span(self) -> tuple[int, int]:
        """First window, and the one after the last."""
        extents = self.extents.values()
        return min(extent[0].first for extent in extents), max(extent[-1].last for extent in extents) + 1

    def knows(self, day: int) -> bool:
        """Is anything known of this day? Silence is, but for that of years between two parts of a stream."""
        stretches = (stretch for extent in self.extents.values() for stretch in extent)
        return any(self._days_of(stretch)[0] <= day <= self._days_of(stretch)[1] for stretch in stretches)

    def _days_of(self, stretch: Stretch) -> tuple[int, int]:
        return stretch.first // self.windows_per_day, stretch.last // self.windows_per_day

    def keep_days(self, first: int, last: int) -> None:
        """Forget what lies outside days first..last, and the services and streams that were seen nowhere else.

        Both ends must lie `FAR_DAYS` from the nearest day that is forgotten: a stretch is inside or outside.
        """
        for day in [day for day in self.days if not first <= day <= last]:
            self.forget(day)
        for stream, extent in list(self.extents.items()):
            inside = [stretch for stretch in extent if first <= stretch.first // self.windows_per_day <= last]
            self.extents[stream] = inside
            if not inside:
                del self.extents[stream]
        heard = {number for extent in self.extents.values() for stretch in extent for number in stretch.services}
        self.services = {name: number for name, number in self.services.items() if number in heard}

    def series(self, service: int, first: int, end: int, only: tuple[str, ...] = ALL) -> dict[str, Real]:
        """Windows first..end-1 of one service; NaN where nothing is known."""
        found = {name: np.full(end - first, np.nan) for name in only}
        for number in range(first // self.windows_per_day, (end - 1) // self.windows_per_day + 1):
            begin = number * self.windows_per_day
            low, high = max(first, begin), min(end, begin + self.windows_per_day)
            for name, matrix in self.matrices(number, np.array([service]), only).items():
                found[name][low - first : high - first] = matrix[0, low - begin : high - begin]
        return found

    def distinct(self, service: int, first: int, end: int) -> int | None:
        """Distinct clients (or requests, hosts) of a service in windows first..end-1 together; None: none is known."""
        parts = []
        for number in range(first // self.windows_per_day, (end - 1) // self.windows_per_day + 1):
            day = self.days.get(number)
            if day is None:
                continue
            day.merge()
            cell, kind = sketch.cells_of(day.sketches[0])
            window = number * self.windows_per_day + cell % self.windows_per_day
            mine = (cell // self.windows_per_day == service) & (window >= first) & (window < end)
            found = day.sketches[0][mine & (kind == self.denominators().of(np.array([service])))]
            parts.append(sketch.moved(found, np.zeros(len(found), np.int64)))
        *_, clients = sketch.estimate(sketch.merge(parts))
        return int(clients[0]) if len(clients) else None

    def forget(self, number: int) -> None:
        """Free a day that is not needed any more."""
        self.days.pop(number, None)

    def matrices(self, number: int, services: Numbers, only: tuple[str, ...] = ALL) -> dict[str, Real]:
        """One day of the given services (by number; -1: none) as services x windows; NaN outside a service's span.

        `clients` are what the lines of the service are counted per; NaN where none is known.
        """
        silent = np.where(self._known(number, services), 0.0, np.nan)
        found = {name: np.full(silent.shape, np.nan) if name == "clients" else silent.copy() for name in only}
        day = self.days.get(number)
        if day is None:
            return found
        day.merge()
        row = np.full(self.numbers, -1)
        row[services[services >= 0]] = np.flatnonzero(services >= 0)
        for name, sums in zip(MEASURES, day.sums[0], strict=True):
            if name in only:
                self._fill(found[name], row, day.cells[0], sums)
        if "clients" in only:
            cell, kind, clients = sketch.estimate(day.sketches[0])
            mine = kind == self.denominators().of(cell // self.windows_per_day)
            self._fill(found["clients"], row, cell[mine], clients[mine])
        return found

    def _known(self, number: int, services: Numbers) -> NDArray[np.bool_]:
        """Which windows of a day lie in the span of each service, S x windows."""
        first, last = self.spans()
        first, last = np.append(first, np.iinfo(np.int64).max)[services], np.append(last, -1)[services]
        window = number * self.windows_per_day + np.arange(self.windows_per_day)
        return (window >= first[:, None]) & (window <= last[:, None])

    def _fill(self, matrix: Real, row: Numbers, cells: Numbers, values: Numbers) -> None:
        place = row[cells // self.windows_per_day]
        mine = place >= 0
        matrix[place[mine], cells[mine] % self.windows_per_day] = values[mine]


def _first(stretch: Stretch) -> int:
    return stretch.first
