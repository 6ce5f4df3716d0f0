"""Incidents: one for each surge, with a begin, an end, and a name that does not change."""

from __future__ import annotations

import copy
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.incidents import QUIET_US, Follower, Tick, evidence, incident_id, mark_pages
from detector.schemas import Incident

MINUTE_US = 60_000_000
FIRST = 20_516 * 1440
USUAL = 20.0
OPEN_AT = 1.0
DAY = 1440


def tick_of(first: int, counts: np.ndarray, usual: float = USUAL) -> Tick:
    """Twice what is usual, or more, scores its factor; anything else is usual, as was all that lies before."""
    expected = np.full(counts.shape, usual)
    score = np.where(counts >= 2 * usual, counts / usual, -5.0)
    before = np.full((len(counts), 4), usual)
    start = np.broadcast_to(first + np.arange(counts.shape[1]), counts.shape)
    recent, reach = np.hstack([before, counts]), np.hstack([before, expected])
    return Tick(first, counts, expected, score, start, np.full(len(counts), 0.05), recent, reach)


def follower(least: float = 5.0) -> Follower:
    """A follower that has seen nothing yet."""
    return Follower(MINUTE_US, OPEN_AT, "lines", least)


def follow(
    series: np.ndarray, tick: int = 15, names: tuple[str, ...] = ("a",)
) -> tuple[list[Incident], np.ndarray, Follower]:
    """Incidents that closed and then those still open, and the flags, of S x n counts."""
    found, incidents, flags = follower(), [], []
    series = np.atleast_2d(series)
    for begin in range(0, series.shape[1], tick):
        flagged, closed, _ = found.follow(list(names), tick_of(FIRST + begin, series[:, begin : begin + tick]))
        incidents += closed
        flags.append(flagged)
    return incidents + found.still_open(list(names), FIRST + series.shape[1]), np.hstack(flags), found


def flat(minutes: int, *surges: tuple[int, int], height: float = 100.0) -> np.ndarray:
    """Minutes as usual but for surges from a minute to another."""
    counts = np.full(minutes, USUAL)
    for begin, end in surges:
        counts[begin:end] = height
    return counts


def minutes_of(incident: Incident) -> tuple[int, int, int | None]:
    """Start, detection and end in minutes since the first window."""
    start, detected = incident.started_us // MINUTE_US - FIRST, incident.detected_us // MINUTE_US - FIRST
    return start, detected, None if incident.ended_us is None else incident.ended_us // MINUTE_US - FIRST


def test_one_surge_is_one_incident():
    """From its first high window to its last, noticed at the end of the first, with its means and its highest score."""
    (incident,), _, _ = follow(flat(200, (60, 90)))
    assert (60, 61, 90) == minutes_of(incident)
    assert (100.0, USUAL, 5.0, 5.0) == (incident.observed, incident.expected, incident.factor, incident.score)
    assert ("a", "lines", False, False) == (incident.service, incident.signal, incident.settled, incident.page)


def test_calm_is_no_incident():
    """Where nothing rises nothing opens."""
    assert [] == follow(flat(300))[0]


def test_surges_far_apart_are_two():
    """After an hour of calm the next surge is another incident, with another id."""
    incidents, _, _ = follow(flat(300, (30, 40), (110, 130)))
    assert [(30, 31, 40), (110, 111, 130)] == [minutes_of(one) for one in incidents]
    assert 2 == len({one.id for one in incidents})


@pytest.mark.parametrize(("high", "calm"), [(1, 1), (2, 1), (2, 3), (6, 5)])
def test_flapping_is_one(high, calm):
    """A surge that pauses for a few minutes, again and again, is one incident to its last high window."""
    surges = [(60 + step * (high + calm), 60 + high + step * (high + calm)) for step in range(8)]
    (incident,), _, _ = follow(flat(300, *surges))
    assert (60, 61, surges[-1][1]) == minutes_of(incident)


def test_it_takes_ten_quiet_minutes_to_end():
    """An incident is open through nine quiet minutes and closed after the tenth; all of them are flagged."""
    assert 10 * MINUTE_US == QUIET_US
    nine, ten = (follow(flat(90 + quiet, (60, 90)), tick=1) for quiet in (9, 10))
    assert [None] == [one.ended_us for one in nine[0]]
    assert [(60, 61, 90)] == [minutes_of(one) for one in ten[0]]
    assert list(range(60, 100)) == np.flatnonzero(ten[1][0]).tolist()


def test_a_surge_that_lasts_is_settled_after_a_day():
    """A level that stays for a day closes its incident as settled and hands over its factor."""
    series, found = flat(2 * DAY, (60, 2 * DAY)), follower()
    settled: dict[int, float] = {}
    closed = []
    for begin in range(0, 60 + DAY, 15):
        _, more, factors = found.follow(["a"], tick_of(FIRST + begin, series[None, begin : begin + 15]))
        closed += more
        settled |= factors
    assert [(60, 61, 60 + DAY)] == [minutes_of(one) for one in closed]
    assert [True] == [one.settled for one in closed]
    assert {0: 5.0} == settled


def test_a_day_less_a_minute_is_not_settled():
    """A surge that ends before its day is over has an end of its own."""
    (incident,), _, _ = follow(flat(DAY + 200, (60, 60 + DAY - 11)))
    assert ((60, 61, 60 + DAY - 11), False) == (minutes_of(incident), incident.settled)


def test_what_lasts_is_still_open():
    """A surge at the end of the input has no end, and asking for it changes nothing."""
    incidents, _, found = follow(flat(100, (60, 100)))
    assert [(60, 61, None)] == [minutes_of(one) for one in incidents]
    assert incidents == found.still_open(["a"], FIRST + 100) == found.still_open(["a"], FIRST + 100)


@pytest.mark.parametrize(("least", "expected"), [(80.0, 1), (80.1, 0)])
def test_a_rise_needs_so_many_records(least, expected):
    """However strange, fewer records above what is expected than the least open nothing."""
    found = follower(least)
    found.follow(["a"], tick_of(FIRST, flat(15, (5, 15))[None]))
    assert expected == len(found.surges)


def test_a_strange_window_below_the_lowest_factor_opens_nothing():
    """A score alone is not enough: a fifth more than expected is the least."""
    for factor, expected in ((1.19, 0), (1.21, 1)):
        found = follower()
        tick = tick_of(FIRST, np.full((1, 15), 1000.0 * factor), 1000.0)
        found.follow(["a"], replace(tick, score=np.full((1, 15), 9.0)))
        assert expected == len(found.surges)


def test_the_start_is_that_of_the_strangest_sum():
    """An incident that a sum over minutes noticed began with the first window of that sum that was high."""
    found = follower()
    tick = tick_of(FIRST, (flat(15, (8, 15)) + flat(15, (5, 15), height=25.0) - USUAL)[None])
    found.follow(["a"], replace(tick, start=tick.start - 4))
    assert [(5, 9, None)] == [minutes_of(one) for one in found.still_open(["a"], FIRST + 15)]


surges_drawn = st.lists(st.tuples(st.integers(0, 290), st.integers(1, 60)), max_size=4)


@settings(deadline=None, max_examples=50)
@given(surges=surges_drawn, tick=st.sampled_from([1, 7, 15, 300]))
def test_the_length_of_a_tick_makes_no_difference(surges, tick):
    """The same windows in ticks of any length give the same incidents, ids included, and the same flags."""
    series = flat(300, *((begin, begin + length) for begin, length in surges))
    whole, found = follow(series), follow(series, tick)
    assert whole[0] == found[0]
    assert whole[1].tolist() == found[1].tolist()


@settings(deadline=None, max_examples=50)
@given(mine=surges_drawn, other=surges_drawn)
def test_services_do_not_mix(mine, other):
    """A service has the same incidents alone and beside another."""
    series = [flat(300, *((begin, begin + length) for begin, length in surges)) for surges in (mine, other)]
    both = follow(np.stack(series), names=("a", "b"))[0]
    for name, values in zip("ab", series, strict=True):
        assert follow(values, names=(name,))[0] == [one for one in both if one.service == name]


@settings(deadline=None, max_examples=30)
@given(surges_drawn)
def test_following_is_pure(surges):
    """The same state and the same tick give the same answer, and the tick is left as it was."""
    series = flat(300, *((begin, begin + length) for begin, length in surges))[None]
    before, tick = follower(), tick_of(FIRST + 150, series[:, 150:])
    before.follow(["a"], tick_of(FIRST, series[:, :150]))
    again, kept = copy.deepcopy(before), copy.deepcopy(tick)
    answers = [found.follow(["a"], tick) for found in (before, again)]
    assert answers[0][0].tolist() == answers[1][0].tolist()
    assert answers[0][1:] == answers[1][1:]
    assert before == again
    np.testing.assert_array_equal(kept.counts, tick.counts)


def test_a_gap_neither_ends_a_surge_nor_counts():
    """Unknown windows inside a surge are not flagged and bring no calm."""
    series = flat(200, (60, 120))
    series[70:110] = np.nan
    (incident,), flags, _ = follow(series)
    assert ((60, 61, 120), 100.0) == (minutes_of(incident), incident.observed)
    assert not flags[0, 70:110].any()


def test_an_id_depends_on_service_signal_and_detection_alone():
    """Ids are the same in every version, eight letters and digits, and differ where any of the three does."""
    ids = [
        incident_id("a", "lines", 1),
        incident_id("b", "lines", 1),
        incident_id("a", "bytes", 1),
        incident_id("a", "lines", 2),
    ]
    assert 4 == len(set(ids))
    assert [8] * 4 == [len(one) for one in ids]
    assert "45aa1773" == incident_id("checkout", "lines", 1_637_280_000_000_000)


def test_an_id_stays_when_the_surge_goes_on():
    """What was told as open is told as closed under the same id."""
    series = flat(200, (60, 90))
    assert [one.id for one in follow(series[:80])[0]] == [one.id for one in follow(series)[0]]


def test_evidence_is_a_likelihood_ratio():
    """Between what is expected and its multiple the sign turns; the expectation of either law has the right one."""
    assert evidence(USUAL, USUAL, 0.05, 5.0) < 0 < evidence(5 * USUAL, USUAL, 0.05, 5.0)
    from scipy.stats import nbinom

    ratio = nbinom.logpmf(50, 20, 20 / 120) - nbinom.logpmf(50, 20, 20 / 40)
    assert ratio == pytest.approx(evidence(50, 20.0, 0.05, 5.0))


@pytest.mark.parametrize(
    ("services", "weeks", "score", "expected"),
    [(1, 1.0, 0.0, True), (1, 1.0, -0.001, False), (100, 1.0, 2.0, True), (100, 1.0, 1.999, False),
     (0, 10.0, 1.0, True), (10, 0.1, 0.0, True),
     (3, 4.0, round(math.log10(12), 6), True)],
)  # fmt: skip
def test_pages_share_one_budget(services, weeks, score, expected):
    """Among n services an incident pages where it is n times as rare as one page in so many weeks."""
    incident = Incident("x", "a", "lines", 0, 1, None, 2.0, 1.0, score, MINUTE_US)
    (marked,) = mark_pages([incident], services, weeks)
    assert expected is marked.page
    assert incident == mark_pages([marked], 10**9, 1e9)[0]
