"""Judged window by window or block by block: the verdicts are the same."""

from __future__ import annotations

from dataclasses import asdict, fields
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.baseline.habits import Habits
from detector.baseline.prior import load_prior
from detector.config import Settings
from detector.pipeline.advance import State, advance
from detector.pipeline.ticks import Ticking

MINUTE_US = 60_000_000
SIGNALS = ("lines", "lines_per_client", "bytes_per_line")
NAMES = ["a", "b", "c"]
OPEN_AT = 0.05
SETTINGS = Settings(direction="both")


def rows_of(width_us: int, days: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Counts and exposure of three services with surges, a silence and a late begin."""
    per_day = 86_400_000_000 // width_us
    random = np.random.default_rng(seed)
    time = np.arange(days * per_day) / per_day
    lines = random.poisson(40 * (1 + 0.5 * np.sin(2 * np.pi * time)), (3, len(time))).astype(float)
    surges = random.integers(per_day, len(time) - per_day // 12, 5)
    for number, begin in enumerate(surges.tolist()):
        lines[number % 3, begin : begin + per_day // 24] *= 4
    lines[1, : per_day // 3] = 0
    clients = np.minimum(random.poisson(10, lines.shape), lines)
    size = lines * random.integers(80, 120, lines.shape)
    known = np.ones(lines.shape)
    known[2, : per_day // 2] = 0
    counts = np.stack([lines, lines, size], axis=1) * known[:, None]
    exposure = np.stack([known, clients, lines], axis=1) * known[:, None]
    counts = np.where(exposure > 0, counts, 0.0)
    return counts.reshape(9, -1), exposure.reshape(9, -1)


def state_of(width_us: int, names: list[str] = NAMES, wanted: Settings = SETTINGS) -> State:
    """Services of which nothing is known."""
    state = State(width_us, SIGNALS, load_prior(), wanted, OPEN_AT)
    state.grow(list(names))
    return state


def batch(width_us: int, counts: np.ndarray, exposure: np.ndarray) -> tuple[State, list[dict]]:
    """Day by day, as a scan does."""
    state, closed = state_of(width_us), []
    per_day = state.windows_per_day
    for day in range(-(-counts.shape[1] // per_day)):
        part = slice(day * per_day, (day + 1) * per_day)
        closed += advance(state, day, (counts[:, part], exposure[:, part]), counts.shape[1]).incidents
    return state, told(state, closed, counts.shape[1])


def told(state: State, closed: list, end: int) -> list[dict]:
    """Everything that incidents say, in one order."""
    return sorted(map(asdict, closed + state.still_open(end)), key=lambda one: str(one.values()))


def live(width_us: int, counts: np.ndarray, exposure: np.ndarray, cuts: list[int]) -> tuple[State, list[dict]]:
    """In ticks that end at the cuts."""
    ticking, closed = Ticking(state_of(width_us)), []
    edges = [0, *sorted({cut % counts.shape[1] for cut in cuts} - {0}), counts.shape[1]]
    for begin, end in pairwise(edges):
        closed += ticking.tick(begin, counts[:, begin:end], exposure[:, begin:end])
    ticking.prepare()
    return ticking.state, told(ticking.state, closed, counts.shape[1])


def assert_same(one: State, other: State) -> None:
    """What two states have learned is the same to the last bit."""
    for each in fields(Habits):
        np.testing.assert_array_equal(getattr(one.habits, each.name), getattr(other.habits, each.name), each.name)
    for name in ("counts", "exposure", "cells", "cells_exposure"):
        np.testing.assert_array_equal(getattr(one.history, name), getattr(other.history, name), name)
    for name in ("sums", "phi", "dispersion"):
        np.testing.assert_array_equal(getattr(one.detector.noise, name), getattr(other.detector.noise, name), name)
    np.testing.assert_array_equal(one.detector.peaks.seen, other.detector.peaks.seen)
    np.testing.assert_array_equal(one.falls.detector.noise.sums, other.falls.detector.noise.sums)
    np.testing.assert_array_equal(one.falls.detector.peaks.seen, other.falls.detector.peaks.seen)


@pytest.mark.parametrize("width_us", [2 * MINUTE_US, 5 * MINUTE_US])
def test_window_by_window_gives_what_the_batch_gives(width_us: int) -> None:
    """Ticks of single windows over three days leave the same incidents, ids and scores, and the same memory."""
    counts, exposure = rows_of(width_us, 3)
    end = counts.shape[1] - 7
    expected_state, expected = batch(width_us, counts[:, :end], exposure[:, :end])
    found_state, found = live(width_us, counts[:, :end], exposure[:, :end], list(range(end)))
    assert len(expected) >= 3
    assert expected == found
    assert_same(expected_state, found_state)


@settings(max_examples=10, deadline=None)
@given(cuts=st.lists(st.integers(0, 10_000), max_size=40), seed=st.integers(0, 5))
def test_any_ticks_give_what_the_batch_gives(cuts: list[int], seed: int) -> None:
    """However the windows are cut into ticks, incidents, ids, scores and memory are those of the batch."""
    counts, exposure = rows_of(5 * MINUTE_US, 3, seed)
    expected_state, expected = batch(5 * MINUTE_US, counts, exposure)
    found_state, found = live(5 * MINUTE_US, counts, exposure, cuts)
    assert expected == found
    assert_same(expected_state, found_state)


def test_a_service_that_comes_later_is_as_one_that_was_silent() -> None:
    """A service that is added when it first speaks, as a copy of one that never did, is judged as in the batch."""
    width_us = 5 * MINUTE_US
    counts, exposure = rows_of(width_us, 3)
    begin = 301
    counts[3:6, :begin] = 0
    exposure[4:6, :begin] = 0
    counts, exposure = counts[:6], exposure[:6]
    state = state_of(width_us, ["a", "b"])
    expected = []
    for day in range(3):
        part = slice(day * 288, (day + 1) * 288)
        expected += advance(state, day, (counts[:, part], exposure[:, part]), counts.shape[1]).incidents
    silent, mine = Ticking(state_of(width_us, ["silent"])), Ticking(state_of(width_us, ["a"]))
    nothing, alone = np.zeros((3, 864)), np.zeros((3, 864))
    alone[0] = 1.0
    closed = []
    for at in range(864):
        if at == begin:
            mine.grow(["b"])
            mine.copy(silent, [0], [1])
        window, rows = slice(at, at + 1), slice(0, 3 * len(mine.state.names))
        silent.tick(at, nothing[:, window], alone[:, window])
        closed += mine.tick(at, counts[rows, window], exposure[rows, window])
    assert told(state, expected, 864) == told(mine.state, closed, 864)
    assert any(one.service == "b" for one in [*closed, *mine.state.still_open(864)])
    mine.prepare()
    assert_same(state, mine.state)


@pytest.mark.parametrize(("begin", "end"), [(400, 407), (396, 450), (390, 432), (408, 433)])
def test_windows_that_are_passed_over_are_unknown(begin: int, end: int) -> None:
    """A tick that begins later than the last one ended finds unknown windows between, as in the batch."""
    width_us = 5 * MINUTE_US
    counts, exposure = rows_of(width_us, 3)
    counts[:, begin:end] = exposure[:, begin:end] = 0
    state, expected = batch(width_us, counts, exposure)
    ticking = Ticking(state_of(width_us))
    closed = ticking.tick(0, counts[:, :begin], exposure[:, :begin])
    closed += ticking.tick(end, counts[:, end:], exposure[:, end:])
    assert expected == told(ticking.state, closed, 864)
    ticking.prepare()
    assert_same(state, ticking.state)


def test_many_blocks_at_once_give_what_the_batch_gives() -> None:
    """Windows that come hours at a time, from the middle of a block on, leave what the batch leaves."""
    counts, exposure = rows_of(5 * MINUTE_US, 3)
    expected_state, expected = batch(5 * MINUTE_US, counts, exposure)
    found_state, found = live(5 * MINUTE_US, counts, exposure, [5, 290, 300])
    assert expected == found
    assert_same(expected_state, found_state)
