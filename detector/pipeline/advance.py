"""Counts to verdicts and incidents, in order of event time: score a tick, then learn from it.

State changes only at event-time boundaries and only from totals, so that every way of cutting the input agrees.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from detector.baseline.bursts import Bursts
from detector.baseline.level import Lesson, Level
from detector.baseline.prior import Prior
from detector.baseline.season import Season
from detector.detect.outbursts import Outbursts
from detector.detect.verdicts import WEEK_US, Detector
from detector.incidents import Follower, Tick
from detector.schemas import Incident

Real = NDArray[np.float64]
TICK_US = 15 * 60_000_000
"""Levels and tails learn every quarter of an hour (or every window, if that is longer)."""
YOUNG_WINDOWS = 30


@dataclass(slots=True)
class State:
    """What a run knows of S services; everything else follows from it and from the counts to come.

    Attributes:
        width_us: length of a window.
        prior: typical noise, for services without a history.
        open_at, least: score and records above what is expected at which an incident opens.
        names: of the services, sorted when they came in together.
        born: the first window in which each could have spoken, S.
    """

    width_us: int
    prior: Prior
    open_at: float
    least: float
    names: list[str] = field(default_factory=list)
    born: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    season: Season = field(init=False)
    level: Level = field(init=False)
    bursts: Bursts = field(init=False)
    detector: Detector = field(init=False)
    outbursts: Outbursts = field(init=False)
    follower: Follower = field(init=False)

    def __post_init__(self) -> None:
        self.season = Season(self.width_us)
        self.level = Level.of(0)
        self.bursts = Bursts(self.width_us)
        self.detector = Detector.of(self.width_us, self.tick * self.width_us, self.prior)
        self.outbursts = Outbursts.of(0, self.tick)
        self.follower = Follower(self.width_us, self.open_at, "lines", self.least)

    @property
    def tick(self) -> int:
        """Windows between two times of learning."""
        return max(1, TICK_US // self.width_us)

    @property
    def windows_per_day(self) -> int:
        """Windows divide a day without rest."""
        return 86_400_000_000 // self.width_us

    def grow(self, names: list[str], born: NDArray[np.int64]) -> None:
        """Add services; `born` is the first window in which each could have spoken."""
        self.names += names
        self.born = np.append(self.born, born)
        self.season.grow(born // self.windows_per_day)
        self.level.grow(len(names))
        self.bursts.grow(len(names))
        self.detector.grow(len(names))
        self.outbursts.grow(len(names))


@dataclass(slots=True)
class Results:
    """What a day gave: incidents that closed, and (if kept) the verdicts, S x windows of each tick."""

    incidents: list[Incident] = field(default_factory=list)
    expected: list[Real] = field(default_factory=list)
    upper: list[Real] = field(default_factory=list)
    score: list[Real] = field(default_factory=list)
    flagged: list[NDArray[np.bool_]] = field(default_factory=list)


def advance(
    state: State, day: int, counts: Real, until: int, *, keep: bool = False, judge: bool = True
) -> Results:
    """Score a day, tick by tick, and learn from it.

    Args:
        state: changed in place.
        day: number of the day; days come in order.
        counts: S x windows of the day; NaN where nothing is known.
        until: number of the window at which the input ends: later windows are not scored, and a day that is not
            over is not learned.
        keep: keep the verdicts, not only the incidents.
        judge: score; without it only season, level and bursts are learned.
    """
    today = Today(day, counts, state.season.expect(day))
    first = day * state.windows_per_day
    over = until >= first + state.windows_per_day
    end = counts.shape[1] if over else max(0, until - first)
    results = Results()
    for begin in range(0, end, state.tick):
        part = slice(begin, min(begin + state.tick, end))
        if judge:
            _tick(state, today, part, results, keep=keep)
        else:
            _learn_only(state, today, part)
    if over and day > state.season.day:  # days that a model knows already are scored, not learned again
        state.season.learn(day, today.learned, today.expected)
        state.level.renew(today.learned, state.season.expect(day), state.tick, state.width_us)
        state.bursts.learn(day, counts, today.flagged)
    return results


@dataclass(slots=True)
class Today:
    """A day while it is walked, S x windows each.

    Attributes:
        day: its number.
        counts, season: what was seen, what the season expects.
        expected: what was expected, without bursts.
        learned: counts as they were learned, NaN where nothing was.
        flagged: part of an incident.
    """

    day: int
    counts: Real
    season: Real
    expected: Real = field(init=False)
    learned: Real = field(init=False)
    flagged: NDArray[np.bool_] = field(init=False)

    def __post_init__(self) -> None:
        self.expected = np.ones(self.counts.shape)
        self.learned = np.full(self.counts.shape, np.nan)
        self.flagged = np.zeros(self.counts.shape, bool)


def _tick(state: State, today: Today, part: slice, results: Results, *, keep: bool) -> None:
    """Score the windows of a tick, then learn from them."""
    lesson = _lesson(state, today, part)
    known = lesson.usable
    expected, bursts = state.bursts.expect(today.day, part, lesson.expected, lesson.spread)
    first, counts = today.day * state.windows_per_day + part.start, today.counts[:, part]
    verdict = state.detector.judge(first, counts, expected)
    weeks = state.level.windows * state.width_us / WEEK_US
    recent = state.outbursts.recent(lesson.counts)
    score = state.outbursts.cap(verdict.score, lesson.counts, recent, weeks)
    judged = known & (state.level.windows >= YOUNG_WINDOWS)[:, None]
    dispersion = state.detector.scales[0].dispersion()
    score = np.where(judged, score, -np.inf)
    tick = Tick(first, counts, expected, score, verdict.start, dispersion, verdict.counts, verdict.expected)
    before = np.isin(np.arange(len(state.names)), list(state.follower.surges))[:, None]
    flagged, closed, settled = state.follower.follow(state.names, tick)
    results.incidents += closed
    if keep:
        _keep(results, state, tick, flagged)
    usable = known & ~flagged
    today.flagged[:, part] = flagged
    _learn(state, today, part, replace(lesson, usable=usable & ~bursts))
    # how strange windows are is learned up to and with the alarm: without it the tail would never be seen
    state.detector.learn(verdict, judged & ~before, usable)
    for service, factor in settled.items():
        state.level.shift[service] *= factor


def _learn_only(state: State, today: Today, part: slice) -> None:
    """What a tick teaches when nothing is judged."""
    _learn(state, today, part, _lesson(state, today, part))


def _lesson(state: State, today: Today, part: slice) -> Lesson:
    """A tick as the level expects it; all that is known may be learned from."""
    counts, season = today.counts[:, part], today.season[:, part]
    level = state.level.expect(season)
    dispersion = state.detector.scales[0].dispersion()[:, None]
    spread = np.sqrt(level + dispersion * level**2)
    return Lesson(np.nan_to_num(counts), level, spread, season, ~np.isnan(counts))


def _learn(state: State, today: Today, part: slice, lesson: Lesson) -> None:
    """Teach the level, and keep for the end of the day what was learned."""
    today.expected[:, part] = lesson.expected
    today.learned[:, part] = state.level.learn(lesson, state.width_us)
    state.outbursts.learn(lesson.counts, state.outbursts.recent(lesson.counts))


def _keep(results: Results, state: State, tick: Tick, flagged: NDArray[np.bool_]) -> None:
    results.expected.append(tick.expected)
    results.upper.append(state.detector.upper(tick.expected, state.open_at))
    results.score.append(tick.score)
    results.flagged.append(flagged)
