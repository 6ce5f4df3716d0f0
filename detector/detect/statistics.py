"""The two tests: one window against what is expected, and the sum of small excesses over many windows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
FACTOR = 1.5
"""The surge that the accumulating test is tuned to, as a factor of what is expected."""


def upper_deviance(counts: Real, expected: Real, dispersion: Real) -> Real:
    """Evidence of one window against a negative binomial: -ln of Chernoff's bound on its upper tail.

    Chernoff 1952; for the negative binomial with size k = 1 / dispersion the bound is exp(-D) with
    D = x ln(x / m) - (x + k) ln((x + k) / (m + k)).

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


def log_likelihood_ratio(counts: Real, expected: Real, dispersion: Real) -> Real:
    """ln of the likelihood of `FACTOR` times what is expected over that of what is expected, S x n; 0 for NaN."""
    size = 1 / dispersion[:, None]
    grown = FACTOR * expected
    ratio = counts * np.log(FACTOR * (expected + size) / (grown + size)) - size * np.log((grown + size) / (expected + size))
    return np.asarray(np.where(np.isnan(counts), 0.0, ratio))


def cusum(ratio: Real, before: Real) -> Real:
    """Page's cumulative sum (Page 1954) along the windows, for all services at once.

    Args:
        ratio: log likelihood ratios, S x n.
        before: the sum of each service before the first window, S, 0 or more.

    Returns:
        S x n, 0 or more: after each window the evidence since it last was 0.
    """
    total = np.cumsum(ratio, axis=1)
    lowest = np.minimum.accumulate(np.minimum(total, -before[:, None]), axis=1)
    return np.asarray(total - lowest)


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
