"""Calendar features of windows: minute of the hour (cron), hour of the day and hour of the week, in UTC.

Hours are periodic cubic B-splines (Eilers & Marx 1996, "Flexible smoothing with B-splines and penalties"), the same
basis as scikit-learn's `SplineTransformer(extrapolation="periodic")`, evaluated here in numpy because importing
scikit-learn costs more than a whole scan; a test holds them together.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

DAY_US = 86_400_000_000
HOUR_US = 3_600_000_000
MINUTE_US = 60_000_000
DAY_KNOTS, WEEK_KNOTS = 24, 42
RIDGE = {"level": 0.01, "minute": 50.0, "day": 20.0, "week": 100.0}
"""Penalty of each kind of feature, in windows: so many windows of unit variance outweigh the wish for zero."""

Real = NDArray[np.float64]


def periodic_splines(phase: Real, knots: int) -> Real:
    """Cubic B-splines on a circle.

    Args:
        phase: position on the circle, 0 <= phase < 1, n.
        knots: number of equally spaced knots, at least 4.

    Returns:
        n x knots; each row has four positive entries that add up to 1.
    """
    at = phase * knots
    left = np.floor(at).astype(np.int64)
    t = at - left
    weights = np.stack([(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, 3 * (1 - t) ** 3 - 6 * (1 - t) ** 2 + 4, t**3]) / 6
    basis = np.zeros((len(phase), knots))
    rows = np.arange(len(phase))
    for shift, weight in enumerate(weights):
        basis[rows, (left + shift) % knots] += weight
    return basis


@lru_cache(maxsize=16)
def features_of_day(weekday: int, width_us: int) -> Real:
    """Features of every window of a day.

    Args:
        weekday: days since 1970-01-01 modulo 7.
        width_us: length of a window.

    Returns:
        windows x features; the columns are those of `penalties`.
    """
    start = np.arange(0, DAY_US, width_us, dtype=np.float64)
    columns = [np.ones((len(start), 1))]
    if _has_minutes(width_us):
        minute = ((start % HOUR_US) // _minute_cell(width_us)).astype(np.int64)
        columns.append(np.eye(HOUR_US // _minute_cell(width_us))[minute])
    columns.append(periodic_splines(start / DAY_US, DAY_KNOTS))
    columns.append(periodic_splines((weekday * DAY_US + start) / (7 * DAY_US), WEEK_KNOTS))
    return np.hstack(columns)


@lru_cache(maxsize=16)
def gram_of_day(weekday: int, width_us: int) -> Real:
    """X'X of a day, features x features."""
    x = features_of_day(weekday, width_us)
    return np.asarray(x.T @ x)


def penalties(width_us: int) -> Real:
    """The ridge penalty of each feature."""
    minutes = HOUR_US // _minute_cell(width_us) if _has_minutes(width_us) else 0
    kinds = ["level"] + ["minute"] * minutes + ["day"] * DAY_KNOTS + ["week"] * WEEK_KNOTS
    return np.array([RIDGE[kind] for kind in kinds])


def _minute_cell(width_us: int) -> int:
    return max(width_us, MINUTE_US)


def _has_minutes(width_us: int) -> bool:
    return HOUR_US % _minute_cell(width_us) == 0 and _minute_cell(width_us) < HOUR_US
