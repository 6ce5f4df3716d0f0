"""Incidents: one for each surge, with a begin, an end, and a name that does not change."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from detector.incidents.evidence import evidence
from detector.incidents.follower import QUIET_US, Follower, Limits, incident_id
from detector.incidents.pages import mark_pages
from detector.incidents.surge import HIGHEST_FACTOR, LOWEST_FACTOR, MOST_SEASON, Surge
from detector.incidents.tick import Tick
from detector.schemas import Incident

Real = NDArray[np.float64]
MINUTE_US = 60_000_000
FIRST = 20_516 * 1440
USUAL = 20.0
OPEN_AT = 1.0
LONGEST = 60
DAY = 1440
REACH = 20


@dataclass(frozen=True)
class Sums:
    """Running totals."""

    counts: Real
    exposure: Real

    def last(self, length: int, windows: int) -> tuple[Real, Real]:
        """Counts and exposure of so many windows that end with each of the newest, R x n."""
        end = self.counts.shape[1]
        after, before = slice(end - windows, end), slice(end - windows - length, end - length)
        return self.counts[:, after] - self.counts[:, before], self.exposure[:, after] - self.exposure[:, before]


@dataclass(frozen=True)
class World:
    """What happens to S services with K signals: S x K x n counts and what they are counted per (0: a gap).

    A sum of the last `length` windows of at least twice the `usual` rate scores its factor times `stress` (of each
    signal); anything else scores below 0.
    """

    counts: Real
    exposure: Real
    usual: float = USUAL
    length: int = 1
    stress: tuple[float, ...] = (1.0,)

    def tick(self, begin: int, end: int) -> Tick:
        """Windows of it; before the first all was as usual."""
        rows, part = (-1, self.counts.shape[2]), np.s_[:, :, begin:end]
        counts, exposure = self.counts.reshape(rows), self.exposure.reshape(rows)
        before = np.ones((len(counts), REACH))
        sides = np.hstack([before * self.usual, counts]), np.hstack([before, exposure])
        totals = Sums(*(np.cumsum(side[:, begin : REACH + end], axis=1) for side in sides))
        totals = Sums(*(np.hstack([before[:, :1] * 0, side]) for side in (totals.counts, totals.exposure)))
        seen, exposed = (side.reshape(self.counts[part].shape) for side in totals.last(self.length, end - begin))
        newest, newest_exposed = (side.reshape(seen.shape) for side in totals.last(-(-self.length // 3), end - begin))
        factor = seen / np.maximum(exposed, 1e-9) / self.usual
        strange = np.where(factor >= 2, factor, -5.0) * np.array(self.stress)[:, None]
        season, scatter = np.full(seen.shape, self.usual), np.ones(seen.shape[:2])
        return Tick(
            FIRST + begin, self.counts[part], self.exposure[part], season,
            np.where(self.exposure[part] > 0, strange, -np.inf), np.full(seen.shape, self.length), seen,
            self.usual * exposed, newest, newest_exposed, season, scatter, scatter * 0.05, totals,
        )  # fmt: skip


def world_of(*series: Real, length: int = 1) -> World:
    """Services with one signal; NaN is a gap."""
    counts = np.stack(series)[:, None]
    known = ~np.isnan(counts)
    return World(np.where(known, counts, 0.0), known.astype(float), length=length)


def follower(least: float = 5.0, signals: tuple[str, ...] = ("lines",)) -> Follower:
    """A follower that has seen nothing yet."""
    return Follower(MINUTE_US, signals, LONGEST, limits(1, least))


def limits(services: int, least: float) -> Limits:
    """The same for all."""
    return Limits(*(np.full(services, value) for value in (OPEN_AT, least, LOWEST_FACTOR)))


def live(
    world: World, cuts: list[int] | None = None, names: tuple[str, ...] = ("a",), found: Follower | None = None
) -> tuple[list[Incident], NDArray[np.bool_], Follower]:
    """Incidents that closed and then those still open, and the flags; ticks end at `cuts`, or every quarter."""
    found, minutes = found or follower(), world.counts.shape[2]
    found.limits = limits(len(names), float(found.limits.excess[0]))
    edges = sorted({0, *(range(0, minutes, 15) if cuts is None else cuts), minutes})
    incidents, flags = [], []
    for begin, end in pairwise(edges):
        flagged, closed = found.follow(list(names), world.tick(begin, end))
        incidents += closed
        flags.append(flagged)
    return incidents + found.still_open(list(names), FIRST + minutes), np.hstack(flags), found


def flat(minutes: int, *surges: tuple[int, int], height: float = 100.0) -> Real:
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
    (incident,), _, _ = live(world_of(flat(200, (60, 90))))
    assert (60, 61, 90) == minutes_of(incident)
    assert (100.0, USUAL, 5.0, 5.0) == (incident.observed, incident.expected, incident.factor, incident.score)
    assert ("a", "lines", False, False) == (incident.service, incident.signal, incident.settled, incident.page)


def test_calm_is_no_incident():
    """Where nothing rises nothing opens and nothing is flagged."""
    incidents, flags, _ = live(world_of(flat(300)))
    assert [] == incidents
    assert not flags.any()


def test_surges_far_apart_are_two():
    """After an hour of calm the next surge is another incident, with another id."""
    incidents, _, _ = live(world_of(flat(300, (30, 40), (110, 130))))
    assert [(30, 31, 40), (110, 111, 130)] == [minutes_of(one) for one in incidents]
    assert 2 == len({one.id for one in incidents})


@pytest.mark.parametrize(("high", "calm"), [(1, 1), (2, 1), (2, 3), (6, 5)])
def test_flapping_is_one(high, calm):
    """A surge that pauses for a few minutes, again and again, is one incident to its last high window."""
    surges = [(60 + step * (high + calm), 60 + high + step * (high + calm)) for step in range(8)]
    (incident,), _, _ = live(world_of(flat(300, *surges)))
    assert (60, 61, surges[-1][1]) == minutes_of(incident)


def test_it_takes_ten_quiet_minutes_to_end():
    """An incident is open through nine quiet minutes and closed after the tenth; all of them are flagged."""
    assert 10 * MINUTE_US == QUIET_US
    nine, ten = (live(world_of(flat(90 + quiet, (60, 90)))) for quiet in (9, 10))
    assert [None] == [one.ended_us for one in nine[0]]
    assert [(60, 61, 90)] == [minutes_of(one) for one in ten[0]]
    assert list(range(60, 100)) == np.flatnonzero(ten[1][0]).tolist()


@pytest.mark.parametrize(("dispersion", "quiet"), [(0.001, 10), (0.05, 12), (1.0, 128)])
def test_weak_evidence_takes_longer(dispersion, quiet):
    """A rise by a third is over only when that is as sure: the more its counts scatter, the later; its end stays."""
    tick = world_of(flat(300, (60, 90), height=USUAL * 1.35)).tick(0, 300)
    score = np.where(tick.counts > USUAL, 2.0, -5.0)
    flags, (incident,) = follower().follow(["a"], replace(tick, score=score, dispersion=np.full((1, 1), dispersion)))
    assert (60, 61, 90) == minutes_of(incident)
    assert quiet == pytest.approx(np.flatnonzero(flags[0])[-1] - 89, abs=1)


def test_a_surge_that_lasts_is_settled_after_a_day():
    """A level that stays for a day closes its incident as settled, with its factor; nothing opens on it again."""
    incidents, flags, found = live(world_of(flat(2 * DAY, (60, 2 * DAY))))
    assert [(60, 61, 60 + DAY, True)] == [(*minutes_of(one), one.settled) for one in incidents]
    assert 5 == incidents[0].factor
    assert list(range(60, 60 + DAY)) == np.flatnonzero(flags[0]).tolist()
    assert {0} == set(found.over)


def test_a_day_less_a_minute_is_not_settled():
    """A surge that ends before its day is over has an end of its own."""
    (incident,), _, _ = live(world_of(flat(DAY + 200, (60, 60 + DAY - 11))))
    assert ((60, 61, 60 + DAY - 11), False) == (minutes_of(incident), incident.settled)


def test_what_lasts_is_still_open():
    """A surge at the end of the input has no end, and asking for it changes nothing."""
    incidents, _, found = live(world_of(flat(100, (60, 100))))
    assert [(60, 61, None)] == [minutes_of(one) for one in incidents]
    assert incidents == found.still_open(["a"], FIRST + 100) == found.still_open(["a"], FIRST + 100)


@pytest.mark.parametrize("height", [50.0, 100.0, 400.0])
def test_it_began_where_the_level_changed(height):
    """A sum over a quarter of an hour notices late and knows since when: the change point, not the sum's begin."""
    (incident,), _, _ = live(world_of(flat(200, (60, 200), height=height), length=15))
    start, detected, _ = minutes_of(incident)
    late = math.ceil(15 * USUAL / (height - USUAL))
    assert (60, 60 + late) == (start, detected)


@settings(deadline=None, max_examples=30)
@given(begin=st.integers(30, 60), seed=st.integers(0, 999))
def test_it_began_about_where_the_level_changed_in_noise(begin, seed):
    """With counts that scatter the begin is off by no more than two minutes, for a surge of five times."""
    counts = np.random.default_rng(seed).poisson(flat(120, (begin, 120))).astype(float)
    incidents, _, _ = live(world_of(counts, length=15))
    assert abs(minutes_of(incidents[0])[0] - begin) <= 2


def test_it_began_no_earlier_than_the_sum_that_noticed():
    """What was high before the windows of the strangest sum is not looked at."""
    tick = world_of(flat(60, (20, 60)), length=5).tick(0, 60)
    score = np.where(np.arange(60) >= 50, tick.score, -5.0)
    found = follower()
    found.follow(["a"], replace(tick, score=score))
    assert [(46, 51, None)] == [minutes_of(one) for one in found.still_open(["a"], FIRST + 60)]


def test_nothing_opens_while_sums_still_hold_the_surge():
    """After ten quiet minutes it is closed, though the sum of a quarter of an hour is high for longer: still one."""
    world = world_of(flat(200, (60, 90), height=400.0), length=15)
    incidents, flags, _ = live(world)
    assert [(60, 90)] == [(minutes_of(one)[0], minutes_of(one)[2]) for one in incidents]
    scored = world.tick(0, 200).score[0, 0]
    after = np.flatnonzero(flags[0])[-1] + 1
    assert scored[after] > OPEN_AT
    assert not flags[0, after:].any()


def test_a_second_wave_is_an_incident_of_its_own():
    """What comes half as high again opens a new one, even while sums still hold the surge before."""
    incidents, _, _ = live(world_of(flat(200, (60, 90), (120, 130), height=400.0), length=15))
    assert [(60, 90), (120, 130)] == [(minutes_of(one)[0], minutes_of(one)[2]) for one in incidents]


@pytest.mark.parametrize(("begin", "expected"), [(120, 1), (160, 2)])
def test_a_small_rise_opens_nothing_while_sums_hold_the_surge_before(begin, expected):
    """Once the longest sum has passed the end of a surge, a smaller one is new."""
    series = flat(260, (60, 90), height=400.0)
    series[begin : begin + 20] = 2.5 * USUAL
    incidents, _, _ = live(world_of(series))
    assert expected == len(incidents)


def test_after_a_settled_surge_no_cut_hides_the_next_one():
    """That the score has fallen is noticed in whatever tick it falls."""
    series = flat(60 + DAY + 300, (60, 60 + DAY), (60 + DAY + 180, 60 + DAY + 240))
    whole, cut = (live(world_of(series), edges)[0] for edges in (list[int](), [60 + DAY, 60 + DAY + 180]))
    assert 2 == len(whole)
    assert whole == cut


@pytest.mark.parametrize(("least", "expected"), [(80.0, 1), (80.1, 0)])
def test_a_rise_needs_so_many_records(least, expected):
    """However strange, fewer records above what is expected than the least open nothing."""
    found = follower(least)
    found.follow(["a"], world_of(flat(15, (5, 15))).tick(0, 15))
    assert expected == len(found.surges)


@pytest.mark.parametrize(("more", "expected"), [(-0.01, 0), (0.01, 1)])
def test_a_strange_window_below_the_lowest_factor_opens_nothing(more, expected):
    """A score alone is not enough: what is expected must be exceeded by a share of it."""
    assert LOWEST_FACTOR > 1
    found = follower()
    tick = replace(world_of(np.full(15, 1000 * USUAL * (LOWEST_FACTOR + more))), usual=1000 * USUAL).tick(0, 15)
    found.follow(["a"], replace(tick, score=np.full((1, 1, 15), 9.0)))
    assert expected == len(found.surges)


@pytest.mark.parametrize(("more", "expected"), [(-0.01, 0), (0.01, 1)])
def test_what_is_over_already_opens_nothing(more, expected):
    """A sum that is high for what happened in its older minutes is no surge: the newest must be high too."""
    found, tick = follower(), world_of(flat(15, (5, 15))).tick(0, 15)
    found.follow(["a"], replace(tick, latest=tick.rate * tick.latest_exposure * (LOWEST_FACTOR + more)))
    assert expected == len(found.surges)


def test_what_nothing_is_expected_of_opens_nothing():
    """A sum without an expectation is no rise, whatever its score."""
    found, tick = follower(), world_of(flat(15, (5, 15))).tick(0, 15)
    found.follow(["a"], replace(tick, sums_expected=np.full((1, 1, 15), np.nan)))
    assert {} == found.surges


def two_signals(stress: tuple[float, float]) -> World:
    """A service whose ten clients say five times as much from the thirtieth minute on, in lines and per client."""
    lines, clients = flat(100, (30, 60), height=5 * USUAL), np.full(100, 10.0)
    return World(np.stack([lines, clients * lines])[None], np.stack([np.ones(100), clients])[None], stress=stress)


@pytest.mark.parametrize(("stress", "signal"), [((1.0, 2.0), "lines_per_client"), ((2.0, 1.0), "lines")])
def test_the_strangest_signal_opens(stress, signal):
    """Its name is that of the incident, whose rates are in its unit and whose score is its own."""
    found = follower(signals=("lines", "lines_per_client"))
    (incident,), flags, _ = live(two_signals(stress), found=found)
    assert (signal, (30, 31, 60), 10.0) == (incident.signal, minutes_of(incident), incident.score)
    assert (5 * USUAL, USUAL) == (incident.observed, incident.expected)
    assert incident_id("a", signal, incident.detected_us) == incident.id
    assert list(range(30, 70)) == np.flatnonzero(flags[0]).tolist()


def test_a_stranger_signal_that_is_too_small_leaves_it_to_the_other():
    """Of the signals only those that may open are compared."""
    found, tick = follower(signals=("lines", "lines_per_client")), two_signals((1.0, 2.0)).tick(0, 100)
    sums = tick.sums_expected.copy()
    sums[:, 1] = tick.sums[:, 1]
    found.follow(["a"], replace(tick, sums_expected=sums))
    _, (incident,) = follower(signals=("lines", "lines_per_client")).follow(["a"], replace(tick, sums_expected=sums))
    assert ("lines", 5.0) == (incident.signal, incident.score)


def test_a_second_signal_raises_no_second_incident():
    """A service has one open incident, whichever of its signals rise."""
    world = two_signals((2.0, 1.0))
    world.counts[0, 1, 30:45] = 10 * USUAL
    (incident,), _, _ = live(world, found=follower(signals=("lines", "lines_per_client")))
    assert ("lines", (30, 31, 60)) == (incident.signal, minutes_of(incident))


surges_drawn = st.lists(st.tuples(st.integers(0, 290), st.integers(1, 60)), max_size=4)


def drawn(surges: list[tuple[int, int]], height: float = 100.0) -> Real:
    """Five hours with such surges, each from a minute for some more."""
    return flat(300, *((begin, begin + length) for begin, length in surges), height=height)


@settings(deadline=None, max_examples=40)
@given(
    surges=surges_drawn,
    cuts=st.lists(st.integers(1, 299), max_size=30),
    gaps=st.sets(st.integers(0, 299), max_size=60),
    length=st.sampled_from([1, 5, 15]),
)
def test_any_cut_into_ticks_gives_the_same_incidents(surges, cuts, gaps, length):
    """The same windows in ticks of any lengths: the same incidents, ids included, the same flags, the same state."""
    series = drawn(surges)
    series[sorted(gaps)] = np.nan
    whole, cut = (live(world_of(series, length=length), edges) for edges in (list[int](), cuts))
    assert whole[0] == cut[0]
    assert whole[1].tolist() == cut[1].tolist()
    assert whole[2] == cut[2]


@settings(deadline=None, max_examples=30)
@given(mine=surges_drawn, other=surges_drawn)
def test_services_do_not_mix(mine, other):
    """A service has the same incidents alone and beside another."""
    series = [drawn(mine), drawn(other, 300.0)]
    both = live(world_of(*series, length=5), names=("a", "b"))[0]
    for name, values in zip("ab", series, strict=True):
        assert live(world_of(values, length=5), names=(name,))[0] == [one for one in both if one.service == name]


@settings(deadline=None, max_examples=30)
@given(surges_drawn)
def test_every_incident_has_its_times_in_order(surges):
    """It begins before it is noticed and ends after it began; the next one begins after its end."""
    incidents, flags, _ = live(world_of(drawn(surges), length=5))
    times = [minutes_of(one) for one in incidents]
    ends = [300 if end is None else end for *_, end in times]
    assert all(start < detected and start < end for (start, detected, _), end in zip(times, ends, strict=True))
    assert all(end <= start for end, (start, *_) in zip(ends, times[1:], strict=False))
    assert all(flags[0, detected - 1] for _, detected, _ in times)


@settings(deadline=None, max_examples=20)
@given(surges_drawn)
def test_following_is_pure(surges):
    """The same state and the same tick give the same answer, and the tick is left as it was."""
    world, before = world_of(drawn(surges)), follower()
    before.follow(["a"], world.tick(0, 150))
    tick, again = world.tick(150, 300), copy.deepcopy(before)
    kept = copy.deepcopy(tick)
    answers = [found.follow(["a"], tick) for found in (before, again)]
    assert answers[0][0].tolist() == answers[1][0].tolist()
    assert answers[0][1] == answers[1][1]
    assert before == again
    for name in ("counts", "exposure", "rate", "score", "sums"):
        np.testing.assert_array_equal(getattr(kept, name), getattr(tick, name))


def test_a_gap_neither_ends_a_surge_nor_counts():
    """Unknown windows inside a surge are not flagged and bring no calm."""
    series = flat(200, (60, 120))
    series[70:110] = np.nan
    (incident,), flags, _ = live(world_of(series))
    assert ((60, 61, 120), 100.0) == (minutes_of(incident), incident.observed)
    assert not flags[0, 70:110].any()


def test_an_unknown_signal_brings_no_calm():
    """Where only the signal of the incident is unknown it goes on, without evidence either way."""
    world = two_signals((1.0, 2.0))
    for side in (world.counts, world.exposure):
        side[0, 1, 40:55] = 0
    (incident,), _, _ = live(world, found=follower(signals=("lines", "lines_per_client")))
    assert ("lines_per_client", (30, 31, 60)) == (incident.signal, minutes_of(incident))
    assert 5 * USUAL == incident.observed


def out_of_nothing(series: Real, expected: float) -> Tick:
    """All of a series at once, of which next to nothing is expected."""
    tick = world_of(series).tick(0, len(series))
    usual = np.full(tick.counts.shape, expected)
    return replace(tick, rate=usual, sums_expected=usual, season=usual)


@pytest.mark.parametrize("expected", [0.0, 1e-12, 1e-6, 1e-3])
def test_a_surge_of_which_nothing_was_expected_ends(expected):
    """What was silent and is silent again has come down: it ends as any other, and its factor is a number."""
    found = follower()
    _, (incident,) = found.follow(["a"], out_of_nothing(flat(200, (60, 90)) - USUAL, expected))
    assert ((60, 61, 90), 100 - USUAL) == (minutes_of(incident), incident.observed)
    assert {} == found.surges


def test_a_surge_of_which_nothing_was_expected_is_settled_if_it_stays():
    """A silent service that begins to speak and goes on is no surge after a day."""
    _, (incident,) = follower().follow(["a"], out_of_nothing(flat(60 + DAY, (60, 60 + DAY)) - USUAL, 0.0))
    assert ((60, 61, 60 + DAY), True) == (minutes_of(incident), incident.settled)


@pytest.mark.parametrize(
    ("seen", "expected", "factor"),
    [(50.0, 10.0, 5.0), (10.0, 10.0, LOWEST_FACTOR), (0.0, 0.0, LOWEST_FACTOR), (5.0, 0.0, HIGHEST_FACTOR)],
)
def test_the_factor_of_a_surge_has_bounds(seen, expected, factor):
    """Its end is measured against a rise that is worth the name, and never against an infinite one."""
    surge = surge_of(1.0, 1.0)
    surge.seen, surge.expected = seen, expected
    assert factor == surge.factor


def surge_of(rate: float, season: float) -> Surge:
    """An open surge."""
    return Surge(0, FIRST, FIRST + 1, 2.0, rate, season)


@pytest.mark.parametrize(
    ("then", "now", "expected"),
    [
        (10.0, 10.0, 20.0),
        (10.0, 15.0, 30.0),
        (10.0, 5.0, 10.0),
        (10.0, 1000.0, 20 * MOST_SEASON),
        (10.0, 0.01, 20 / MOST_SEASON),
        (10.0, math.nan, 20.0),
        (math.nan, 10.0, 20.0),
        (0.0, 10.0, 20.0),
    ],
)
def test_what_is_expected_moves_with_the_season(then, now, expected):
    """By no more than thrice, and not at all where the season is unknown."""
    assert expected == pytest.approx(surge_of(20.0, then).expects(now))


def test_a_night_that_falls_does_not_end_a_surge_by_itself():
    """A service that is expected to halve and does is as far above as before; one that is not has come down."""
    series = flat(300, (60, 300))
    series[150:] /= 2
    tick = world_of(series).tick(0, 300)
    season = np.where(np.arange(300) < 150, 7.0, 3.5)[None, None]
    for seasons, factor in ((season, 5.0), (tick.season, 100 / USUAL * 0.8)):
        found = follower()
        found.follow(["a"], replace(tick, season=seasons))
        (incident,) = found.still_open(["a"], FIRST + 300)
        assert factor >= incident.factor == pytest.approx(factor, rel=0.25)


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
    assert [one.id for one in live(world_of(series[:80]))[0]] == [one.id for one in live(world_of(series))[0]]


def test_evidence_is_a_likelihood_ratio():
    """Between what is expected and its multiple the sign turns; the expectation of either law has the right one."""
    assert evidence(USUAL, USUAL, 0.05, 5.0) < 0 < evidence(5 * USUAL, USUAL, 0.05, 5.0)
    from scipy.stats import nbinom

    ratio = nbinom.logpmf(50, 20, 20 / 120) - nbinom.logpmf(50, 20, 20 / 40)
    assert ratio == pytest.approx(evidence(50, 20.0, 0.05, 5.0))


@pytest.mark.parametrize(
    ("services", "weeks", "score", "expected"),
    [(1, 1.0, math.log10(2), True), (1, 1.0, 0.301, False), (100, 1.0, math.log10(101), True),
     (100, 1.0, 2.004, False), (0, 9.0, 1.0, True), (0, 9.0, 0.999, False), (10, 0.1, 0.302, True),
     (3, 4.0, round(math.log10(13), 6), True), (3, 4.0, round(math.log10(13), 6) - 1e-6, False)],
)  # fmt: skip
def test_pages_share_one_budget(services, weeks, score, expected):
    """Among n services an incident pages where it is n times as rare as one page in so many weeks."""
    incident = Incident("x", "a", "lines", 0, 1, None, 2.0, 1.0, round(score, 6), MINUTE_US)
    (marked,) = mark_pages([incident], lambda _: services, weeks)
    assert expected is marked.page
    assert (max(services, 1), False) == (marked.services_known, mark_pages([marked], lambda _: 10**9, 1e9)[0].page)
