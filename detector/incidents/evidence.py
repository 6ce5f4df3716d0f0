"""What the windows of a surge say about where it began and whether it is over."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]


def change_point(above: Real) -> int:
    """Windows since it began: where the windows after it stand out most from half way between before and after.

    The maximum likelihood change point of a step for a known level before and after (Page 1955), near enough.
    """
    return int(np.cumsum(above[::-1]).argmax()) + 1


def evidence(count: float, expected: float, dispersion: float, factor: float) -> float:
    """ln of the likelihood of `factor` times what is expected over that of what is expected, negative binomial."""
    expected = max(expected, 1e-6)
    size, grown = 1 / dispersion, factor * expected
    more = count * math.log(factor * (expected + size) / (grown + size))
    return more - size * math.log((grown + size) / (expected + size))
