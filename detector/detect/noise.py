"""How a sum scatters around what is expected of it: variance = phi x mean + dispersion x mean^2.

The first term is counting noise (phi = 1 for independent records, more where they come in bunches, less where they are
paced), the second is drift. Both are learned by weighted least squares of squared residuals on the mean (the moment
estimator of quasi-likelihood: McCullagh & Nelder 1989, 9.2; Breslow 1984), with decayed sums, clipped residuals and a
prior that holds a young service.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
Mask = NDArray[np.bool_]
MEAN_LIFE_DAYS = 2.0
"""Sums decay by e in so many days."""
DRIFT = 0.04
"""The dispersion by which residuals are weighted: drift of 20 %."""
RIDGE_DAYS, DRIFT_RIDGE_DAYS = 0.02, 0.002
"""Weight of the prior in the regression, in days: silence says little of counting noise, but a ratio hardly drifts."""
PRIOR_DAYS = 0.15
"""Weight of the prior on the logarithmic scale, in days."""
LEAST_DISPERSION, LEAST_PHI = 0.00005, 0.03
HIGH, LOW = 16.0, 2.0
"""No squared residual above or below counts for more than so many times the variance: low ones say little of surges."""
FLOOR = 1.0
"""Counts of the long-run mean that are added to the mean: silence is not known to be without noise."""


@dataclass(frozen=True, slots=True)
class Age:
    """What has passed.

    Attributes:
        passed_days: length of the block.
        days: since each row was first known, R.
        whole: rows all of whose counts were whole numbers, R: only these have counting noise for sure.
    """

    passed_days: float
    days: Real
    whole: Mask


@dataclass(slots=True)
class Noise:
    """What R rows scatter by, for the sums of K tests.

    Attributes:
        prior_phi, prior_dispersion: for a young row, K.
        sums: decayed weighted sums of mean^2, mean^3, mean^4, of squared residuals times mean and mean^2, and of
            the windows seen, 6 x K x R.
        phi, dispersion: K x R.
    """

    prior_phi: Real
    prior_dispersion: Real
    sums: Real
    phi: Real
    dispersion: Real

    @classmethod
    def of(cls, priors: Sequence[tuple[float, float]]) -> Noise:
        """For no rows yet; phi and dispersion for a young row, of each test."""
        tests, (phi, dispersion) = len(priors), np.array(priors, np.float64).T
        return cls(phi, dispersion, np.zeros((6, tests, 0)), np.zeros((tests, 0)), np.zeros((tests, 0)))

    def grow(self, rows: int) -> None:
        """Add rows without a history."""
        new = (self.sums.shape[1], rows)
        self.sums = np.concatenate([self.sums, np.zeros((6, *new))], axis=2)
        self.phi = np.hstack([self.phi, np.broadcast_to(self.prior_phi[:, None], new)])
        self.dispersion = np.hstack([self.dispersion, np.broadcast_to(self.prior_dispersion[:, None], new)])

    def variance(self, expected: Real, counting: Real) -> Real:
        """Variance of sums of which so many are expected, `counting` being the mean of the first term, K x R x n."""
        found = self.phi[..., None] * counting + self.dispersion[..., None] * expected**2
        return np.asarray(np.maximum(found, 1e-12))

    def learn(self, sums: Real, expected: Real, counting: Real, known: Mask, age: Age) -> None:
        """Take in a block after it was judged; arguments as for `weigh`, and the age of the rows."""
        self.absorb(self.weigh(sums, expected, counting, known), sums.shape[2], age)

    def weigh(self, sums: Real, expected: Real, counting: Real, known: Mask, before: Real | None = None) -> Real:
        """Weighted sums over the windows of a block, added one by one so that no cut of it makes a difference.

        Args:
            sums, expected, counting: K x R x n.
            known: which of these are to be learned, K x R x n.
            before: of the windows of the block so far.

        Returns:
            6 x K x R, as `sums`.
        """
        mean, counted = np.where(known, expected, 0.0), np.where(known, counting, 0.0)
        residual = np.where(known, sums, 0.0) - mean
        squared = np.minimum(residual**2, np.where(residual > 0, HIGH, LOW) * self.variance(mean, counted))
        drift = mean**2
        weight = known / (counted + DRIFT * drift + 1e-12) ** 2
        weighted, drifting = weight * counted, weight * drift
        each = (weighted * counted, weighted * drift, drifting * drift, weighted * squared, drifting * squared, known)
        return np.stack([_add_up(one, None if before is None else before[at]) for at, one in enumerate(each)])

    def absorb(self, weighed: Real, windows: int, age: Age) -> None:
        """Learn from the weighted sums over the windows of a block."""
        share = age.passed_days / MEAN_LIFE_DAYS
        self.sums = self.sums * np.exp(-share) + share / windows * weighed
        self._solve(age)

    def _solve(self, age: Age) -> None:
        """Two unknowns, two normal equations, each row alone; an estimate out of range gives way to the other."""
        a, b, c, x, y, seen = self.sums
        whole, prior_phi, prior_dispersion = age.whole, self.prior_phi[:, None], self.prior_dispersion[:, None]
        ridge, drift_ridge = (
            days / MEAN_LIFE_DAYS / np.maximum(seen, 1e-12) for days in (RIDGE_DAYS, DRIFT_RIDGE_DAYS)
        )
        least = np.where(whole, LEAST_PHI, 0.0)
        x = x + ridge * np.where(whole, prior_phi, 0.0) * a
        y = y + drift_ridge * prior_dispersion * c
        a, c = a * (1 + ridge), c * (1 + drift_ridge)
        determinant = a * c - b * b
        share = PRIOR_DAYS / (PRIOR_DAYS + np.minimum(MEAN_LIFE_DAYS * 1.44, age.days))
        with np.errstate(divide="ignore", invalid="ignore"):
            sound = determinant > 1e-6 * a * c
            phi = np.where(sound, (x * c - y * b) / determinant, x / a)
            dispersion = np.where(sound, (a * y - b * x) / determinant, 0.0)
            low = phi < least
            phi, dispersion = np.where(low, least, phi), np.where(low, (y - least * b) / c, dispersion)
            flat = dispersion < LEAST_DISPERSION
            phi = np.where(flat, np.maximum(least, (x - LEAST_DISPERSION * b) / a), phi)
            dispersion = np.where(flat, LEAST_DISPERSION, dispersion)
            dispersion = np.exp((1 - share) * np.log(dispersion) + share * np.log(prior_dispersion))
            held = np.exp((1 - share) * np.log(np.maximum(phi, 1e-12)) + share * np.log(prior_phi))
            phi = np.where(whole, held, phi)
        known = (seen > 0) & (a > 0)
        self.phi, self.dispersion = np.where(known, phi, self.phi), np.where(known, dispersion, self.dispersion)


def _add_up(values: Real | Mask, before: Real | None) -> Real:
    """The sum along the last axis, in order."""
    if before is not None and values.shape[-1] == 1:
        return np.asarray(before + values[..., 0])
    first = () if before is None else (before[..., None],)
    return np.asarray(np.cumsum(np.concatenate([*first, values], axis=-1), axis=-1, dtype=np.float64)[..., -1])
