"""Sources that are silent or lag: their own notices; time goes on by the clock, and nobody's silence is a fall."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event

import numpy as np

from detector.alerts.notice import Facts
from detector.alerts.outbox import deliveries, prepare
from detector.config import Settings
from detector.pipeline.scan import scan
from detector.pipeline.watching import memory
from detector.pipeline.watching.begin import begin
from detector.pipeline.watching.cases import case_of
from detector.pipeline.watching.feeding import Feed
from detector.pipeline.watching.hearing import Hearing
from detector.pipeline.watching.notices import speaker
from detector.pipeline.watching.watch import Watch
from detector.sources.live.live import Arrived, Inbox, Lag, Position
from tests.pipeline.making import START_US, access_log
from tests.pipeline.test_watch_groups import TEAM

MINUTE = 60_000_000
HOUR = 60 * MINUTE
FINE = {"syslog": Lag(0, 0.0)}
SETTINGS = Settings(threads=2, incident_budget="1/day", budget="1/day", direction="both")
HUSHED, AGAIN, END = 320, 420, 480


def heard(hearing: Hearing, *times: int) -> list[tuple[str, bool]]:
    """Something comes at these times; topics of what is told right after, and whether it is over."""
    found: list[Facts] = []
    for at in times:
        hearing.hear({"syslog": at}, FINE, at)
        found += hearing.facts(at)
    return [(one.topic, one.ended_us is not None) for one in found]


def known(minutes: int = 60) -> Hearing:
    """A source that spoke every minute up to time 0."""
    hearing = Hearing()
    hearing.begin(["syslog"], -HOUR)
    assert [] == heard(hearing, *range(-minutes * MINUTE, 1, MINUTE))
    return hearing


def test_a_source_is_silent_after_a_quarter_of_an_hour() -> None:
    """As long as it lasts, and once more when it is heard again."""
    hearing = known()
    assert [] == hearing.facts(14 * MINUTE)
    assert [0, 0] == [one.started_us for now in (15, 30) for one in hearing.facts(now * MINUTE)]
    assert [("source_silent", True)] == heard(hearing, 40 * MINUTE)
    assert [] == heard(hearing, 41 * MINUTE)
    assert ["syslog is silent: nothing came since 1970-01-01T00:00:00Z", "syslog is heard again"] == hearing.notes


def test_what_pauses_every_night_is_not_silent() -> None:
    """One outage is not usual, the second pause as long is; nobody knows what was heard seldom."""
    hearing = known()
    nights = []
    for _ in range(4):
        begin = hearing.ears["syslog"].last_us
        nights += [len(hearing.facts(begin + 7 * HOUR))]
        heard(hearing, begin + 8 * HOUR, *range(begin + 9 * HOUR, begin + 16 * HOUR, MINUTE))
    assert [1, 1, 0, 0] == nights
    seldom = Hearing()
    seldom.begin(["syslog"], 0)
    heard(seldom, *range(0, 10 * MINUTE, MINUTE))
    assert [] == seldom.facts(9 * HOUR)


def test_who_does_not_listen_hears_no_silence(tmp_path) -> None:
    """A restart begins to wait anew; what was told before it goes on until something comes."""
    connection = memory.connect(str(tmp_path))
    hearing = known()
    hearing.facts(HOUR)
    with connection:
        hearing.store(connection)
    again = Hearing()
    again.restore(connection)
    again.begin(["syslog"], 5 * HOUR)
    assert [("source_silent", None)] == [(one.topic, one.ended_us) for one in again.facts(5 * HOUR)]
    assert 0 == again.silent_until(5 * HOUR + 14 * MINUTE)
    assert 5 * HOUR + 15 * MINUTE == again.silent_until(5 * HOUR + 15 * MINUTE)
    assert [("source_silent", True)] == heard(again, 6 * HOUR)
    assert [] == again.ears["syslog"].pauses[:-1]


def test_a_source_that_lags_is_told_after_five_minutes() -> None:
    """With what is wrong, and that it has caught up."""
    hearing = known()
    behind = {"syslog": Lag(10_000, 400.0, {}, ("a.log: permission denied",))}
    told = []
    for minute in range(1, 8):
        hearing.hear({"syslog": minute * MINUTE}, behind if minute < 7 else FINE, minute * MINUTE)
        told.append([(one.topic, one.started_us, one.ended_us, one.detail) for one in hearing.facts(minute * MINUTE)])
    lags = ("source_lagging", MINUTE, None, "a.log: permission denied")
    assert [[], [], [], [], [], [lags], [("source_lagging", MINUTE, 7 * MINUTE, "")]] == told


def minutes_of_log() -> list[list[bytes]]:
    """An access log minute by minute: a surge in whose middle all falls silent, for more than an hour and a half."""
    counts = np.random.default_rng(3).poisson(12, END)
    counts[300:330] *= 6
    counts[HUSHED:AGAIN] = 0
    lines = iter(access_log(counts.tolist(), seed=3).splitlines(keepends=True))
    return [[next(lines) for _ in range(count)] for count in counts.tolist()]


def watch_in(folder: Path, pool: ThreadPoolExecutor) -> Watch:
    """A watch with its state and its outbox in a folder."""
    connection = memory.connect(str(folder))
    prepare(connection)
    return begin(connection, SETTINGS, START_US, pool, speaker(TEAM))


def test_in_silence_time_goes_on_by_the_clock(tmp_path, pool) -> None:
    """The surge ends, the windows close, the source is told to be silent, and no service to have fallen."""
    watch, closed = watch_in(tmp_path / "state", pool), {}
    watch.hearing.begin(["shop.log"], START_US)
    for minute, lines in enumerate(minutes_of_log()):
        now_us = START_US + (minute + 1) * MINUTE
        arrived = [Arrived("shop.log", b"".join(lines), now_us)] if lines else []
        watch.hearing.hear({"shop.log": now_us} if lines else {}, {"shop.log": Lag(0, 0.0)}, now_us)
        watch.step(arrived, now_us, caught_up=True)
        closed[minute] = (watch.intake.closed or 0) - START_US // MINUTE, len(watch.lasting)
    cases = [case_of(body) for (body,) in watch.connection.execute("SELECT body FROM watch_incidents")]
    told = [(one.notice.topic, one.notice.state) for one in deliveries(watch.connection)]
    (tmp_path / "shop.log").write_bytes(b"".join(b"".join(lines) for lines in minutes_of_log()))
    every = scan([str(tmp_path / "shop.log")], SETTINGS, START_US + END * MINUTE).incidents
    found = [one for one in every if one.factor > 1]
    assert (HUSHED, 1) == closed[HUSHED + 10]
    assert [(minute, 0) for minute in range(350, 400)] == [closed[minute] for minute in range(350, 400)]
    assert [replace(one, page=True) for one in found] == [replace(case.incident, page=True) for case in cases]
    assert 0 == watch.intake.tally["late"]
    assert [("surge", "open"), ("surge", "resolved")] == [each for each in told if each[0] == "surge"]
    assert [("source_silent", "open"), ("source_silent", "resolved")] == [each for each in told if each[0] != "surge"]
    assert 1 == len(found) < len(every)


def test_what_was_written_long_ago_stands_still(tmp_path, pool) -> None:
    """Of a log of years ago the clock says nothing: no window is closed by it."""
    watch = watch_in(tmp_path / "state", pool)
    now_us = START_US + 365 * 24 * HOUR
    watch.hearing.begin(["shop.log"], now_us)
    for lines in minutes_of_log()[:60]:
        now_us += MINUTE
        watch.hearing.hear({"shop.log": now_us}, {}, now_us)
        watch.step([Arrived("shop.log", b"".join(lines), now_us)], now_us, caught_up=True)
    watch.step([], now_us + 5 * HOUR, caught_up=True)
    assert START_US // MINUTE + 60 == watch.intake.closed


class Voice:
    """A source that says one line."""

    name = "voice"

    def run(self, inbox: Inbox, positions: Mapping[str, Position], stop: Event) -> None:  # noqa: ARG002  as `Live`
        """Say it, and then a position without lines."""
        inbox.put(Arrived("a.log", b"hello\n", 7), stop)
        inbox.offer(Arrived("a.log", b"", 9, "a.log", {}))

    def lag(self) -> Lag:
        """All well."""
        return FINE["syslog"]


def test_each_source_is_heard_by_itself() -> None:
    """When lines came from it, as it is named in the settings, not when it only went on."""
    feed = Feed([Voice()], lambda: 0.0)
    feed.start({})
    feed.threads[0].join()
    assert [b"hello\n", b""] == [one.data for one in feed.take(1.0)]
    assert {"voice": 7} == feed.heard
