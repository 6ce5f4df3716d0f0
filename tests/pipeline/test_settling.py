"""A level that stays: one incident, one question, and whatever comes on top of it is still seen."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

import detector
from detector.report import html, markdown, table
from detector.report.look import Look
from detector.schemas import ScanResult
from tests.pipeline.making import START, START_US, access_line

DAY = 1440
SHIFT, DAYS = 5, 12
QUESTION = "Is this the new normal?"


def level(mean: float, factor: float, seed: int) -> np.ndarray:
    """A daily rhythm that stands higher for a week."""
    minute = np.arange(DAYS * DAY)
    rate = mean * (1 + 0.4 * np.sin(2 * np.pi * minute / DAY))
    rate[SHIFT * DAY + 300 :] *= factor
    return np.asarray(np.random.default_rng(seed).poisson(rate))


def of_table(folder, lines: np.ndarray, **settings) -> ScanResult:
    """Surges of a counts table."""
    stamps = [(START + timedelta(minutes=at)).strftime("%Y-%m-%dT%H:%M:%SZ") for at in range(len(lines))]
    rows = [f"{stamp},shop,{value}" for stamp, value in zip(stamps, lines.tolist(), strict=True)]
    (folder / "counts.csv").write_text("\n".join(["timestamp,service,lines", *rows]) + "\n")
    return detector.scan([str(folder / "counts.csv")], **settings)


def of_log(folder, lines: np.ndarray) -> ScanResult:
    """Surges of an access log."""
    rng = np.random.default_rng(9)
    with (folder / "access.log").open("w") as sink:
        for minute, number in enumerate(lines.tolist()):
            moment, clients = START + timedelta(minutes=minute), rng.integers(40, size=number).tolist()
            sink.writelines(access_line(moment, client, 200) + "\n" for client in clients)
    return detector.scan([str(folder / "access.log")])


def days(at_us: int | None) -> float:
    """Since the begin."""
    assert at_us is not None
    return (at_us - START_US) / 60e6 / DAY


def assert_asked_once(result: ScanResult) -> None:
    """One incident, which settled after a day, and one question."""
    (incident,) = result.incidents
    assert incident.settled
    assert pytest.approx(SHIFT + 300 / DAY, abs=0.05) == days(incident.started_us)
    assert pytest.approx(1.0, abs=0.05) == days(incident.ended_us) - days(incident.started_us)
    for render in (table.render, markdown.render):
        assert render(result, Look()).decode().count(QUESTION) == 1


@pytest.mark.parametrize("factor", [1.5, 2.0, 3.0, 6.0])
@pytest.mark.parametrize("mean", [40.0, 300.0])
def test_a_week_at_a_higher_level_of_a_table(tmp_path, mean, factor):
    """In counts, low and high."""
    assert_asked_once(of_table(tmp_path, level(mean, factor, seed=3)))


def test_a_week_at_a_higher_level_of_a_log(tmp_path):
    """In logs, with clients and sizes."""
    assert_asked_once(of_log(tmp_path, level(5.0, 3.0, seed=4)))


@pytest.mark.parametrize("factor", [2.0, 6.0])
def test_a_second_surge_is_seen(tmp_path, factor):
    """Three times the settled level, for two hours, days later."""
    lines = level(40.0, factor, seed=5)
    begin = (SHIFT + 4) * DAY + 600
    lines[begin : begin + 120] *= 3
    first, second = of_table(tmp_path, lines).incidents
    assert [True, False] == [first.settled, second.settled]
    assert pytest.approx(begin / DAY, abs=0.02) == days(second.started_us)
    assert pytest.approx((begin + 120) / DAY, abs=0.02) == days(second.ended_us)


def test_when_it_settles_is_a_setting(tmp_path):
    """Six hours instead of a day."""
    (incident,) = of_table(tmp_path, level(40.0, 3.0, seed=3), settle_after="6h").incidents
    assert pytest.approx(0.25, abs=0.02) == days(incident.ended_us) - days(incident.started_us)


def test_the_command_is_told_where_there_is_one(tmp_path):
    """No report names a command that does not exist."""
    result = of_table(tmp_path, level(40.0, 3.0, seed=3))
    told = f"detector mark {result.incidents[0].id} accepted"
    for render in (table.render, markdown.render, html.render):
        assert told not in render(result, Look()).decode()
        assert told in render(result, Look(can_mark=True)).decode()
