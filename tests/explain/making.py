"""Ramps whose end is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from detector.explain.forecast import MINUTE_US, Surge, forecast

Real = np.ndarray
GROWN: dict[str, Callable[[float, Real], Real]] = {
    "linear": lambda need, part: 1 + (need - 1) * part,
    "exponential": lambda need, part: np.exp(np.log(need) * part),
}


@dataclass(frozen=True)
class Ramp:
    """A surge that grows by a course until it reaches the capacity.

    Attributes:
        lead: minutes from the end of the last window seen until then.
    """

    course: str
    surge: Surge
    capacity: float
    lead: float


def ramps(seed: int, number: int) -> Iterator[Ramp]:
    """Ramps of 30 to 150 minutes to 3 to 8 times the usual, seen for a third to three quarters of that time."""
    rng = np.random.default_rng(seed)
    for _ in range(number):
        course = str(rng.choice(list(GROWN)))
        base, noise, whole = rng.uniform(100, 2000), rng.uniform(1e-6, 0.004), rng.uniform(30, 150)
        minutes = np.arange(int(whole * rng.uniform(0.35, 0.75))) + 0.5
        capacity = rng.uniform(3, 8) * base
        means = day(base, minutes) * GROWN[course](capacity / float(day(base, np.array(whole))), minutes / whole)
        observed = rng.poisson(means * rng.gamma(1 / noise, noise, len(minutes))).astype(float)
        end = len(minutes)
        ahead = day(base, end + 0.5 + np.arange(1440))
        surge = Surge(observed, day(base, minutes), ahead, end * MINUTE_US, MINUTE_US)
        yield Ramp(course, surge, capacity, whole - end)


def day(base: float, minutes: Real) -> Real:
    """A daily rhythm."""
    return np.asarray(base * (1 + 0.3 * np.sin(2 * np.pi * (minutes - 200) / 1440)))


def judge(seed: int, number: int) -> tuple[float, float, float]:
    """Median relative error of the lead time, share of intervals that hold the truth, share of courses told right."""
    errors, held, right = [], [], []
    for ramp in ramps(seed, number):
        found = forecast(ramp.surge, ramp.capacity)
        moments = (found.overload_us, found.earliest_us, found.latest_us)
        middle, early, late = (np.inf if at is None else (at - ramp.surge.end_us) / MINUTE_US for at in moments)
        errors.append(abs(middle - ramp.lead) / ramp.lead)
        held.append(early <= ramp.lead <= late)
        right.append(found.course == ramp.course)
    return float(np.median(errors)), float(np.mean(held)), float(np.mean(right))
