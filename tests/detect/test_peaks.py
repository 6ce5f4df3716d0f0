"""How rare a rise is, from the peaks of the hours before: a calibrated scale."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from detector.detect.peaks import (
    BINS,
    LOWEST,
    MEAN_LIFE_DAYS,
    MOST_DECADES,
    NOTHING,
    PRIOR_FROM,
    PRIOR_PEAKS,
    PRIOR_SHAPE,
    Peaks,
)

Real = NDArray[np.float64]
HOURS_PER_WEEK = 168
HOUR_DAYS = 1 / 24


def peaks_of(rows: int, tests: int = 1) -> Peaks:
    """Rows without a history whose blocks are hours."""
    peaks = Peaks.of(tests, HOURS_PER_WEEK)
    peaks.grow(rows)
    return peaks


def live(peaks: Peaks, highest: Real) -> Peaks:
    """Learn R x hours peaks, one after the other."""
    for peak in highest.T:
        peaks.learn(peak[None, :, None], np.ones(len(peak), bool), HOUR_DAYS)
    return peaks


def gain(peaks: Peaks, *blocks: list[float]) -> Real:
    """What the bins of one row gain by the deviations of some blocks if no time passes."""
    before = peaks.seen.copy()
    for block in blocks:
        peaks.learn(np.array([[block]]), np.ones(1, bool), 0.0)
    return np.asarray((peaks.seen - before)[0, 0], np.float64)


def draw(law: str, shape: tuple[int, int], seed: int, scale: float = 5.0) -> Real:
    """Hourly peaks: Weibull of some shapes, in standard deviations."""
    exponent = {"exponential": 1.0, "light": 1.8, "heavy": 0.6}[law]
    return np.asarray(scale * np.random.default_rng(seed).weibull(exponent, shape))


@pytest.fixture(scope="module", params=["exponential", "light", "heavy"])
def settled(request: pytest.FixtureRequest) -> tuple[str, Peaks]:
    """Two dozen rows after two months."""
    return request.param, live(peaks_of(24), draw(request.param, (24, 60 * 24), 0))


FACTORS = {-1.5: 1.15, -1.0: 1.2, 0.0: 1.5, 1.0: 2.5, 2.0: 4.0}
"""By how much a score may be wrong: within a fifth where peaks are often, fourfold at two years."""


@pytest.mark.parametrize(("score", "factor"), FACTORS.items())
def test_a_score_is_the_weeks_between_peaks_as_high(settled, score, factor):
    """Peaks above a score of s come about 10^-s times a week."""
    law, peaks = settled
    later = draw(law, (24, 100_000), 1)
    weekly = (peaks.score(later[None])[0] > score).mean() * HOURS_PER_WEEK
    assert 10.0**-score / factor < weekly < 10.0**-score * factor


def test_rows_are_on_one_scale():
    """Whatever the scale of its deviations, each row exceeds a score about as often as any other."""
    scale = np.geomspace(3, 100, 12)[:, None]
    peaks = live(peaks_of(12), scale * draw("exponential", (12, 60 * 24), 2, 1.0))
    weekly = (peaks.score(scale * draw("exponential", (12, 50_000), 3, 1.0)[None]) > 0).mean(axis=2) * HOURS_PER_WEEK
    assert 1 == pytest.approx(np.exp(np.log(weekly).mean()), rel=0.3)
    assert weekly.max() < 3
    assert weekly.min() > 1 / 3


@pytest.mark.parametrize(("law", "scale"), [("exponential", 0.5), ("exponential", 1.5), ("light", 1.5)])
def test_a_calm_row_is_told_rightly_or_with_caution(law, scale):
    """Where three deviations are rare the prior has seen more than the row.

    What comes several times a day is told rightly nevertheless; what is rarer comes no more often than scores say, but
    for the factor that holds for any row.
    """
    peaks = live(peaks_of(12), draw(law, (12, 60 * 24), 4, scale))
    found = peaks.score(draw(law, (12, 50_000), 5, scale)[None])[0]
    excess = {score: (found > score).mean() * HOURS_PER_WEEK * 10.0**score for score in FACTORS}
    assert 0.6 < excess[-1.5] < 1.5
    assert all(excess[score] < FACTORS[score] for score in (-1.0, 0.0, 1.0))


deviations = st.floats(-1e9, 1e9)


@settings(deadline=None)
@given(values=st.lists(deviations, min_size=2, max_size=20), hours=st.integers(0, 60), seed=st.integers(0, 99))
def test_the_higher_the_rarer(values, hours, seed):
    """A score never falls as the deviation rises, whatever has been seen, and ends at the most that can be told."""
    peaks = live(peaks_of(1), draw("heavy", (1, hours), seed))
    score = peaks.score(np.sort(values)[None, None])[0, 0]
    assert (np.diff(score) >= 0).all()
    assert score.min() >= NOTHING
    assert score.max() <= MOST_DECADES - peaks.rate[0, 0]


def test_a_score_rises_from_the_usual_to_the_unheard_of():
    """Between ordinary deviations and those a hundred times as large every one scores higher than the one before."""
    peaks = live(peaks_of(1), draw("exponential", (1, 500), 0))
    score = peaks.score(np.geomspace(0.3, 30.0, 40)[None, None])[0, 0]
    assert (np.diff(score) > 0).all()


def test_what_is_not_above_is_nothing():
    """Less than expected, just as expected, and unknown."""
    peaks = live(peaks_of(1), draw("exponential", (1, 100), 0))
    found = peaks.score(np.array([[[-1e9, -1.0, -0.0, 0.0, np.nan, 1e-9, 1.0]]]))[0, 0]
    assert [NOTHING] * 5 == found[:5].tolist()
    assert (found[5:] > NOTHING).all()


def test_a_young_row_is_held_by_the_prior():
    """Without a past, or with six quiet hours, deviations that are common elsewhere are no rarity."""
    past = (live(peaks_of(1), np.full((1, hours), 0.5)) for hours in (0, 6, 60 * 24))
    new, young, old = (peaks.score(np.array([[[3.0, 10.0]]]))[0, 0] for peaks in past)
    assert (new < young).all()
    assert (young < old).all()
    assert young[1] < -0.3
    assert 0.3 < old[1]


def test_a_peak_counts_once_for_its_block():
    """Windows next to each other are strange together: of a block only the highest matters."""
    once, often = gain(peaks_of(1), [0.1, 4.0, np.nan]), gain(peaks_of(1), [4.0, 4.0, 3.9])
    assert once.tolist() == often.tolist()
    assert 1 == pytest.approx(once.sum(), rel=1e-5)
    assert 1 == np.count_nonzero(once)


def test_peaks_lose_half_their_weight_in_two_weeks():
    """What was seen decays, so that a row can change; a steady row remembers three weeks of hours in all."""
    peaks = peaks_of(2)
    judged = np.ones(2, bool)
    peaks.learn(np.array([[[9.0], [0.1]]]), judged, HOUR_DAYS)
    peaks.learn(np.full((1, 2, 1), 0.1), judged, 14.0)
    high, calm = peaks.seen[0, :, 1:].sum(axis=1)
    assert 0.5 == pytest.approx(high - calm, rel=1e-4)
    steady = live(peaks_of(1), np.full((1, 200 * 24), 1.0))
    assert MEAN_LIFE_DAYS * 24 == pytest.approx(steady.seen.sum(), rel=0.01)


def test_a_row_that_grew_wilder_is_no_longer_strange():
    """After a month of higher peaks these are as usual as the lower ones were."""
    peaks = live(peaks_of(1), draw("exponential", (1, 30 * 24), 0))
    high = np.full((1, 1, 1), 40.0)
    before = peaks.score(high)[0, 0, 0]
    live(peaks, 3 * draw("exponential", (1, 30 * 24), 1))
    assert before > 0.5
    assert peaks.score(high)[0, 0, 0] < before - 1


def test_blocks_that_were_not_judged_leave_no_trace():
    """Rows that are too young to be judged neither learn nor forget."""
    peaks = live(peaks_of(2), draw("exponential", (2, 50), 0))
    before = copy.deepcopy(peaks)
    peaks.learn(np.full((1, 2, 5), 7.0), np.array([True, False]), 1.0)
    assert before.seen[:, 1].tolist() == peaks.seen[:, 1].tolist()
    assert before.seen[:, 0].tolist() != peaks.seen[:, 0].tolist()


def test_any_number_has_a_place():
    """Silence, unknown windows and surges beyond all bounds are counted at the edges."""
    gained = gain(peaks_of(1), [np.nan], [-1e300], [0.0], [LOWEST], [1e300])
    assert [0, BINS - 1] == np.flatnonzero(gained).tolist()
    assert [4, 1] == pytest.approx(gained[[0, -1]].tolist(), rel=1e-5)


def test_rows_and_tests_do_not_mix():
    """A row alone scores the same as in company, in whatever test, and new rows change nothing."""
    random = np.random.default_rng(5)
    together = peaks_of(2, tests=3)
    seen = random.exponential([[[1.0], [5.0]]] * 3, (3, 2, 100))
    for hour in range(100):
        together.learn(seen[..., hour : hour + 1], np.ones(2, bool), HOUR_DAYS)
    together.grow(1)
    later = random.exponential(5.0, (3, 3, 50))
    found = together.score(later)
    for test in range(3):
        for row in range(2):
            alone = live(peaks_of(1), seen[test, row : row + 1])
            assert alone.score(later[test, row][None, None])[0, 0].tolist() == found[test, row].tolist()
        assert peaks_of(1).score(later[test, 2][None, None])[0, 0].tolist() == found[test, 2].tolist()


def test_the_prior_is_some_hours_of_high_peaks():
    """It weighs much against a morning, little against a month, and says how rare deviations are in its range."""
    assert 6 <= PRIOR_PEAKS <= 0.1 * 30 * 24
    deviation = PRIOR_FROM * np.array([1.03, 2.0, 4.0])
    shares = 10.0 ** -peaks_of(1).score(deviation[None, None])[0, 0] / HOURS_PER_WEEK
    assert (np.diff(shares) < 0).all()
    assert 2.0**-PRIOR_SHAPE == pytest.approx(shares[1], rel=0.35)
