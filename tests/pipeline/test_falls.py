"""Falls: services that always talk, and then do not."""

from __future__ import annotations

import numpy as np
import pytest

from detector.schemas import Incident
from tests.pipeline.making import START_US, season
from tests.pipeline.test_knobs import DAY, MINUTE_US, SURGE, surging, walked

BEGIN = SURGE.start


def minutes(one: Incident) -> tuple[int, int, int]:
    """Start, detection and end of a closed incident, minutes since its true begin."""
    assert one.ended_us is not None
    at = [(moment - START_US) // MINUTE_US - BEGIN for moment in (one.started_us, one.detected_us, one.ended_us)]
    return at[0], at[1], at[2]


@pytest.mark.parametrize(("part", "latest"), [(0.0, 8), (0.1, 10), (0.3, 15)])
def test_a_fall_is_found_and_told_as_what_it_is(part, latest):
    """It begins and ends as it did within some minutes, with its factor below 1."""
    (one,) = walked({"a": surging(part)}, direction="down").incidents
    start, detected, end = minutes(one)
    assert abs(start) <= 3
    assert 0 < detected <= latest
    assert abs(end - 60) <= 3
    assert part == pytest.approx(one.factor, abs=0.1)


def test_nobody_asked_for_falls():
    """By default silence is none, and a service that is watched for falls raises no surge."""
    assert [] == walked({"a": surging(0.0)}).incidents
    assert [] == walked({"a": surging(3.0)}, direction="down").incidents


def test_both_are_found_where_both_are_asked_for():
    """Each with an id of its own, at half the rate of false alarms."""
    lines = surging(3.0)
    lines[4 * DAY + 600 : 4 * DAY + 660] = 0
    found = walked({"a": lines}, direction="both").incidents
    assert [True, False] == [one.factor < 1 for one in sorted(found, key=lambda one: one.started_us)]
    assert 2 == len({one.id for one in found})


def test_only_those_that_ask_are_watched():
    """By pattern."""
    found = walked({"a": surging(0.0), "b": surging(0.0, seed=2)}, services={"b": {"direction": "both"}}).incidents
    assert ["b"] == [one.service for one in found]


def test_the_night_is_no_fall():
    """A daily rhythm and noise alone give hardly any, whatever the seed."""
    found = [len(walked({"a": season(14, 30.0, seed).astype(float)}, direction="down").incidents) for seed in range(4)]
    assert sum(found) <= 4


def test_the_end_of_a_surge_is_no_fall():
    """What comes back to what is expected has not fallen."""
    (one,) = walked({"a": surging(5.0)}, direction="both").incidents
    assert one.factor > 1


def test_a_fall_is_known_when_it_is_noticed():
    """Without what came later it is noticed at the same time, with the same id, and lasts."""
    (whole,) = walked({"a": surging(0.0)}, direction="down").incidents
    cut = (whole.detected_us - START_US) // MINUTE_US + 3
    (early,) = walked({"a": surging(0.0)[:cut]}, direction="down").incidents
    assert (whole.id, whole.detected_us, None) == (early.id, early.detected_us, early.ended_us)


def test_a_gap_is_no_fall():
    """Windows of which nothing is known are not silent."""
    lines = surging(1.0)
    lines[SURGE] = np.nan
    assert [] == walked({"a": lines}, direction="down").incidents


def test_a_fall_is_flagged_and_scored_in_the_windows():
    """As surges are."""
    found = walked({"a": surging(0.0)}, direction="down")
    score, flagged = (np.hstack([np.hstack(getattr(results, name)) for _, results in found.days.values()])[0]
                      for name in ("score", "flagged"))  # fmt: skip
    assert np.nanmax(np.where(np.isfinite(score), score, 0.0)[BEGIN : BEGIN + 60]) > 3
    assert flagged[BEGIN + 20 : BEGIN + 60].all()
    assert not flagged[: BEGIN - 5].any()
