"""The tests joined on one scale: what a score depends on, and what it does not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from detector.detect import verdicts
from detector.detect.noise import Age
from detector.detect.peaks import MEAN_LIFE_DAYS, NOTHING
from detector.detect.verdicts import DAY_US, DECIMALS, Detector, Deviation, block_of, lasting, positive

Real = NDArray[np.float64]
MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
HOUR, DAY = 60, 1440
TESTS = 5
USUAL = 400.0
OLD = 30.0 * DAY


class Typical:
    """Noise before any history: 20 % of drift over counting noise, whatever the sum."""

    def at(self, minutes: float) -> tuple[float, float]:
        """Phi and dispersion."""
        assert minutes > 0
        return 1.0, 0.04


def detector_of(rows: int, width_us: int = MINUTE_US) -> Detector:
    """Rows without a history."""
    detector = Detector(width_us, Typical())
    detector.grow(rows)
    return detector


def deviate(detector: Detector, sums: Real, expected: float = USUAL) -> Deviation:
    """The deviation of K x R x n sums of which as much is expected."""
    usual = np.full(sums.shape, expected)
    return detector.deviate(sums, usual, usual)


def live(detector: Detector, sums: Real) -> Detector:
    """Judge and learn K x R x n sums, an hour at a time, of rows that are old."""
    rows = sums.shape[1]
    for begin in range(0, sums.shape[2], HOUR):
        age = Age(HOUR / DAY, np.full(rows, 30.0), np.ones(rows, bool))
        detector.learn(deviate(detector, sums[..., begin : begin + HOUR]), age)
    return detector


def noise(rows: int, windows: int, seed: int = 0, tests: int = TESTS) -> Real:
    """Sums around what is usual, ten per cent off."""
    return np.random.default_rng(seed).normal(USUAL, USUAL / 10, (tests, rows, windows))


def scores(detector: Detector, sums: Real, age: float = OLD) -> Real:
    """Scores, R x n, of rows of which so many windows are known."""
    return detector.score(deviate(detector, sums), np.full(sums.shape[1:], age))[0]


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (10, (90, 180, 360, 18, 360)),
        (60, (15, 30, 60, 3, 60)),
        (300, (3, 6, 12, 12)),
        (900, (1, 2, 4, 4)),
        (1800, (1, 2, 2)),
        (3600, (1, 1)),
        (86_400, (1, 1)),
    ],
)
def test_sums_are_of_a_quarter_half_and_whole_hour(seconds, expected):
    """In windows; one window where they are longer than that, each length once; three minutes where these are three
    windows, at a cost; the longest is tested slowly too.
    """  # fmt: skip
    tests = verdicts.tests_of(seconds * 1_000_000)
    assert expected == tuple(test.windows for test in tests)
    assert [len(tests) - 1] == [place for place, test in enumerate(tests) if test.slow]
    assert [test.cost > 0 for test in tests] == [test.slow or test.windows * seconds == 180 for test in tests]


@pytest.mark.parametrize(
    ("seconds", "windows", "expected"),
    [(60, 15, 3), (60, 30, 5), (60, 60, 5), (300, 3, 3), (300, 6, 5), (900, 4, 3), (900, 2, 1), (3600, 1, 1)],
)
def test_a_sum_is_looked_at_in_three_or_five_parts(seconds, windows, expected):
    """Five if it is of half an hour or more, three if it has fewer windows, one if it has fewer than that."""
    assert expected == verdicts.parts_of(windows, seconds * 1_000_000)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(10, 360), (60, 60), (300, 12), (900, 4), (1800, 3), (3600, 3), (7200, 3), (21_600, 4), (43_200, 2), (86_400, 1)],
)
def test_a_block_is_an_hour_or_three_windows(seconds, expected):
    """What is known is brought up to date so often, less often where that does not divide a day."""
    assert expected == block_of(seconds * 1_000_000)


def test_blocks_divide_the_day_whatever_the_window():
    """For every window that divides a day a day is a whole number of blocks, of nearly an hour or more."""
    for width_us in (seconds * 1_000_000 for seconds in range(1, 86_401) if 86_400 % seconds == 0):
        per_day, block = DAY_US // width_us, block_of(width_us)
        assert 0 == per_day % block
        assert block >= min(3, per_day)
        assert block * width_us >= 0.85 * HOUR_US


def stretch_of(*counts: float, exposure: float = 5.0) -> tuple[list[tuple[Real, Real]], Real]:
    """Parts of a stretch of one row and window, each counted per as much."""
    parts = [(np.full((1, 1), count), np.full((1, 1), exposure)) for count in counts]
    return parts, np.full((1, 1), len(counts) * exposure)


def test_a_steady_stretch_amounts_to_its_sum():
    """Three equal parts are as much as they are together."""
    assert 300 == pytest.approx(lasting(*stretch_of(100, 100, 100))[0, 0])


def test_a_spike_in_one_part_is_no_lasting_rise():
    """Out of silence it is nothing; above a level only its root counts, in whichever part it lies."""
    for place in range(3):
        silent, steady = np.zeros(3), np.full(3, 100.0)
        silent[place] = steady[place] = 10_000
        assert 0 == lasting(*stretch_of(*silent))[0, 0]
        assert 3 * 100 * np.sqrt(34) == pytest.approx(lasting(*stretch_of(*steady))[0, 0])


def test_two_spikes_in_five_parts_are_no_lasting_rise():
    """Of a long sum three parts must be high."""
    assert 0 == lasting(*stretch_of(0, 900, 0, 900, 0))[0, 0]
    assert 0 < lasting(*stretch_of(0, 900, 900, 900, 0))[0, 0]


def test_a_rise_in_two_parts_is_a_lasting_one():
    """What lasts through two thirds counts for more than all of it did before, nearly as what lasts throughout."""
    assert 300 * 10 * np.sqrt(7 / 10) == pytest.approx(lasting(*stretch_of(100, 1000, 1000))[0, 0])
    assert 3000 == pytest.approx(lasting(*stretch_of(1000, 1000, 1000))[0, 0])


@settings(deadline=None)
@given(st.lists(st.integers(0, 10**9), min_size=5, max_size=5), st.sampled_from([3, 5]), st.floats(0.1, 1e6))
def test_what_lasts_lies_between_the_median_and_the_mean(drawn, parts, exposure):
    """It is their geometric mean, the same in any order, and grows with the exposure."""
    counts = drawn[:parts]
    found = lasting(*stretch_of(*counts, exposure=exposure))[0, 0]
    median, mean = parts * np.median(counts), sum(counts)
    assert min(median, mean) * (1 - 1e-9) <= found <= max(median, mean) * (1 + 1e-9)
    assert found == pytest.approx(lasting(*stretch_of(*counts[::-1], exposure=exposure))[0, 0])


def without(unknown: set[int], *counts: float) -> float:
    """What lasts of such parts if some of them are unknown."""
    parts, _ = stretch_of(*counts)
    for place in unknown:
        parts[place] = np.zeros((1, 1)), np.zeros((1, 1))
    return float(lasting(parts, np.full((1, 1), 5.0 * (len(counts) - len(unknown))))[0, 0])


@pytest.mark.parametrize(("parts", "unknown"), [(3, {0}), (3, {2}), (3, {0, 1}), (5, {4}), (5, {1, 3}), (5, {0, 1, 3})])
def test_an_unknown_part_does_not_change_what_lasts(parts, unknown):
    """A steady rate over the known parts amounts to that rate: gaps are no silence."""
    assert 100 * (parts - len(unknown)) == pytest.approx(without(unknown, *[100.0] * parts))


@settings(deadline=None)
@given(
    counts=st.lists(st.integers(0, 10**9), min_size=5, max_size=5),
    size=st.sampled_from([3, 5]),
    gaps=st.sets(st.integers(0, 4), max_size=4),
)
def test_what_is_unknown_is_as_the_mean_of_the_rest(counts, size, gaps):
    """The same as if each unknown part had the mean of the known ones, but of the known exposure alone."""
    unknown = {place for place in gaps if place < size}
    known = [count for place, count in enumerate(counts[:size]) if place not in unknown]
    mean = sum(known) / max(len(known), 1)
    filled = [mean if place in unknown else count for place, count in enumerate(counts[:size])]
    assert without(unknown, *counts[:size]) == pytest.approx(without(set(), *filled) * len(known) / size)


def test_of_what_is_all_unknown_nothing_lasts():
    """Without a known part there is no sum, and no other row is the worse for it."""
    parts, exposure = (
        [(np.array([[0.0], [100.0]]), np.array([[0.0], [5.0]]))] * 3,
        np.array([[0.0], [15.0]]),
    )
    assert [0, 300] == pytest.approx(lasting(parts, exposure)[:, 0].tolist())


@settings(deadline=None)
@given(st.lists(st.floats(-8, 12), min_size=2, max_size=20, unique=True))
def test_a_positive_score_keeps_the_order(values):
    """What is strange every hour is above 0 too, and a month is nearly a month."""
    ordered = np.sort(values)
    found = positive(ordered)
    assert (found > 0).all()
    assert (np.diff(found) >= 0).all()
    assert (np.diff(found)[np.diff(ordered) > 1e-6] > 0).all()
    assert (found[ordered > 1] - ordered[ordered > 1] < 0.05).all()


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 1000), st.integers(1, 4), st.integers(0, 4), st.sampled_from([0, 1, 1e6]))
def test_scores_do_not_depend_on_other_rows(seed, others, place, factor):
    """A row is judged alone as beside any others, in any place, whatever happens to them."""
    mine, rest, row = noise(1, 6 * HOUR, seed), noise(others, 6 * HOUR, seed + 1) * factor, min(place, others)
    together = live(detector_of(others + 1), np.insert(rest, [row], mine, axis=1))
    alone = live(detector_of(1), mine)
    later = noise(1, HOUR, seed + 2) * 1.5
    beside = np.insert(noise(others, HOUR, seed + 3) * factor, [row], later, axis=1)
    assert scores(alone, later)[0].tolist() == scores(together, beside)[row].tolist()


def test_judging_changes_nothing():
    """The same deviations score the same again, in one go or window by window."""
    detector = live(detector_of(2), noise(2, DAY))
    later = noise(2, HOUR, 1) * 1.4
    whole = scores(detector, later)
    assert whole.tolist() == scores(detector, later).tolist()
    each = np.hstack([scores(detector, later[..., at : at + 1]) for at in range(HOUR)])
    assert whole.tolist() == each.tolist()


def test_scores_are_rounded():
    """The order of a sum never decides."""
    found = scores(live(detector_of(2), noise(2, DAY)), noise(2, HOUR, 1) * 1.4)
    assert found.tolist() == np.round(found, DECIMALS).tolist()


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(0, 100), min_size=2, max_size=10))
def test_the_more_the_stranger(factors):
    """A score never falls as all sums rise."""
    detector = live(detector_of(1), noise(1, DAY))
    sums = np.tile(USUAL * np.sort(factors), (TESTS, 1, 1))
    assert (np.diff(scores(detector, sums)[0]) >= 0).all()


def test_less_is_never_strange():
    """Silence scores as what is just as expected, and so does what nothing is known of."""
    detector = live(detector_of(1), noise(1, DAY))
    sums = np.tile(np.array([0.0, USUAL, np.nan]), (TESTS, 1, 1))
    silent, usual, unknown = scores(detector, sums)[0]
    assert silent == usual == unknown < NOTHING + 2


def test_tests_that_agree_count_more_than_one():
    """One test may raise a score, and is named; others with it raise it further, but no more than their number."""
    detector = live(detector_of(1), noise(1, 5 * DAY))
    calm, old, alone = scores(detector, np.full((TESTS, 1, 1), USUAL))[0, 0], np.full((1, 1), OLD), []
    for test in range(TESTS):
        one = np.full((TESTS, 1, 1), USUAL)
        one[test] = 2 * USUAL
        score, strangest = detector.score(deviate(detector, one), old)
        assert test == strangest[0, 0]
        assert score[0, 0] > calm + 2
        alone.append(score[0, 0])
    together = scores(detector, np.full((TESTS, 1, 1), 2 * USUAL))[0, 0]
    assert max(alone) < together <= max(alone) + np.log10(TESTS) / verdicts.POWER + 1e-5


@pytest.mark.parametrize("age", [61, 120, 720, DAY])
def test_a_young_row_scores_lower(age):
    """What is known for less than three days claims to be rare in proportion to its age."""
    detector = live(detector_of(1), noise(1, DAY))
    surge = np.full((TESTS, 1, 1), 2 * USUAL)
    old = scores(detector, surge)[0, 0]
    assert old == scores(detector, surge, round(verdicts.SURE_DAYS * DAY))[0, 0]
    assert old + np.log10(age / DAY / verdicts.SURE_DAYS) == pytest.approx(scores(detector, surge, age)[0, 0], abs=1e-5)


def test_nothing_is_strange_in_the_first_hour():
    """However large, a rise in a row that is not known for an hour scores as nothing."""
    detector = live(detector_of(1), noise(1, DAY))
    surge = np.full((TESTS, 1, 1), 1e6 * USUAL)
    assert [NOTHING + np.log10(age / DAY / verdicts.SURE_DAYS) for age in (1, 60)] == pytest.approx(
        [scores(detector, surge, age)[0, 0] for age in (1, 60)]
    )
    assert scores(detector, surge, 61)[0, 0] > 0


@pytest.fixture(scope="module", params=[MINUTE_US, HOUR_US])
def spread(request: pytest.FixtureRequest) -> Detector:
    """Three rows that scatter by a tenth, a fifth and half, after weeks."""
    detector, random = detector_of(3, request.param), np.random.default_rng(1)
    for _ in range(200):
        sums = random.normal(USUAL, [[[40.0], [80.0], [200.0]]], (len(detector.noise.phi), 3, 3))
        detector.learn(deviate(detector, sums), Age(0.125, np.full(3, 30.0), np.ones(3, bool)))
    return detector


def told(detector: Detector, normal: Real, share: float) -> Real:
    """Scores as they are told of K x R x n deviations of rows that are old, with the signal's share."""
    unused = np.full(normal.shape, USUAL)
    old = np.full(normal.shape[1:], OLD)
    return positive(detector.score(Deviation(unused, unused, unused, normal), old)[0] + share)


@pytest.mark.parametrize("share", [0.0, float(np.log10(1 / 2)), float(np.log10(1 / 4))])
@pytest.mark.parametrize("score", [0.3, 1.0, 1.5, 2.0, 3.0])
def test_the_band_ends_where_the_score_begins(spread, score, share):
    """If the first test alone deviates so far the row scores as asked, less if it deviates less, and more if more.

    Alone among the tests, whose number counts, and with the share of the false alarms that its signal may raise.
    """
    normal = np.zeros((len(spread.noise.phi), 3, 3))
    normal[0] = spread.deviation_at(score, share)[:, None] * np.array([0.98, 1.0, 1.02])
    below, at, above = told(spread, normal, share).T
    np.testing.assert_allclose(score, at, atol=1e-4)
    assert (below < score).all()
    assert (above > score).all()


@pytest.mark.parametrize("score", [1.0, 2.0])
def test_what_ends_the_band_of_one_test_is_stranger_in_all_of_them(spread, score):
    """The band is no promise that all within it is calm: several tests that deviate as far score higher."""
    edge = np.tile(spread.deviation_at(score)[:, None], (len(spread.noise.phi), 1, 1))
    assert (told(spread, edge, 0.0) > score).all()


def test_the_band_is_wider_for_a_smaller_share(spread):
    """A signal that may raise fewer of the false alarms has to deviate further."""
    edges = [spread.deviation_at(1.5, share) for share in (0.0, -0.3, -0.6)]
    assert (np.diff(edges, axis=0) > 0).all()


def test_a_big_surge_is_rare_and_noise_is_not():
    """After a week of noise ten times as much scores above a year, and noise hardly ever above a month."""
    detector = live(detector_of(4), noise(4, 7 * DAY))
    assert scores(detector, noise(4, HOUR, 9) * 10).min() > np.log10(52)
    assert (scores(detector, noise(4, 7 * DAY, 5)) > np.log10(4)).mean() < 1e-3


def test_rows_too_young_teach_no_peaks():
    """What scatters is learned from the first hour on, peaks once two hours are known."""
    detector = detector_of(2)
    found, before = deviate(detector, noise(2, HOUR)), detector.peaks.seen.copy()
    detector.learn(found, Age(HOUR / DAY, np.array([1.5 / 24, 2 / 24]), np.ones(2, bool)))
    assert before[:, 0].tolist() == detector.peaks.seen[:, 0].tolist()
    remembered = before[:, 1].sum(axis=1) * np.exp(-HOUR / DAY / MEAN_LIFE_DAYS)
    np.testing.assert_allclose(remembered + 1, detector.peaks.seen[:, 1].sum(axis=1), rtol=1e-5)
    assert (detector.noise.sums[5] > 0).all()


def test_new_rows_change_nothing_for_the_old_ones():
    """Growing adds rows and leaves those that are there."""
    grown, alone = (live(detector_of(1), noise(1, DAY)) for _ in range(2))
    grown.grow(2)
    later = noise(3, HOUR, 7) * 1.5
    assert scores(alone, later[:, :1])[0].tolist() == scores(grown, later)[0].tolist()


def test_the_same_past_is_the_same_detector():
    """Nothing depends on chance."""
    one, two = (live(detector_of(2), noise(2, DAY)) for _ in range(2))
    assert one.noise.sums.tolist() == two.noise.sums.tolist()
    assert one.peaks.seen.tolist() == two.peaks.seen.tolist()
