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
from detector.baseline.expectation import Expected, Pseudo, Reach, Season, expect, season
from detector.baseline.habits import Habits
from detector.baseline.history import History, Stretch
from detector.baseline.prior import Prior
from detector.detect.noise import Age
from detector.detect.peaks import NOTHING
from detector.detect.verdicts import Detector, Deviation, block_of, lasting, parts_of, positive, tests_of
from detector.incidents import Follower, Tick
from detector.pipeline.signals import LINES, PER_LINE, shares_of
from detector.schemas import Incident

Real = NDArray[np.float64]
DAY_US = 86_400_000_000
WATCHING, NOVELTY = 2.0, 0.7
"""The unseen may be as rare as five times the square of the weeks in which it was not seen."""
LEAST_LINES = 50
"""Lines in the sum that a ratio stands on, at least."""
SMALLEST = 1e-12


@dataclass(slots=True)
class State:
    """What a run knows of S services; everything else follows from it and from the counts to come.

    Attributes:
        width_us: length of a window.
        signals: of each service, in the order of its rows.
        prior: typical noise, for what has no history.
        open_at, least, least_factor: score, records above and times what is expected at which an incident opens.
        settled_us: an incident that lasts so long closes as `settled`.
        names: of the services, sorted when they came in together.
    """

    width_us: int
    signals: tuple[str, ...]
    prior: Prior
    open_at: float
    least: float
    least_factor: float
    settled_us: int
    names: list[str] = field(default_factory=list)
    reaches: tuple[Reach, ...] = field(init=False)
    history: History = field(init=False)
    habits: Habits = field(init=False)
    detector: Detector = field(init=False)
    follower: Follower = field(init=False)

    def __post_init__(self) -> None:
        self.reaches = tuple(
            Reach.of(windows, self.width_us, slow=slow) for windows, slow in tests_of(self.width_us)
        )
        self.history = History(self.width_us, self.block, max(reach.back for reach in self.reaches))
        self.habits = Habits.of(0)
        self.detector = Detector(self.width_us, self.prior)
        longest = max(reach.windows for reach in self.reaches)
        self.follower = Follower(
            self.width_us, self.open_at, self.signals, self.least, self.least_factor, longest, self.settled_us
        )

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
        rows = len(names) * len(self.signals)
        self.history.grow(rows)
        self.habits.grow(rows)
        self.detector.grow(rows)

    def ahead_of(self, incidents: Sequence[Incident], now: int) -> dict[str, Ahead]:
        """Id -> what the service usually sends in the hours around window `now`, from what is known by then."""
        row = {name: number * len(self.signals) for number, name in enumerate(self.names)} if incidents else {}
        return {one.id: look_ahead(self.history, row[one.service], now) for one in incidents}


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
            state.history.extend(first + begin, counts, exposure)
            state.habits.learn(counts, exposure, state.width_us)
    return results


@dataclass(frozen=True, slots=True)
class Seen:
    """A block: number of its first window, counts and exposure, R x n."""

    first: int
    counts: Real
    exposure: Real


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is expected of a block of n windows.

    Attributes:
        stretch: the block with what came before it.
        season: of its times.
        expected: of the sums that end in its windows.
        found: how far the sums deviate.
    """

    stretch: Stretch
    season: Season
    expected: Expected
    found: Deviation


def _judge(state: State, first: int, counts: Real, exposure: Real, results: Results, *, keep: bool) -> None:
    """Score a block, follow its incidents, and learn how it scattered if it is whole."""
    state.history.skip_to(first)
    outlook = _look(state, first, counts, exposure)
    age = state.habits.windows[:, None] + np.cumsum(exposure > 0, axis=1)
    score, strangest = state.detector.score(outlook.found, age)
    shared = np.tile(shares_of(state.signals), len(state.names))[:, None]
    score = positive(_limit(state, outlook, strangest, score, age) + shared)
    score = np.where(exposure > 0, score, -np.inf)
    tick = _tick(state, outlook, Seen(first, counts, exposure), score, strangest)
    flagged, closed = state.follower.follow(state.names, tick)
    results.incidents += closed
    opened = [one for one in state.follower.still_open(state.names, first + counts.shape[1]) + closed
              if one.detected_us > first * state.width_us]  # fmt: skip
    results.ahead |= state.ahead_of(opened, first)
    if keep:
        _keep(results, state, outlook, tick, flagged)
    if counts.shape[1] == state.block:
        passed = state.block * state.width_us / DAY_US
        days = age[:, -1] * state.width_us / DAY_US
        state.detector.learn(outlook.found, Age(passed, days, state.habits.fractional == 0))


def _look(state: State, first: int, counts: Real, exposure: Real) -> Outlook:
    """What is expected of the sums of a block, and how far they are above it."""
    windows = counts.shape[1]
    stretch = state.history.stretch(counts, exposure)
    mean = state.habits.mean(counts, exposure)
    phi = state.detector.noise.phi[..., None]
    pseudo = Pseudo(phi, phi / mean)
    of = season(state.history, first, windows, state.reaches, pseudo)
    expected = expect(stretch, of, state.reaches, pseudo, state.habits.usual())
    exposures = {reach.windows: exposed for reach, exposed in zip(state.reaches, expected.exposure, strict=True)}
    each = {windows: _sum(stretch, windows, state.width_us, exposed) for windows, exposed in exposures.items()}
    sums = np.stack([each[reach.windows] for reach in state.reaches])
    sampling = expected.exposure / np.maximum(expected.support, SMALLEST)  # the recent level is a sample itself
    counting = expected.counts * (1 + sampling) + mean * expected.exposure
    return Outlook(stretch, of, expected, state.detector.deviate(sums, expected.counts, counting))


def _sum(stretch: Stretch, windows: int, width_us: int, exposure: Real) -> Real:
    """Sums of so many windows, long ones without their spikes."""
    parts = parts_of(windows, width_us)
    part = windows // parts
    if parts == 1:
        return stretch.sums(0, windows)[0]
    return lasting([stretch.sums(back * part, part) for back in range(parts)], exposure)


def _limit(state: State, outlook: Outlook, strangest: NDArray[np.int64], score: Real, age: Real) -> Real:
    """What has hardly ever spoken may be rare only if it was watched for long, a ratio only if many lines make it."""
    unheard, seen, exposed = (
        np.take_along_axis(side, strangest[None], axis=0)[0]
        for side in (outlook.expected.unheard, outlook.found.sums, outlook.expected.exposure)
    )
    weeks = age * state.width_us / (7 * DAY_US)
    score = np.where(unheard, np.minimum(score, WATCHING * np.log10(np.maximum(weeks, 1e-9)) + NOVELTY), score)
    kinds = np.tile(state.signals, len(state.names))[:, None]
    lines = np.where(kinds == PER_LINE, exposed, seen)
    return np.where((kinds != LINES) & (lines < LEAST_LINES), NOTHING, score)


def _tick(state: State, outlook: Outlook, seen: Seen, score: Real, strangest: NDArray[np.int64]) -> Tick:
    """What the follower needs, by service and signal."""
    shape = (len(state.names), len(state.signals), seen.counts.shape[1])
    windows = np.array([reach.windows for reach in state.reaches])
    found, expected, noise = outlook.found, outlook.expected, state.detector.noise
    sums, usual, exposed = (
        np.take_along_axis(side, strangest[None], axis=0)[0] for side in (found.sums, found.expected, expected.exposure)
    )
    shortest = int(windows[0])
    latest, latest_exposed = outlook.stretch.sums(0, shortest // parts_of(shortest, state.width_us))
    return Tick(
        seen.first, seen.counts.reshape(shape), seen.exposure.reshape(shape),
        np.nan_to_num(usual / np.maximum(exposed, SMALLEST)).reshape(shape),
        score.reshape(shape), windows[strangest].reshape(shape), sums.reshape(shape), usual.reshape(shape),
        latest.reshape(shape), latest_exposed.reshape(shape),
        outlook.season.rate[0].reshape(shape), noise.phi[0].reshape(shape[:2]), noise.dispersion[0].reshape(shape[:2]),
        outlook.stretch,
    )  # fmt: skip


def _keep(results: Results, state: State, outlook: Outlook, tick: Tick, flagged: NDArray[np.bool_]) -> None:
    """The verdicts of a block; expected and band are those of the shortest test, for a window of its rate."""
    lines, expected, noise = slice(None, None, len(state.signals)), outlook.expected, state.detector.noise
    usual = expected.counts[0][lines] / np.maximum(expected.exposure[0][lines], SMALLEST) * tick.exposure[:, 0]
    spread = np.sqrt(noise.variance(outlook.found.expected, outlook.found.counting))[0][lines]
    edge = state.detector.deviation_at(state.open_at, float(shares_of(state.signals)[0]))[lines][:, None]
    results.expected.append(usual)
    results.upper.append(usual * (1 + edge * spread / np.maximum(expected.counts[0][lines], SMALLEST)))
    results.score.append(tick.score.max(axis=1))
    results.flagged.append(flagged)
