"""The online regression, held to scikit-learn's Ridge on the same responses."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from detector.baseline.features import features_of_day, penalties
from detector.baseline.season import CLIP, DECAY, Season, stabilise, unstabilise

WIDTH_US = 300_000_000
WINDOWS = 288
MONDAY = 20_516 - 20_516 % 7


def busy(days: int, services: int = 3, mean: float = 80.0, seed: int = 0) -> np.ndarray:
    """Counts with a daily rhythm, days x services x windows."""
    rate = mean * (1 + 0.6 * np.sin(2 * np.pi * np.arange(WINDOWS) / WINDOWS))
    return np.random.default_rng(seed).poisson(rate, (days, services, WINDOWS)).astype(float)


def season_of(*born: int) -> Season:
    """A season of services born on the given days."""
    season = Season(WIDTH_US)
    season.grow(np.array(born, np.int64))
    return season


def learn(season: Season, days: range, counts: np.ndarray) -> list[np.ndarray]:
    """Learn the days; the responses that were learned, S x windows each."""
    responses = []
    for day, of_day in zip(days, counts, strict=True):
        expected = season.expect(day)
        responses.append(season._responses(of_day, expected))
        season.learn(day, of_day, expected)
    return responses


def ridge(days: range, responses: list[np.ndarray]) -> np.ndarray:
    """What scikit-learn makes of the responses of one service: features divided by the root of their penalty."""
    root = np.sqrt(penalties(WIDTH_US))
    x = np.vstack([features_of_day(day % 7, WIDTH_US) for day in days]) / root
    weight = np.repeat([DECAY ** (days[-1] - day) for day in days], WINDOWS)
    model = Ridge(alpha=1.0, fit_intercept=False, solver="cholesky")
    fitted = model.fit(x, np.concatenate(responses).astype(float), sample_weight=weight)
    return np.asarray(fitted.coef_ / root)


@pytest.mark.parametrize("number", [1, 2, 9])
def test_the_normal_equations_agree_with_scikit_learn(number):
    """After a day, and after several with decay, the coefficients are those of Ridge with decaying weights."""
    days = range(MONDAY, MONDAY + number)
    season = season_of(MONDAY, MONDAY)
    responses = learn(season, days, busy(number, 2))
    for service in range(2):
        expected = ridge(days, [response[service] for response in responses])
        np.testing.assert_allclose(season.coefficients[:, service], expected, rtol=1e-6, atol=1e-8)


def test_a_young_service_agrees_with_scikit_learn_since_its_birth():
    """A service born later is fitted to its own days alone, though all days before it were learned for others."""
    days = range(MONDAY, MONDAY + 5)
    season = season_of(MONDAY)
    counts = busy(5, 2)
    learn(season, days[:3], counts[:3, :1])
    season.grow(np.array([MONDAY + 3]))
    responses = learn(season, days[3:], counts[3:])
    np.testing.assert_allclose(
        season.coefficients[:, 1], ridge(days[3:], [response[1] for response in responses]), rtol=1e-6, atol=1e-8
    )


def test_services_of_the_same_age_share_their_sums():
    """Two services born on one day with the same counts have the same season, whoever else is there."""
    counts = busy(6, 3)
    counts[:, 2] = counts[:, 1]
    season, alone = season_of(MONDAY), season_of(MONDAY + 4)
    learn(season, range(MONDAY, MONDAY + 4), counts[:4, :1])
    season.grow(np.array([MONDAY + 4, MONDAY + 4]))
    learn(season, range(MONDAY + 4, MONDAY + 6), counts[4:])
    learn(alone, range(MONDAY + 4, MONDAY + 6), counts[4:, 1:2])
    np.testing.assert_allclose(season.coefficients[:, 1], season.coefficients[:, 2], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(season.coefficients[:, 1], alone.coefficients[:, 0], rtol=1e-6, atol=1e-9)


def test_the_rhythm_is_learned():
    """After a week the expectation follows the day to 10 % in the mean, and nowhere misses it by more than 30 %."""
    season = season_of(MONDAY)
    learn(season, range(MONDAY, MONDAY + 7), busy(7, 1))
    rate = 80.0 * (1 + 0.6 * np.sin(2 * np.pi * np.arange(WINDOWS) / WINDOWS))
    apart = np.abs(season.expect(MONDAY + 7)[0] / rate - 1)
    assert 0.1 > apart.mean()
    assert 0.3 > apart.max()


def test_responses_are_clipped():
    """No count enters the sums further from what was expected than `CLIP` standard deviations."""
    season = season_of(MONDAY)
    learn(season, range(MONDAY, MONDAY + 3), busy(3, 1))
    expected = season.expect(MONDAY + 3)
    response = season._responses(np.where(np.arange(WINDOWS) % 2, 0.0, 1e6)[None], expected)
    far = response - stabilise(expected)
    np.testing.assert_allclose(np.where(np.arange(WINDOWS) % 2, -CLIP, CLIP), far[0], atol=1e-4)


@pytest.mark.parametrize(("age", "most"), [(0, 0.7), (4, 0.25)])
def test_an_outlier_hardly_moves_the_season(age, most):
    """An hour of a thousand times more moves what is expected a little at that hour and hardly elsewhere."""
    clean, struck = busy(age + 1, 1), busy(age + 1, 1)
    struck[age, 0, 100:112] *= 1000
    seasons = season_of(MONDAY), season_of(MONDAY)
    for season, counts in zip(seasons, (clean, struck), strict=True):
        learn(season, range(MONDAY, MONDAY + age + 1), counts)
    usual, moved = (season.expect(MONDAY + 7)[0] for season in seasons)
    assert most > np.abs(moved / usual - 1).max()
    assert 0.05 > np.median(np.abs(moved / usual - 1))


def test_a_gap_is_what_was_expected():
    """Windows that are unknown teach the same as windows that were just as expected."""
    expected = np.full((1, WINDOWS), 70.0)
    gappy, filled = season_of(MONDAY), season_of(MONDAY)
    for season in (gappy, filled):
        learn(season, range(MONDAY, MONDAY + 2), busy(2, 1))
    counts = busy(1, 1, seed=4)[0]
    gap = np.arange(WINDOWS) < 150
    gappy.learn(MONDAY + 2, np.where(gap, np.nan, counts), expected)
    filled.learn(MONDAY + 2, np.where(gap, expected, counts), expected)
    np.testing.assert_array_equal(filled.coefficients, gappy.coefficients)


def test_days_without_data_teach_nothing():
    """A service that is unknown for a week is expected as before, to 3 %."""
    season = season_of(MONDAY)
    learn(season, range(MONDAY, MONDAY + 14), busy(14, 1))
    before = season.expect(MONDAY + 21)
    learn(season, range(MONDAY + 14, MONDAY + 21), np.full((7, 1, WINDOWS), np.nan))
    assert 0.03 > np.abs(season.expect(MONDAY + 21) / before - 1).max()


@pytest.mark.parametrize("pause", [1, 4, 30, 300])
def test_days_that_were_never_read_teach_nothing(pause):
    """Between a model and a later scan the season stays: a day learned after the pause does not fade the others."""
    season = season_of(MONDAY)
    learn(season, range(MONDAY, MONDAY + 14), np.full((14, 1, WINDOWS), 100.0))
    learn(season, range(MONDAY + 14 + pause, MONDAY + 15 + pause), np.full((1, 1, WINDOWS), 100.0))
    later = np.stack([season.expect(MONDAY + 15 + pause + day) for day in range(7)])
    assert 0.03 > np.abs(later / 100 - 1).max()


def test_a_day_without_any_known_window_is_no_trouble():
    """A service that was never seen on its first day has a season of nothing yet, and no warning."""
    season = season_of(MONDAY)
    learn(season, range(MONDAY, MONDAY + 1), np.full((1, 1, WINDOWS), np.nan))
    assert np.isfinite(season.expect(MONDAY + 1)).all()


def test_before_the_first_midnight_the_season_is_flat():
    """Without a season the level says it all: one everywhere."""
    assert [1.0] == np.unique(season_of(MONDAY).expect(MONDAY)).tolist()


def test_zero_is_a_value():
    """A week of silence is expected to go on, below a fiftieth of a record."""
    season = season_of(MONDAY)
    learn(season, range(MONDAY, MONDAY + 7), np.zeros((7, 1, WINDOWS)))
    assert 0.02 > season.expect(MONDAY + 7).max()


def test_counts_survive_the_scale():
    """Stabilised and back, a count is itself to a thousandth."""
    counts = np.array([0.0, 1, 2, 10, 1e3, 1e6])
    np.testing.assert_allclose(counts, unstabilise(stabilise(counts)), rtol=1e-3, atol=1e-3)
