"""Two humble rivals, on sums of five minutes: three times the same hour last week, and a plain threshold."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from detector.pipeline.stores import Numbers, Real, Store

SUM_US = 5 * 60_000_000
DAYS = 7
TIMES = 3.0
QUIET_SUMS = 3
"""Alarms that lie closer together are one."""
RULES = ("last_week", "threshold")
Mask = NDArray[np.bool_]


@dataclass(slots=True)
class Rivals:
    """Both rules and the sums that they look at, of S services over n sums of five minutes.

    Attributes:
        windows: in a sum.
        first: number of the first window, the begin of a day.
        sums: of what is really there, S x n; NaN where nothing is known.
        limits: rule -> what a sum must exceed, S x n; NaN where the rule cannot judge.
    """

    windows: int
    first: int
    sums: Real
    limits: dict[str, Real] = field(default_factory=dict)

    @classmethod
    def of(cls, store: Store, services: Numbers, end: int, least: float) -> Rivals:
        """The rules for some services of a store up to window `end`; an alarm needs `least` records more than usual."""
        days = range(store.span()[0] // store.windows_per_day, (end - 1) // store.windows_per_day + 1)
        windows = divisor(store.windows_per_day, SUM_US // store.width_us)
        parts = [sums_of(store.matrices(day, services, ("lines",))["lines"], windows) for day in days]
        rivals = cls(windows, days.start * store.windows_per_day, np.hstack(parts))
        rivals.sums[:, (end - rivals.first) // windows :] = np.nan
        per_day = store.windows_per_day // windows
        rivals.limits["last_week"] = last_week(rivals.sums, per_day, least)
        rivals.limits["threshold"] = threshold(rivals.sums, per_day)
        return rivals

    def alarms(self, rule: str) -> tuple[int, float]:
        """Alarms on what is really there, and the sums that could be judged."""
        limit = self.limits[rule]
        high = self.sums > limit
        before = np.cumsum(high, axis=1)
        recent = before - high - np.hstack([np.zeros((len(high), QUIET_SUMS + 1)), before])[:, : high.shape[1]]
        judged = np.isfinite(limit) & np.isfinite(self.sums)
        return int((high & (recent == 0)).sum()), float(judged.sum())

    def noticed(self, rule: str, row: int, lines: Real, first: int, end: int) -> tuple[bool, int | None]:
        """What a rule makes of a surge in windows first..end-1.

        Args:
            rule: its name.
            row: of the service.
            lines: of the day that holds the surge, with it, one service.
            first, end: of the surge.

        Returns:
            whether it could judge, and the window before which it raised an alarm that it would not have raised
            without the surge (None: it did not).
        """
        day = (first - self.first) // len(lines) * len(lines)
        place = slice((first - self.first) // self.windows, (end - 1 - self.first) // self.windows + 1)
        limit = self.limits[rule][row, place]
        of_day = slice(place.start - day // self.windows, place.stop - day // self.windows)
        planted, plain = sums_of(lines[None], self.windows)[0, of_day], self.sums[row, place]
        high = np.flatnonzero((planted > limit) & ~(plain > limit))
        after = self.first + (place.start + int(high[0]) + 1) * self.windows if len(high) else None
        return bool(np.isfinite(limit).any()), after


def divisor(number: int, most: int) -> int:
    """The largest divisor of a number that is not above `most`, 1 at least."""
    return next((part for part in range(most, 0, -1) if number % part == 0), 1)


def sums_of(lines: Real, windows: int) -> Real:
    """Sums of so many windows each, S x n; NaN where nothing is known of any."""
    parts = lines.reshape(len(lines), -1, windows)
    return np.asarray(np.where(np.isnan(parts).all(axis=2), np.nan, np.nansum(parts, axis=2)))


def last_week(sums: Real, per_day: int, least: float) -> Real:
    """Three times the mean of the same hour one week before, S x n; NaN in the first week."""
    hour = divisor(per_day, per_day // 24)
    means = sums_of(sums, hour) / np.maximum(sums_of(np.isfinite(sums).astype(float), hour), 1)
    usual = np.repeat(means, hour, axis=1)
    shift = min(DAYS * per_day, sums.shape[1])
    before = np.hstack([np.full((len(sums), shift), np.nan), usual[:, : sums.shape[1] - shift]])
    return np.maximum(TIMES * before, before + least)


def threshold(sums: Real, per_day: int) -> Real:
    """The highest sum of each service's first week (or quarter of its time, if that is shorter); NaN until then."""
    limits = np.full(sums.shape, np.nan)
    for row, mine in enumerate(sums):
        known = np.flatnonzero(np.isfinite(mine))
        if len(known):
            end = known[0] + min(DAYS * per_day, max(1, (known[-1] + 1 - known[0]) // 4))
            limits[row, end:] = np.nanmax(mine[known[0] : end])
    return limits
