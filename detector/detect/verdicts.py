"""Joins the tests on one scale: score = log10 of the mean service-weeks between false alarms as strange as this.

A test looks at the sum of some minutes against what is expected of it. What a sum deviates by is divided by what this
row's sums usually deviate by (`noise.py`), and turned into a rate of false alarms by how often this row rises so far
(`peaks.py`). The tests are joined by the power mean of their odds: two that agree count more than one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from detector.detect.noise import Age, Noise
from detector.detect.peaks import LOWER, LOWEST, NOTHING, RATIO, STEP, Peaks, highest

Real = NDArray[np.float64]
Mask = NDArray[np.bool_]
MINUTE_US, DAY_US = 60_000_000, 86_400_000_000
SUMS_US = (15 * MINUTE_US, 30 * MINUTE_US, 60 * MINUTE_US)
FAST_US = 3 * MINUTE_US
BLOCK_US, BLOCK_WINDOWS = 60 * MINUTE_US, 3
"""Peaks are sought, and what is known is brought up to date, every hour or every three windows."""
POWER = 2.0
GIVEN_BACK = 1.25
"""What a row's own past says of its rare peaks is too cautious, since it holds the surges that are to be found: so many
decades are given back."""
FLAGGED_WEIGHT, FINE_US = 0.25, 60_000_000
"""Hours of an incident count for so much of a peak, where windows are no longer than this: sums of a few windows cannot
tell a burst from a surge, so what was flagged there may be the row's nature, and counts in full."""
SURE_DAYS = 3.0
"""What is known for less may claim to be rare only in proportion."""
SLOW_COST = 0.7
"""The slow test sees every drift of days: it has to be stranger than the others, by so many decades."""
FAST_COST = 2.0
"""The fast test sees every burst: it is for what was never seen before. It has no other share in the false alarms."""
DECIMALS = 6
"""Scores are rounded before they are compared, so that the order of a sum never decides."""
FEW_PARTS, MANY_PARTS, MANY_US = 3, 5, 30 * MINUTE_US
"""A sum is looked at in so many parts, in more if it is long: the middle one counts as much as all of it, so that a
spike alone is none, nor two."""


class Test(NamedTuple):
    """What is looked at.

    Attributes:
        windows: in the sum.
        slow: it looks at the season alone.
        cost: decades by which it has to be stranger than the others.
    """

    windows: int
    slow: bool = False
    cost: float = 0.0


def tests_of(width_us: int) -> tuple[Test, ...]:
    """The tests for windows of this length; a fast one only where its sum has parts."""
    sums = sorted({max(1, round(span / width_us)) for span in SUMS_US if span <= max(SUMS_US[-1], width_us)})
    fast = [Test(FAST_US // width_us, cost=FAST_COST)] if FEW_PARTS * width_us <= FAST_US else []
    return (*map(Test, sums), *fast, Test(sums[-1], slow=True, cost=SLOW_COST))


def block_of(width_us: int) -> int:
    """Windows in a block: an hour's or three, more where that does not divide a day."""
    per_day = DAY_US // width_us
    least = min(max(round(BLOCK_US / width_us), BLOCK_WINDOWS), per_day)
    return next(size for size in range(least, per_day + 1) if per_day % size == 0)


def parts_of(windows: int, width_us: int) -> int:
    """In how many parts a sum of so many windows is looked at: an odd number; 1 where it has too few windows."""
    parts = MANY_PARTS if windows * width_us >= MANY_US else FEW_PARTS
    return next((size for size in (parts, FEW_PARTS) if windows >= size), 1)


def lasting(parts: Sequence[tuple[Real, Real]], exposure: Real) -> Real:
    """The sum of a stretch without its spikes: the geometric mean of what its mean and its median part amount to.

    Args:
        parts: count and exposure of each of three or five parts, R x n.
        exposure: of all of them, R x n.
    """
    rates = [count / np.where(known > 0, known, np.inf) for count, known in parts]
    known_parts = sum(((known > 0).astype(float) for _, known in parts), np.zeros(exposure.shape))
    mean = sum(rates[1:], rates[0]) / np.maximum(known_parts, 1.0)
    if known_parts.min(initial=len(parts)) < len(parts):  # what is unknown is as the rest
        rates = [np.where(known > 0, rate, mean) for rate, (_, known) in zip(rates, parts, strict=True)]
    return np.asarray(np.sqrt(np.maximum(_middle(rates), 0.0) * mean) * exposure)


def _middle(parts: Sequence[Real]) -> Real:
    """The median of three or of five arrays, by comparisons: many times as fast as sorting."""
    a, b, c = parts[:3]
    if len(parts) == MANY_PARTS:
        d, e = parts[3:]
        a, b, c = np.maximum(np.minimum(a, b), np.minimum(c, d)), np.minimum(np.maximum(a, b), np.maximum(c, d)), e
    return np.maximum(np.minimum(a, b), np.minimum(np.maximum(a, b), c))


def positive(score: Real) -> Real:
    """log10 of one plus the weeks between false alarms: what is strange every hour still has an order."""
    return np.log10(1 + 10.0 ** score)


class Typical(Protocol):
    """Typical noise."""

    def at(self, minutes: float) -> tuple[float, float]:
        """phi and dispersion of sums of so many minutes."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """What the tests make of a block, K x R x n.

    Attributes:
        sums, expected: NaN where nothing is expected.
        counting: mean for the term of counting noise.
        normal: deviation in standard deviations.
    """

    sums: Real
    expected: Real
    counting: Real
    normal: Real


@dataclass(frozen=True, slots=True)
class Lesson:
    """What is to be learned from: how windows deviate, and rows that had an incident in them, R."""

    found: Deviation
    flagged: Mask


@dataclass(frozen=True, slots=True)
class Weighed:
    """What is to be learned from the windows of a block.

    Attributes:
        windows: how many.
        moments: as `Noise.weigh` gives them, 6 x K x R.
        peaks: the highest deviations, K x R.
        flagged: rows that had an incident, R.
    """

    windows: int
    moments: Real
    peaks: Real
    flagged: Mask


@dataclass(slots=True)
class Detector:
    """The tests and their memory of R rows.

    Attributes:
        width_us: length of a window.
        prior: typical noise of a young row.
        cost: of each test, K x 1 x 1.
        sharing: tests that share the false alarms.
    """

    width_us: int
    prior: Typical
    cost: Real = field(init=False)
    sharing: int = field(init=False)
    noise: Noise = field(init=False)
    peaks: Peaks = field(init=False)

    def __post_init__(self) -> None:
        tests = tests_of(self.width_us)
        self.cost = np.array([test.cost for test in tests])[:, None, None]
        self.sharing = sum(test.cost < FAST_COST for test in tests)
        self.noise = Noise.of([self.prior.at(test.windows * self.width_us / MINUTE_US) for test in tests])
        self.peaks = Peaks.of(len(tests), 7 * DAY_US / self.width_us / block_of(self.width_us))

    def grow(self, rows: int) -> None:
        """Add rows without a history."""
        self.noise.grow(rows)
        self.peaks.grow(rows)

    def deviate(self, sums: Real, expected: Real, counting: Real) -> Deviation:
        """How far sums are above what is expected, K x R x n each; `counting` is the mean for the counting noise."""
        normal = (sums - expected) / np.sqrt(self.noise.variance(expected, counting))
        return Deviation(sums, expected, counting, normal)

    def score(self, found: Deviation, age_windows: Real) -> tuple[Real, NDArray[np.int64]]:
        """Score and strangest test of every window, R x n; `age_windows` is how many are known of each row by then."""
        each = self.peaks.score(found.normal) - self.cost
        joined = GIVEN_BACK + np.log10(np.sum(10.0 ** (POWER * each), axis=0) / self.sharing) / POWER
        day, hour = DAY_US / self.width_us, max(BLOCK_US / self.width_us, BLOCK_WINDOWS + 1)
        young = np.log10(np.clip(age_windows / (SURE_DAYS * day), 1e-9, 1.0))
        score = np.where(age_windows > hour, joined, NOTHING) + young
        return np.round(score, DECIMALS), each.argmax(axis=0)

    def deviation_at(self, score: Real, share: float = 0.0) -> Real:
        """The deviation of one sum, R, at which the first test alone gives this score, above 0.

        Args:
            score: as `positive` tells it, R.
            share: log10 of the signal's share of the false alarms.
        """
        peaks, weeks = self.peaks, 10.0**score - 1
        need = np.log10(weeks) - share - GIVEN_BACK + np.log10(self.sharing) / POWER
        decades = np.maximum(need + peaks.rate[0], 1e-3)
        place = peaks.level[0] + np.log(decades / -np.log10(LOWER)) / (STEP * peaks.tail[0])
        return np.asarray(LOWEST * RATIO**place)

    def learn(self, found: Deviation, age: Age, flagged: Mask | None = None, left_out: Mask | None = None) -> None:
        """Take in a whole block after it was judged.

        Args:
            found: of the block.
            age: of its rows.
            flagged: rows that had an incident in it, R; None: none.
            left_out: rows that it teaches nothing, R; None: none.
        """
        nothing = np.zeros(len(age.days), bool)
        flagged, left_out = (nothing if side is None else side for side in (flagged, left_out))
        self.absorb(self.weigh(Lesson(found, flagged), left_out), age, left_out)

    def weigh(self, lesson: Lesson, left_out: Mask, before: Weighed | None = None) -> Weighed:
        """What is to be learned from windows of a block, together with those of it `before`."""
        found = lesson.found
        known = ~np.isnan(found.expected) & ~left_out[:, None]
        moments = None if before is None else before.moments
        moments = self.noise.weigh(found.sums, found.expected, found.counting, known, moments)
        peaks, windows = highest(found.normal), found.sums.shape[2]
        if before is None:
            return Weighed(windows, moments, peaks, lesson.flagged)
        flagged = before.flagged | lesson.flagged
        return Weighed(before.windows + windows, moments, np.maximum(before.peaks, peaks), flagged)

    def absorb(self, weighed: Weighed, age: Age, left_out: Mask) -> None:
        """Learn from a whole block, but for the rows that are left out, R."""
        self.noise.absorb(weighed.moments, weighed.windows, age)
        old = age.days * DAY_US >= max(2 * BLOCK_US, (BLOCK_WINDOWS + 1) * self.width_us)
        flagged_weight = FLAGGED_WEIGHT if self.width_us <= FINE_US else 1.0
        weight = np.where(weighed.flagged, flagged_weight, 1.0) * (old & ~left_out)
        self.peaks.absorb(weighed.peaks, weight, age.passed_days)
