"""`scan --state`: a watch that takes what is new in logs and ends; the next one goes on where it ended.

Nothing is counted twice, however logs were rotated between two runs, and nothing is passed over. Windows that are not
over wait for the next run.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from detector.config import Settings
from detector.errors import Losses
from detector.formats.counts import find_header
from detector.pipeline.opening import head_of
from detector.pipeline.watching import memory
from detector.pipeline.watching.begin import begin
from detector.pipeline.watching.cases import Case, Speak, Told, case_of
from detector.pipeline.watching.feeding import Feed, live_of
from detector.pipeline.watching.loop import Loop
from detector.pipeline.watching.watch import STALE_US, Watch
from detector.schemas import InputSummary, ScanResult
from detector.sources.blocks import read_blocks
from detector.sources.files import find
from detector.sources.live.settings import FileSource

FLUSH_S = 5.0
LATEST_US = 25 * 3_600_000_000
"""What happened since the run before is news, as long as one comes every day."""


def can_go_on(paths: Sequence[str]) -> bool:
    """Whether all that is named are logs in files, which can be read on from where they ended."""
    found = find(paths).files
    if any(file.path == "-" or file.size_bytes is None or file.kind != "text" for file in found):
        return False
    heads = (next(read_blocks(file, Losses(), [], block_bytes=512 * 1024), None) for file in found)
    return bool(found) and not any(block is not None and find_header((head_of(block) or [""])[0]) for block in heads)


def scan_new(
    paths: Sequence[str], settings: Settings, connection: sqlite3.Connection, speak: Speak, clocks: Clocks
) -> ScanResult:
    """Judge what came since the last run.

    Args:
        paths: files, folders and globs; logs only.
        settings: how to read and judge.
        connection: of the state, which nobody else works on.
        speak: tells of incidents.
        clocks: microseconds since 1970 UTC, and seconds of a clock that nobody sets.

    Returns:
        the incidents that opened or ended, and those that last.

    Raises:
        DetectorError: something cannot be read, or the state is of other settings.
    """
    now_us, ticks = clocks
    changed: set[str] = set()

    def tell(told: Told) -> None:
        changed.update(case.incident.id for case in (*told.opened, *told.closed))

    with ThreadPoolExecutor(settings.threads) as pool:
        watch = begin(connection, settings, now_us(), pool, speak)
        before, first = dict(watch.intake.tally), watch.intake.closed
        watch.stale_us = STALE_US if first is None else LATEST_US
        feed = Feed([live_of(FileSource(tuple(paths), "beginning", flush_seconds=FLUSH_S), now_us)], ticks)
        loop = Loop(watch, feed, None, now_us, tell)
        loop.beat = lambda: loop.stop.set() if feed.caught_up else None
        feed.start(memory.positions(connection))
        loop.run()
        rows = connection.execute("SELECT body FROM watch_incidents").fetchall()
        known = {case.incident.id: case for case in map(case_of, (data for (data,) in rows))}
        return _result(watch, {key: known[key] for key in changed | watch.lasting.keys()}, before, first)


Clocks = tuple[Callable[[], int], Callable[[], float]]


def _result(watch: Watch, cases: dict[str, Case], before: dict[str, int], first: int | None) -> ScanResult:
    """What came of this run alone."""
    tally = watch.intake.tally
    new = {name: number - before.get(name, 0) for name, number in tally.items() if number > before.get(name, 0)}
    unparsed, formats = (
        {name.removeprefix(kind): number for name, number in new.items() if name.startswith(kind)}
        for kind in ("unparsed ", "format ")
    )
    lines = new.get("lines", 0)
    summary = InputSummary(
        files=len(watch.intake.streams), bytes_read=new.get("bytes", 0), lines_read=lines,
        lines_parsed=lines - sum(unparsed.values()), lines_unparsed=unparsed, formats=formats,
    )  # fmt: skip
    late = new.get("late", 0)
    width_us, end = watch.intake.width_us, watch.intake.closed
    incidents = sorted((case.incident for case in cases.values()), key=lambda one: (one.started_us, one.service))
    return ScanResult(
        input=summary, window_seconds=width_us / 1e6,
        from_us=None if first is None else first * width_us, to_us=None if end is None else end * width_us,
        services=len(watch.fleet.since), incidents=incidents,
        causes={case.incident.id: case.cause for case in cases.values()},
        notes=[f"{late} lines came after their windows were judged"] if late else [],
    )  # fmt: skip
