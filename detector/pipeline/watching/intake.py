"""What arrived, counted into the windows that are open. The order of sources does not matter, that of a source does."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from detector.config import Settings, parse_span
from detector.errors import CUT_REPEATS
from detector.markers import Marker
from detector.pipeline.marking import pattern_from
from detector.pipeline.read import Reading
from detector.pipeline.watching import memory
from detector.pipeline.watching.streams import Stream, times_of
from detector.pipeline.watching.trails import Trails
from detector.pipeline.watching.versions import Versions
from detector.sources.live.live import BLOCK_BYTES, Arrived
from detector.windows.cells import Cells, merge, split
from detector.windows.counting import Partial
from detector.windows.outliers import LARGEST_SHARE, stretches_of
from detector.windows.watermark import Clock, Watermark

DAY_US = FUTURE_US = 86_400_000_000
"""A time that lies later than this after its arrival is none."""
MOST_SERVICES = 200_000
OVERFLOW = "(other services)"
"""What services beyond the most are counted as."""
MOST_PARTS = 16
"""Parts of a window that is open; more are merged, so that memory does not depend on how many blocks came."""


class Added(NamedTuple):
    """Counts of one window that came in."""

    window: int
    cells: Cells
    late: bool


def together(runs: Iterable[Arrived]) -> Iterator[Arrived]:
    """The runs of each source as few, of 4 MiB at most; of a file those that follow each other.

    A block costs some milliseconds, however short it is.
    """
    waiting: dict[str, list[Arrived]] = {}
    for run in runs:
        if run.data:
            before = waiting.setdefault(run.source, [])
            if before and not _goes_on(before, run):
                yield _joined(before)
                before.clear()
            before.append(run)
    yield from map(_joined, waiting.values())


def _goes_on(before: Sequence[Arrived], run: Arrived) -> bool:
    """Whether a run can be one with those before it."""
    last, own = before[-1].extent, run.extent
    if last is not None and own is not None:
        follows = before[-1].key == run.key and (last.path, last.identity, last.end) == (*own[:2], own.begin)
    else:
        follows = last is own
    return follows and sum(len(one.data) for one in before) + len(run.data) <= BLOCK_BYTES


def _joined(runs: Sequence[Arrived]) -> Arrived:
    """As if all had come when the last one did."""
    first, last = runs[0], runs[-1]
    if len(runs) == 1:
        return first
    extent = None if first.extent is None or last.extent is None else first.extent._replace(end=last.extent.end)
    return Arrived(last.source, b"".join(one.data for one in runs), last.received_us, last.key, extent=extent)


def store_added(connection: sqlite3.Connection, added: Iterable[Added]) -> None:
    """Write what came in, each window once; the caller commits."""
    found: dict[tuple[str, int], list[Cells]] = {}
    for one in added:
        found.setdefault(("late" if one.late else "open", one.window), []).append(one.cells)
    for (kind, window), parts in sorted(found.items(), key=lambda item: item[0]):
        memory.write_windows(connection, kind, [(window, merge(parts).encode())])


@dataclass(slots=True)
class Intake:
    """Windows that are open, and the streams that fill them.

    Attributes:
        settings: how to read.
        width_us: length of a window.
        watermark: up to which event time everything was heard.
        streams: by source.
        firsts: log -> the first window in which any piece of it spoke.
        services: name -> number.
        pending: number of a service that was not judged yet -> the logs in which it spoke.
        trails: where the lines of the last hours are.
        versions: what the clients of each version sent.
        markers: that came and are not stored.
        told: column -> names of the services that state it.
        windows: that are open, in parts.
        closed: windows before this one are closed; None: none is.
        tally: lines, bytes, late lines, unparsed lines by reason, and losses.
    """

    settings: Settings
    width_us: int
    watermark: Watermark
    streams: dict[str, Stream] = field(default_factory=dict)
    firsts: dict[str, int] = field(default_factory=dict)
    services: dict[str, int] = field(default_factory=dict)
    pending: dict[int, set[str]] = field(default_factory=dict)
    trails: Trails = field(default_factory=Trails)
    versions: Versions = field(init=False)
    markers: list[Marker] = field(default_factory=list)
    told: dict[str, set[str]] = field(default_factory=dict)
    windows: dict[int, list[Cells]] = field(default_factory=dict)
    closed: int | None = None
    tally: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.versions = Versions(self.width_us)

    def take(self, runs: Iterable[Arrived]) -> list[Added]:
        """Count what arrived; what to store of it."""
        added: list[Added] = []
        for run in together(runs):
            stream = self.streams.setdefault(run.source, Stream(run.source))
            reading = stream.read(run.data, run.received_us, self.settings)
            self._count(reading)
            self.markers += reading.markers[0]
            head = stream.seam.join(reading.partial)
            for partial in (head, reading.partial):
                if partial is not None and len(partial.window):
                    added += self._add(stream, partial, run.received_us)
            for column, names in reading.partial.told.items():
                self.told.setdefault(column, set()).update(names & self.services.keys())
            first_us, last_us = reading.partial.first_us, reading.partial.last_us
            span = None if first_us is None or last_us is None else (first_us, last_us)
            self.trails.note(run, span, {name for name in reading.partial.services if name in self.services})
            newest = run.received_us + FUTURE_US
            self.versions.take(reading, newest)
            times = [time for time in times_of(reading, self.width_us) if time <= newest]
            self.watermark.see(run.source, times, run.received_us)
        return added

    def retune(self, settings: Settings) -> None:
        """Read by other settings from now on: lateness, what is a marker, how logs to come are read.

        Raises:
            SettingsError: no lines can be found by the pattern of markers; nothing was changed.
        """
        marks = pattern_from(settings)
        self.settings = settings
        self.watermark.lateness_us = round(parse_span(settings.lateness) * 1e6)
        self.watermark.idle_us = round(parse_span(settings.idle) * 1e6)
        for stream in self.streams.values():
            stream.context = None if stream.context is None else replace(stream.context, marks=marks)

    def _count(self, reading: Reading) -> None:
        self.tally["lines"] += reading.lines
        self.tally["bytes"] += reading.size_bytes
        if reading.partial.cut_repeats:
            self.tally[CUT_REPEATS] += reading.partial.cut_repeats
        for reason, number in reading.unparsed.items():
            self.tally[f"unparsed {reason}"] += number
        for name, number in reading.formats.items():
            self.tally[f"format {name}"] += number
        if reading.markers[1]:
            self.tally["markers left out"] += reading.markers[1]

    def _add(self, stream: Stream, partial: Partial, received_us: int) -> list[Added]:
        """Sort the counts of a block into their windows."""
        added, log = [], stream.log
        newest = (received_us + FUTURE_US) // self.width_us
        for window, cells in split(partial, self.number):
            if window > newest:
                self.tally["unparsed implausible_time"] += cells.lines()
            elif self.closed is not None and window < self.closed:
                self.tally["late"] += cells.lines()
                added.append(Added(window, cells, late=True))
            else:
                parts = self.windows.setdefault(window, [])
                parts.append(cells)
                if len(parts) > MOST_PARTS:
                    self.windows[window] = [merge(parts)]
                added.append(Added(window, cells, late=False))
                self._begin(stream, log, window)
                for service in self.pending.keys() & cells.services.tolist() if self.pending else ():
                    self.pending[service].add(log)
        return added

    def _begin(self, stream: Stream, log: str, window: int) -> None:
        stream.first = window if stream.first is None else min(stream.first, window)
        self.firsts[log] = min(self.firsts.get(log, window), window)

    def number(self, name: str) -> int:
        """The number of a service, a new one if it was not seen before."""
        if name not in self.services:
            if len(self.services) >= MOST_SERVICES:
                self.tally["lines of services beyond the most"] += 1
                return self.services.setdefault(OVERFLOW, len(self.services))
            self.services[name] = len(self.services)
            self.pending[self.services[name]] = set()
        return self.services[name]

    def body_of(self, source: str) -> dict[str, Any]:
        """What a restart needs of a stream, as JSON."""
        clock = self.watermark.clocks.get(source, Clock())
        return self.streams[source].body() | {"clock": [clock.newest, clock.leaps, clock.heard]}

    def restore(self, source: str, body: dict[str, Any], now_us: int) -> None:
        """The inverse of `body_of`."""
        stream = Stream.of(source, body, self.settings, now_us)
        self.streams[source] = stream
        if stream.first is not None:
            self.firsts[stream.log] = min(self.firsts.get(stream.log, stream.first), stream.first)
        self.watermark.clocks[source] = Clock(*body["clock"])

    def close(self, until: int) -> tuple[int, Sequence[Cells]]:
        """Close the windows before `until`: the number of the first of them, and their counts."""
        if self.closed is None:
            self._drop_outliers(until)
        first = self.closed if self.closed is not None else min(self.windows, default=until)
        until = max(first, until)
        self.closed = until
        return first, [merge(self.windows.pop(window, [])) for window in range(first, until)]

    def _drop_outliers(self, until: int) -> None:
        """Before anything was judged: absurd times far before all others are no begin."""
        per_day = DAY_US // self.width_us
        lines = dict.fromkeys((window // per_day for window in self.windows if window < until), 0)
        for window, parts in self.windows.items():
            if window < until:
                lines[window // per_day] += sum(part.lines() for part in parts)
        dropped = 0
        for days in stretches_of(sorted(lines))[:-1]:
            dropped += sum(lines[day] for day in days)
            if dropped > LARGEST_SHARE * sum(lines.values()):
                break
            for window in [window for window in self.windows if days[0] <= window // per_day <= days[-1]]:
                self.tally["unparsed implausible_time"] += sum(part.lines() for part in self.windows.pop(window))

    def new_services(self, cells: Iterable[Cells]) -> dict[int, int]:
        """Services that are judged for the first time -> the window from which on their silence means zero."""
        if not self.pending:
            return {}
        spoke = {service for one in cells for service in one.services.tolist()} & self.pending.keys()
        return {service: min(self.firsts[log] for log in self.pending.pop(service)) for service in sorted(spoke)}
