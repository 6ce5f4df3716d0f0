"""When a service will be overloaded."""

from __future__ import annotations

import numpy as np
import pytest

from detector.explain.forecast import MINUTE_US, Surge, borne, forecast
from tests.explain.making import judge


def surge(observed: np.ndarray, expected: float = 100.0, ahead: np.ndarray | None = None) -> Surge:
    """A surge on a service that is expected to send the same all day."""
    curve = np.full(1440, expected) if ahead is None else ahead
    return Surge(observed.astype(float), np.full(len(observed), expected), curve, len(observed) * MINUTE_US, MINUTE_US)


def level(seed: int = 1) -> np.ndarray:
    """An hour of three times as much."""
    return np.random.default_rng(seed).poisson(300, 60)


def test_generated_ramps_are_foretold():
    """Median error of the lead time at most 15 %, and at least 85 % of the intervals hold the truth."""
    error, held, right = judge(seed=20211119, number=120)
    assert error <= 0.15
    assert held >= 0.85
    assert right >= 0.85


@pytest.mark.parametrize("seed", range(5))
def test_a_level_is_no_growth(seed):
    """A surge that stays as it is reaches no capacity that it has not reached."""
    found = forecast(surge(level(seed)), 600.0)
    assert ("level", None) == (found.course, found.overload_us)
    assert pytest.approx(0.5, abs=0.05) == found.load


def test_what_is_over_is_over():
    """Overload is now, not sometime."""
    found = forecast(surge(level()), 250.0)
    assert found.is_over
    assert 60 * MINUTE_US == found.overload_us == found.earliest_us == found.latest_us


def test_without_a_capacity_nothing_is_invented():
    """Only the course is told."""
    found = forecast(surge(level()), None)
    assert (None, None, None, None) == (found.load, found.overload_us, found.earliest_us, found.latest_us)
    assert not found.is_over


def test_the_expected_day_is_continued():
    """A level surge overloads a service whose own busy hour is still to come, and no other."""
    ahead = np.r_[np.full(120, 100.0), np.full(200, 300.0), np.full(1000, 50.0)]
    found = forecast(surge(level(), ahead=ahead), 600.0)
    assert found.overload_us is not None
    assert pytest.approx(60 + 120, abs=2) == found.overload_us / MINUTE_US
    assert forecast(surge(level(), ahead=ahead / 4), 600.0).overload_us is None


def test_slow_growth_ends_beyond_the_horizon():
    """More than a day ahead is not told."""
    slow = np.round(300 + 0.05 * np.arange(60))
    assert forecast(surge(slow), 3000.0).overload_us is None


@pytest.mark.parametrize("observed", [[500], [0, 0, 0, 0, 0, 0], [1, 0, 5, 0, 9, 0, 2], [1e9] * 8])
def test_odd_surges_do_no_harm(observed):
    """One window, silence, next to nothing, very much: there is an answer."""
    found = forecast(surge(np.array(observed)), 700.0)
    assert found.load is not None
    assert forecast(surge(np.array(observed), expected=0.0), 700.0).load is not None


def test_the_same_surge_has_the_same_forecast():
    """Nothing depends on chance."""
    growing = surge(np.round(100 * np.exp(np.arange(40) / 30)))
    assert forecast(growing, 900.0) == forecast(growing, 900.0)


def test_a_capacity_is_learned_from_what_was_borne():
    """The best five minutes without failures; a minute of failures rules out those around it."""
    lines, errors = np.full(60, 100.0), np.zeros(60)
    lines[10:15] = 300
    lines[30:40], errors[34:36] = 500, 100
    assert 420.0 == np.nanmax(borne(lines, errors, MINUTE_US))
    errors[30:40] = 50
    assert 300.0 == np.nanmax(borne(lines, errors, MINUTE_US))


@pytest.mark.parametrize("errors", [50.0, np.nan])
def test_no_capacity_is_invented(errors):
    """Where no status is known, or all fails."""
    assert np.isnan(borne(np.full(60, 100.0), np.full(60, errors), MINUTE_US)).all()


def test_short_histories_teach_no_capacity():
    """Less than five minutes."""
    assert 0 == len(borne(np.full(4, 100.0), np.zeros(4), MINUTE_US))


def test_below_a_tenth_of_the_capacity_nothing_is_foretold():
    """A few lines that double every minute would reach any height within hours."""
    growing = surge(np.round(2.0 ** np.arange(8)))
    assert forecast(growing, 400.0).overload_us is not None
    found = forecast(growing, 4000.0)
    assert found.load is not None
    assert found.load < 0.1
    assert found.overload_us is None
