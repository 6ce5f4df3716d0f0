"""How often a row rises as far as this: a histogram of its hourly peaks, and a Weibull tail beyond what it has seen.

Windows next to each other are strange together, so of every block of about an hour only the highest deviation counts
(declustering). Between two levels that known shares of the peaks exceed, the shape of the tail is measured; beyond them
it is extrapolated (Weibull tail-coefficient: Gardes & Girard 2006; as in Siffer et al. 2017, "Anomaly detection in
streams with extreme value theory", the threshold adapts to each stream). A prior holds a young row.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
BINS, LOWEST, RATIO = 72, 0.25, 2 ** 0.25
"""Bins of the histogram: the first begins at a deviation of a quarter, each is 19 % wider than the one before."""
STEP = np.log(RATIO)
PRIOR_PEAKS, PRIOR_FROM, PRIOR_SHAPE = 12.0, 3.0, 2.0
"""A row is held by so many peaks that it never had, none below three deviations, beyond them Pareto with this exponent:
much while it is young, little later."""
MEAN_LIFE_DAYS = 14.0 / np.log(2)
UPPER, LOWER = 0.3, 0.05
"""Shares of the peaks that exceed the two levels between which the tail is measured."""
LEAST_SHAPE, MOST_SHAPE = 0.1, 3.0
"""Of the Weibull tail."""
MOST_DECADES = 12.0
NOTHING = -4.0
"""The score of what is not above what is expected."""


def _prior() -> Real:
    edges = LOWEST * RATIO ** np.arange(BINS + 1)
    above = np.minimum(1.0, (edges / PRIOR_FROM) ** -PRIOR_SHAPE)
    above[-1] = 0.0
    return np.asarray(PRIOR_PEAKS * (above[:-1] - above[1:]))


PRIOR = _prior()


@dataclass(slots=True)
class Peaks:
    """Decayed histograms of the hourly peaks of K tests on R rows.

    Attributes:
        blocks_per_week: in how many blocks peaks are sought.
        seen: peaks in each bin, K x R x BINS.
        level, tail, rate: what follows from it: the upper of the two levels (bins), the shape of the tail, and log10 of
            the peaks a week, K x R.
    """

    blocks_per_week: float
    seen: NDArray[np.float32]
    level: Real = field(init=False)
    tail: Real = field(init=False)
    rate: Real = field(init=False)

    def __post_init__(self) -> None:
        self.measure()

    @classmethod
    def of(cls, tests: int, blocks_per_week: float) -> Peaks:
        """For no rows yet."""
        return cls(blocks_per_week, np.zeros((tests, 0, BINS), np.float32))

    def grow(self, rows: int) -> None:
        """Add rows without a history."""
        self.seen = np.concatenate([self.seen, np.zeros((len(self.seen), rows, BINS), np.float32)], axis=1)
        self.measure()

    def measure(self) -> None:
        """Bring `level`, `tail` and `rate` up to date."""
        above = np.cumsum((self.seen + PRIOR)[..., ::-1], axis=2)[..., ::-1]
        above /= above[..., :1]
        active = above[..., 1]
        logs = np.log(above + 1e-12)
        upper, lower = (_crossing(logs, np.log(share * active)) for share in (UPPER, LOWER))
        self.level = np.maximum(lower, upper + 1e-3)
        shape = np.log(np.log(LOWER) / np.log(UPPER)) / (STEP * (self.level - upper))
        self.tail = np.minimum(np.maximum(shape, LEAST_SHAPE), MOST_SHAPE)
        self.rate = np.log10(self.blocks_per_week * active)

    def score(self, deviation: Real) -> Real:
        """log10 of the weeks between peaks as high, K x R x n; `NOTHING` where it is not above 0 or unknown (NaN)."""
        above = deviation > 0
        place = np.log(np.where(above, np.maximum(deviation, LOWEST), LOWEST) / LOWEST) / STEP
        beyond = STEP * (np.minimum(place, BINS - 0.5) - self.level[..., None])
        decades = -np.log10(LOWER) * np.exp(self.tail[..., None] * beyond)
        return np.where(above, np.minimum(MOST_DECADES, decades) - self.rate[..., None], NOTHING)

    def learn(self, deviation: Real, weight: Real, passed_days: float) -> None:
        """Take in the peaks of a block, K x R x n; each row's counts for so much, R, at 0 nothing passes."""
        self.absorb(highest(deviation), weight, passed_days)

    def absorb(self, highest: Real, weight: Real, passed_days: float) -> None:
        """The same with the peaks themselves, K x R."""
        bins = (np.log(np.maximum(highest, LOWEST) / LOWEST) / STEP).astype(np.int64)
        decay = np.where(weight > 0, np.exp(-passed_days / MEAN_LIFE_DAYS), 1.0).astype(np.float32)
        self.seen = self.seen * decay[:, None]
        tests, rows = np.indices(bins.shape)
        self.seen[tests, rows, np.minimum(bins, BINS - 1)] += weight.astype(np.float32)
        self.measure()


def highest(deviation: Real) -> Real:
    """The peak of the windows, K x R; 0 where none is above what is expected."""
    return np.asarray(np.where(deviation > 0, deviation, 0.0).max(axis=2, initial=0.0))


def _crossing(logs: Real, wanted: Real) -> Real:
    """The bin, with its fraction, at which the share of peaks above falls to what is wanted (logarithms), K x R."""
    below = logs <= wanted[..., None]
    below[..., 0] = False
    first = np.where(below.any(axis=2), below.argmax(axis=2), BINS - 1)[..., None]
    here, before = np.take_along_axis(logs, first, axis=2), np.take_along_axis(logs, first - 1, axis=2)
    return np.asarray((first - (wanted[..., None] - here) / (before - here + 1e-12))[..., 0])
