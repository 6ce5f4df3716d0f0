"""The season of every service: one ridge regression on calendar features for all services at once.

The response is the count on a variance-stabilised scale (Anscombe 1948, for the negative binomial), clipped by the
model before it enters the sums, so that old surges do not widen or lift the baseline (the aim of the reweighting of
Farrington et al. 1996). All services share X'X; those that are younger share it with their own age group. Sums decay
with a half-life, the solution is renewed at UTC midnight, a midnight that the newest windows have not reached.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from detector.baseline.features import features_of_day, gram_of_day, penalties

Real = NDArray[np.float64]
DECAY = 0.5 ** (1 / 28)
"""Per day: what was seen four weeks ago counts half."""
SCALE = 0.05
"""Dispersion at which the transformed scale has unit variance."""
CLIP = 3.0
"""Responses are clipped at so many standard deviations from what the model before expected."""
LONGEST = 250
"""Days that are remembered: older ones weigh less than two in a thousand."""


def stabilise(count: Real) -> Real:
    """Counts to a scale on which negative-binomial noise of dispersion `SCALE` has a variance of about one.

    Seven digits are enough for a season, and twice as fast.
    """
    scaled = (np.maximum(count, 0).astype(np.float32) + np.float32(0.375)) * np.float32(SCALE)
    return np.asarray(np.float32(2 / np.sqrt(SCALE)) * np.arcsinh(np.sqrt(scaled)))


def unstabilise(value: Real) -> Real:
    """Back to counts, never negative."""
    half = np.maximum(value, 0).astype(np.float32) * np.float32(np.sqrt(SCALE) / 2)
    return np.asarray(np.maximum(np.sinh(half) ** 2 / np.float32(SCALE) - np.float32(0.375), 0).astype(np.float64))


@dataclass(slots=True)
class Season:
    """The regression of S services.

    Attributes:
        width_us: length of a window.
        born: number of the day in which each service was first known, S.
        cross: decayed X'Y, features x S.
        coefficients: features x S; NaN before the first midnight of a service.
        day: number of the last day that was learned, -1 before.
    """

    width_us: int
    born: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    cross: Real = field(init=False)
    coefficients: Real = field(init=False)
    day: int = -1

    def __post_init__(self) -> None:
        features = len(penalties(self.width_us))
        self.cross = np.zeros((features, len(self.born)))
        self.coefficients = np.full((features, len(self.born)), np.nan)

    def grow(self, born: NDArray[np.int64]) -> None:
        """Add services born on the given days."""
        extra = (len(self.cross), len(born))
        self.born = np.append(self.born, born)
        self.cross = np.hstack([self.cross, np.zeros(extra)])
        self.coefficients = np.hstack([self.coefficients, np.full(extra, np.nan)])

    def expect(self, day: int) -> Real:
        """Expected counts of a day, S x windows; 1 for a service without a season yet (its level says the rest)."""
        flat = np.isnan(self.coefficients[0])
        known = np.where(flat, 0.0, self.coefficients)
        value = known.T @ features_of_day(day % 7, self.width_us).T
        count = unstabilise(value)
        count[flat] = 1.0
        return count

    def learn(self, day: int, counts: Real, expected: Real) -> None:
        """Take in a finished day and solve.

        Args:
            day: its number; days must come in order.
            counts: S x windows; NaN where nothing is known or nothing may be learned (gaps, incidents).
            expected: what was expected then, S x windows, all finite.
        """
        response = self._responses(counts, expected)
        x = features_of_day(day % 7, self.width_us)
        self._skip(day)
        self.cross = self.cross * DECAY + (response.astype(np.float64) @ x).T
        self.day = day
        for born in np.unique(self.born):
            if born <= day:
                mine = self.born == born
                self.coefficients[:, mine] = np.linalg.solve(self._gram(int(born)), self.cross[:, mine])

    def _skip(self, day: int) -> None:
        """Days that were never read, as between a model and a later scan, count as expected."""
        known = np.nan_to_num(self.coefficients)
        for skipped in range(max(self.day + 1, day - LONGEST), day) if self.day >= 0 else ():
            self.cross = self.cross * DECAY + gram_of_day(skipped % 7, self.width_us) @ known

    def _responses(self, counts: Real, expected: Real) -> Real:
        """Stabilised counts, clipped by the model before; what is unknown counts as expected, so it adds nothing.

        A service without a model before is clipped around its own median, and its unknown windows are at it.
        """
        unknown = np.isnan(counts)
        found, centre = stabilise(counts), stabilise(expected)
        new = np.isnan(self.coefficients[0]) & ~unknown.all(axis=1)
        wide = np.full(len(counts), CLIP)
        if new.any():
            middle = np.nanmedian(found[new], axis=1)
            centre[new] = middle[:, None]
            wide[new] += 4 * np.nanmedian(np.abs(found[new] - middle[:, None]), axis=1)
        return np.asarray(np.where(unknown, centre, np.clip(found, centre - wide[:, None], centre + wide[:, None])))

    def _gram(self, born: int) -> Real:
        """Decayed X'X plus ridge since a day; a day without any data counted as expected, so all services agree."""
        age = np.arange(self.day - max(born, self.day - LONGEST), -1, -1)
        weekdays = (self.day - age) % 7
        weights = np.bincount(weekdays, DECAY**age, minlength=7)
        gram = np.diag(penalties(self.width_us))
        for weekday in np.flatnonzero(weights):
            gram += weights[weekday] * gram_of_day(int(weekday), self.width_us)
        return np.asarray(gram)
