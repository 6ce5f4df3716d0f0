"""Planned times: they do not page, and need not teach."""

from __future__ import annotations

import io
from datetime import time, timedelta

import numpy as np
import pytest

import detector
from detector.calendars import Calendar
from detector.layers import settings_of
from detector.pipeline.planned import unlearned
from detector.pipeline.planting import Slot
from detector.pipeline.replay import Seen, trial_of
from detector.schemas import Incident
from tests.pipeline.making import START, START_US, counts_csv
from tests.pipeline.test_knobs import DAY, MINUTE_US, SURGE, surging, walked

DAILY = {"name": "load test", "from": "09:50", "to": "11:00"}


def scanned(lines: np.ndarray, **settings: object) -> list[Incident]:
    """Incidents of one service."""
    return detector.scan(["-"], stdin=io.BytesIO(counts_csv({"shop-a": lines})), **settings).incidents  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("expected", "calendar"),
    [("load test", DAILY), ("load test", {**DAILY, "services": "shop-*"}), (None, {**DAILY, "services": "pay-*"}),
     (None, {**DAILY, "page": True}), (None, {**DAILY, "from": "11:30", "to": "12:00"}),
     ("load test", {**DAILY, "days": ["sat"]}), (None, {**DAILY, "days": ["sun", "mon"]}),
     ("load test", {**DAILY, "from": "04:50", "to": "06:00", "timezone": "America/New_York"}),
     ("load test", {**DAILY, "to": "10:50"}), (None, {**DAILY, "to": "10:30"})],
)  # fmt: skip
def test_what_is_noticed_in_a_planned_time_does_not_page(expected, calendar):
    """A surge from ten to eleven on a Saturday: it pages unless a calendar fits its time and name and it ends in it."""
    assert 5 == (START + timedelta(days=5)).weekday()
    (one,) = scanned(surging(), calendar=[calendar])
    assert (expected, expected is None) == (one.calendar, one.page)


def test_an_open_incident_pages_when_the_planned_time_is_over():
    """Not before."""
    lines = surging()
    lines[SURGE.stop :] *= 3
    pages = [scanned(lines[: SURGE.stop + more], calendar=[DAILY])[-1].page for more in (-10, 5, 20)]
    assert [False, False, True] == pages


def test_what_does_not_teach_is_no_baseline():
    """After a week of load tests one that was not planned is as strange as ever; where they taught it is not."""
    lines = surging(1.0, days=9)
    for day in range(1, 9):
        begin = day * DAY + 600
        lines[begin : begin + 60] *= 4

    def last_score(**changes: object) -> float:
        found = walked({"a": lines}, calendar=[{**DAILY, **changes}]).incidents
        return max((one.score for one in found if one.detected_us > START_US + 8 * DAY * MINUTE_US), default=0.0)

    assert last_score(learn=True) < 1.0
    assert last_score(learn=False) > 5.0


def test_the_windows_that_teach_nothing():
    """Those of the services that match, cut at the block."""
    nine = Calendar("x", time(9), time(10), services="a", learn=False)
    found = unlearned(["a", "b"], [nine], START_US // MINUTE_US + 8 * 60 + 30, 60, MINUTE_US)
    assert found is not None
    assert ([30, 0], [False] * 30 + [True] * 30) == (found.sum(axis=1).tolist(), found[0].tolist())
    assert unlearned(["a"], [nine], START_US // MINUTE_US, 60, MINUTE_US) is None


@pytest.mark.parametrize(("expected", "calendar"), [(True, []), (False, [DAILY])])
def test_a_backtest_sends_no_page_of_a_planned_time(expected, calendar):
    """A surge that is planted there is noticed all the same."""
    first = START_US // MINUTE_US + SURGE.start
    found = Incident("x", "shop", "lines", first * MINUTE_US, (first + 5) * MINUTE_US, None, 9.0, 1.0, 9.0, MINUTE_US)
    seen = Seen(Slot("shop", first, first + 30, "step"), 9.0, "lines", 0, np.zeros(DAY), found)
    trial = trial_of(seen, MINUTE_US, 1, settings_of({"calendar": calendar}))
    assert (5 * MINUTE_US, expected) == (trial.delay_us, trial.page)
