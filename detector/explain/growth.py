"""How a surge grows: level, linear or exponential, as the windows so far support it.

A surge is a factor on what is expected. Each course is fitted by Gauss and Newton's least squares on the scale on
which counts have a steady variance (Anscombe 1948), and weighed by the Bayesian information criterion (Schwarz 1978):
a course with more freedom has to earn it.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
COURSES = ("level", "linear", "exponential")
LEAST_WINDOWS = 5
"""Fewer windows show no course but a level."""
STEPS = 12
ANSCOMBE = 3 / 8
SMALLEST = 1e-3
"""No factor falls below it."""
PLASTIC = 1.32471795724474602596
"""Its inverse powers fill a square evenly (Roberts 2018, "The unreasonable effectiveness of quasirandom sequences")."""


@dataclass(frozen=True, slots=True)
class Growth:
    """A course fitted to a surge: factor(t) = a, a + b t, or exp(a + b t), t in minutes after the last window.

    Attributes:
        course: one of `COURSES`.
        parameters: a, or a and b.
        covariance: of the parameters.
        misfit: sum of squares on the scale of the fit.
    """

    course: str
    parameters: Real
    covariance: Real
    misfit: float


def fit_courses(observed: Real, expected: Real, minutes: Real) -> list[tuple[Growth, float]]:
    """Each course with its weight; the weights add up to 1.

    Args:
        observed, expected: counts in the windows so far, n.
        minutes: middles of the windows after the end of the last one, n, negative.
    """
    courses = COURSES if len(observed) >= LEAST_WINDOWS else COURSES[:1]
    fits = [_fit(course, observed, np.maximum(expected, SMALLEST), minutes) for course in courses]
    freedom = max(len(observed) - 2, 1)
    spread = max(min(one.misfit for one in fits) / freedom, 1.0)  # counts vary by 1 on this scale, or more
    criterion = np.array([one.misfit / spread + len(one.parameters) * np.log(len(observed)) for one in fits])
    weight = np.exp(-(criterion - criterion.min()) / 2)
    return list(zip(fits, (weight / weight.sum()).tolist(), strict=True))


def factors(course: str, parameters: Real, minutes: Real) -> Real:
    """The course at these times; parameters d x 2 or 2, minutes n -> d x n or n."""
    a, b = parameters[..., :1], parameters[..., 1:2] if parameters.shape[-1] > 1 else 0.0
    line = a + b * minutes
    return np.asarray(np.exp(np.minimum(line, 50.0)) if course == "exponential" else np.maximum(line, SMALLEST))


def draw(growth: Growth, number: int) -> Real:
    """Parameters that the fit leaves possible, `number` x 1 or 2: evenly spread, so always the same."""
    steps = np.arange(1, number + 1)
    normal = NormalDist()
    size = len(growth.parameters)
    even = [(0.5 + steps * PLASTIC**-power) % 1 for power in (1, 2)[:size]]
    standard = np.array([[normal.inv_cdf(min(max(one, 1e-6), 1 - 1e-6)) for one in axis.tolist()] for axis in even]).T
    values, vectors = np.linalg.eigh(growth.covariance)
    return np.asarray(growth.parameters + standard @ (vectors * np.sqrt(np.maximum(values, 0))).T)


def _fit(course: str, observed: Real, expected: Real, minutes: Real) -> Growth:
    """Least squares on the stabilised scale, from a start on the plain or the logarithmic one."""
    powers = np.ones((len(minutes), 1)) if course == "level" else np.stack([np.ones(len(minutes)), minutes], axis=1)
    ratio = (observed + ANSCOMBE) / expected
    start = np.log(ratio) if course == "exponential" else ratio
    parameters: Real = np.asarray(np.linalg.lstsq(powers, start, rcond=None)[0], np.float64)
    wanted = _stable(observed)
    best = parameters, _misfit(course, parameters, wanted, expected, minutes)
    for _ in range(STEPS):
        slopes, rest = _slopes(course, parameters, powers, wanted, expected, minutes)
        parameters = parameters + np.asarray(np.linalg.lstsq(slopes, rest, rcond=None)[0], np.float64)
        misfit = _misfit(course, parameters, wanted, expected, minutes)
        if misfit < best[1]:
            best = parameters, misfit
    covariance = _covariance(*_slopes(course, best[0], powers, wanted, expected, minutes))
    return Growth(course, best[0], covariance, best[1])


def _covariance(slopes: Real, rest: Real) -> Real:
    """Of the parameters, whatever the spread of each window is: HC3 (MacKinnon & White 1985)."""
    inverse = np.linalg.pinv(slopes.T @ slopes)
    leverage = np.minimum(np.einsum("ij,jk,ik->i", slopes, inverse, slopes), 0.9)
    spread = slopes * (rest / (1 - leverage))[:, None]
    return np.asarray(inverse @ (spread.T @ spread) @ inverse)


def _slopes(
    course: str, parameters: Real, powers: Real, wanted: Real, expected: Real, minutes: Real
) -> tuple[Real, Real]:
    """Derivatives of the stabilised means by the parameters, and what is left to explain."""
    factor = factors(course, parameters, minutes)
    means = expected * factor
    inner = factor[:, None] * powers if course == "exponential" else powers
    return expected[:, None] * inner / np.sqrt(means + ANSCOMBE)[:, None], wanted - _stable(means)


def _misfit(course: str, parameters: Real, wanted: Real, expected: Real, minutes: Real) -> float:
    found = float(np.sum((wanted - _stable(expected * factors(course, parameters, minutes))) ** 2))
    return found if np.isfinite(found) else float("inf")


def _stable(counts: Real) -> Real:
    return np.asarray(2 * np.sqrt(counts + ANSCOMBE))
