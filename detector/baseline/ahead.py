"""What a row usually does at the times around a moment and in the day after it: the median of the last seven days."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.baseline.history import EARLIER_DAYS, History

Real = NDArray[np.float64]
BEFORE_US, AROUND_US = 4 * 3_600_000_000, 30 * 60_000_000
"""So long before the moment it is known, and over so much to either side it is smooth."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """The usual rates around a moment.

    Attributes:
        first: number of the first window.
        cell: windows that have one rate.
        rates: counts per exposure, NaN where no day is known.
    """

    first: int
    cell: int
    rates: Real

    def over(self, first: int, end: int) -> Real:
        """Of windows first..end-1; those outside have the rate of the nearest."""
        place = (np.arange(first, end) - self.first) // self.cell
        return self.rates[np.clip(place, 0, len(self.rates) - 1)]


def look_ahead(history: History, row: int, now: int) -> Ahead:
    """Of one row, from some hours before window `now`, up to which the history goes, to a day after it."""
    size, ring = history.cell, history.cells.shape[1]
    around, before = (span // history.width_us // size for span in (AROUND_US, BEFORE_US))
    columns = now // size - before - around + np.arange(before + history.cells_per_day + 2 * around)
    days = np.arange(1, EARLIER_DAYS + 1)[:, None]
    cells = columns - history.cells_per_day * days
    seen = cells >= now // size - ring
    counts, exposure = (
        np.where(seen & (cells < now // size), side[row, cells % ring].astype(np.float64), 0.0)
        for side in (history.cells, history.cells_exposure)
    )
    smooth = np.ones(2 * around + 1)
    sums, exposed = (
        np.stack([np.convolve(day, smooth, "valid") for day in side]) for side in (counts, exposure)
    )
    rates = np.where(exposed > 0, sums / np.maximum(exposed, 1e-12), np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a time of which no day is known
        return Ahead((now // size - before) * size, size, np.nanmedian(rates, axis=0))
