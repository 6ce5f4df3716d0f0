"""Services that one cause raises, while they are watched: one group, one page."""

from __future__ import annotations

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from detector.alerts.outbox import deliveries, prepare
from detector.alerts.settings import parse_alerts
from detector.config import Settings
from detector.pipeline.scan import scan
from detector.pipeline.watching import memory
from detector.pipeline.watching.begin import begin
from detector.pipeline.watching.cases import Case, case_of
from detector.pipeline.watching.notices import speaker
from detector.pipeline.watching.watch import Watch
from detector.sources.live.live import Arrived
from tests.pipeline.making import START, START_US

MINUTE_US = 60_000_000
HOURS = 7
NOW_US = START_US + HOURS * 60 * MINUTE_US
SETTINGS = Settings(threads=2, incident_budget="1/day", budget="1/day")
TEAM = parse_alerts({"alerts": {"others": "now", "quiet": "20m", "team": {
    "kind": "webhook", "url": "https://example.org/hook"}}})  # fmt: skip
SURGES = {"cart": range(300, 345), "checkout": range(316, 360), "search": range(0)}
RUN = 199


def one_cause() -> list[bytes]:
    """Hours of three services, of which a host makes two talk, the second some minutes after the first."""
    rng, lines = np.random.default_rng(7), []
    for minute in range(HOURS * 60):
        said = [(second, name, f"web{rng.integers(4)}") for name in SURGES for second in rng.uniform(0, 60, 10)]
        said += [(second, name, "web9") for name, when in SURGES.items() if minute in when
                 for second in rng.uniform(0, 60, 60)]  # fmt: skip
        for second, name, host in sorted(said):
            at = START + timedelta(minutes=minute, seconds=second)
            line = {"time": at.isoformat(), "service": name, "host": host, "level": "info", "message": "hello"}
            lines.append(json.dumps(line).encode() + b"\n")
    return lines


def watch_in(folder: Path, pool: ThreadPoolExecutor) -> Watch:
    """A watch with its state and its outbox in a folder."""
    connection = memory.connect(str(folder))
    prepare(connection)
    return begin(connection, SETTINGS, NOW_US, pool, speaker(TEAM))


def follow(lines: list[bytes], folder: Path, pool: ThreadPoolExecutor, restart_every: int) -> sqlite3.Connection:
    """Take in all, as of when it was written, and the quiet after it; begin anew from time to time."""
    for number, start in enumerate(range(0, len(lines), RUN)):
        if number % restart_every == 0:
            watch = watch_in(folder, pool)
        part = lines[start : start + RUN]
        now_us = START_US + round(json_seconds(part[-1]) * 1e6)
        watch.step([Arrived("all.log", b"".join(part), now_us, "all.log", {"line": start + len(part)})], now_us,
                   caught_up=True)  # fmt: skip
        watch.asking.wait(10.0)
        watch.step([], now_us, caught_up=True)
    return watch.connection


def json_seconds(line: bytes) -> float:
    """Seconds since the start."""
    from datetime import datetime

    return (datetime.fromisoformat(json.loads(line)["time"]) - START).total_seconds()


@pytest.mark.parametrize("restart_every", [10_000, 40])
def test_services_raised_by_one_cause_are_one_page(restart_every, tmp_path, pool) -> None:
    """They are the group that a scan tells; the second joins the first in an update; both end in one notice."""
    lines = one_cause()
    (tmp_path / "all.log").write_bytes(b"".join(lines))
    result = scan([str(tmp_path / "all.log")], SETTINGS, NOW_US)
    wanted = {one.service: (result.causes[one.id].group, result.causes[one.id].together) for one in result.incidents}
    connection = follow(lines, tmp_path / "state", pool, restart_every)
    cases: list[Case] = [case_of(body) for (body,) in connection.execute("SELECT body FROM watch_incidents")]
    told = [(one.notice.key, one.notice.state, one.notice.reason) for one in deliveries(connection)]
    first = next(one.id for one in result.incidents if one.service == "cart")
    assert {"cart": (first, ("checkout",)), "checkout": (first, ("cart",))} == wanted
    assert wanted == {case.incident.service: (case.cause.group, case.cause.together) for case in cases}
    assert {first} == {key for key, _, _ in told}
    assert ["open", "resolved"] == [state for _, state, _ in told if state != "update"]
    assert "others_joined" in [reason for _, _, reason in told]
    assert "resolved: cart with 1 other service" == deliveries(connection)[-1].notice.title
