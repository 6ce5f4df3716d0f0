"""Bursts by nature: a batch or a package manager that speaks at the same time every day.

A season is smooth and clips what stands out, so it never learns a burst of a few minutes. What came at this time of
day on both of the last two days is therefore expected to come again. A surge of more than two hours is no burst and is
left out, so that a lasting surge does not become normal by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
Mask = NDArray[np.bool_]
JITTER_US = 3 * 60_000_000
"""A batch may begin so much sooner or later."""
LONGEST_US = 2 * 3_600_000_000
STANDS_OUT = 4.0
"""Standard deviations above what is expected."""


@dataclass(slots=True)
class Bursts:
    """Counts of the last two days of S services, S x windows each, widened by the jitter; NaN where unknown.

    `running` is how many windows an incident that reached into midnight has lasted.
    """

    width_us: int
    day: int = -9
    last: NDArray[np.float32] = field(init=False)
    before: NDArray[np.float32] = field(init=False)
    running: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        nothing = np.zeros((0, 86_400_000_000 // self.width_us), np.float32)
        self.last, self.before, self.running = nothing, nothing, np.zeros(0, np.int64)

    def grow(self, services: int) -> None:
        """Add services without a history."""
        new = np.full((services, self.last.shape[1]), np.nan, np.float32)
        self.last, self.before = np.vstack([self.last, new]), np.vstack([self.before, new])
        self.running = np.append(self.running, np.zeros(services, np.int64))

    def expect(self, day: int, part: slice, expected: Real, spread: Real) -> tuple[Real, Mask]:
        """Raise what is expected where both days burst.

        Args:
            day: number of the day.
            part: the tick's windows of it.
            expected, spread: mean and standard deviation, S x n.

        Returns:
            what is expected, and which windows are bursts, S x n.
        """
        if day - self.day != 1:
            return expected, np.zeros(expected.shape, bool)
        usual = np.minimum(self.last[:, part], self.before[:, part]).astype(np.float64)
        burst = usual > expected + STANDS_OUT * spread
        return np.where(burst, usual, expected), burst

    def learn(self, day: int, counts: Real, flagged: Mask) -> None:
        """Take in a finished day, S x windows; windows of long incidents are left out."""
        counts = np.where(self._long(flagged), np.nan, counts)
        self.before = self.last if day - self.day == 1 else np.full_like(self.last, np.nan)
        self.last, self.day = self._widen(counts), day

    def _widen(self, counts: Real) -> NDArray[np.float32]:
        """The highest count within the jitter."""
        reach = max(1, JITTER_US // self.width_us)
        padded = np.pad(counts.astype(np.float32), ((0, 0), (reach, reach)), constant_values=np.nan)
        shifted = (padded[:, shift : shift + counts.shape[1]] for shift in range(2 * reach + 1))
        highest = next(shifted).copy()
        for other in shifted:
            np.fmax(highest, other, out=highest)
        return highest

    def _long(self, flagged: Mask) -> Mask:
        """Windows in runs of flagged ones that are longer than a burst may be."""
        long = np.zeros(flagged.shape, bool)
        most = LONGEST_US // self.width_us
        running = np.zeros(len(flagged), np.int64)
        for service in np.flatnonzero(flagged.any(axis=1)):
            edges = np.flatnonzero(np.diff(np.r_[0, flagged[service].astype(np.int8), 0]))
            for begin, end in zip(edges[::2], edges[1::2], strict=True):
                length = end - begin + (self.running[service] if begin == 0 else 0)
                long[service, begin:end] = length > most
                running[service] = length if end == flagged.shape[1] else 0
        self.running = running
        return long
