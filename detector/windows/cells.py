"""The counts of single windows while they are open, and of the last ones that closed: for a run that never ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from detector.windows import sketch
from detector.windows.counting import NONE, Numbers, Partial
from detector.windows.denominators import Denominators
from detector.windows.totals import ALL, MEASURES

Real = NDArray[np.float64]
VERSION = 1
"""Of the bytes of cells."""


@dataclass(frozen=True, slots=True)
class Cells:
    """One window.

    Attributes:
        services: their numbers, ascending, n.
        measures: lines, bytes, errors and debug, 4 x n.
        sketches: entries of `sketch.py`; their cell is the row, 0..n-1.
    """

    services: Numbers
    measures: Numbers
    sketches: sketch.Entries

    def lines(self) -> int:
        """Of all services."""
        return int(self.measures[0].sum())

    def clients(self, per: Denominators) -> Real:
        """Distinct clients of each service, or what else its lines are counted per, n; NaN where none is known."""
        found = np.full(len(self.services), np.nan)
        rows, kinds, clients = sketch.estimate(self.sketches)
        mine = kinds == per.of(self.services)[rows]
        found[rows[mine]] = clients[mine]
        return found

    def telling(self) -> tuple[Numbers, Numbers]:
        """Services with what their lines may be counted per."""
        rows, kinds = sketch.telling(self.sketches)
        return self.services[rows], kinds

    def encode(self) -> bytes:
        """As bytes: version, number of services, then the columns, little-endian."""
        head = np.array([VERSION, len(self.services)], "<i8")
        columns = (head, self.services.astype("<i8"), self.measures.astype("<i8"), self.sketches.astype("<u8"))
        return b"".join(np.ascontiguousarray(column).tobytes() for column in columns)

    @classmethod
    def decode(cls, data: bytes) -> Cells:
        """The inverse of `encode`.

        Raises:
            ValueError: the bytes are no cells of this version.
        """
        numbers = np.frombuffer(data, "<i8", len(data) // 8)
        if len(data) % 8 or len(numbers) < 2 or numbers[0] != VERSION or not 0 <= numbers[1] <= (len(numbers) - 2) // 5:
            raise ValueError("these bytes are no counts of a window")
        n = int(numbers[1])
        sketches = np.frombuffer(data, "<u8", offset=8 * (2 + 5 * n))
        return cls(numbers[2 : 2 + n], numbers[2 + n : 2 + 5 * n].reshape(4, n), sketches)


EMPTY = Cells(NONE, np.empty((4, 0), np.int64), np.empty(0, np.uint64))


def merge(parts: Sequence[Cells]) -> Cells:
    """The counts of one window that came in parts; the order does not matter."""
    if len(parts) <= 1:
        return parts[0] if parts else EMPTY
    services, row = np.unique(np.concatenate([part.services for part in parts]), return_inverse=True)
    order = np.argsort(row, kind="stable")
    begins = np.searchsorted(row[order], np.arange(len(services)))
    measures = np.concatenate([part.measures for part in parts], axis=1)[:, order]
    moved, begin = [], 0
    for part in parts:
        own = row[begin : begin + len(part.services)]
        moved.append(sketch.moved(part.sketches, own[sketch.cells_of(part.sketches)[0]]))
        begin += len(part.services)
    sums = np.add.reduceat(measures, begins, axis=1) if len(services) else measures
    return Cells(services, sums, sketch.merge(moved))


def split(partial: Partial, number: Callable[[str], int]) -> Iterator[tuple[int, Cells]]:
    """The counts of a block, window by window; `number` gives the number of a service."""
    numbers = np.array([-1 if name is None else number(name) for name in partial.services], np.int64)
    services = numbers[partial.service]
    owner, _ = sketch.cells_of(partial.sketches)
    for window in np.unique(partial.window).tolist():
        rows = np.flatnonzero(partial.window == window)
        rows = rows[np.argsort(services[rows], kind="stable")]
        place = np.full(len(services), -1)
        place[rows] = np.arange(len(rows))
        mine = place[owner] >= 0
        entries = sketch.moved(partial.sketches[mine], place[owner[mine]])
        whole = Cells(services[rows], partial.measures[:, rows], np.sort(entries))
        yield window, merge([whole, EMPTY])  # two names may have one number


@dataclass(slots=True)
class Recent:
    """The last windows that closed, to tell causes by; a store for single services.

    Attributes:
        width_us: length of a window.
        keep: so many windows are kept.
        services: name -> number.
        windows: number of the window -> its counts.
        told: column -> names of the services that state it.
        names_clients: clients are told apart over many windows.
        per: what lines are counted per.
    """

    width_us: int
    keep: int
    services: dict[str, int] = field(default_factory=dict)
    windows: dict[int, Cells] = field(default_factory=dict)
    told: dict[str, set[str]] = field(default_factory=dict)
    names_clients: bool = True
    per: Denominators = field(default_factory=Denominators)

    def tells(self, column: str, service: str) -> bool:
        """Do records of a service, by its name, state this column?"""
        return service in self.told.get(column, ())

    def add(self, window: int, cells: Cells) -> None:
        """Keep a window, the newest so far, or add to one that is kept; the oldest ones are forgotten."""
        known = self.windows.get(window)
        self.windows[window] = cells if known is None else merge([known, cells])
        while len(self.windows) > self.keep:
            del self.windows[next(iter(self.windows))]

    @property
    def windows_per_day(self) -> int:
        """Windows divide a day without rest."""
        return 86_400_000_000 // self.width_us

    def span(self) -> tuple[int, int]:
        """First window, and the one after the last."""
        return min(self.windows, default=0), max(self.windows, default=-1) + 1

    def knows(self, day: int) -> bool:
        """Is anything known of this day?"""
        first, end = self.span()
        return first // self.windows_per_day <= day <= (end - 1) // self.windows_per_day

    def measures(self) -> frozenset[str]:
        """The measures that are known of any service."""
        return frozenset(ALL if self.per.are_known else MEASURES)

    def counted_per(self, service: int) -> str:
        """What the lines of a service are counted per: `client`, `request` or `host`."""
        return self.per.name(service)

    def matrices(self, number: int, services: Numbers, only: tuple[str, ...]) -> dict[str, Real]:
        """One day of services, S x windows; NaN where nothing is kept."""
        first = number * self.windows_per_day
        each = [self.series(service, first, first + self.windows_per_day) for service in services.tolist()]
        return {name: np.array([one[name] for one in each]) for name in only}

    def series(self, service: int, first: int, end: int) -> dict[str, Real]:
        """Windows first..end-1 of one service; NaN where nothing is known."""
        found = {name: np.full(end - first, np.nan) for name in ALL}
        for window in range(first, end):
            cells = self.windows.get(window)
            if cells is None:
                continue
            for name in MEASURES:
                found[name][window - first] = 0.0
            row = int(np.searchsorted(cells.services, service))
            if row < len(cells.services) and cells.services[row] == service:
                for name, value in zip(MEASURES, cells.measures[:, row].tolist(), strict=True):
                    found[name][window - first] = value
                *_, clients = sketch.estimate(self._of_row(cells, row))
                found["clients"][window - first] = clients[0] if len(clients) else np.nan
        return found

    def distinct(self, service: int, first: int, end: int) -> int | None:
        """Distinct clients (or requests, hosts) of a service in windows first..end-1 together; None: none is known."""
        parts = []
        for window in range(first, end):
            cells = self.windows.get(window, EMPTY)
            row = int(np.searchsorted(cells.services, service))
            if row < len(cells.services) and cells.services[row] == service:
                parts.append(self._of_row(cells, row))
        *_, clients = sketch.estimate(sketch.merge(parts))
        return int(clients[0]) if len(clients) else None

    def _of_row(self, cells: Cells, row: int) -> sketch.Entries:
        """The entries of one row, of what its service is counted per, as those of cell 0."""
        kind = int(self.per.of(cells.services[row : row + 1])[0])
        edges = np.array([row, row + 1]) | (kind << sketch.CELL_BITS)
        begin, end = np.searchsorted(cells.sketches, edges.astype(np.uint64) << np.uint64(sketch.ENTRY_BITS))
        return sketch.moved(cells.sketches[begin:end], np.zeros(end - begin, np.int64))
