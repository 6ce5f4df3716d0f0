"""What is remembered of every row: its last hours window by window, its last eight days in cells of five minutes.

A row is one signal of one service: a count per window and what it is counted per (its exposure). Lines are counted per
known window, lines per client per client seen, bytes per line per line. An unknown window has an exposure of 0, so gaps
need no other rule.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
DAY_US = 86_400_000_000
CELL_US = 300_000_000
DAYS, MORE_CELLS = 8, 16
"""So much is remembered: where windows last for hours, the days before the seventh day are looked at too."""
EARLIER_DAYS = 7


@dataclass(frozen=True, slots=True)
class Stretch:
    """Running totals over the windows of a block and those before it, R x (reach + n + 1).

    Attributes:
        counts, exposure: running totals; the first column is 0.
        windows: n, of the block.
    """

    counts: Real
    exposure: Real
    windows: int

    def sums(self, back: int, length: int) -> tuple[Real, Real]:
        """Counts and exposure of the `length` windows that end `back` windows before the end of each window, R x n."""
        end = self.counts.shape[1] - back
        after, before = slice(end - self.windows, end), slice(end - self.windows - length, end - length)
        return (
            self.counts[:, after] - self.counts[:, before],
            self.exposure[:, after] - self.exposure[:, before],
        )


@dataclass(slots=True)
class History:
    """The memory of R rows.

    Attributes:
        width_us: length of a window.
        block: windows that are taken in at once.
        reach: windows remembered one by one.
        counts, exposure: of them, R x reach, the newest last.
        cells, cells_exposure: sums of each cell of the last eight days, R x cells; a cell's place is its number modulo
            their number.
        next: number of the window that comes next; None before the first.
    """

    width_us: int
    block: int
    reach: int
    counts: Real = field(init=False)
    exposure: Real = field(init=False)
    cells: NDArray[np.float32] = field(init=False)
    cells_exposure: NDArray[np.float32] = field(init=False)
    next: int | None = None

    def __post_init__(self) -> None:
        self.counts, self.exposure = np.zeros((0, self.reach)), np.zeros((0, self.reach))
        ring = DAYS * self.cells_per_day + MORE_CELLS
        self.cells, self.cells_exposure = np.zeros((0, ring), np.float32), np.zeros((0, ring), np.float32)

    @property
    def cell(self) -> int:
        """Windows in a cell: those of five minutes, fewer where that does not divide a block, one at least."""
        return next(size for size in range(max(1, CELL_US // self.width_us), 0, -1) if self.block % size == 0)

    @property
    def cells_per_day(self) -> int:
        """Cells in a day."""
        return DAY_US // self.width_us // self.cell

    def grow(self, rows: int) -> None:
        """Add rows of which nothing is known."""
        for name in ("counts", "exposure", "cells", "cells_exposure"):
            old = getattr(self, name)
            setattr(self, name, np.vstack([old, np.zeros((rows, old.shape[1]), old.dtype)]))

    def stretch(self, counts: Real, exposure: Real) -> Stretch:
        """A block of windows, R x n, with what came before it; exposure is 0 and the count 0 where it is unknown."""
        return Stretch(
            _running(self.counts, counts), _running(self.exposure, exposure), counts.shape[1]
        )

    def extend(self, first: int, counts: Real, exposure: Real) -> None:
        """Remember a block of whole cells, R x n, that begins with window `first`."""
        self.skip_to(first)
        size, ring = self.cell, self.cells.shape[1]
        places = (first // size + np.arange(counts.shape[1] // size)) % ring
        for ours, theirs, cells in (("counts", counts, self.cells), ("exposure", exposure, self.cells_exposure)):
            cells[:, places] = theirs.reshape(len(theirs), -1, size).sum(axis=2)
            kept = np.hstack([getattr(self, ours), theirs]) if theirs.shape[1] < self.reach else theirs
            setattr(self, ours, kept[:, kept.shape[1] - self.reach :])
        self.next = first + counts.shape[1]

    def skip_to(self, first: int) -> None:
        """Nothing is known of the windows up to `first`."""
        missing = 0 if self.next is None else first - self.next
        if missing <= 0:
            return
        near = min(missing, self.reach)
        for name in ("counts", "exposure"):
            old = getattr(self, name)
            setattr(self, name, np.hstack([old[:, near:], np.zeros((len(old), near))]))
        ring = self.cells.shape[1]
        places = (first // self.cell - 1 - np.arange(min(missing // self.cell, ring))) % ring
        self.cells[:, places] = self.cells_exposure[:, places] = 0
        self.next = first

    def earlier_days(self, first: int, windows: int, before: int, after: int) -> tuple[Real, Real]:
        """Running totals of the cells around the block at the same time on each of the last seven days.

        Args:
            first, windows: the block.
            before, after: cells that are needed before and after those of the block.

        Returns:
            counts and exposure, R x 7 x (before + cells + after + 1), yesterday first; the first column is 0.
        """
        begin, cells = first // self.cell, -(-windows // self.cell)
        columns = begin - before + np.arange(before + cells + after)
        places = (columns - self.cells_per_day * np.arange(1, EARLIER_DAYS + 1)[:, None]) % self.cells.shape[1]
        nothing = np.zeros((len(self.cells), EARLIER_DAYS, 0))
        return _running(nothing, self.cells[:, places]), _running(nothing, self.cells_exposure[:, places])


def _running(before: NDArray[np.floating], now: NDArray[np.floating]) -> Real:
    """0 and the running totals along the last axis."""
    both = np.concatenate([before, now], axis=-1)
    total = np.zeros((*both.shape[:-1], both.shape[-1] + 1))
    np.cumsum(both, axis=-1, out=total[..., 1:], dtype=np.float64)
    return total
