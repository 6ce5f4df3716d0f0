"""A watch: whatever the order of arrival, and however often it is killed, its incidents are those of a scan."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detector.alerts.notice import Facts
from detector.capacity import Capacity
from detector.config import Settings
from detector.errors import SettingsError
from detector.pipeline.scan import scan
from detector.pipeline.watching import memory
from detector.pipeline.watching.begin import begin
from detector.pipeline.watching.cases import Case, Told, case_of
from detector.pipeline.watching.feeding import Feed
from detector.pipeline.watching.intake import together
from detector.pipeline.watching.watch import Watch
from detector.sources.live.live import Arrived, Extent
from detector.sources.parts import Identity
from tests.pipeline.making import START, START_US, access_line, access_log

MINUTE_US = 60_000_000
NOW_US = START_US + 2 * 86_400_000_000
HOURS = 7
SETTINGS = Settings(threads=2, incident_budget="1/day", budget="1/day")


def surging(seed: int = 3) -> bytes:
    """Some hours of an access log with a surge of half an hour, and calm after it."""
    counts = np.random.default_rng(seed).poisson(12, HOURS * 60)
    counts[300:330] *= 6
    return access_log(counts.tolist(), seed=seed)


LOG = surging()
LINES = LOG.splitlines(keepends=True)


def nothing(_connection: sqlite3.Connection, _cases: list[Case | Facts], _now_us: int) -> None:
    """Tell nobody."""


def watch_in(folder: Path, pool: ThreadPoolExecutor, wanted: Settings = SETTINGS) -> Watch:
    """A watch with its state in a folder."""
    return begin(memory.connect(str(folder)), wanted, NOW_US, pool, nothing)


def runs_of(data: list[bytes], cuts: list[int], source: str = "shop.log") -> list[Arrived]:
    """Lines as they arrive, in runs that end at the cuts, each with the position behind it."""
    edges = [0, *sorted({cut % len(data) for cut in cuts} - {0}), len(data)]
    return [
        Arrived(source, b"".join(data[begin:end]), NOW_US, source, {"line": end})
        for begin, end in pairwise(edges)
    ]


def told(watch: Watch) -> dict[str, dict]:
    """All incidents that are stored."""
    rows = watch.connection.execute("SELECT body FROM watch_incidents").fetchall()
    return {one.id: asdict(one) for one in (case_of(body).incident for (body,) in rows)}


def expected(folder: Path, data: bytes = LOG, name: str = "shop.log") -> dict[str, dict]:
    """What a scan of the whole finds."""
    path = folder / name
    path.write_bytes(data)
    found = scan([str(path)], SETTINGS, NOW_US).incidents
    return {one.id: asdict(one) | {"page": False} for one in found}


def follow(watch: Watch, runs: list[Arrived]) -> list[Told]:
    """Take in runs one by one, as they come."""
    found = []
    for run in runs:
        found.append(watch.step([run], NOW_US, caught_up=True))
        watch.prepare()
    return found


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(1, 10_000), max_size=30))
def test_incidents_are_those_of_a_scan(cuts: list[int], tmp_path_factory, pool) -> None:
    """However the lines arrive, a watch opens and closes the incidents that a scan of the finished file finds."""
    folder = tmp_path_factory.mktemp("watch")
    wanted = expected(folder)
    watch = watch_in(folder / "state", pool)
    steps = follow(watch, runs_of(LINES, cuts))
    assert len(wanted) == 1
    assert wanted == told(watch)
    assert list(wanted) == [case.incident.id for step in steps for case in step.opened]
    assert list(wanted) == [case.incident.id for step in steps for case in step.closed]
    assert len(LINES) == watch.intake.tally["lines"]
    assert 0 == watch.intake.tally["late"]


def test_a_watch_that_is_killed_goes_on(tmp_path, pool) -> None:
    """A watch that is begun anew after every batch, mostly within an hour, finds the same incidents, each once."""
    wanted = expected(tmp_path)
    opened, closed = [], []
    for run in runs_of(LINES, list(range(300, len(LINES), 217))):
        watch = watch_in(tmp_path / "state", pool)
        step = watch.step([run], NOW_US, caught_up=True)
        watch.prepare()
        opened += [case.incident.id for case in step.opened]
        closed += [case.incident.id for case in step.closed]
        found = told(watch)
        watch.connection.close()
    assert wanted == found
    assert list(wanted) == opened == closed


def test_what_was_not_committed_is_read_again(tmp_path, pool) -> None:
    """Where a batch was not committed, neither its counts nor its position are there."""
    watch = watch_in(tmp_path / "state", pool)
    first, second = runs_of(LINES, [700])
    watch.step([first], NOW_US, caught_up=True)
    watch._take([second])
    watch.connection.close()  # as a kill does: without a commit
    again = watch_in(tmp_path / "state", pool)
    assert {"shop.log": {"line": 700}} == memory.positions(again.connection)
    again.step([second], NOW_US, caught_up=True)
    assert expected(tmp_path) == told(again)


def test_a_service_that_comes_later_was_silent(tmp_path, pool) -> None:
    """A service that first speaks hours after its log began is judged as in a scan, also after a restart."""
    rng = np.random.default_rng(1)
    lines = []
    for minute in range(HOURS * 60):
        stamp = f"2026-03-02T{minute // 60:02}:{minute % 60:02}"
        names = ["calm"] * int(rng.poisson(9))
        names += ["late"] * int(rng.poisson((12 + 300 * (360 <= minute < 390)) * (minute > 94)))
        names += ["third"] * (int(rng.poisson(5)) if minute >= 100 else 0)
        lines += [f"{stamp}:{second:02}.0Z web-1 {name}[7]: hello\n".encode() for second, name in
                  zip(sorted(rng.integers(0, 60, len(names)).tolist()), names, strict=True)]  # fmt: skip
    wanted = expected(tmp_path, b"".join(lines), "all.log")
    for number, run in enumerate(runs_of(lines, list(range(311, len(lines), 389)), "all.log")):
        if number % 3 == 0:
            watch = watch_in(tmp_path / "state", pool)
        watch.step([run], NOW_US, caught_up=True)
        watch.prepare()
    watch.step([], NOW_US + 30 * MINUTE_US, caught_up=True)  # nobody speaks any more: the last window is over
    assert "late" in {one["service"] for one in wanted.values()}
    assert wanted == told(watch)


def test_late_lines_are_counted_and_change_no_verdict(tmp_path, pool) -> None:
    """Lines of windows that are closed are counted as late, and the incidents stay as they are."""
    watch = watch_in(tmp_path / "state", pool)
    follow(watch, runs_of(LINES, [2000]))
    before = told(watch)
    watch.step([Arrived("other.log", b"".join(LINES[:700]), NOW_US)], NOW_US, caught_up=True)
    assert 700 == watch.intake.tally["late"]
    assert before == told(watch)


def test_nothing_closes_before_all_that_waited_is_read(tmp_path, pool) -> None:
    """Two logs of the same hours are read one after the other at the start, and nothing of the second is late."""
    watch = watch_in(tmp_path / "state", pool)
    half = len(LINES) // 2
    first = watch.step([Arrived("a.log", LOG, NOW_US)], NOW_US, caught_up=False)
    second = watch.step([Arrived("b.log", b"".join(LINES[:half]), NOW_US)], NOW_US, caught_up=False)
    third = watch.step([Arrived("b.log", b"".join(LINES[half:]), NOW_US)], NOW_US, caught_up=True)
    assert 0 == first.windows + second.windows
    assert HOURS * 60 - 1 <= third.windows
    assert 0 == watch.intake.tally["late"]


def test_a_silent_source_holds_nobody_up(tmp_path, pool) -> None:
    """A source that was not heard for the idle time does not hold the watermark, and its last window is judged."""
    watch = watch_in(tmp_path / "state", pool)
    watch.step([Arrived("a.log", b"".join(LINES[:900]), NOW_US)], NOW_US, caught_up=True)
    watch.step([Arrived("b.log", LOG, NOW_US + MINUTE_US)], NOW_US + MINUTE_US, caught_up=True)
    held = watch.intake.closed
    watch.step([Arrived("b.log", LINES[-1], NOW_US + 3 * MINUTE_US)], NOW_US + 3 * MINUTE_US, caught_up=True)
    moved = watch.intake.closed
    watch.step([], NOW_US + 30 * MINUTE_US, caught_up=True)
    end = START_US // MINUTE_US + HOURS * 60
    assert held is not None
    assert moved is not None
    assert held < moved < end
    assert end == watch.intake.closed


def test_what_is_noticed_long_after_it_was_wakes_nobody(tmp_path, pool) -> None:
    """Hours of backfill open incidents that are no page; the same surge noticed at once is one."""
    late = follow(watch_in(tmp_path / "late", pool), runs_of(LINES, []))
    prompt = watch_in(tmp_path / "prompt", pool)
    cases = []
    for run in runs_of(LINES, list(range(0, len(LINES), 97))):
        now = prompt.intake.closed * MINUTE_US + 30 * MINUTE_US if prompt.intake.closed else NOW_US
        cases += prompt.step([run], now - 29 * MINUTE_US, caught_up=True).opened
        prompt.prepare()
    assert [False] == [case.incident.page for step in late for case in step.opened]
    assert [True] == [case.incident.page for case in cases]


def test_a_state_of_other_windows_is_refused(tmp_path, pool) -> None:
    """A state made with windows of a minute is not gone on with in windows of ten seconds."""
    watch_in(tmp_path / "state", pool).connection.close()
    with pytest.raises(SettingsError, match="windows of 60 s, asked for 10 s"):
        watch_in(tmp_path / "state", pool, Settings(window="10s"))


def test_two_watches_do_not_share_a_folder(tmp_path) -> None:
    """The second one is refused, and told which process has the folder."""
    memory.lock(str(tmp_path))
    with pytest.raises(memory.StateInUseError, match=r"another detector \(process \d+\) works on this folder"):
        memory.lock(str(tmp_path))


@pytest.mark.parametrize("answer", ["false", "accepted"])
def test_an_answer_ends_an_incident(answer, tmp_path, pool) -> None:
    """An incident that somebody calls false or accepts is over at once, and stays so after a restart."""
    watch = watch_in(tmp_path / "state", pool)
    runs = runs_of(LINES, list(range(0, len(LINES), 97)))
    opened: list[Case] = []
    while not opened:
        opened = watch.step([runs.pop(0)], NOW_US, caught_up=True).opened
    memory.mark(watch.connection, NOW_US, answer, opened[0].incident.id, "")
    ended = watch.step([runs.pop(0)], NOW_US, caught_up=True).closed
    watch.step([runs.pop(0)], NOW_US, caught_up=True)
    follower = watch.fleet.tiles[0].state.follower
    again = watch_in(tmp_path / "state", pool)
    assert [opened[0].incident.id] == [case.incident.id for case in ended]
    assert {} == follower.surges == again.fleet.tiles[0].state.follower.surges
    assert not again.lasting
    assert follower.over == again.fleet.tiles[0].state.follower.over


def test_how_long_is_left_is_told_as_a_scan_does(tmp_path, pool) -> None:
    """By a capacity of the settings and by what was borne: the forecasts of a scan, also after restarts."""
    counts = np.random.default_rng(5).poisson(12, 16 * 60)
    counts[840:900] = counts[840:900] * (1 + 0.25 * np.arange(60))
    log = access_log(counts.tolist(), seed=5)
    (tmp_path / "shop.log").write_bytes(log)
    lines = log.splitlines(keepends=True)
    for name, capacity in (("settings", (Capacity("shop", lines_per_minute=120.0),)), ("learned", ())):
        wanted = replace(SETTINGS, capacity=capacity)
        result = scan([str(tmp_path / "shop.log")], wanted, NOW_US)
        for number, run in enumerate(runs_of(lines, list(range(97, len(lines), 397)))):
            if number % 5 == 0:
                watch = watch_in(tmp_path / name, pool, wanted)
            watch.step([run], NOW_US, caught_up=True)
            watch.prepare()
        cases = [case_of(body) for (body,) in watch.connection.execute("SELECT body FROM watch_incidents")]
        forecasts = {case.incident.id: case.cause.forecast for case in cases}
        assert [name] == [one.source for one in forecasts.values() if one is not None]
        assert {key: cause.forecast for key, cause in result.causes.items()} == forecasts
        assert {one.id: one.severity for one in result.incidents} == {
            case.incident.id: case.incident.severity for case in cases
        }


def of_two_endpoints() -> bytes:
    """Some hours of an access log, with a surge of half an hour that calls of `/sync` make."""
    lines, rng = LOG.decode().splitlines(), np.random.default_rng(1)
    times = [line.split("[")[1][12:17] for line in lines]
    chatty = ["05:00" <= time < "05:30" and rng.random() < 0.8 for time in times]
    return "".join(
        (line.replace("/a", "/sync").replace(" 200 ", " 503 ") if is_chatty else line) + "\n"
        for line, is_chatty in zip(lines, chatty, strict=True)
    ).encode()


@pytest.mark.parametrize("kept", ["file", "memory"])
def test_who_holds_the_excess_is_told_as_a_scan_does(kept, tmp_path, pool) -> None:
    """From a file that is followed and renamed meanwhile, also after restarts, and from what is kept in memory."""
    log, growing = of_two_endpoints(), tmp_path / "shop.log"
    lines, firsts = log.splitlines(keepends=True), list[Case]()
    for number, run in enumerate(runs_of(lines, list(range(97, len(lines), 197)))):
        if number == 0 or (kept == "file" and number % 9 == 0):
            watch = watch_in(tmp_path / "state", pool)
        with growing.open("ab") as file:
            file.write(run.data)
            end = file.tell()
        extent = Extent(str(tmp_path / "shop.log"), identity_of(growing), end - len(run.data), end)
        moment = START_US + round((number * 197 + 97) / len(lines) * HOURS * 60) * MINUTE_US
        firsts += watch.step([replace(run, extent=extent if kept == "file" else None)], moment, caught_up=True).opened
        growing = growing.rename(tmp_path / f"shop.log.{number}") if kept == "file" and number % 5 == 0 else growing
        watch.prepare()
    watch.finish()
    cases = [case_of(body) for (body,) in watch.connection.execute("SELECT body FROM watch_incidents")]
    (tmp_path / "all").mkdir()
    (tmp_path / "all" / "shop.log").write_bytes(log)
    result = scan([str(tmp_path / "all" / "shop.log")], SETTINGS, NOW_US)
    wanted = {one.id: (result.causes[one.id].contributors, result.causes[one.id].retried) for one in result.incidents}
    assert wanted == {case.incident.id: (case.cause.contributors, case.cause.retried) for case in cases}
    assert all(retried is not None and retried[1] > retried[0] for _, retried in wanted.values())
    assert ["GET /sync"] == [case.cause.contributors[0].value for case in firsts]


def identity_of(path: Path) -> Identity:
    """Which file it is."""
    status = path.stat()
    return Identity(status.st_dev, status.st_ino)


def test_a_chatty_version_is_told_as_a_scan_does(tmp_path, pool) -> None:
    """Its incident, with those of its service that have the same cause, is that of a scan, also after restarts."""
    rng, lines = np.random.default_rng(2), []
    for minute in range(9 * 60):
        spread = min(max((minute - 360) / 60, 0.0), 0.7)
        seconds = []
        for client in rng.choice(60, 25, replace=False).tolist():
            is_new = client / 60 < spread
            seconds += [(second, client, 1 + is_new) for second in rng.integers(0, 60, 1 + 5 * is_new).tolist()]
        for second, client, version in sorted(seconds):
            line = access_line(START + timedelta(minutes=minute, seconds=second), client)
            lines.append(line.replace("probe/1.0", f"app/{version}.0").encode() + b"\n")
    (tmp_path / "shop.log").write_bytes(b"".join(lines))
    result = scan([str(tmp_path / "shop.log")], SETTINGS, NOW_US)
    for number, run in enumerate(runs_of(lines, list(range(97, len(lines), 197)))):
        if number % 20 == 0:
            watch = watch_in(tmp_path / "state", pool)
        watch.step([run], NOW_US, caught_up=True)
        watch.prepare()
    watch.step([], NOW_US + 30 * MINUTE_US, caught_up=True)
    cases = [case_of(body) for (body,) in watch.connection.execute("SELECT body FROM watch_incidents")]
    rises = {key: cause.version for key, cause in result.causes.items()}
    assert "version" in {one.signal for one in result.incidents}
    assert {one.id: replace(one, page=False) for one in result.incidents} == {
        case.incident.id: case.incident for case in cases
    }
    assert rises == {case.incident.id: case.cause.version for case in cases}


def test_an_hour_ends_in_parts(tmp_path, pool, monkeypatch) -> None:
    """What services learned is worked on and written a few tiles at a time between ticks, which changes no verdict."""
    for module in ("fleet", "foreseeing"):
        monkeypatch.setattr(f"detector.pipeline.watching.{module}.TILE", 1)
    monkeypatch.setattr("detector.pipeline.watching.fleet.MOST_PREPARED", 2)
    monkeypatch.setattr("detector.pipeline.watching.watch.MOST_TILES", 1)
    (tmp_path / "logs").mkdir()
    runs = [run for name in ("a", "b", "c") for run in runs_of(LINES, list(range(0, len(LINES), 601)), f"{name}.log")]
    for name in ("a", "b", "c"):
        (tmp_path / "logs" / f"{name}.log").write_bytes(LOG)
    parts = []
    watch = watch_in(tmp_path / "state", pool)
    for number in range(len(runs) // 3):
        if number == len(runs) // 6:
            watch.connection.close()
            watch = watch_in(tmp_path / "state", pool)
        watch.step(runs[number :: len(runs) // 3], NOW_US, caught_up=True)
        parts.append(next(part for part in range(99) if number % 3 == 0 or not watch.prepare()))
    assert {one.id for one in scan([str(tmp_path / "logs")], SETTINGS, NOW_US).incidents} == told(watch).keys()
    assert max(parts) > len(watch.fleet.tiles) // 2


def test_runs_of_a_source_are_read_together() -> None:
    """They become blocks of at most 4 MiB, in order; those of a file where each goes on where the one before ended."""

    def of_file(data: bytes, begin: int, received_us: int, inode: int = 2) -> Arrived:
        extent = Extent("a.log", Identity(1, inode), begin, begin + len(data))
        return Arrived("a.log", data, received_us, f"file {inode}", {"to": begin}, extent=extent)

    runs = [Arrived("syslog", b"a\n", 1), of_file(b"d\n", 0, 2), Arrived("syslog", b"", 3, "key", {}),
            of_file(b"e\n", 2, 4), Arrived("syslog", b"b\n", 5), of_file(b"f\n", 9, 6), of_file(b"g\n", 11, 7, inode=3),
            Arrived("otlp", b"x" * 3_000_000, 8), Arrived("otlp", b"y" * 2_000_000, 9)]  # fmt: skip
    whole = list(together(runs))
    found = [(one.source, one.data[:4], one.received_us, one.key, one.extent and one.extent[2:]) for one in whole]
    assert [
        ("a.log", b"d\ne\n", 4, "file 2", (0, 4)), ("a.log", b"f\n", 6, "file 2", (9, 11)),
        ("a.log", b"g\n", 7, "file 3", (11, 13)), ("otlp", b"xxxx", 8, "", None), ("otlp", b"yyyy", 9, "", None),
        ("syslog", b"a\nb\n", 5, "", None),
    ] == sorted(found, key=lambda one: (one[0], one[2]))  # fmt: skip


def test_little_is_let_become_more(monkeypatch) -> None:
    """As long as the last step took, unless a whole block waits or it is to end; nothing waits when nothing is done."""
    seconds, rests = iter([0.0, 0.5, 0.5, 9.0, 9.0, 9.1, 9.2]), list[float]()
    feed = Feed([], lambda: next(seconds))
    feed.start({})
    monkeypatch.setattr(feed.inbox, "gather", rests.append)
    for timeout_s in (0.01, 0.01, 0.0):
        feed.take(timeout_s)
    feed.end()
    feed.take(0.01)
    assert [0.5, 1.0] == rests


@pytest.mark.parametrize("assume_now", [True, False])
def test_lines_without_times_may_be_counted_when_they_arrive(assume_now, tmp_path, pool) -> None:
    """A surge in them is found then; else they are counted, and nothing is judged by when a pipe was emptied."""
    watch, notes = watch_in(tmp_path / "state", pool, replace(SETTINGS, assume_now=assume_now)), []
    counts = np.random.default_rng(3).poisson(12, HOURS * 60)
    counts[300:330] *= 6
    for minute, lines in enumerate(counts.tolist()):
        now_us = START_US + minute * MINUTE_US + 30_000_000
        data = b"request served\n  and some detail\n" * (lines // 2) + b"done\n"
        notes += watch.step([Arrived("pods.log", data, now_us, "-", {"line": minute})], now_us, caught_up=True).notes
        watch.prepare()
    found = [(round((one["started_us"] - START_US) / MINUTE_US), one["service"]) for one in told(watch).values()]
    assert ([(300, "pods")] if assume_now else []) == found
    assert sum(counts // 2 * 2 + 1) == watch.intake.tally["lines"]
    assert [not assume_now] == [any("--assume-now" in note for note in notes)]
    assert len([note for note in notes if "tell no time" in note]) <= 1, "it is told once"


def test_lines_that_go_on_wait_for_no_assumption(tmp_path, pool) -> None:
    """A stack trace of a log with times belongs to its record, however late it arrives."""
    watch = watch_in(tmp_path / "state", pool, replace(SETTINGS, assume_now=True))
    watch.step([Arrived("app.log", b"2026-03-02 10:00:00,000 ERROR shop failed\n", NOW_US)], NOW_US, caught_up=True)
    watch.step([Arrived("app.log", b"  at line 1\n  at line 2\n", NOW_US)], NOW_US, caught_up=True)
    at = (START_US + 36_000_000_000) // MINUTE_US
    assert {at} == set(watch.intake.windows) | set(watch.recent.windows)
