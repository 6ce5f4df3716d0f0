"""The tests joined on one scale: what a score depends on, and what it does not."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.detect.verdicts import WEEK_US, Detector, Verdict, scales_of

MINUTE_US = 60_000_000
TICK = 15
USUAL = 40.0


class Typical(NamedTuple):
    """Noise before any history."""

    dispersion: tuple[float, ...] = (0.02, 0.02)
    tail_share: tuple[float, ...] = (0.1, 0.1)
    tail_scale: tuple[float, ...] = (1.5, 1.5)


def detector_of(services: int, width_us: int = MINUTE_US) -> Detector:
    """A detector of services without a history."""
    detector = Detector.of(width_us, TICK * width_us, Typical())
    detector.grow(services)
    return detector


def tick_of(detector: Detector, number: int, counts: np.ndarray, usual: float = USUAL) -> Verdict:
    """Judge and learn a tick."""
    verdict = detector.judge(number * TICK, counts, np.full(counts.shape, usual))
    known = ~np.isnan(counts)
    detector.learn(verdict, known, known)
    return verdict


def scores(detector: Detector, counts: np.ndarray) -> np.ndarray:
    """Scores of all windows, S x n, tick by tick."""
    parts = np.split(counts, counts.shape[1] // TICK, axis=1)
    return np.hstack([tick_of(detector, number, part).score for number, part in enumerate(parts)])


def noise(services: int, ticks: int, seed: int = 0) -> np.ndarray:
    """Poisson counts around what is usual."""
    return np.random.default_rng(seed).poisson(USUAL, (services, ticks * TICK)).astype(float)


@settings(deadline=None, max_examples=30)
@given(
    seed=st.integers(0, 1000),
    others=st.integers(1, 5),
    place=st.integers(0, 5),
    factor=st.sampled_from([0.0, 1.0, 3.0, 1e6]),
)
def test_scores_do_not_depend_on_other_services(seed, others, place, factor):
    """A service is judged alone as beside any others, in any row, whatever happens to them."""
    mine = noise(1, 8, seed)
    mine[0, 70] *= 3
    rest = noise(others, 8, seed + 1) * factor
    row = min(place, others)
    together = scores(detector_of(others + 1), np.insert(rest, row, mine, axis=0))
    assert scores(detector_of(1), mine)[0].tolist() == together[row].tolist()


@settings(deadline=None, max_examples=30)
@given(st.sets(st.integers(0, 8 * TICK - 1), max_size=40))
def test_a_gap_is_as_expected(gaps):
    """Unknown windows leave the scores of all windows as if they had been just as expected."""
    counts = noise(1, 8)
    gappy, filled = counts.copy(), counts.copy()
    gappy[0, sorted(gaps)], filled[0, sorted(gaps)] = np.nan, USUAL
    judged = [detector_of(1), detector_of(1)]
    for number in range(8):
        part = slice(number * TICK, (number + 1) * TICK)
        verdicts = []
        for detector, values in zip(judged, (gappy, filled), strict=True):
            verdict = detector.judge(number * TICK, values[:, part], np.full((1, TICK), USUAL))
            verdicts.append(verdict.score.tolist())
            known = ~np.isnan(gappy[:, part])
            detector.learn(verdict, known, known)
        assert verdicts[0] == verdicts[1]


def test_a_tick_or_its_windows_one_by_one_score_the_same():
    """Judging is pure: the windows of a tick score the same if they come in two pieces before anything is learned."""
    detector = detector_of(1)
    scores(detector, noise(1, 8))
    counts = noise(1, 1, 5)
    whole = detector.judge(120, counts, np.full((1, TICK), USUAL))
    first = detector.judge(120, counts[:, :6], np.full((1, 6), USUAL))
    assert whole.score[:, :6].tolist() == first.score.tolist()
    assert whole.score.tolist() == detector.judge(120, counts, np.full((1, TICK), USUAL)).score.tolist()


def test_a_big_surge_is_seen_in_its_first_window():
    """Ten times as much scores above a year at once and begins in its own window; those before stay below a week."""
    detector = detector_of(1)
    scores(detector, noise(1, 96))
    surge = noise(1, 1, 9)
    surge[0, 10:] *= 10
    verdict = detector.judge(96 * TICK, surge, np.full((1, TICK), USUAL))
    assert np.log10(52) < verdict.score[0, 10]
    assert 0 > verdict.score[0, :10].max()
    assert 96 * TICK + 10 == verdict.start[0, 10]


def test_a_small_surge_adds_up():
    """Sixty per cent more is nothing in one window; a sum of windows sees it, and says when it began."""
    detector = detector_of(1)
    scores(detector, noise(1, 96))
    surge = np.full((1, TICK), USUAL * 1.6)
    verdict = detector.judge(96 * TICK, surge, np.full((1, TICK), USUAL))
    assert verdict.score[0, -1] > verdict.score[0, 0] + 2
    assert 96 * TICK + TICK - 1 > verdict.start[0, -1] >= 96 * TICK - 1


def test_less_is_never_strange():
    """Silence scores no higher than what is just as expected."""
    silent, usual = (
        detector_of(1).judge(0, np.full((1, TICK), count), np.full((1, TICK), USUAL)) for count in (0.0, USUAL)
    )
    assert usual.score.tolist() == silent.score.tolist()


def test_scores_are_on_the_scale_of_weeks():
    """On noise, after a month, ticks above a score of zero come about once a week for each service."""
    services, days = 40, 28
    detector = detector_of(services)
    scores(detector, noise(services, 96 * days))
    later = scores(detector, noise(services, 96 * days, 1)).reshape(services, -1, TICK).max(axis=2)
    weekly = (later > 0).sum() / services / 4
    assert 0.1 < weekly < 3


def test_an_incident_leaves_no_trace_in_the_sums():
    """Windows of an incident count as expected afterwards: when it is over the score is as if it had not been."""
    struck, calm = detector_of(1), detector_of(1)
    expected, nothing = np.full((1, TICK), USUAL), np.zeros((1, TICK), bool)
    for detector, factor in ((struck, 20), (calm, 1)):
        verdict = detector.judge(0, expected * factor, expected)
        detector.learn(verdict, nothing, nothing)
    after = noise(1, 1)
    assert calm.judge(TICK, after, expected).score.tolist() == struck.judge(TICK, after, expected).score.tolist()


@pytest.mark.parametrize("score", [0.0, 2.0, 4.0])
def test_the_band_ends_where_the_score_begins(score):
    """A count just below the edge scores below, one just above it above, in a window whose sums are as expected."""
    detector = detector_of(1)
    scores(detector, noise(1, 96))
    edge = float(detector.upper(np.array([[USUAL]]), score)[0, 0])
    one = detector.scales[0]
    found = []
    for count in (edge * 0.99, edge * 1.01):
        verdict = detector.judge(96 * TICK, np.array([[count]]), np.array([[USUAL]]))
        rarity = one.tail.rarity(verdict.sums[0].evidence)[0, 0]
        found.append(rarity - np.log10(len(detector.scales) * WEEK_US / detector.tick_us) > score)
    assert [False, True] == found


def test_a_new_service_changes_nothing_for_the_old_ones():
    """Growing adds rows and leaves those that are there."""
    grown, alone = detector_of(1), detector_of(1)
    for detector in (grown, alone):
        scores(detector, noise(1, 20))
    grown.grow(2)
    counts = noise(3, 1, 7)
    expected = np.full(counts.shape, USUAL)
    assert (
        alone.judge(300, counts[:1], expected[:1]).score[0].tolist()
        == grown.judge(300, counts, expected).score[0].tolist()
    )


@pytest.mark.parametrize(
    ("width_us", "expected"),
    [
        (10_000_000, (1, 30, 90, 360)),
        (MINUTE_US, (1, 5, 15, 60)),
        (5 * MINUTE_US, (1, 3, 12)),
        (15 * MINUTE_US, (1, 2, 4)),
        (60 * MINUTE_US, (1, 2, 4)),
    ],
)
def test_sums_reach_over_an_hour_or_four_windows(width_us, expected):
    """One window and sums of up to an hour, each longer than the one before."""
    assert expected == scales_of(width_us)
