"""The level: it follows drift, not surges; it waits, and it never learns from what is not usable."""

from __future__ import annotations

import numpy as np
import pytest

from detector.baseline.level import HOUR_US, Lesson, Level

MINUTE_US = 60_000_000
TICK = 15
HOUR = 60 // TICK


def teach(level: Level, rate: float, ticks: int, *, usable: bool = True, season: float = 100.0) -> list[float]:
    """Live through ticks with a constant rate; what was expected of the first service before each of them."""
    before = []
    shape = (len(level.windows), TICK)
    for _ in range(ticks):
        expected = level.expect(np.full(shape, season))
        spread = np.sqrt(expected + 0.02 * expected**2)
        level.learn(
            Lesson(np.full(shape, rate), expected, spread, np.full(shape, season), np.broadcast_to(usable, shape)),
            MINUTE_US,
        )
        before.append(float(expected[0, 0]))
    return before


def expected_of(level: Level, season: float = 100.0) -> float:
    """What is expected next of the first service."""
    return float(level.expect(np.full((len(level.windows), 1), season))[0, 0])


def grown(rate: float = 100.0, days: int = 3, services: int = 1) -> Level:
    """The level after days of a constant rate."""
    level = Level.of(services)
    teach(level, rate, days * 24 * HOUR)
    return level


def test_a_steady_rate_is_expected():
    """After days at one rate that rate is expected, whatever the season says, to 1 %."""
    assert 0.01 > abs(expected_of(grown(250.0)) / 250 - 1)


def test_the_newest_tick_is_not_learned_yet():
    """A rate that changed is not expected before a whole tick has passed: the guard gap."""
    level = grown()
    usual = expected_of(level)
    teach(level, 130.0, 1)
    assert 0.005 > abs(expected_of(level) / usual - 1)


def test_drift_is_followed_within_hours_not_minutes():
    """Of a rise by 30 % less than half is expected after half an hour, and four fifths after four hours."""
    level = grown()
    usual = expected_of(level)
    minutes = (teach(level, usual * 1.3, 2 + 1)[-1] / usual - 1) / 0.3
    hours = (teach(level, usual * 1.3, 4 * HOUR)[-1] / usual - 1) / 0.3
    assert 0.5 > minutes
    assert 0.8 < hours < 1.1


def test_what_is_not_usable_is_not_learned():
    """Six hours of ten times more that belong to an incident change what is expected by less than 1 %."""
    level = grown()
    usual = expected_of(level)
    teach(level, 1000.0, 6 * HOUR, usable=False)
    assert 0.01 > abs(expected_of(level) / usual - 1)


def test_only_usable_windows_count():
    """Of a tick that is half part of an incident, the other half is learned."""
    level = grown()
    usual, half = expected_of(level), np.arange(TICK) < 7
    for _ in range(2):
        expected = level.expect(np.full((1, TICK), 100.0))
        level.learn(
            Lesson(np.where(half, expected, 1e6), expected, expected, np.full((1, TICK), 100.0), half[None]), MINUTE_US
        )
    assert 0.01 > abs(expected_of(level) / usual - 1)


def test_what_was_learned_comes_back():
    """The counts that were usable come back for the season, the others as unknown."""
    level = grown()
    usable = np.array([[True, False, True]])
    lesson = Lesson(np.array([[5.0, 6, 7]]), np.full((1, 3), 6.0), np.ones((1, 3)), np.ones((1, 3)), usable)
    assert [5.0, -1.0, 7.0] == np.nan_to_num(level.learn(lesson, MINUTE_US)[0], nan=-1).tolist()


def test_zero_is_a_value():
    """After days of silence less than a thousandth of a record is expected, but not nothing."""
    level = Level.of(1)
    teach(level, 0.0, 3 * 24 * HOUR, season=1.0)
    assert 0 < expected_of(level, season=1.0) < 1e-3


def test_falling_silent_is_learned_too():
    """A service that stops speaking is expected below a tenth of its rate after a day."""
    level = grown(20.0)
    teach(level, 0.0, 24 * HOUR)
    assert 2.0 > expected_of(level)


def test_the_first_tick_is_learned_at_once():
    """A new service has nothing to wait for: after one tick its rate is expected within a tenth."""
    level = Level.of(1)
    teach(level, 40.0, 1, season=1.0)
    assert 0.1 > abs(expected_of(level, season=1.0) / 40 - 1)


def test_services_do_not_mix():
    """A service grown beside an old one starts afresh and leaves the old one as it was."""
    level = grown(300.0)
    usual = expected_of(level)
    level.grow(1)
    found = level.expect(np.full((2, 1), 100.0))[:, 0]
    assert (usual, 100.0) == (found[0], found[1])


def test_a_settled_shift_is_scored_against_and_not_learned():
    """A surge that settled at twice the level is expected, yet taken away the old level is still there."""
    level = grown()
    usual = expected_of(level)
    level.shift[0] = 2.0
    teach(level, 2 * usual, 24 * HOUR)
    assert 0.02 > abs(expected_of(level) / (2 * usual) - 1)
    level.shift[0] = 1.0
    assert 0.02 > abs(expected_of(level) / usual - 1)


@pytest.mark.parametrize("factor", [0.5, 3.0])
def test_a_new_season_changes_the_level_by_as_much(factor):
    """When midnight brings a season that is lower or higher, season times level stays what was seen."""
    level = grown()
    day = np.full((1, 1440), 100.0)
    level.renew(day, day * factor, TICK, MINUTE_US)
    assert 0.01 > abs(expected_of(level, season=100.0 * factor) / 100 - 1)


def test_a_day_without_any_data_keeps_the_level():
    """Where nothing was learned over the day a new season leaves the level alone."""
    level = grown(250.0)
    usual = expected_of(level)
    level.renew(np.full((1, 1440), np.nan), np.full((1, 1440), 100.0), TICK, MINUTE_US)
    assert usual == expected_of(level)


def test_half_of_the_fast_level_is_forgotten_in_an_hour():
    """What the fast level saw counts half after its half-life, in one tick or in four."""
    once, fourfold = grown(), grown()
    nothing = np.zeros((1, 60)), np.zeros((1, TICK))
    for level, width in ((once, nothing[0]), (fourfold, nothing[1])):
        for _ in range(60 // width.shape[1]):
            level.learn(Lesson(width, width, width, width, width > 0), MINUTE_US)
    assert HOUR_US == 60 * MINUTE_US
    np.testing.assert_allclose(once.slow_seen, fourfold.slow_seen, rtol=0.01)
