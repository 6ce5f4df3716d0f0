"""Joins the tests on one scale: score = log10 of the mean service-weeks between false alarms as strange as this."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.detect.statistics import cusum, log_likelihood_ratio, upper_bound, upper_deviance
from detector.detect.tail import Tail

Real = NDArray[np.float64]
Mask = NDArray[np.bool_]
WEEK_US = 7 * 86_400_000_000
TESTS = 2
"""Each test gets its share of the false alarms."""
DECIMALS = 6
"""Scores are rounded before they are compared, so that the order of a sum never decides."""
SILENT_BONUS = 1.0
"""A service that never spoke: its silence of n windows bounds how often it speaks by 1 / (n + 1) per window, and
other services' first words, which the prior speaks for, allow ten times that."""


@dataclass(slots=True)
class Detector:
    """The tests' memory of S services."""

    width_us: int
    one: Tail
    many: Tail
    sum: Real

    @classmethod
    def of(cls, services: int, width_us: int, one: tuple[float, float], many: tuple[float, float]) -> Detector:
        """For services without a history; `one` and `many` are share and scale of the prior's tails."""
        return cls(width_us, Tail.of(services, *one), Tail.of(services, *many), np.zeros(services))

    def grow(self, services: int) -> None:
        """Add services without a history."""
        self.one.grow(services)
        self.many.grow(services)
        self.sum = np.append(self.sum, np.zeros(services))

    def judge(self, counts: Real, expected: Real, dispersion: Real) -> Verdict:
        """Score the windows of a tick, S x n; NaN counts get the score of nothing."""
        one = upper_deviance(np.where(np.isnan(counts), 0.0, counts), expected, dispersion)
        many = cusum(log_likelihood_ratio(counts, expected, dispersion), self.sum)
        rarity = np.maximum(self.one.rarity(one), np.where(many > 0, self.many.rarity(many), 0.0))
        score = np.round(rarity - np.log10(TESTS * WEEK_US / self.width_us), DECIMALS)
        return Verdict(one, many, score)

    def learn(self, verdict: Verdict, usable: Mask) -> None:
        """Learn from a tick after it was scored, where that is allowed; the sum rests at 0 where it is not."""
        tick_us = verdict.one.shape[1] * self.width_us
        self.one.learn(verdict.one, usable, tick_us)
        self.many.learn(verdict.many, usable, tick_us)
        self.sum = np.where(usable[:, -1], verdict.many[:, -1], 0.0)

    def upper(self, expected: Real, dispersion: Real, score: float) -> Real:
        """The highest count that would stay below `score` in one window, S x n."""
        rarity = score + np.log10(TESTS * WEEK_US / self.width_us)
        return upper_bound(expected, dispersion, self.one.statistic(rarity)[:, None])


@dataclass(frozen=True, slots=True)
class Verdict:
    """Statistics (nats) and score of the windows of a tick, S x n each."""

    one: Real
    many: Real
    score: Real


def cap_silent(score: Real, windows: Real, spoke: Mask, width_us: int) -> Real:
    """Limit the score of services that never spoke to what their silence can show.

    Args:
        score: S x n.
        windows: known windows of each service, S.
        spoke: whether a service was ever heard before, S.
        width_us: length of a window.
    """
    most = np.log10(windows + 1) - np.log10(WEEK_US / width_us) + SILENT_BONUS
    return np.asarray(np.where(spoke[:, None], score, np.minimum(score, np.round(most, DECIMALS)[:, None])))
