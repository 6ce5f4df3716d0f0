"""The split of a change into its factors: three shares that add up, whatever the order and the zeros."""

from __future__ import annotations

import math
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.explain.drivers import KINDS, LEAST_CHANGE, largest, logarithmic_mean, split

amounts = st.one_of(st.just(0.0), st.floats(1e-6, 1e9), st.integers(1, 10**6).map(float))
triples = st.tuples(amounts, amounts, amounts)
positive = st.floats(1e-3, 1e6)
positives = st.tuples(positive, positive, positive)


def shares_of(before: tuple[float, ...], during: tuple[float, ...]) -> list[float | None]:
    """The shares alone."""
    return [factor.share for factor in split(before, during)]


@settings(max_examples=2_000, deadline=None)
@given(triples, triples)
def test_shares_add_up_to_one(before, during):
    """All shares are there and add up to 1, or none is there; zeros are no exception."""
    shares = shares_of(before, during)
    known = [share for share in shares if share is not None]
    assert len(known) in (0, 3)
    if known:
        assert math.isclose(1.0, math.fsum(known), rel_tol=0, abs_tol=1e-9 * max(1.0, *map(abs, known)))


@settings(max_examples=500, deadline=None)
@given(positives, positives)
def test_the_order_of_the_factors_makes_no_difference(before, during):
    """A factor has the same share in any place."""
    change = abs(math.prod(during) / math.prod(before) - 1)
    if 0.9 * LEAST_CHANGE < change < 1.1 * LEAST_CHANGE:
        return  # at the very edge the order of a product decides whether there are shares
    shares = shares_of(before, during)
    for order in permutations(range(3)):
        found = shares_of(tuple(before[i] for i in order), tuple(during[i] for i in order))
        for place, index in enumerate(order):
            assert shares[index] == (None if found[place] is None else pytest.approx(found[place], rel=1e-6, abs=1e-9))


@settings(max_examples=500, deadline=None)
@given(positives, positives)
def test_the_sign_says_whether_a_factor_helped(before, during):
    """Where the volume rose, a factor that fell has a negative share and one that rose a positive one."""
    if math.prod(during) < math.prod(before):
        before, during = during, before
    for factor in split(before, during):
        if factor.share is not None:
            assert (factor.during > factor.before) - (factor.during < factor.before) == (factor.share > 0) - (
                factor.share < 0
            )


@given(positives, positives)
def test_shares_are_the_same_back_and_forth(before, during):
    """What drove a rise drives the same fall: the index is symmetric in time."""
    there, back = shares_of(before, during), shares_of(during, before)
    if None not in there and None not in back:
        assert there == pytest.approx(back, rel=1e-6, abs=1e-9)


def test_one_factor_alone_has_it_all():
    """Where only messages per client rose its share is 1 and that of the others 0."""
    assert [0.0, 1.0, 0.0] == pytest.approx(shares_of((100, 2, 300), (100, 10, 300)))


def test_equal_factors_share_alike():
    """Where clients and messages doubled each has a half."""
    assert [0.5, 0.5, 0.0] == pytest.approx(shares_of((1, 1, 1), (2, 2, 1)))


def test_a_known_split():
    """Ten times the messages of half the clients: ln 10, ln 0.5 over ln 5."""
    assert [math.log(0.5) / math.log(5), math.log(10) / math.log(5), 0.0] == pytest.approx(
        shares_of((100, 1, 9), (50, 10, 9))
    )


@pytest.mark.parametrize("change", [0.0, 0.0009, -0.0009])
def test_hardly_any_change_has_no_shares(change):
    """Where the volume hardly changed there is nothing to share, however much the factors moved."""
    found = split((10, 4, 5), (20, 2 * (1 + change), 5))
    assert [None] * 3 == [factor.share for factor in found]
    assert [(10, 20), (4, 2 * (1 + change)), (5, 5)] == [(factor.before, factor.during) for factor in found]
    assert "volume" == largest(found)


@pytest.mark.parametrize("change", [0.0011, -0.0011])
def test_a_little_change_has_shares(change):
    """Just above the limit there are shares again."""
    assert [1.0, 0.0, 0.0] == pytest.approx(shares_of((1, 1, 1), (1 + change, 1, 1)))


def test_zeros_are_values():
    """From nothing to something the new factor has nearly all of it; two zeros are no change."""
    assert 0.9 < (shares_of((0, 2, 300), (100, 4, 300))[0] or 0)
    assert [None] * 3 == shares_of((0, 0, 0), (0, 0, 0))
    assert [None] * 3 == shares_of((0, 2, 3), (0, 2, 3))


@pytest.mark.parametrize("place", range(3))
def test_the_kind_is_the_largest_share(place):
    """A surge is called after the factor that rose most."""
    during = [2.0, 2.0, 2.0]
    during[place] = 8.0
    assert KINDS[place] == largest(split((1, 1, 1), tuple(during)))


def test_a_negative_share_is_never_the_kind_of_a_rise():
    """A factor that fell far does not give a surge its name."""
    assert "messages_per_client" == largest(split((100, 1, 1), (1, 1000, 1)))


@given(positive, positive)
def test_the_logarithmic_mean_lies_between(a, b):
    """The logarithmic mean is symmetric and lies between the geometric and the arithmetic mean."""
    mean = logarithmic_mean(a, b)
    assert mean == pytest.approx(logarithmic_mean(b, a), rel=1e-9)
    assert math.sqrt(a * b) * (1 - 1e-4) <= mean <= (a + b) / 2 * (1 + 1e-4)
