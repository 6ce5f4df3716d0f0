"""When a service will be overloaded: the growth of its surge so far, continued along the expected day.

The interval comes from draws of the course and of its parameters, thus from both kinds of doubt (Hoeting, Madigan,
Raftery, Volinsky 1999, "Bayesian model averaging: a tutorial").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.causes import LEAST_LOAD
from detector.explain.growth import Growth, draw, factors, fit_courses

Real = NDArray[np.float64]
MINUTE_US = 60_000_000
HORIZON_MINUTES = 24 * 60
COVERAGE = 0.9
DRAWS = 499
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
class Room:
    """What may still come, for what adds up: a quota of the day, a disk.

    Attributes:
        left: counts.
        whole: counts that there is room for after `windows`, again and again; None: there is no such moment.
        windows: after which the room is empty again.
    """

    left: float
    whole: float | None = None
    windows: int = 0


@dataclass(frozen=True, slots=True)
class Lead:
    """What is to be expected of a surge.

    Attributes:
        course: `level`, `linear` or `exponential`, whichever the windows so far support best.
        load: the last window as a share of the capacity, smoothed by the course; of a room what will be taken of it
            until it is empty again or 24 h have passed. None where no capacity is known.
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


def forecast(surge: Surge, capacity: float | None) -> Lead:
    """Continue a surge.

    Args:
        surge: at least one window.
        capacity: counts per window that the service can bear; None: not known, and never invented.
    """
    fits = _fits(surge)
    best = max(fits, key=_weight)[0]
    if capacity is None or capacity <= 0:
        return Lead(best.course)
    load = present(surge, best) / capacity
    if load >= 1:
        return Lead(best.course, load, surge.end_us, surge.end_us, surge.end_us)
    if load < LEAST_LOAD:
        return Lead(best.course, load)
    middles = np.r_[0.0, (np.arange(_windows(surge)) + 0.5) * surge.width_minutes]
    shares: Real = np.concatenate([_ahead(surge, growth, weight) for growth, weight in fits]) / capacity
    return Lead(best.course, load, *_moments(surge, _first(shares, middles)))


def fill(surge: Surge, room: Room) -> Lead:
    """When what a surge brings has filled a room."""
    fits = _fits(surge)
    course = max(fits, key=_weight)[0].course
    if room.left <= 0:
        return Lead(course, 1.0, surge.end_us, surge.end_us, surge.end_us)
    shares = np.concatenate([_ahead(surge, growth, weight) for growth, weight in fits])
    shares[:, 0] = 0.0
    total: Real = np.cumsum(shares, axis=1)
    limits = np.full(total.shape[1], room.left)
    last = total.shape[1] - 1
    if room.whole is not None and room.windows < last:
        last = room.windows
        total[:, last + 1 :] -= total[:, last : last + 1]
        limits[last + 1 :] = room.whole
    load = float(np.median(total[:, last])) / room.left
    if room.whole is not None:
        load = (room.whole - room.left * (1 - load)) / room.whole
    ends = np.arange(total.shape[1]) * surge.width_minutes
    return Lead(course, load, *_moments(surge, _first(total / limits, ends)))


def present(surge: Surge, growth: Growth) -> float:
    """Counts of the last window, smoothed by the course."""
    return float(factors(growth.course, growth.parameters, np.zeros(1))[0] * surge.expected[-1])


def _fits(surge: Surge) -> list[tuple[Growth, float]]:
    """Each course with its weight."""
    number = len(surge.observed)
    minutes = np.asarray((np.arange(number) - number + 0.5) * surge.width_minutes, np.float64)
    return fit_courses(surge.observed, surge.expected, minutes)


def borne(lines: Real, errors: Real, width_us: int) -> Real:
    """Mean load of each five minutes without failures.

    Args:
        lines: counts per window, n; NaN where unknown.
        errors: likewise those with a status 5xx.
        width_us: length of a window.

    Returns:
        counts per window, of the five minutes that begin with each window, as many as fit; NaN where it failed.
    """
    size = sustained(width_us)
    if len(lines) < size:
        return np.empty(0)
    failed = ~(errors <= HEALTHY * lines)  # unknown is not healthy either
    calm = np.convolve(failed, np.ones(size), "valid") < 0.5
    means = np.convolve(np.nan_to_num(lines), np.full(size, 1 / size), "valid")
    return np.where(calm, means, np.nan)


def sustained(width_us: int) -> int:
    """Windows in which a load has to be borne."""
    return max(1, round(SUSTAINED_MINUTES * MINUTE_US / width_us))


def _windows(surge: Surge) -> int:
    """That are looked at ahead."""
    return max(1, int(HORIZON_MINUTES / surge.width_minutes))


def _ahead(surge: Surge, growth: Growth, weight: float) -> Real:
    """Counts in this moment and in the windows to come, for draws of one course as many as its weight gives it."""
    number, windows = round(DRAWS * weight), _windows(surge)
    curve = np.concatenate([surge.expected[-1:], surge.ahead[:windows]])
    curve = np.concatenate([curve, np.full(windows + 1 - len(curve), curve[-1])])
    if not number:
        return np.empty((0, len(curve)))
    minutes = np.r_[0.0, (np.arange(windows) + 0.5) * surge.width_minutes]
    return np.asarray(factors(growth.course, draw(growth, number), minutes) * curve)


def _first(shares: Real, minutes: NDArray[np.floating]) -> Real:
    """Minutes until each row reaches 1 first; inf for never."""
    over = shares >= 1
    first = over.argmax(axis=1)
    rows = np.arange(len(shares))
    here, before = shares[rows, first], shares[rows, first - 1]
    passed = np.where(here > before, (1 - before) / np.maximum(here - before, 1e-12), 1.0)  # else the room was emptied
    lead = minutes[first - 1] + np.clip(passed, 0, 1) * (minutes[first] - minutes[first - 1])
    return np.asarray(np.where(over.any(axis=1), np.where(first > 0, lead, 0.0), np.inf))


def _moments(surge: Surge, leads: Real) -> tuple[int | None, int | None, int | None]:
    """The middle one, the earliest, the latest."""
    tail = (1 - COVERAGE) / 2
    found = np.quantile(leads, [0.5, tail, 1 - tail], method="inverted_cdf").tolist()
    middle, early, late = (None if np.isinf(lead) else surge.end_us + round(lead * MINUTE_US) for lead in found)
    return middle, early, late


def _weight(fit: tuple[Growth, float]) -> float:
    return fit[1]
