"""The test statistic: how far a count lies above what is expected."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]


def upper_deviance(counts: Real, expected: Real, dispersion: Real) -> Real:
    """Evidence of one window against a negative binomial: -ln of Chernoff's bound on its upper tail.

    Chernoff 1952; for the negative binomial with size k = 1 / dispersion the bound is exp(-D) with
    D = x ln(x / m) - (x + k) ln((x + k) / (m + k)). It holds for one window and for the sum of several.

    Args:
        counts, expected: S x n, expected > 0; NaN counts give 0.
        dispersion: S.

    Returns:
        nats, S x n; 0 where the count is not above what is expected.
    """
    size = 1 / dispersion[:, None]
    x = np.where(counts > expected, counts, expected)
    deviance = x * np.log(x / expected) - (x + size) * np.log((x + size) / (expected + size))
    return np.asarray(np.maximum(deviance, 0.0))


def running_total(values: Real) -> Real:
    """0 and the sums of the first 1, 2, ... columns, S x (n + 1): the difference of two of them is a moving sum."""
    total = np.zeros((len(values), values.shape[1] + 1))
    np.cumsum(values, axis=1, out=total[:, 1:])
    return total


def upper_bound(expected: Real, dispersion: Real, evidence: Real) -> Real:
    """The count whose upper deviance is `evidence` nats, S x n: the edge of the band that is drawn.

    Newton's method on the signed root from the normal approximation; a few steps are exact enough to draw.
    """
    size = 1 / dispersion[:, None]
    need = np.maximum(evidence, 0.0)
    x = expected + np.sqrt(2 * need * (expected + expected**2 / size)) + need / 3
    for _ in range(4):
        value = x * np.log(x / expected) - (x + size) * np.log((x + size) / (expected + size))
        slope = np.log(x / expected) - np.log((x + size) / (expected + size))
        x = np.maximum(x - (value - need) / np.maximum(slope, 1e-9), expected)
    return np.asarray(x)
