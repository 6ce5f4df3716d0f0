"""Replaying with planted surges: what is huge is found, nothing teaches the next surge, nothing looks ahead."""

from __future__ import annotations

import numpy as np
import pytest

from detector.config import Settings
from detector.errors import Losses
from detector.pipeline.backtest import backtest, budgets_with
from detector.pipeline.gathered import Gathered
from detector.pipeline.planting import KINDS, SIZES
from detector.pipeline.replay import Ground, make_plan, ready_at, replay
from detector.pipeline.rivals import RULES, Rivals, last_week, threshold
from detector.pipeline.scan import judge, opens_at
from detector.schemas import InputSummary
from detector.trials import Trial, by_size, recall, smallest
from detector.windows.grid import Grid
from detector.windows.totals import Totals
from tests.pipeline.storing import grid_of

WIDTH = 300_000_000
OPEN_AT = opens_at("1/month")


def noise(days: int, mean: float = 60.0, seed: int = 1) -> np.ndarray:
    """Counts per five minutes of a quiet service."""
    return np.random.default_rng(seed).poisson(mean, days * 288)


def store_of(days: int = 5, **series: np.ndarray) -> Grid:
    """A table of five minutes; without series that of one quiet service."""
    return grid_of(series or {"shop": noise(days)}, clients=20, width_us=WIDTH)


def ground_of(store: Grid) -> Ground:
    """All services of a table, with nothing raised by themselves."""
    names = sorted(store.services)
    order = np.array([store.services[name] for name in names])
    end = store.span()[1]
    return Ground(store, names, order, ready_at(store, order, end), end, [])


def gathered_of(store: Grid) -> Gathered:
    """As if the table had just been read."""
    return Gathered(InputSummary(files=1), Totals(60_000_000), {WIDTH: store}, Losses(), timed=True)


def live(ground: Ground, *tests, plan=None):
    """Everything that was seen, day by day."""
    plan = make_plan(ground) if plan is None else plan
    return dict(replay(ground, plan, tests, Settings(), OPEN_AT))


def told(seen) -> list[tuple[object, ...]]:
    """What can be compared of what was seen."""
    return [(one.slot, one.factor, one.kind, one.incident) for one in seen]


def test_a_huge_surge_in_a_quiet_service_is_found():
    """Every one, while it lasts."""
    seen = [one for day in live(ground_of(store_of()), (10.0, "lines")).values() for one in day]
    assert len(seen) >= 10
    for one in seen:
        assert one.incident is not None
        assert one.slot.first * WIDTH < one.incident.detected_us <= (one.slot.end + 1) * WIDTH


@pytest.mark.parametrize("kind", KINDS)
def test_a_size_of_one_changes_nothing(kind):
    """The counts are those that were there, and nothing is raised."""
    ground = ground_of(store_of())
    for day, seen in live(ground, (1.0, kind)).items():
        counts = ground.store.matrices(day, ground.order, ("lines",))["lines"]
        for one in seen:
            assert one.incident is None
            np.testing.assert_array_equal(counts[one.row], one.lines)


def test_no_surge_teaches_the_next():
    """What becomes of a surge does not depend on the other surges."""
    ground = ground_of(store_of())
    alone, beside = live(ground, (2.0, "lines")), live(ground, (10.0, "lines"), (2.0, "lines"))
    for day, seen in alone.items():
        assert told(seen) == told(one for one in beside[day] if one.factor == 2.0)


def test_what_comes_later_changes_nothing():
    """With other counts from the fourth day on the first three days are the same."""
    counts = noise(5)
    changed = np.r_[counts[: 3 * 288], 7 * counts[3 * 288 :]]
    grounds = [ground_of(store_of(shop=values)) for values in (counts, changed)]
    plan = make_plan(grounds[0])
    one, two = (live(ground, (2.0, "lines"), (4.0, "lines"), plan=plan) for ground in grounds)
    first = grounds[0].store.span()[0] // 288
    assert any(one[first + day] for day in range(3))
    assert [told(one[first + day]) for day in range(3)] == [told(two[first + day]) for day in range(3)]


def test_the_services_are_judged_as_by_a_scan():
    """Planting leaves the store as it was."""
    store = store_of(3)
    before = judge(gathered_of(store), Settings())
    result = backtest(gathered_of(store), Settings(), 20)
    assert before.incidents == result.scan.incidents == judge(gathered_of(store), Settings()).incidents


def test_surges_keep_away_from_what_is_there():
    """Half an hour on either side of an incident, and from the first two days."""
    counts = noise(3)
    counts[2 * 288 + 100 : 2 * 288 + 130] *= 12
    store = store_of(shop=counts)
    result = backtest(gathered_of(store), Settings(), 20)
    [incident] = result.scan.incidents
    assert incident.ended_us is not None
    begin = store.span()[0] * WIDTH
    for one in result.trials:
        assert one.started_us >= begin + 2 * 86_400_000_000
        assert one.ended_us < incident.started_us - 1_500_000_000 or one.started_us > incident.ended_us + 1_500_000_000


def test_the_answer_is_whole():
    """All kinds, sizes, budgets and methods."""
    steps: list[float] = []
    store = store_of(shop=noise(3), web=noise(3, seed=2), calm=np.zeros(3 * 288), rare=noise(3, 0.01))
    result = backtest(gathered_of(store), Settings(), 3, steps.append)
    assert ["shop", "web"] == sorted(one.service for one in result.services)
    assert (1, ["rare"]) == (result.left_out, result.too_quiet)
    assert set(KINDS) == {one.kind for one in result.trials}
    assert set(SIZES) == set(by_size(result.trials))
    assert ["1/week", "0.5/week", "1/month", "4/year"] == [one.budget for one in result.budgets]
    assert [False, False, True, False] == [one.chosen for one in result.budgets]
    assert [{2.0, 4.0}] * 4 == [set(one.recalls) for one in result.budgets]
    assert ["detector", *RULES] == [one.name for one in result.methods]
    assert steps == sorted(steps)
    assert pytest.approx(1.0) == steps[-1]
    own = by_size(one for one in result.trials if one.kind == "lines")
    assert (own[2.0], own[4.0]) == tuple(result.budgets[2].recalls.values())


def test_the_same_input_gives_the_same_answer():
    """Chance comes from names and times."""
    first, second = (live(ground_of(store_of(4)), (4.0, "lines")) for _ in range(2))
    assert [told(seen) for seen in first.values()] == [told(seen) for seen in second.values()]


@pytest.mark.parametrize("days", [0.5, 2])
def test_too_short_a_time_has_no_surges(days):
    """The rest is told."""
    result = backtest(gathered_of(store_of(shop=noise(2)[: int(days * 288)])), Settings(), 20)
    assert ([], [], ["shop"]) == (result.trials, result.methods, result.too_quiet)


def test_the_budget_in_force_takes_the_place_of_its_equal():
    """Another one comes in by its size."""
    assert ["1/week", "0.5/week", "12/year", "4/year"] == budgets_with(Settings(incident_budget="12/year"))
    assert "1/day" == budgets_with(Settings(incident_budget="1/day"))[0]


def test_last_week_is_three_times_the_same_hour():
    """Of the mean, with some records to spare; unknown in the first week."""
    sums = np.r_[np.full(7 * 288, 10.0), np.full(288, 1.0)][None]
    sums[0, 12:24] = 40.0
    limits = last_week(sums, 288, 5.0)
    assert np.isnan(limits[0, : 7 * 288]).all()
    assert [30.0, 120.0, 30.0] == limits[0, [7 * 288, 7 * 288 + 12, 7 * 288 + 24]].tolist()


def test_the_threshold_is_the_highest_of_the_first_week():
    """Or of the first quarter, if that is shorter."""
    sums = np.arange(400.0)[None]
    limits = threshold(sums, 288)[0]
    assert np.isnan(limits[:100]).all()
    assert [99.0] * 300 == limits[100:].tolist()


def test_rivals_are_told_of_what_the_surge_added():
    """An alarm that comes anyway finds nothing."""
    counts = noise(10)
    counts[9 * 288 + 100] = 900
    store = store_of(shop=counts)
    rivals = Rivals.of(store, np.array([0]), store.span()[1], 5.0)
    day = rivals.first + 9 * 288
    lines = counts[9 * 288 :].astype(float)
    more = lines.copy()
    more[104:110] *= 20
    for rule in RULES:
        assert 1 == rivals.alarms(rule)[0]
        assert (True, None) == rivals.noticed(rule, 0, lines, day + 98, day + 110)
        assert (True, day + 105) == rivals.noticed(rule, 0, more, day + 98, day + 110)


def trial(factor: float, delay_us: int | None) -> Trial:
    """A surge with this outcome."""
    return Trial("shop", "lines", "step", factor, 0, 900, delay_us, page=False)


def test_recall_is_counted():
    """Found of those planted, and the median delay of those found."""
    counted = recall([trial(2.0, 60), trial(2.0, None), trial(2.0, 120), trial(2.0, 600)])
    assert (4, 3, 120.0, 0.75) == (counted.surges, counted.found, counted.delay_us, counted.share)
    assert (None, None) == (recall([]).share, recall([]).delay_us)


def test_the_smallest_size_holds_for_all_larger_ones():
    """At least four of five; a few surges say nothing."""
    found = [trial(2.0, 60)] * 5
    assert 2.0 == smallest(by_size(found + [trial(4.0, 60)] * 5))
    assert smallest(by_size(found + [trial(4.0, None)] * 5)) is None
    assert smallest(by_size(found[:3])) is None
