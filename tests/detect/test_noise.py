"""The scatter of sums: what was put into simulated counts is found again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.linear_model import LinearRegression

from detector.detect.noise import (
    DRIFT,
    HIGH,
    LEAST_DISPERSION,
    LEAST_PHI,
    LOW,
    MEAN_LIFE_DAYS,
    Age,
    Noise,
)

Real = NDArray[np.float64]
HOUR, DAY = 60, 1440
ROWS = 8
PRIOR = 1.0, 0.04


def noise_of(rows: int = ROWS, prior: tuple[float, float] = PRIOR, tests: int = 1) -> Noise:
    """Rows without a history."""
    noise = Noise.of([prior] * tests)
    noise.grow(rows)
    return noise


def live(noise: Noise, sums: Real, expected: Real, begin: int = 0, *, whole: bool = True) -> Noise:
    """Learn R x n sums against what was expected of them, hour by hour; `begin` windows are known before."""
    for at in range(0, sums.shape[1], HOUR):
        part = np.s_[None, :, at : at + HOUR]
        age = Age(HOUR / DAY, np.full(len(sums), (begin + at + HOUR) / DAY), np.full(len(sums), whole))
        noise.learn(sums[part], expected[part], expected[part], ~np.isnan(expected[part]), age)
    return noise


def days_of(days: int, level: float = 300.0, rows: int = ROWS) -> Real:
    """What is expected in days that swing from a tenth of a level to nearly twice of it."""
    time = np.arange(days * DAY) / DAY * 2 * np.pi
    return np.tile(level * (1 + 0.9 * np.sin(time)), (rows, 1))


def scattered(expected: Real, phi: float, dispersion: float, seed: int = 0) -> Real:
    """Counts with the variance phi x mean + dispersion x mean^2: bunches of phi, negative binomial."""
    random = np.random.default_rng(seed)
    drift = random.gamma(1 / dispersion, dispersion, expected.shape) if dispersion else 1.0
    return np.asarray(phi * random.poisson(drift * expected / phi))


@pytest.mark.parametrize(("phi", "dispersion"), [(1.0, 0.01), (1.0, 0.1), (4.0, 0.02), (10.0, 0.1)])
def test_the_scatter_of_negative_binomial_sums_is_found(phi, dispersion):
    """Both terms come near what was put in, somewhat less because squared residuals are clipped."""
    expected = days_of(8)
    noise = live(noise_of(), scattered(expected, phi, dispersion), expected)
    assert dispersion == pytest.approx(np.median(noise.dispersion), rel=0.3)
    assert phi == pytest.approx(np.median(noise.phi), rel=0.35)
    means = np.array([[100.0, 500.0]])
    variance = noise.variance(means[None], means[None])
    np.testing.assert_allclose(phi * means + dispersion * means**2, np.median(variance[0], axis=0)[None], rtol=0.25)


def test_the_fit_is_that_of_weighted_least_squares():
    """The normal equations give what scikit-learn finds for the same squared residuals, weights and decay."""
    expected = days_of(6, rows=1)
    sums = scattered(expected, 3.0, 0.05, seed=3)
    noise = live(noise_of(1), sums, expected)
    mean, squared = expected[0], (sums[0] - expected[0]) ** 2
    hours = np.arange(len(mean)) // HOUR
    weight = np.exp((hours - hours[-1]) / 24 / MEAN_LIFE_DAYS) / (mean + DRIFT * mean**2) ** 2
    variance = noise.variance(mean[None, None], mean[None, None])[0, 0]
    clipped = np.minimum(squared, np.where(sums[0] > mean, HIGH, LOW) * variance)
    found = LinearRegression(fit_intercept=False).fit(np.stack([mean, mean**2], axis=1), clipped, weight).coef_
    assert found[0] == pytest.approx(noise.phi[0, 0], rel=0.2)
    assert found[1] == pytest.approx(noise.dispersion[0, 0], rel=0.2)


def test_independent_records_have_counting_noise_alone():
    """Poisson counts: phi near 1 and next to no drift, a few per cent."""
    expected = days_of(8)
    noise = live(noise_of(), scattered(expected, 1.0, 0.0), expected)
    assert 1 == pytest.approx(np.median(noise.phi), rel=0.25)
    assert noise.dispersion.max() < max(0.001, 3 * LEAST_DISPERSION)


def test_paced_records_have_less_noise_than_independent_ones():
    """Counts that are always as expected have next to none."""
    expected = np.round(days_of(8))
    noise = live(noise_of(), expected, expected)
    assert noise.phi.max() < 2 * LEAST_PHI
    assert noise.dispersion.max() < 2 * LEAST_DISPERSION


def test_what_counts_no_records_need_not_have_counting_noise():
    """Rates whose scatter is a share of them are all drift, and none is claimed to be counting noise."""
    expected = days_of(8)
    sums = expected * np.random.default_rng(2).normal(1.0, 0.1, expected.shape)
    noise = live(noise_of(), sums, expected, whole=False)
    assert 0.01 == pytest.approx(np.median(noise.dispersion), rel=0.3)
    assert noise.phi.max() < 1


@pytest.mark.parametrize("factor", [10.0, 1e6])
@pytest.mark.parametrize(("minutes", "most"), [(1, 1.05), (10, 1.2), (60, 1.6)])
def test_a_surge_hardly_moves_it(factor, minutes, most):
    """Residuals are clipped: what a surge adds depends on how long it is, not on how high."""
    expected = days_of(5)
    calm = scattered(expected, 1.0, 0.02)
    surged = calm.copy()
    surged[:, -30 - minutes : -30] *= factor
    means = np.full((1, ROWS, 1), 300.0)
    before, after = (live(noise_of(), sums, expected).variance(means, means) for sums in (calm, surged))
    assert (after / before).max() < most


@settings(deadline=None, max_examples=20)
@given(st.floats(0, 1e9))
def test_no_block_makes_the_variance_more_than_sixteen_times_as_large(height):
    """However wild an hour is, the regression sees no more than sixteen times the variance of before."""
    expected = np.full((1, HOUR), 100.0)
    noise = noise_of(1)
    before = noise.variance(expected[None], expected[None]).max()
    live(noise, np.full((1, HOUR), height), expected, begin=5 * DAY)
    assert noise.variance(expected[None], expected[None]).max() <= HIGH * before * 1.01


@pytest.mark.parametrize("prior", [(1.0, 0.04), (3.0, 0.4)])
def test_a_young_row_is_held_by_the_prior(prior):
    """After an hour it still scatters much as services in general do; after days its sums speak for themselves."""
    expected = days_of(4)
    sums = scattered(expected, 1.0, 0.0)
    new, young, old = (live(noise_of(prior=prior), sums[:, :end], expected[:, :end]) for end in (0, HOUR, 4 * DAY))
    assert prior == (new.phi[0, 0], new.dispersion[0, 0])
    assert (young.dispersion < prior[1]).all()
    assert (young.dispersion > prior[1] / 5).all()
    assert (old.dispersion < prior[1] / 30).all()


def test_the_age_of_a_row_decides_how_much_the_prior_holds_it():
    """The same hour moves an old row further from the prior than a young one."""
    expected = days_of(1)[:, :HOUR]
    young, old = (live(noise_of(), scattered(expected, 1.0, 0.0), expected, begin=begin) for begin in (0, 5 * DAY))
    assert (old.dispersion < young.dispersion).all()


def test_what_is_long_past_is_forgotten():
    """A row that was wild for a week and calm for the next ten days is calm."""
    expected = days_of(10)
    calm = scattered(expected, 1.0, 0.01)
    noise = live(noise_of(), scattered(expected[:, : 7 * DAY], 1.0, 0.3), expected[:, : 7 * DAY])
    live(noise, calm, expected, begin=7 * DAY)
    assert 0.01 == pytest.approx(np.median(noise.dispersion), rel=0.4)


@settings(deadline=None, max_examples=20)
@given(st.sets(st.integers(0, 2 * DAY - 1), max_size=2000))
def test_unknown_windows_teach_nothing(gaps):
    """Where nothing is expected a sum may be anything."""
    expected = days_of(2, rows=1)
    sums = scattered(expected, 1.0, 0.02)
    expected[0, sorted(gaps)] = np.nan
    other = np.where(np.isnan(expected), 1e9, sums)
    nothing = np.where(np.isnan(expected), np.nan, sums)
    ours, theirs = (live(noise_of(1), side, expected) for side in (other, nothing))
    np.testing.assert_array_equal(ours.sums, theirs.sums)
    assert (ours.phi, ours.dispersion) == (theirs.phi, theirs.dispersion)


def test_a_row_without_known_windows_keeps_the_prior():
    """Nothing was learned, so nothing is known."""
    unknown = np.full((ROWS, HOUR), np.nan)
    noise = live(noise_of(), np.zeros((ROWS, HOUR)), unknown)
    assert [PRIOR] * ROWS == list(zip(noise.phi[0].tolist(), noise.dispersion[0].tolist(), strict=True))


def test_rows_and_tests_do_not_mix():
    """A row alone learns the same as in company, and so does a test."""
    random = np.random.default_rng(4)
    expected = random.exponential(100.0, (2, 3, HOUR))
    sums = random.poisson(expected * 1.5).astype(float)
    age = Age(HOUR / DAY, np.array([0.1, 3.0, 9.0]), np.array([True, False, True]))
    together = noise_of(3, tests=2)
    together.learn(sums, expected, expected, expected > 1, age)
    for test in range(2):
        for row in range(3):
            alone, part = noise_of(1), np.s_[test : test + 1, row : row + 1]
            one = Age(age.passed_days, age.days[row : row + 1], age.whole[row : row + 1])
            alone.learn(sums[part], expected[part], expected[part], expected[part] > 1, one)
            found = alone.phi[0, 0], alone.dispersion[0, 0]
            assert (together.phi[test, row], together.dispersion[test, row]) == pytest.approx(found, rel=1e-12)


def test_new_rows_leave_the_old_ones():
    """Growing adds rows that scatter as the prior says."""
    expected = days_of(1)
    noise = live(noise_of(), scattered(expected, 1.0, 0.2), expected)
    phi, dispersion = noise.phi.copy(), noise.dispersion.copy()
    noise.grow(2)
    assert [*phi[0].tolist(), PRIOR[0], PRIOR[0]] == noise.phi[0].tolist()
    assert [*dispersion[0].tolist(), PRIOR[1], PRIOR[1]] == noise.dispersion[0].tolist()


@settings(deadline=None, max_examples=50)
@given(
    level=st.sampled_from([1e-12, 1e-6, 0.1, 1.0, 1e3, 1e12]),
    spread=st.sampled_from([0.0, 0.5, 3.0]),
    factor=st.sampled_from([0.0, 0.5, 1.0, 1e6]),
    whole=st.booleans(),
    seed=st.integers(0, 99),
)
def test_it_stays_in_bounds(level, spread, factor, whole, seed):
    """Whatever is seen, silence, surges, numbers of any size: finite, and never below the least."""
    random = np.random.default_rng(seed)
    expected = level * np.exp(spread * random.normal(size=(2, 6 * HOUR)))
    noise = live(noise_of(2), expected * factor, expected, whole=whole)
    assert np.isfinite(noise.phi).all()
    assert np.isfinite(noise.dispersion).all()
    assert (noise.dispersion >= LEAST_DISPERSION * (1 - 1e-9)).all()
    assert (noise.phi >= (LEAST_PHI * (1 - 1e-9) if whole else 0)).all()
    assert (noise.variance(expected[None], expected[None]) > 0).all()
