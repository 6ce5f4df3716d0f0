"""The test statistic, held to the exact tail of the negative binomial."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import nbinom

from detector.detect.statistics import running_total, upper_bound, upper_deviance

MEANS = (1e-3, 0.1, 1.0, 7.0, 60.0, 1e3, 1e5)
DISPERSIONS = (1e-4, 0.01, 0.05, 0.5, 4.0, 20.0)
FACTORS = (1.0, 1.05, 1.3, 2.0, 5.0, 30.0)


def deviance(count: float, mean: float, dispersion: float) -> float:
    """Of one window."""
    return float(upper_deviance(np.array([[count]]), np.array([[mean]]), np.array([dispersion]))[0, 0])


@pytest.mark.parametrize("dispersion", DISPERSIONS)
@pytest.mark.parametrize("mean", MEANS)
def test_it_bounds_the_upper_tail(mean, dispersion):
    """A count as high or higher is never more likely than the statistic says."""
    counts = np.unique(np.ceil(mean * np.array(FACTORS) + [0, 0, 0, 1, 2, 3]))
    size = 1 / dispersion
    likely = nbinom.sf(counts - 1, size, size / (size + mean))
    bound = np.exp(-upper_deviance(counts[None], np.full((1, len(counts)), mean), np.array([dispersion]))[0])
    assert [] == [(x, p, b) for x, p, b in zip(counts, likely, bound, strict=True) if p > b * (1 + 1e-9)]


def test_it_is_not_far_from_the_tail():
    """The bound is no idle one: five times a mean of sixty is within three digits of its exact probability of 1e-13."""
    likely = nbinom.logsf(299, 20, 20 / 80)
    assert 0 < -likely - deviance(300, 60, 0.05) < np.log(1e3)


@given(st.floats(1e-3, 1e6), st.floats(1e-4, 20), st.floats(0, 1e7), st.floats(0, 1e7))
def test_more_is_stranger(mean, dispersion, one, other):
    """The statistic never falls as the count rises, and is zero up to the mean."""
    low, high = sorted([one, other])
    assert deviance(low, mean, dispersion) <= deviance(high, mean, dispersion) + 1e-6 * (
        1 + deviance(high, mean, dispersion)
    )
    assert 0.0 == deviance(min(low, mean), mean, dispersion)


def test_a_gap_is_no_evidence():
    """An unknown count gives zero."""
    assert 0.0 == deviance(float("nan"), 5.0, 0.05)


@pytest.mark.parametrize("dispersion", [1e-4, 0.01, 0.05, 0.5])
@pytest.mark.parametrize("mean", [1.0, 7.0, 60.0, 1e3, 1e5])
@pytest.mark.parametrize("evidence", [0.5, 3.0, 10.0, 40.0])
def test_the_bound_inverts_it(mean, dispersion, evidence):
    """The count on the edge of the band has the evidence that was asked for, to 1 %."""
    count = float(upper_bound(np.array([[mean]]), np.array([dispersion]), np.array([[evidence]]))[0, 0])
    assert evidence == pytest.approx(deviance(count, mean, dispersion), rel=0.01)


def test_no_evidence_is_needed_at_the_mean():
    """The band of zero nats ends at what is expected."""
    assert 60.0 == pytest.approx(float(upper_bound(np.array([[60.0]]), np.array([0.05]), np.array([[0.0]]))[0, 0]))


def test_differences_of_running_totals_are_sums():
    """Two running totals give the sum between them, row by row."""
    total = running_total(np.array([[1.0, 2, 3], [10, 20, 30]]))
    assert [[0, 1, 3, 6], [0, 10, 30, 60]] == total.tolist()
