"""When a service will be overloaded: the growth of its surge so far, continued along the expected day.

The interval comes from draws of the course and of its parameters, thus from both kinds of doubt (Hoeting, Madigan,
Raftery, Volinsky 1999, "Bayesian model averaging: a tutorial").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.explain.growth import Growth, draw, factors, fit_courses

Real = NDArray[np.float64]
MINUTE_US = 60_000_000
HORIZON_MINUTES = 24 * 60
COVERAGE = 0.9
DRAWS = 999
SUSTAINED_MINUTES = 5
HEALTHY = 0.01
"""Share of errors up to which a service bears its load."""


@dataclass(frozen=True, slots=True)
class Surge:
    """The windows of a surge so far.

    Attributes:
        observed, expected: counts per window, n, oldest first.
        ahead: what is expected in the windows to come; the last value stands for what lies beyond.
        end_us: end of the last window, microseconds since 1970 UTC.
        width_us: length of a window.
    """

    observed: Real
    expected: Real
    ahead: Real
    end_us: int
    width_us: int

    @property
    def width_minutes(self) -> float:
        """Length of a window."""
        return self.width_us / MINUTE_US


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is to be expected of a surge.

    Attributes:
        course: `level`, `linear` or `exponential`, whichever the windows so far support best.
        load: the last window as a share of the capacity, smoothed by the course; None where no capacity is known.
        overload_us: when the capacity is reached, microseconds since 1970 UTC; the end of the last window if it is
            reached already; None where no capacity is known, or it is not reached within 24 h.
        earliest_us, latest_us: between them it lies with a chance of 90 %; None: not within 24 h.
    """

    course: str
    load: float | None = None
    overload_us: int | None = None
    earliest_us: int | None = None
    latest_us: int | None = None

    @property
    def is_over(self) -> bool:
        """Is the service overloaded already?"""
        return self.load is not None and self.load >= 1


def forecast(surge: Surge, capacity: float | None) -> Forecast:
    """Continue a surge.

    Args:
        surge: at least one window.
        capacity: counts per window that the service can bear; None: not known, and never invented.
    """
    width = surge.width_minutes
    minutes = np.asarray((np.arange(len(surge.observed)) - len(surge.observed) + 0.5) * width, np.float64)
    fits = fit_courses(surge.observed, surge.expected, minutes)
    best = max(fits, key=_weight)[0]
    if capacity is None or capacity <= 0:
        return Forecast(best.course)
    now = float(factors(best.course, best.parameters, np.zeros(1))[0] * surge.expected[-1])
    load = now / capacity
    if load >= 1:
        return Forecast(best.course, load, surge.end_us, surge.end_us, surge.end_us)
    leads = np.concatenate([_leads(growth, weight, surge, capacity) for growth, weight in fits])
    tail = (1 - COVERAGE) / 2
    early, middle, late = np.quantile(leads, [tail, 0.5, 1 - tail], method="inverted_cdf").tolist()
    return Forecast(best.course, load, *(_moment(surge.end_us, lead) for lead in (middle, early, late)))


def learned_capacity(lines: Real, errors: Real | None, width_us: int) -> float | None:
    """The highest load that a service bore for five minutes without failing: it can bear that, perhaps more.

    Args:
        lines: counts per window of its history, n; NaN where unknown.
        errors: likewise those with a status 5xx; None where no status is known.
        width_us: length of a window.

    Returns:
        counts per window; None where status is unknown, or no five minutes were free of errors.
    """
    size = max(1, round(SUSTAINED_MINUTES * MINUTE_US / width_us))
    if errors is None or len(lines) < size:
        return None
    failed = ~(errors <= HEALTHY * lines)  # unknown is not healthy either
    calm = np.convolve(failed, np.ones(size), "valid") == 0
    means = np.convolve(np.nan_to_num(lines), np.full(size, 1 / size), "valid")[calm]
    return float(means.max()) if len(means) and means.max() > 0 else None


def _leads(growth: Growth, weight: float, surge: Surge, capacity: float) -> Real:
    """Minutes until the capacity is reached, for draws of one course as many as its weight gives it; inf for never."""
    number = round(DRAWS * weight)
    windows = int(HORIZON_MINUTES / surge.width_minutes)
    if not number:
        return np.empty(0)
    curve = np.concatenate([surge.expected[-1:], surge.ahead[:windows]])
    curve = np.concatenate([curve, np.full(windows + 1 - len(curve), curve[-1])])
    minutes = np.r_[0.0, (np.arange(windows) + 0.5) * surge.width_minutes]
    load = factors(growth.course, draw(growth, number), minutes) * curve / capacity
    over = load >= 1
    first = over.argmax(axis=1)
    rows = np.arange(number)
    here, before = load[rows, first], load[rows, first - 1]
    passed = np.where(first > 0, (1 - before) / np.maximum(here - before, 1e-12), 1.0)
    lead = minutes[first - 1] + passed * (minutes[first] - minutes[first - 1])
    return np.where(over.any(axis=1), np.where(first > 0, lead, 0.0), np.inf)


def _moment(end_us: int, lead: float) -> int | None:
    return None if np.isinf(lead) else end_us + round(lead * MINUTE_US)


def _weight(fit: tuple[Growth, float]) -> float:
    return fit[1]
