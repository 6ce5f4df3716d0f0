"""What is known of a row in the long run: its age, its mean rate, and the rate at which it speaks when it does."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
MEAN_LIFE_DAYS = 2.0
"""Of the mean rate."""
QUARTER_US = 900_000_000
LEAST_QUARTERS = 4
"""A row has spoken in so many quarters of an hour before it is known how it speaks."""
ACTIVE_LIFE_DAYS = 7.0
"""Of the rate at which it speaks."""
HALF, SMALLEST = 0.5, 1e-12


@dataclass(slots=True)
class Habits:
    """R rows.

    Attributes:
        windows: known so far.
        counts, exposure: decayed sums.
        quarters: of an hour in which it spoke.
        active: mean logarithm of its rate in these.
        fractional: 1 if a count was no whole number.
    """

    windows: Real
    counts: Real
    exposure: Real
    quarters: Real
    active: Real
    fractional: Real

    @classmethod
    def of(cls, rows: int) -> Habits:
        """Rows of which nothing is known."""
        return cls(*(np.zeros(rows) for _ in fields(cls)))

    def grow(self, rows: int) -> None:
        """Add rows of which nothing is known."""
        for each in fields(self):
            setattr(self, each.name, np.append(getattr(self, each.name), np.zeros(rows)))

    def mean(self, counts: Real, exposure: Real) -> Real:
        """The mean rate up to and with each window of a block, R x n."""
        return self.mean_with(np.cumsum(counts, axis=1), np.cumsum(exposure, axis=1))

    def mean_with(self, counts: Real, exposure: Real) -> Real:
        """The mean rate with so much on top of what was learned, R x n.

        Above 0, since half a record more might have been seen where records are whole.
        """
        whole = self.fractional == 0
        seen = self.counts[:, None] + counts + HALF * whole[:, None]
        exposed = self.exposure[:, None] + exposure
        return np.asarray(np.maximum(seen, SMALLEST) / np.maximum(exposed, 1.0))

    def usual(self) -> Real:
        """The rate at which each row speaks when it does, R; NaN where it has hardly ever spoken."""
        return np.where(self.quarters >= LEAST_QUARTERS, np.exp(self.active), np.nan)

    def learn(self, counts: Real, exposure: Real, width_us: int) -> None:
        """Take in a block after it was judged, R x n."""
        days = counts.shape[1] * width_us / 86_400_000_000
        decay = np.exp(-days / MEAN_LIFE_DAYS)
        self.windows = self.windows + (exposure > 0).sum(axis=1)
        self.counts = (self.counts + counts.sum(axis=1)) * decay
        self.exposure = (self.exposure + exposure.sum(axis=1)) * decay
        self.fractional = np.maximum(self.fractional, (counts != np.floor(counts)).any(axis=1))
        size = max(1, round(QUARTER_US / width_us))
        for begin in range(0, counts.shape[1] - size + 1, size):
            part = slice(begin, begin + size)
            self._speak(counts[:, part].sum(axis=1), exposure[:, part].sum(axis=1), size * width_us)

    def _speak(self, count: Real, exposed: Real, passed_us: int) -> None:
        spoke = (count > 0) & (exposed > 0)
        self.quarters = self.quarters + spoke
        share = np.maximum(1 / np.maximum(self.quarters, 1), passed_us / 86_400_000_000 / ACTIVE_LIFE_DAYS)
        rate = np.log(np.where(spoke, count, 1.0) / np.where(spoke, exposed, 1.0))
        self.active = np.where(spoke, self.active + share * (rate - self.active), self.active)
