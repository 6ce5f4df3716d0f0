"""Joins the tests on one scale: score = log10 of the mean service-weeks between false alarms as strange as this."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from detector.detect.scales import Scale, Sums
from detector.detect.statistics import running_total, upper_bound
from detector.detect.tail import Tail

Real = NDArray[np.float64]
Mask = NDArray[np.bool_]
Numbers = NDArray[np.int64]
WEEK_US = 7 * 86_400_000_000
SUMS_US = (5 * 60_000_000, 15 * 60_000_000, 60 * 60_000_000)
"""What the accumulating tests sum over; where windows are longer than a quarter of an hour, 2 and 4 of them."""
DECIMALS = 6
"""Scores are rounded before they are compared, so that the order of a sum never decides."""



def scales_of(width_us: int) -> tuple[int, ...]:
    """Windows in a sum, for each test; one window first."""
    sums = sorted({span // width_us for span in SUMS_US if span // width_us > 1})
    return (1, *(sums if len(sums) > 1 else (2, 4)))


class Noise(Protocol):
    """Typical noise before a service has a history: one value for each test in order, the last one for all beyond."""

    @property
    def dispersion(self) -> tuple[float, ...]:
        """Negative-binomial dispersion of a sum."""

    @property
    def tail_share(self) -> tuple[float, ...]:
        """See `Tail.share`."""

    @property
    def tail_scale(self) -> tuple[float, ...]:
        """See `Tail.scale`."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the tests say of S services and the n windows of a tick.

    Attributes:
        counts, expected: with the windows before that the sums reach back to, S x (reach + n).
        sums: what each test makes of them.
        score: S x n.
        start: first window of the sum that was strangest, S x n.
    """

    counts: Real
    expected: Real
    sums: tuple[Sums, ...]
    score: Real
    start: Numbers


@dataclass(slots=True)
class Detector:
    """The tests and their memory of S services.

    Attributes:
        width_us: length of a window.
        tick_us: length of a tick: strange windows in it count as one.
        scales: the tests.
        counts, expected: of the last windows, S x reach; windows of incidents and gaps are as expected.
    """

    width_us: int
    tick_us: int
    scales: tuple[Scale, ...]
    counts: Real = field(init=False)
    expected: Real = field(init=False)

    def __post_init__(self) -> None:
        self.counts = np.zeros((0, self.scales[-1].windows - 1))
        self.expected = np.zeros((0, self.scales[-1].windows - 1))

    @classmethod
    def of(cls, width_us: int, tick_us: int, noise: Noise) -> Detector:
        """For no services yet."""
        scales = []
        for index, windows in enumerate(scales_of(width_us)):
            priors = (noise.dispersion, noise.tail_share, noise.tail_scale)
            dispersion, share, scale = (values[min(index, len(values) - 1)] for values in priors)
            scales.append(Scale(windows, dispersion, Tail.of(0, share, scale)))
        return cls(width_us, tick_us, tuple(scales))

    def grow(self, services: int) -> None:
        """Add services without a history."""
        for scale in self.scales:
            scale.grow(services)
        reach = np.zeros((services, self.counts.shape[1]))
        self.counts, self.expected = np.vstack([self.counts, reach]), np.vstack([self.expected, reach + 1e-9])

    def judge(self, first: int, counts: Real, expected: Real) -> Verdict:
        """Score the windows of a tick, S x n; a gap (NaN) is as expected."""
        seen = np.hstack([self.counts, np.where(np.isnan(counts), expected, counts)])
        usual = np.hstack([self.expected, expected])
        columns = counts.shape[1]
        totals = running_total(seen), running_total(usual)
        sums = tuple(scale.test(*totals, columns) for scale in self.scales)
        rarity = np.stack([scale.tail.rarity(one.evidence) for scale, one in zip(self.scales, sums, strict=True)])
        best = rarity.argmax(axis=0)
        score = np.round(rarity.max(axis=0) - np.log10(len(self.scales) * WEEK_US / self.tick_us), DECIMALS)
        window = first + np.arange(columns)
        start = window - np.array([scale.windows - 1 for scale in self.scales])[best]
        return Verdict(seen, usual, sums, score, start)

    def learn(self, verdict: Verdict, judged: Mask, usable: Mask) -> None:
        """Learn from a tick after it was scored.

        Args:
            verdict: of the tick.
            judged: windows whose strangeness is learned, S x n.
            usable: windows that are known and part of no incident, S x n.
        """
        both, tick_us = usable & judged, usable.shape[1] * self.width_us
        for scale, sums in zip(self.scales, verdict.sums, strict=True):
            scale.learn(sums, judged, both, tick_us)
        reach, columns = self.counts.shape[1], usable.shape[1]
        seen = verdict.counts.copy()
        seen[:, reach:] = np.where(usable, seen[:, reach:], verdict.expected[:, reach:])
        self.counts, self.expected = seen[:, columns:], verdict.expected[:, columns:]

    def upper(self, expected: Real, score: float) -> Real:
        """The highest count that would stay below `score` in one window, S x n."""
        one = self.scales[0]
        rarity = score + np.log10(len(self.scales) * WEEK_US / self.tick_us)
        return upper_bound(expected, one.dispersion(), one.tail.statistic(rarity)[:, None])
