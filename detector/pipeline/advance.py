"""Counts to verdicts and incidents, in order of event time: judge a block, then learn from it.

State changes only at boundaries of blocks in event time and only from totals, so that every way of cutting the input
agrees. A row is one signal of one service; the rows of a service stand together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from detector.baseline.ahead import Ahead, look_ahead
from detector.baseline.expectation import Pseudo, Reach, expect, season
from detector.baseline.habits import Habits
from detector.baseline.history import History
from detector.baseline.prior import Prior
from detector.config import Settings, parse_span
from detector.detect.noise import Age
from detector.detect.verdicts import Detector, Lesson, block_of, positive, tests_of
from detector.incidents.follower import Follower
from detector.incidents.tick import Tick
from detector.pipeline.claims import Claims, claimed
from detector.pipeline.falls import Falls, Verdict, limits_of
from detector.pipeline.knobs import Knobs, knobs_of
from detector.pipeline.outlook import Ground, Outlook, Seen, sum_of, tick_of
from detector.pipeline.planned import unlearned
from detector.pipeline.signals import shares_of
from detector.schemas import Incident

Real = NDArray[np.float64]
DAY_US = 86_400_000_000
SMALLEST = 1e-12


@dataclass(slots=True)
class State:
    """What a run knows of S services; everything else follows from it and from the counts to come.

    Attributes:
        width_us: length of a window.
        signals: of each service, in the order of its rows.
        prior: typical noise, for what has no history.
        settings: for all services, and by pattern.
        open_at: score at which an incident opens where no pattern gives a budget; infinite: none opens.
        names: of the services, sorted when they came in together.
    """

    width_us: int
    signals: tuple[str, ...]
    prior: Prior
    settings: Settings
    open_at: float
    names: list[str] = field(default_factory=list)
    reaches: tuple[Reach, ...] = field(init=False)
    history: History = field(init=False)
    habits: Habits = field(init=False)
    detector: Detector = field(init=False)
    follower: Follower = field(init=False)
    knobs: Knobs = field(init=False)
    falls: Falls = field(init=False)

    def __post_init__(self) -> None:
        self.reaches = tuple(Reach.of(test.windows, self.width_us, slow=test.slow) for test in tests_of(self.width_us))
        self.history = History(self.width_us, self.block, max(reach.back for reach in self.reaches))
        self.habits = Habits.of(0)
        self.detector = Detector(self.width_us, self.prior)
        self.knobs = knobs_of(self.names, self.settings, self.open_at, self.width_us)
        longest = max(reach.windows for reach in self.reaches)
        settled_us = round(parse_span(self.settings.settle_after) * 1e6)
        self.follower = Follower(self.width_us, self.signals, longest, limits_of(self.knobs), settled_us=settled_us)
        self.falls = Falls.of(Detector(self.width_us, self.prior), self.knobs, len(self.signals), longest)

    @property
    def block(self) -> int:
        """Windows between two times of learning."""
        return block_of(self.width_us)

    @property
    def windows_per_day(self) -> int:
        """Windows divide a day without rest."""
        return DAY_US // self.width_us

    def grow(self, names: list[str]) -> None:
        """Add services."""
        self.names += names
        self.knobs = knobs_of(self.names, self.settings, self.open_at, self.width_us)
        self.follower.limits = limits_of(self.knobs)
        self.falls.grow(self.knobs)
        rows = len(names) * len(self.signals)
        self.history.grow(rows)
        self.habits.grow(rows)
        self.detector.grow(rows)

    def ahead_of(self, incidents: Sequence[Incident], now: int) -> dict[str, Ahead]:
        """Id -> what the service usually sends in the hours around window `now`, from what is known by then."""
        row = {name: number * len(self.signals) for number, name in enumerate(self.names)} if incidents else {}
        return {one.id: look_ahead(self.history, row[one.service], now) for one in incidents}

    def retune(self, settings: Settings, open_at: float) -> None:
        """Judge by other settings from now on; the same services are watched for falls."""
        self.settings, self.open_at = settings, open_at
        self.knobs = knobs_of(self.names, settings, open_at, self.width_us)
        self.follower.limits = limits_of(self.knobs)
        self.falls.grow(self.knobs)

    def still_open(self, now: int) -> list[Incident]:
        """The incidents that last; `now` is the window after the last one seen."""
        return self.follower.still_open(self.names, now) + self.falls.still_open(self.names, now)


@dataclass(slots=True)
class Results:
    """What a day gave: incidents that closed, and (if kept) the verdicts, S x windows of each block.

    `ahead`: id of each incident that opened -> what was usual around that moment.
    """

    incidents: list[Incident] = field(default_factory=list)
    ahead: dict[str, Ahead] = field(default_factory=dict)
    expected: list[Real] = field(default_factory=list)
    upper: list[Real] = field(default_factory=list)
    score: list[Real] = field(default_factory=list)
    flagged: list[NDArray[np.bool_]] = field(default_factory=list)


def advance(
    state: State, day: int, rows: tuple[Real, Real], until: int, *, keep: bool = False, judge: bool = True
) -> Results:
    """Judge a day, block by block, and learn from it.

    Args:
        state: changed in place.
        day: number of the day; days come in order.
        rows: counts and exposure of the rows, R x windows of the day each.
        until: number of the window at which the input ends: later windows are not judged, and a block that is not
            over is not learned.
        keep: keep the verdicts, not only the incidents.
        judge: without it blocks are only remembered.
    """
    results = Results()
    first = day * state.windows_per_day
    for begin in range(0, min(state.windows_per_day, until - first), state.block):
        if first + begin < (state.history.next or 0):
            continue  # a model knows it already
        counts, exposure = (side[:, begin : min(begin + state.block, until - first)] for side in rows)
        if judge:
            _judge(state, first + begin, counts, exposure, results, keep=keep)
        if counts.shape[1] == state.block:
            remember(state, first + begin, counts, exposure)
    return results


def remember(state: State, first: int, counts: Real, exposure: Real) -> None:
    """Learn the level of a whole block, R x n, after it was judged."""
    planned = planned_rows(state, first, counts.shape[1])
    if planned is not None:
        counts, exposure = np.where(planned, 0.0, counts), np.where(planned, 0.0, exposure)
    state.history.extend(first, counts, exposure)
    state.habits.learn(counts, exposure, state.width_us)


def planned_rows(state: State, first: int, windows: int) -> NDArray[np.bool_] | None:
    """Windows that teach nothing, R x n; None where there are none."""
    planned = unlearned(state.names, state.settings.calendar, first, windows, state.width_us)
    return None if planned is None else np.repeat(planned, len(state.signals), axis=0)


def left_out(state: State, first: int, windows: int) -> NDArray[np.bool_]:
    """Rows that a block teaches nothing, R."""
    planned = planned_rows(state, first, windows)
    return np.zeros(len(state.habits.windows), bool) if planned is None else np.asarray(planned.any(axis=1))


def pass_block(state: State, first: int, counts: Real, exposure: Real) -> list[Incident]:
    """Judge a whole block, R x n, and learn from it; the incidents that closed."""
    results = Results()
    _judge(state, first, counts, exposure, results, keep=False)
    remember(state, first, counts, exposure)
    return results.incidents


def _judge(state: State, first: int, counts: Real, exposure: Real, results: Results, *, keep: bool) -> None:
    """Score a block, follow its incidents, and learn how it scattered if it is whole."""
    state.history.skip_to(first)
    windows = counts.shape[1]
    seen = Seen(first, counts, exposure, left_out(state, first, windows), len(state.signals), state.width_us)
    ground = _ground(state, seen)
    outlook, tick = look(state, seen, ground)
    verdict, lesson, falls = follow(state, seen, ground, outlook, tick)
    opened = state.follower.still_open(state.names, first + windows) + verdict.closed
    results.ahead |= state.ahead_of([one for one in opened if one.detected_us > first * state.width_us], first)
    results.incidents += verdict.closed
    if keep:
        _keep(results, state, outlook, tick, verdict)
    if windows == state.block:
        age = age_of(state, ground.age[:, -1])
        if falls is not None:
            state.falls.learn(state.falls.weigh(falls, seen.left_out), age, seen.left_out)
        state.detector.absorb(state.detector.weigh(lesson, seen.left_out), age, seen.left_out)


def age_of(state: State, windows: Real) -> Age:
    """What has passed at the end of a block by which so many windows of each row are known, R."""
    return Age(state.block / state.windows_per_day, windows / state.windows_per_day, state.habits.fractional == 0)


def _ground(state: State, seen: Seen) -> Ground:
    """What a block is judged by, or as much of it as there is."""
    mean = state.habits.mean(seen.counts, seen.exposure)
    of = season(state.history, seen.first, mean.shape[1], state.reaches, pseudo_before(state))
    age = state.habits.windows[:, None] + np.cumsum(seen.exposure > 0, axis=1)
    return Ground(state.history.stretch(seen.counts, seen.exposure), of, mean, age)


def pseudo_of(state: State, mean: Real) -> Pseudo:
    """What is added to every sum of rows with this mean rate, R x n."""
    phi = state.detector.noise.phi[..., None]
    return Pseudo(phi, phi / mean)


def pseudo_before(state: State) -> Pseudo:
    """The same at the begin of a block."""
    nothing = np.zeros((len(state.habits.windows), 1))
    return pseudo_of(state, state.habits.mean_with(nothing, nothing))


def look(state: State, seen: Seen, ground: Ground) -> tuple[Outlook, Tick]:
    """What is expected of the sums that end in some windows, how far they are above it, and how strange that is."""
    outlook = _outlook(state, ground)
    score, strangest = state.detector.score(outlook.found, ground.age)
    shared = (state.knobs.share[:, None] + shares_of(state.signals)).reshape(-1, 1)
    score = positive(claimed(outlook, strangest, score, _claims(state, ground.age)) + shared)
    score = np.where(_is_judged(state, ground.age) & (seen.exposure > 0), score, -np.inf)
    return outlook, tick_of(outlook, seen, state.detector.noise, score, strangest)


def follow(
    state: State, seen: Seen, ground: Ground, outlook: Outlook, tick: Tick
) -> tuple[Verdict, Lesson, Lesson | None]:
    """Follow the incidents of some windows; what is to be learned from, also of falls if anybody asks for them."""
    verdict = Verdict(tick.score.max(axis=1), *state.follower.follow(state.names, tick))
    lesson = Lesson(outlook.found, np.repeat(verdict.flagged.any(axis=1), len(state.signals)))
    if not len(state.falls.services):
        return verdict, lesson, None
    return verdict, lesson, state.falls.judge(outlook, seen, ground.age, state.names, verdict)


def _claims(state: State, age: Real) -> Claims:
    """What the scores of rows of this age may claim."""
    weeks, unheard = age * state.width_us / (7 * DAY_US), np.isnan(state.habits.usual())
    return Claims(state.signals, weeks, unheard, np.repeat(state.knobs.least_factor, len(state.signals)))


def _is_judged(state: State, age: Real) -> NDArray[np.bool_]:
    """Which windows are looked at for surges, R x n."""
    knobs = state.knobs
    wanted = np.repeat(knobs.rising & ~knobs.ignored, len(state.signals))[:, None]
    return np.asarray(wanted & (age > np.repeat(knobs.warmup, len(state.signals))[:, None]))


def _outlook(state: State, ground: Ground) -> Outlook:
    """What is expected of the sums of some windows, and how far they are above it."""
    stretch, mean = ground.stretch, ground.mean
    expected = expect(stretch, ground.season, state.reaches, pseudo_of(state, mean), state.habits.usual())
    exposures = {reach.windows: exposed for reach, exposed in zip(state.reaches, expected.exposure, strict=True)}
    each = {windows: sum_of(stretch, windows, state.width_us, exposed) for windows, exposed in exposures.items()}
    sums = np.stack([each[reach.windows] for reach in state.reaches])
    sampling = expected.exposure / np.maximum(expected.support, SMALLEST)  # the recent level is a sample itself
    counting = expected.counts * (1 + sampling) + mean * expected.exposure
    found = state.detector.deviate(sums, expected.counts, counting)
    return Outlook(state.reaches, stretch, ground.season, expected, found)


def _keep(results: Results, state: State, outlook: Outlook, tick: Tick, verdict: Verdict) -> None:
    """The verdicts of a block; expected and band are those of the shortest test, for a window of its rate."""
    lines, expected, noise = slice(None, None, len(state.signals)), outlook.expected, state.detector.noise
    usual = expected.counts[0][lines] / np.maximum(expected.exposure[0][lines], SMALLEST) * tick.exposure[:, 0]
    spread = np.sqrt(noise.variance(outlook.found.expected, outlook.found.counting))[0][lines]
    open_at = np.repeat(state.knobs.open_at, len(state.signals))
    edge = state.detector.deviation_at(open_at, float(shares_of(state.signals)[0]))[lines][:, None]
    edge = np.where((state.knobs.rising & ~state.knobs.ignored)[:, None], edge, np.nan)
    results.expected.append(usual)
    results.upper.append(usual * (1 + edge * spread / np.maximum(expected.counts[0][lines], SMALLEST)))
    results.score.append(verdict.score)
    results.flagged.append(verdict.flagged)
