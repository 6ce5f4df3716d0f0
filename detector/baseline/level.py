"""The level of every service above or below its season.

A surge is sudden, drift is slow: the expected count is season x slow level (days) x fast level (the last hour), and
neither learns from the newest windows (guard gap) nor while something is flagged.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
Mask = NDArray[np.bool_]
HOUR_US = 3_600_000_000
FAST_US, SLOW_US = HOUR_US, 24 * HOUR_US
"""Half-lives of the fast and the slow level."""
FAST_COUNT = 25.0
"""The fast level moves half way to what is seen when so many records were expected: a gamma prior whose standard
deviation is 20 %, the drift that real sites show within an hour."""
SLOW_WINDOWS = 0.5
WINSOR = 4.0
"""No count moves the fast level by more than so many standard deviations; the slow one learns whole counts, else the
rare bursts of a sparse service would leave its mean at nothing."""
YOUNG = 30
"""Windows before a count is clipped by what is expected: until then the expectation itself is not known."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """A tick after it was scored, S x windows each.

    Attributes:
        counts, expected: what was seen, and what was expected of it.
        spread: standard deviation of each count.
        season: what the season alone expects.
        usable: which windows may be learned from (known, and not part of an incident).
    """

    counts: Real
    expected: Real
    spread: Real
    season: Real
    usable: Mask


@dataclass(slots=True)
class Level:
    """Decayed sums of S services; `waiting` ones are inside the guard gap.

    `shift` is the factor of a surge that lasted so long that it was settled: scored against, not learned.
    """

    fast_seen: Real
    fast_expected: Real
    slow_seen: Real
    slow_expected: Real
    windows: Real
    waiting_seen: Real
    waiting_clipped: Real
    waiting_season: Real
    shift: Real

    @classmethod
    def of(cls, services: int) -> Level:
        """The level of services without a history."""
        level = cls(*(np.zeros(services) for _ in fields(cls)))
        level.shift[:] = 1.0
        return level

    def grow(self, services: int) -> None:
        """Add services without a history."""
        new = Level.of(services)
        for each in fields(self):
            setattr(self, each.name, np.append(getattr(self, each.name), getattr(new, each.name)))

    def slow(self) -> Real:
        """Slow level, S."""
        return (SLOW_WINDOWS + self.slow_seen) / (SLOW_WINDOWS + self.slow_expected)

    def expect(self, season: Real) -> Real:
        """Expected counts, S x windows, for the season's."""
        fast = (FAST_COUNT + self.fast_seen) / (FAST_COUNT + self.fast_expected)
        floor = 0.5 / np.maximum(self.windows + 1, 1)  # a service that never spoke is not known to be at zero
        return np.asarray(np.maximum(season * (self.slow() * fast * self.shift)[:, None], floor[:, None]))

    def learn(self, lesson: Lesson, width_us: int) -> Real:
        """Take in a tick after it was scored, of windows of `width_us` microseconds.

        Returns:
            what was learned, S x windows; NaN where nothing was.
        """
        usable = lesson.usable
        self._open_gap(usable.shape[1] * width_us, fast_half_life(width_us))
        young = (self.windows < YOUNG)[:, None]
        reach = WINSOR * lesson.spread
        counts = lesson.counts / self.shift[:, None]
        clipped = np.where(young, counts, np.clip(counts, lesson.expected - reach, lesson.expected + reach))
        self.waiting_seen = np.where(usable, counts, 0.0).sum(axis=1)
        self.waiting_clipped = np.where(usable, clipped, 0.0).sum(axis=1)
        self.waiting_season = np.where(usable, lesson.season, 0.0).sum(axis=1)
        newborn = self.windows == 0
        self.windows = self.windows + usable.sum(axis=1)
        if newborn.any():  # the first tick of a service has nothing to wait for
            self._open_gap(0, 1, newborn)
        return np.where(usable, counts, np.nan)

    def _open_gap(self, passed_us: int, fast_us: int, only: Mask | None = None) -> None:
        """What waited a whole tick is old enough to be learned."""
        fast, slow = 0.5 ** (passed_us / fast_us), 0.5 ** (passed_us / SLOW_US)
        mine = np.ones(len(self.windows), bool) if only is None else only
        self.slow_seen = np.where(mine, self.slow_seen * slow + self.waiting_seen, self.slow_seen)
        self.slow_expected = np.where(mine, self.slow_expected * slow + self.waiting_season, self.slow_expected)
        self.fast_seen = np.where(mine, self.fast_seen * fast + self.waiting_clipped, self.fast_seen)
        expected = self.waiting_season * self.slow()
        self.fast_expected = np.where(mine, self.fast_expected * fast + expected, self.fast_expected)
        self.waiting_seen = np.where(mine, 0.0, self.waiting_seen)
        self.waiting_clipped = np.where(mine, 0.0, self.waiting_clipped)
        self.waiting_season = np.where(mine, 0.0, self.waiting_season)

    def renew(self, learned: Real, season: Real, tick: int, width_us: int) -> None:
        """After a new season: the levels of the last day against it.

        Args:
            learned: what `learn` returned over the day, S x windows.
            season: what the new season expects of that day, S x windows.
            tick: windows at the end that still wait in the guard gap.
            width_us: length of a window.
        """
        usable = ~np.isnan(learned)
        seen, expected = np.where(usable, learned, 0.0), np.where(usable, season, 0.0)
        self.waiting_seen, self.waiting_season = seen[:, -tick:].sum(axis=1), expected[:, -tick:].sum(axis=1)
        self.waiting_clipped = np.minimum(self.waiting_clipped, self.waiting_seen)
        age_us = width_us * np.arange(learned.shape[1] - tick)[::-1]
        mine = usable[:, :-tick].any(axis=1)
        slow, fast = 0.5 ** (age_us / SLOW_US), 0.5 ** (age_us / fast_half_life(width_us))
        self.slow_seen = np.where(mine, seen[:, :-tick] @ slow, self.slow_seen)
        self.slow_expected = np.where(mine, expected[:, :-tick] @ slow, self.slow_expected)
        self.fast_seen = np.where(mine, seen[:, :-tick] @ fast, self.fast_seen)
        self.fast_expected = np.where(mine, (expected[:, :-tick] @ fast) * self.slow(), self.fast_expected)


def fast_half_life(width_us: int) -> int:
    """Half-life of the fast level: an hour, or four windows where these are long."""
    return max(FAST_US, 4 * width_us)
