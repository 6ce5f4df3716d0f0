"""Settings of services: who is judged by what."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest

import detector
from detector.config import Settings
from detector.layers import settings_of
from detector.pipeline.digest import Keep
from detector.pipeline.knobs import knobs_of
from detector.pipeline.period import Period
from detector.pipeline.scan import opens_at
from detector.pipeline.walk import Walk, walk
from tests.pipeline.making import START_US, counts_csv, season
from tests.pipeline.storing import grid_of

MINUTE_US = 60_000_000
DAY = 1440
SURGE = slice(5 * DAY + 600, 5 * DAY + 660)


def surging(factor: float = 3.0, days: int = 6, seed: int = 1) -> np.ndarray:
    """Six days with a surge, or fall, of an hour on the last."""
    lines = season(days, 60.0, seed).astype(float)
    lines[SURGE] = np.round(lines[SURGE] * factor)
    return lines


def walked(series: dict[str, np.ndarray], **settings: object) -> Walk:
    """A walk at these settings."""
    chosen = settings_of(settings)
    return walk(grid_of(series), Period(), chosen, opens_at(chosen.incident_budget), Keep(windows=True))


def names_in(found: Walk) -> list[str]:
    """Services with incidents on the last day, sorted."""
    return sorted({one.service for one in found.incidents if one.detected_us >= START_US + 5 * DAY * MINUTE_US})


def test_each_service_has_its_own_limits():
    """In one array each; what no pattern names is as for all."""
    rules = {"b*": {"incident_budget": "1/week", "least_excess": 9, "direction": "both"}, "c": {"ignore": True}}
    knobs = knobs_of(["a", "b1", "c"], settings_of({"services": rules, "warmup": "2h"}), 0.7, MINUTE_US)
    assert [0.7, 0.30103, 0.7] == knobs.open_at.tolist()
    assert [5.0, 9.0, 5.0] == knobs.least.tolist()
    assert [1.25, 1.25, 1.25] == knobs.least_factor.tolist()
    assert [120.0] * 3 == knobs.warmup.tolist()
    assert [False, False, True] == knobs.ignored.tolist()
    assert ([True] * 3, [False, True, False]) == (knobs.rising.tolist(), knobs.falling.tolist())
    assert [0.0, -0.30103, 0.0] == knobs.share.round(5).tolist()


def test_where_nothing_opens_no_pattern_opens_anything():
    """Learning judges without incidents."""
    rules = {"*": {"incident_budget": "1/day"}}
    assert [np.inf] == knobs_of(["a"], settings_of({"services": rules}), np.inf, MINUTE_US).open_at.tolist()


@pytest.mark.parametrize(
    "rule",
    [{"ignore": True}, {"least_factor": 4}, {"least_excess": 100_000}, {"warmup": "1w"}, {"direction": "down"}],
    ids=lambda rule: next(iter(rule)),
)
def test_a_pattern_keeps_its_services_quiet_and_no_other(rule):
    """The same surge in two services is an incident of that alone which the pattern does not match."""
    found = walked({"batch-a": surging(), "shop": surging(seed=2)}, services={"batch-*": rule})
    assert ["shop"] == names_in(found)


def test_a_budget_of_its_own_makes_a_service_louder():
    """What is too usual for all is reported of the one that is asked to tell more."""
    quiet = {"a": surging(1.12), "b": surging(1.12, seed=2)}
    loud = walked(quiet, incident_budget="1/year", least_factor=1.1, services={"a": {"incident_budget": "5/day"}})
    assert ["a"] == names_in(loud)


def test_what_is_ignored_is_counted_all_the_same():
    """Its windows have lines and no score; the other service is judged as if nobody was ignored."""
    series = {"a": surging(), "b": surging(seed=2)}
    counted = detector.scan(
        ["-"], windows=True, stdin=io.BytesIO(counts_csv(series)), services={"a": {"ignore": True}}
    ).windows
    alone = detector.scan(["-"], windows=True, stdin=io.BytesIO(counts_csv(series))).windows
    assert counted is not None
    assert alone is not None
    ours, theirs = (frame.filter(service="a") for frame in (counted, alone))
    assert ours["lines"].to_list() == theirs["lines"].to_list()
    assert [0, 0, 0] == [ours[name].len() - ours[name].null_count() for name in ("score", "upper_lines")] + [
        ours["flagged"].sum()
    ]
    assert alone.filter(service="b").equals(counted.filter(service="b"))


def test_patterns_that_match_nobody_change_nothing():
    """Not a score."""
    series = {"a": surging()}
    usual, told = walked(series), walked(series, services={"zzz*": {"ignore": True, "direction": "both"}})
    assert usual.incidents == told.incidents
    for day, (_, results) in usual.days.items():
        assert np.array_equal(np.hstack(results.score), np.hstack(told.days[day][1].score))


def test_the_warmup_ends():
    """What is known for longer is judged."""
    assert ["a"] == names_in(walked({"a": surging()}, warmup="5d"))
    assert Settings() == replace(Settings(), warmup="1h")
