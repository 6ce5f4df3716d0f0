"""Who is told of what a running watch sees: flapping, silences, maintenance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import numpy as np

from detector.alerts.memory import end_silence, silence
from detector.alerts.outbox import deliveries, prepare
from detector.alerts.rules import Silence
from detector.alerts.settings import parse_alerts
from detector.config import Settings
from detector.pipeline.watching import memory
from detector.pipeline.watching.begin import begin
from detector.pipeline.watching.notices import speaker
from detector.pipeline.watching.watch import Watch
from detector.sources.live.live import Arrived
from tests.pipeline.making import START, START_US, access_log

MINUTE_US = 60_000_000
SETTINGS = Settings(threads=1, incident_budget="1/day", budget="1/day")
TEAM = {"kind": "webhook", "url": "https://example.org/hook"}
Say = Callable[[Watch, int], None]


def at(minute: int) -> int:
    """That minute of the log."""
    return START_US + minute * MINUTE_US


def bursts(*minutes: int, end: int) -> list[bytes]:
    """An access log, a quarter of an hour from some minutes on six times as much, and each time twice that."""
    counts = np.random.default_rng(3).poisson(12, end)
    for number, minute in enumerate(minutes):
        counts[minute : minute + 15] *= 6 * 2**number
    return access_log(counts.tolist(), seed=3).splitlines(keepends=True)


def watched(
    folder: Path, pool: ThreadPoolExecutor, lines: list[bytes], alerts: Mapping[str, object], say: Say | None = None
) -> tuple[list[tuple[str, ...]], list[int], int]:
    """State and reason of each notice, their minutes, and how many incidents there were; `say`: at each step."""
    connection = memory.connect(str(folder))
    prepare(connection)
    settings = parse_alerts({"alerts": {"others": "now", "team": TEAM, **alerts}})
    watch = begin(connection, SETTINGS, START_US, pool, speaker(settings))
    for start in range(0, len(lines), 40):
        run = lines[start : start + 40]
        written = datetime.strptime(run[-1].split(b"[")[1][:26].decode(), "%d/%b/%Y:%H:%M:%S %z")
        now_us = START_US + round((written - START).total_seconds() * 1e6)
        if say is not None:
            say(watch, now_us)
        watch.step([Arrived("shop.log", b"".join(run), now_us)], now_us, caught_up=True)
    found = [one for one in deliveries(connection) if one.notice.state != "update"]
    told: list[tuple[str, ...]] = [(one.notice.state, one.notice.reason) for one in found]
    incidents = connection.execute("SELECT count(*) FROM watch_incidents").fetchone()[0]
    return told, [(one.put_us - START_US) // MINUTE_US for one in found], incidents


def test_flapping_is_one_open_and_one_resolved(tmp_path, pool) -> None:
    """A surge that comes back within the quiet time is told twice: when it begins, and when it is over."""
    told, _, incidents = watched(tmp_path, pool, bursts(240, 360, end=530), {"quiet": "120m"})
    assert (["open", "resolved"], 2) == ([state for state, _ in told], incidents)


def test_a_silence_holds_while_it_is_there(tmp_path, pool) -> None:
    """One added while the watch runs keeps it quiet, one that is ended lets it speak of what lasts."""
    names: list[str] = []

    def say(watch: Watch, now_us: int) -> None:
        with watch.connection:
            if now_us >= at(230) and not names:
                names.append(silence(watch.connection, Silence("sho*", at(900), "move", "ann")))
            if now_us >= at(251) and len(names) == 1 and end_silence(watch.connection, names[0], now_us):
                names.append("")

    told, minutes, _ = watched(tmp_path, pool, bursts(240, end=320), {"quiet": "20m"}, say)
    assert [("open", "began"), ("resolved", "ended")] == told
    assert minutes[0] >= 251


def test_maintenance_keeps_a_watch_quiet(tmp_path, pool) -> None:
    """What begins and ends within it is not told at all; the next surge is."""
    windows = [{"services": "shop", "from": datetime.fromtimestamp(at(235) / 1e6, START.tzinfo),
                "until": datetime.fromtimestamp(at(330) / 1e6, START.tzinfo), "reason": "move"}]  # fmt: skip
    lines = bursts(240, 420, end=500)
    told, minutes, incidents = watched(tmp_path, pool, lines, {"quiet": "20m", "maintenance": windows})
    assert (["open", "resolved"], 2) == ([state for state, _ in told], incidents)
    assert minutes[0] >= 420
