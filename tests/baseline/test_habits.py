"""The long run of a row: its age, its mean rate, and how it speaks when it does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from detector.baseline.habits import LEAST_QUARTERS, MEAN_LIFE_DAYS, Habits

Real = NDArray[np.float64]
MINUTE_US = 60_000_000
QUARTER, HOUR, DAY = 15, 60, 1440
series = st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 3)), min_size=1, max_size=120)


def habits_of(rows: int = 1) -> Habits:
    """Rows of which nothing is known."""
    habits = Habits.of(0)
    habits.grow(rows)
    return habits


def sides(values: list[tuple[int, int]]) -> tuple[Real, Real]:
    """Counts and exposure of one row; where the exposure is 0 nothing is counted."""
    counts, exposure = np.array(values, float).T[:, None]
    return counts * (exposure > 0), exposure


def speak(*quarters: float, habits: Habits | None = None) -> Habits:
    """A row that says so much in the minutes of each quarter of an hour."""
    found = habits_of() if habits is None else habits
    for count in quarters:
        found.learn(np.full((1, QUARTER), count), np.ones((1, QUARTER)), MINUTE_US)
    return found


@settings(deadline=None)
@given(past=series, now=series, at=st.integers(0, 119), other=st.integers(0, 10**9))
def test_the_mean_is_above_zero_and_knows_no_later_window(past, now, at, other):
    """Changing a window changes no mean before it; no mean is 0, whatever was silent or unknown."""
    habits = habits_of()
    habits.learn(*sides(past), MINUTE_US)
    counts, exposure = sides(now)
    changed, at = counts.copy(), at % counts.shape[1]
    changed[0, at:] = other
    mean = habits.mean(counts, exposure)
    assert mean[0, :at].tolist() == habits.mean(changed, exposure)[0, :at].tolist()
    assert (mean > 0).all()
    assert np.isfinite(mean).all()


@settings(deadline=None)
@given(now=series, whole=st.booleans())
def test_the_mean_of_a_new_row_is_counts_over_exposure(now, whole):
    """Half a record more than was seen, where records are whole, over what it was counted per."""
    habits = habits_of()
    habits.fractional += not whole
    counts, exposure = sides(now)
    seen = np.cumsum(counts, axis=1) + 0.5 * whole
    expected = np.maximum(seen, 1e-12) / np.maximum(np.cumsum(exposure, axis=1), 1.0)
    np.testing.assert_allclose(expected, habits.mean(counts, exposure), rtol=1e-12)


def test_a_gap_leaves_the_mean():
    """Unknown windows change neither the mean nor the age."""
    habits = speak(20, 20)
    before = habits.mean(*sides([(20, 1)]))[0, 0]
    gap = habits.mean(*sides([(20, 1), (0, 0), (0, 0)]))[0]
    assert [before] * 3 == gap.tolist()
    habits.learn(np.zeros((1, HOUR)), np.zeros((1, HOUR)), MINUTE_US)
    assert 2 * QUARTER == habits.windows[0]


def test_half_a_record_is_added_only_where_records_are_whole():
    """A silent row may have missed half a record; one that counts fractions may not."""
    whole, fractions = speak(0), speak(0)
    fractions.learn(np.full((1, 1), 0.25), np.ones((1, 1)), MINUTE_US)
    assert [0, 1] == [whole.fractional[0], fractions.fractional[0]]
    silent = sides([(0, 1)])
    assert 0.5 / 16 == pytest.approx(whole.mean(*silent)[0, 0], rel=0.01)
    assert 0.25 / 17 == pytest.approx(fractions.mean(*silent)[0, 0], rel=0.01)


def test_how_a_row_speaks_is_unknown_before_it_spoke_four_times():
    """NaN through three quarters of an hour, then the geometric mean of its rates; silence says nothing about it."""
    habits = habits_of()
    for spoken, count in enumerate((10, 0, 40, 0, 0, 10, 40)):
        assert np.isnan(habits.usual()[0]), spoken
        speak(count, habits=habits)
    assert LEAST_QUARTERS == habits.quarters[0]
    assert 20 == pytest.approx(habits.usual()[0])
    assert 20 == pytest.approx(speak(0, 0, 0, 0, habits=habits).usual()[0])


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(1, 10**6), min_size=LEAST_QUARTERS, max_size=40))
def test_usual_is_the_geometric_mean_of_the_rates_at_which_it_spoke(counts):
    """So long as a week is not over every quarter of an hour in which it spoke counts the same."""
    assert np.exp(np.mean(np.log(counts))) == pytest.approx(speak(*counts).usual()[0])


def test_the_way_a_row_speaks_can_change():
    """Of weeks of speech the last ones count most."""
    old = np.full((1, 28 * DAY), 10.0)
    habits = habits_of()
    for counts in (old, 10 * old[:, : 14 * DAY]):
        habits.learn(counts, np.ones(counts.shape), MINUTE_US)
    assert 70 < habits.usual()[0] < 100


def test_the_rate_is_per_exposure():
    """What is counted per client is remembered per client."""
    habits = habits_of()
    habits.learn(np.full((1, HOUR), 100.0), np.full((1, HOUR), 5.0), MINUTE_US)
    assert 20 == pytest.approx(habits.usual()[0])
    assert 20 == pytest.approx(habits.mean(*sides([(100, 5)]))[0, 0], rel=0.01)


@settings(deadline=None, max_examples=30)
@given(cuts=st.sets(st.integers(1, 95), max_size=8), seed=st.integers(0, 99))
def test_a_day_in_pieces_says_the_same_of_age_and_speech(cuts, seed):
    """Cut at quarters of an hour, age, quarters, speech and wholeness agree.

    The decayed sums differ with the cuts, since a piece decays as a whole, but stay between those of no decay and of
    the day's.
    """
    random = np.random.default_rng(seed)
    exposure = random.integers(0, 3, (2, DAY)).astype(float)
    counts = random.poisson(np.repeat(random.exponential(2.0, (2, 96)), QUARTER, axis=1)).astype(float) * (exposure > 0)
    whole, cut = habits_of(2), habits_of(2)
    whole.learn(counts, exposure, MINUTE_US)
    for part in np.split(np.arange(DAY), sorted(QUARTER * at for at in cuts)):
        cut.learn(counts[:, part], exposure[:, part], MINUTE_US)
    for name in ("windows", "quarters", "active", "fractional"):
        assert getattr(whole, name).tolist() == getattr(cut, name).tolist()
    for name, plain in (("counts", counts), ("exposure", exposure)):
        least, most = plain.sum(axis=1) * np.exp(-1 / MEAN_LIFE_DAYS), plain.sum(axis=1)
        np.testing.assert_allclose(least, getattr(whole, name))
        assert (least <= getattr(cut, name) * (1 + 1e-12)).all()
        assert (getattr(cut, name) <= most).all()


def test_rows_do_not_mix_and_new_ones_are_empty():
    """A row is the same alone and beside another; growing adds rows of which nothing is known."""
    random = np.random.default_rng(3)
    counts, exposure = random.poisson(3.0, (2, DAY)).astype(float), random.integers(0, 3, (2, DAY)).astype(float)
    both, alone = habits_of(2), habits_of()
    both.learn(counts, exposure, MINUTE_US)
    alone.learn(counts[1:], exposure[1:], MINUTE_US)
    both.grow(1)
    for name in Habits.__dataclass_fields__:
        assert [*getattr(alone, name).tolist(), 0.0] == getattr(both, name)[1:].tolist()
    assert np.isnan(both.usual()[2])
