"""The calendar basis, held to scikit-learn's."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import SplineTransformer

from detector.baseline.features import DAY_KNOTS, WEEK_KNOTS, features_of_day, gram_of_day, penalties, periodic_splines

SECOND_US, MINUTE_US, HOUR_US = 1_000_000, 60_000_000, 3_600_000_000
SHAPES = {  # windows, minutes of the hour
    10 * SECOND_US: (8640, 60),
    MINUTE_US: (1440, 60),
    5 * MINUTE_US: (288, 12),
    45 * MINUTE_US: (32, 0),
    HOUR_US: (24, 0),
}


@pytest.mark.parametrize("knots", [4, 7, DAY_KNOTS, WEEK_KNOTS])
def test_splines_are_those_of_scikit_learn(knots):
    """Up to the number of the first column the basis is scikit-learn's, to 1e-9."""
    phase = np.linspace(0, 1, 5_000, endpoint=False)
    theirs = SplineTransformer(n_knots=knots + 1, degree=3, extrapolation="periodic", include_bias=True)
    expected = theirs.fit(np.array([[0.0], [1.0]])).transform(phase[:, None])
    found = periodic_splines(phase, knots)
    apart = [float(np.abs(expected - np.roll(found, shift, axis=1)).max()) for shift in range(knots)]
    assert 1e-9 > min(apart)
    assert 1 == sum(difference < 1e-3 for difference in apart)


@given(st.floats(0, 1, exclude_max=True), st.integers(4, 60))
def test_a_row_of_splines_adds_up_to_one(phase, knots):
    """Four neighbouring splines, none negative, share each moment."""
    row = periodic_splines(np.array([phase]), knots)[0]
    assert 1e-12 > abs(row.sum() - 1)
    assert 0 == np.count_nonzero(row < 0)
    assert 4 >= np.count_nonzero(row)


def test_splines_close_the_circle():
    """Just before the end of the circle the splines are those of its begin."""
    begin, end = periodic_splines(np.array([0.0, 1 - 1e-12]), DAY_KNOTS)
    assert 1e-9 > np.abs(begin - end).max()


@pytest.mark.parametrize(("width_us", "shape"), SHAPES.items())
def test_a_day_has_a_row_for_each_window_and_a_penalty_for_each_column(width_us, shape):
    """Level, minutes of the hour where windows are that short, hours of the day, hours of the week."""
    windows, minutes = shape
    features = features_of_day(3, width_us)
    assert (windows, 1 + minutes + DAY_KNOTS + WEEK_KNOTS) == features.shape
    assert features.shape[1] == len(penalties(width_us))


@pytest.mark.parametrize(("width_us", "shape"), SHAPES.items())
def test_each_kind_of_feature_adds_up_to_one(width_us, shape):
    """A window has one level, one minute, one time of day and one time of the week."""
    ends = np.cumsum([0, 1, shape[1], DAY_KNOTS, WEEK_KNOTS])
    for begin, end in pairwise(ends):
        if end > begin:
            np.testing.assert_allclose(features_of_day(5, width_us)[:, begin:end].sum(axis=1), 1, atol=1e-12)


def test_only_the_week_tells_days_apart():
    """The columns before the week are the same on every weekday; those of the week go on from day to day."""
    first, second = features_of_day(1, MINUTE_US), features_of_day(2, MINUTE_US)
    np.testing.assert_array_equal(first[:, :-WEEK_KNOTS], second[:, :-WEEK_KNOTS])
    assert 0.5 < np.abs(first - second)[:, -WEEK_KNOTS:].max()
    assert 0.01 > np.abs(first[-1] - second[0])[-WEEK_KNOTS:].max()


def test_the_week_closes():
    """The last minute of the seventh day stands beside the first of the first."""
    assert 0.01 > np.abs(features_of_day(6, MINUTE_US)[-1] - features_of_day(0, MINUTE_US)[0])[-WEEK_KNOTS:].max()


def test_the_gram_is_the_product():
    """X'X of a day is that of its features."""
    features = features_of_day(4, 5 * MINUTE_US)
    np.testing.assert_allclose(features.T @ features, gram_of_day(4, 5 * MINUTE_US))
