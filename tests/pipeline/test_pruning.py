"""The state of a watch does not grow for ever."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from detector.alerts.memory import silence
from detector.alerts.outbox import counts, prepare
from detector.alerts.rules import DAY_US, KEEP_US, Silence
from detector.alerts.settings import parse_alerts
from detector.errors import SettingsError
from detector.markers import Marker
from detector.pipeline.watching import memory
from detector.pipeline.watching.begin import begin
from detector.pipeline.watching.notices import speaker
from detector.sources.live.live import Arrived
from tests.pipeline.making import START_US
from tests.pipeline.test_watch_groups import TEAM
from tests.pipeline.test_watching import HOURS, LINES, MINUTE_US, SETTINGS

TABLES = ("watch_incidents", "watch_marks", "watch_streams", "alerts_outbox", "alerts_silences")


def test_what_is_long_over_is_forgotten(tmp_path) -> None:
    """Incidents, markers, answers, sources, notices, silences: counted from the newest line; lost notices are told."""
    connection = memory.connect(str(tmp_path))
    prepare(connection)
    end_us = START_US + HOURS * 60 * MINUTE_US
    with ThreadPoolExecutor(1) as pool:
        watch = begin(connection, SETTINGS, START_US, pool, speaker(TEAM))
        for start in range(0, len(LINES), 400):
            now_us = START_US + start * HOURS * 60 * MINUTE_US // len(LINES)
            watch.step([Arrived("shop.log", b"".join(LINES[start : start + 400]), now_us)], now_us, caught_up=True)
        with connection:
            memory.note(connection, [Marker(end_us, "*", "4.9.0")])
            silence(connection, Silence("*", end_us, "", "ann"))
        incident = connection.execute("SELECT id FROM watch_incidents").fetchone()[0]
        memory.mark(connection, end_us, "accepted", incident, "")
        watch.step([], end_us + 40 * MINUTE_US, caught_up=True)

        def rows() -> list[int]:
            return [connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in TABLES]

        before = rows()
        notes = watch.step([], end_us + 29 * DAY_US, caught_up=True).notes
        young = rows()
        notes += watch.step([], end_us + 32 * DAY_US, caught_up=True).notes
        old_log = rows()
        watch.intake.watermark.reached = end_us + 33 * DAY_US
        watch.step([], end_us + 34 * DAY_US, caught_up=True)
        restarted = begin(connection, SETTINGS, end_us + 34 * DAY_US, pool, speaker(TEAM))
    assert [1, 2, 1, 2, 1] == before == young
    assert [1, 2, 0, 0, 0] == old_log
    assert ([0] * 5, {}) == (rows(), restarted.lasting)
    assert ["2 notices that never arrived are forgotten"] == notes
    assert 0 == sum(counts(connection).values())


def test_how_long_is_a_setting() -> None:
    """Shorter than what is remembered of notices is refused."""
    assert (KEEP_US, 10 * DAY_US) == tuple(parse_alerts({"alerts": one}).keep_us for one in ({}, {"keep": "10d"}))
    with pytest.raises(SettingsError, match="`keep`: 1d is too short"):
        parse_alerts({"alerts": {"keep": "1d"}})
