"""What is expected of sums, against what is plain to see and against a plain reckoning from all windows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from detector.baseline.expectation import KNOWN, MOST_MOVE, SHARES, SURE_DAYS, Expected, Pseudo, Reach, expect, season
from detector.baseline.history import History

Real = NDArray[np.float64]
Rows = tuple[Real, Real]
FIVE_MINUTES_US = 300_000_000
DAY, HOUR = 288, 12
MORNING = 8 * HOUR
TESTS = tuple(Reach.of(windows, FIVE_MINUTES_US) for windows in (3, 6, 12))
BACK = max(reach.back for reach in TESTS)
FIRST = 20_516 * DAY
LEVEL = 20.0


def pseudo_of(rows: int, rate: float = LEVEL) -> Pseudo:
    """One count at a usual rate, added to every sum."""
    return Pseudo(np.ones((len(TESTS), rows, 1)), np.full((len(TESTS), rows, 1), 1 / rate))


def remember(counts: Real, exposure: Real) -> History:
    """The memory of R x n windows since the first."""
    history = History(FIVE_MINUTES_US, HOUR, BACK)
    history.grow(len(counts))
    for begin in range(0, counts.shape[1], HOUR):
        part = slice(begin, begin + HOUR)
        history.extend(FIRST + begin, counts[:, part], exposure[:, part])
    return history


def foresee(
    rows: Rows,
    at: int,
    windows: int = HOUR,
    active: float = math.nan,
    pseudo: Pseudo | None = None,
    tests: Sequence[Reach] = TESTS,
) -> Expected:
    """What is expected of the block that begins at a window of R x n, after all windows before it."""
    counts, exposure = rows
    history, added = remember(counts[:, :at], exposure[:, :at]), pseudo or pseudo_of(len(counts))
    stretch = history.stretch(counts[:, at : at + windows], exposure[:, at : at + windows])
    seasons = season(history, FIRST + at, windows, tests, added)
    return expect(stretch, seasons, tests, added, np.full(len(counts), active))


def flat(days: float, rate: float = LEVEL) -> Rows:
    """One row that is always the same."""
    counts = np.full((1, int(days * DAY)), rate)
    return counts, np.ones(counts.shape)


def rates(found: Expected) -> Real:
    """Expected per exposure."""
    return found.counts / found.exposure


@pytest.mark.parametrize("days", [1, 2, 9])
@pytest.mark.parametrize("rate", [0.01, 1.0, 1e6])
def test_a_flat_row_is_expected_to_stay_at_its_level(days, rate):
    """Sums of any length are expected to be as many windows of it, on the first day as later."""
    found = foresee(flat(days + 1, rate), days * DAY, pseudo=pseudo_of(1, rate))
    for reach, counts in zip(TESTS, found.counts, strict=True):
        np.testing.assert_allclose(counts, reach.windows * rate, rtol=1e-6)


def morning(days: int) -> Rows:
    """Ten at night, a hundred from eight to eight."""
    time = np.arange(days * DAY) % DAY / HOUR
    counts = np.where((time >= 8) & (time < 20), 100.0, 10.0)[None]
    return counts, np.ones(counts.shape)


def test_a_daily_rise_is_expected_after_some_days():
    """In its first quarter the first day expects the night, the second some of the rise, the fifth most of it."""
    first, second, fifth = (rates(foresee(morning(days + 1), days * DAY + MORNING))[0, 0, 2] for days in (0, 1, 4))
    assert 10 == pytest.approx(first, rel=0.1)
    assert 1.3 * first < second
    assert 60 < fifth < 100


def test_a_rise_is_expected_to_begin_at_the_level_of_the_night():
    """After a night at three times its level a row is expected to rise from there, thrice at most."""
    counts, exposure = morning(7)
    counts[0, 6 * DAY :] *= 3
    found = rates(foresee((counts, exposure), 6 * DAY + MORNING))[0, 0, 2]
    assert 30 * MOST_MOVE == pytest.approx(found, rel=0.05)


def test_an_hour_of_surge_hardly_changes_what_is_expected_on_the_next_days():
    """The median of the days does not know it, once there are three of them."""
    counts, exposure = flat(8)
    surged = counts.copy()
    surged[0, 3 * DAY + 120 : 3 * DAY + 132] *= 50
    for day in (4, 5, 6):
        for at in range(day * DAY + 108, day * DAY + 156, HOUR):
            calm, after = (rates(foresee((side, exposure), at)) for side in (counts, surged))
            np.testing.assert_allclose(calm, after, rtol=1e-9)


def test_a_surge_is_forgotten_by_the_level_within_hours():
    """It raises what is expected while the last hours hold it, and no longer."""
    counts, exposure = flat(1.5)
    counts[0, DAY : DAY + HOUR] *= 10
    assert rates(foresee((counts, exposure), DAY + 2 * HOUR))[0, 0, 0] > 2 * LEVEL
    assert LEVEL == pytest.approx(rates(foresee((counts, exposure), DAY + 4 * HOUR))[0, 0, -1], rel=0.01)


@settings(deadline=None, max_examples=20)
@given(gaps=st.sets(st.integers(0, 7 * DAY - 1), max_size=400), hole=st.integers(0, 6 * DAY))
def test_gaps_do_not_change_a_rate(gaps, hole):
    """Unknown windows, alone or for hours, leave the rate as it is wherever it is known."""
    counts, exposure = flat(7)
    exposure[0, sorted(gaps)] = exposure[0, hole : hole + 40] = 0
    found = rates_known(foresee((counts * exposure, exposure), 6 * DAY + 96))
    np.testing.assert_allclose(found, LEVEL, rtol=1e-6)


def rates_known(found: Expected) -> Real:
    """Expected per exposure where anything is expected."""
    return rates(found)[~np.isnan(found.counts)]


def test_twice_the_clients_are_expected_to_say_twice_as_much():
    """A row counted per client expects so much of each: with twice as many, twice the count at the same rate."""
    clients = np.full((2, 3 * DAY), 50.0)
    clients[1, 2 * DAY :] = 100.0
    rows = 10 * clients, clients
    once, twice = foresee(rows, 2 * DAY, pseudo=pseudo_of(2, 10.0)).counts[0, :, 2:]
    np.testing.assert_allclose(10.0 * 50 * 3, once)
    np.testing.assert_allclose(2 * once, twice)


def test_nothing_is_expected_before_four_windows_are_known():
    """Of the recent level, before the guard gap and the sum itself; the rest of the block is expected at once."""
    found = foresee(flat(1), 0, windows=36)
    for reach, counts in zip(TESTS, found.counts, strict=True):
        known = np.arange(1, 37) - reach.windows - reach.guard
        assert (known < KNOWN).tolist() == np.isnan(counts[0]).tolist()


def test_nothing_is_expected_of_what_is_unknown():
    """A sum all of whose windows are unknown has no exposure, and nothing is expected of it."""
    counts, exposure = flat(3)
    exposure[0, 2 * DAY :] = 0
    found = foresee((counts * exposure, exposure), 2 * DAY)
    assert np.isnan(found.counts[0, 0, 2:]).all()
    assert not found.exposure[0, 0, 2:].any()


@settings(deadline=None, max_examples=25)
@given(at=st.integers(1, HOUR - 1), seed=st.integers(0, 99), surge=st.sampled_from([0.0, 0.5, 1e6]))
def test_nothing_looks_at_windows_that_come_later(at, seed, surge):
    """Whatever follows a window, and however long its block is, it is expected the same."""
    random = np.random.default_rng(seed)
    shape = 1, 3 * DAY
    counts, exposure = random.poisson(9.0, shape).astype(float), random.integers(0, 3, shape).astype(float)
    changed = counts.copy(), exposure.copy()
    for side in changed:
        side[:, 2 * DAY + at :] = np.floor(side[:, 2 * DAY + at :] * surge + random.integers(0, 2))
    expected = foresee((counts, exposure), 2 * DAY)
    for found in (foresee(changed, 2 * DAY), foresee((counts, exposure), 2 * DAY, windows=at)):
        for name in ("counts", "exposure", "support"):
            np.testing.assert_array_equal(getattr(expected, name)[..., :at], getattr(found, name)[..., :at])


def test_rows_do_not_mix():
    """A row is expected the same alone and beside others."""
    random = np.random.default_rng(1)
    counts = random.poisson([[3.0], [100.0], [0.1]], (3, 4 * DAY)).astype(float)
    exposure = random.integers(0, 3, counts.shape).astype(float)
    together = foresee((counts, exposure), 3 * DAY)
    for row in range(3):
        alone = foresee((counts[row : row + 1], exposure[row : row + 1]), 3 * DAY)
        np.testing.assert_array_equal(together.counts[:, row], alone.counts[:, 0])


def test_what_was_silent_is_measured_against_how_it_speaks():
    """A job that sleeps for hours is expected to speak at its usual rate, not to stay silent."""
    counts, exposure = flat(2, 0.0)
    assert rates(foresee((counts, exposure), DAY)).max() < 2.0
    found = rates(foresee((counts, exposure), DAY, active=40.0))
    assert 30 < found.min()
    assert found.max() <= 40


def test_a_slow_test_expects_the_season_whatever_the_last_hour_was():
    """What grows for hours raises the level and hides itself; the season does not know it."""
    counts, exposure = flat(6)
    counts[0, 5 * DAY :] *= np.linspace(1, 10, DAY)
    slow = [replace(reach, slow=True) for reach in TESTS]
    quick, slowly = (rates(foresee((counts, exposure), 6 * DAY - HOUR, tests=tests)) for tests in (TESTS, slow))
    assert quick.min() > 8 * LEVEL
    np.testing.assert_allclose(LEVEL, slowly)


def test_a_slow_test_expects_nothing_on_the_first_day():
    """Without a season there is nothing to be measured against; from the second day on there is."""
    slow = [replace(reach, slow=True) for reach in TESTS]
    assert np.isnan(foresee(flat(2), DAY - 3 * HOUR, tests=slow).counts).all()
    assert not np.isnan(foresee(flat(3), DAY + 5 * HOUR, tests=slow).counts).any()


def rate_of(rows: Rows, begin: int, end: int, share: float = 1.0) -> tuple[float, float]:
    """Rate of some windows with what is added to them, and their exposure."""
    counts, exposure = (float(side[0, max(begin, 0) : max(end, 0)].sum()) for side in rows)
    return (counts + share) / (exposure + share / LEVEL), exposure


def plain(rows: Rows, at: int, reach: Reach) -> float:
    """What is expected per exposure of the sum that ends in a window, reckoned window by window."""
    usual, moves = [], []
    for day in range(1, 8):
        end = at + 1 - day * DAY
        here, known = rate_of(rows, end - reach.windows - reach.around, end + reach.around)
        before = end - reach.windows - reach.guard
        hour, hour_known = rate_of(rows, before - reach.level, before)
        usual += [here] if known >= 1 else []
        moves += [here / hour] if known >= 1 and hour_known >= 1 else []
    before, recent = at + 1 - reach.windows - reach.guard, 1.0
    for part, weight in SHARES:
        recent *= rate_of(rows, before - int(reach.level * part), before, min(1.0, part))[0] ** weight
    move = min(max(float(np.median(moves)), 1.0), MOST_MOVE) ** min(1.0, len(moves) / SURE_DAYS) if moves else 1.0
    return max(recent * move, *sorted(usual)[len(usual) // 2 :][:1])


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 999), days=st.integers(1, 8))
def test_it_is_the_recent_level_moved_by_the_season_or_the_season(seed, days):
    """The same as a plain reckoning from every window: means with their shares, medians of days, gaps and all."""
    random = np.random.default_rng(seed)
    length = (days + 1) * DAY
    rhythm = LEVEL * (1.2 + np.sin(np.arange(length) / DAY * 2 * np.pi))
    exposure = (random.random((1, length)) < 0.9) * random.integers(1, 3, (1, length)).astype(float)
    rows = random.poisson(rhythm * exposure).astype(float), exposure
    at = days * DAY + HOUR * int(random.integers(24))
    found = foresee(rows, at)
    for place, reach in enumerate(TESTS):
        for column, (exposed, counts) in enumerate(zip(found.exposure[place, 0], found.counts[place, 0], strict=True)):
            expected = plain(rows, at + column, reach) * exposed if exposed else math.nan
            assert expected == pytest.approx(counts, rel=1e-9, nan_ok=True)


@pytest.mark.parametrize(
    ("seconds", "windows", "expected"),
    [
        (10, 90, Reach(90, 30, 360, 180)),
        (60, 15, Reach(15, 5, 60, 30)),
        (60, 60, Reach(60, 5, 120, 30)),
        (300, 3, Reach(3, 1, 12, 6)),
        (1800, 1, Reach(1, 0, 6, 1)),
        (3600, 1, Reach(1, 0, 6, 0)),
        (86_400, 1, Reach(1, 0, 6, 0)),
    ],
)
def test_a_test_reaches_an_hour_back_or_six_windows(seconds, windows, expected):
    """The guard is five minutes, none where windows are longer; half an hour around the same time of other days."""
    found = Reach.of(windows, seconds * 1_000_000)
    assert expected == found
    assert found.back == found.windows + found.guard + 2 * found.level
