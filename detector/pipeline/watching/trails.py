"""Where the lines of the last hours are, to look at them once more: in their files, else in memory for a while.

Lines of files that are followed are read again where they stand, also after a rotation that only renames. What cannot
be read twice (standard input, syslog, the journal, OTLP) is kept compressed, the newest `MOST_KEPT` bytes of it, and
is gone after a restart. Each trail knows since when it is whole.
"""

from __future__ import annotations

import os
import sqlite3
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa

from detector.errors import InputError
from detector.pipeline.index import FileIndex, Span
from detector.schemas import Block
from detector.sources.again import find_again, read_again
from detector.sources.files import SourceFile
from detector.sources.live.live import Arrived, Extent
from detector.sources.parts import Identity, Part
from detector.sources.rotations import stem

SPAN_US, SPAN_BYTES = 60_000_000, 32 * 1024 * 1024
"""Neighbouring runs of lines are one stretch as long as it does not become longer than this."""
MOST_KEPT = 64 * 1024 * 1024
"""Compressed bytes of what cannot be read twice."""
LOST = "lines that were to be read again are gone"


class Kept(NamedTuple):
    """A run of lines in memory."""

    times: Span
    size_bytes: int
    squeezed: bytes


@dataclass(slots=True)
class Trail:
    """The lines of one source, or of one file.

    Attributes:
        source: its name.
        extent: of the last run of a file; None: lines are kept in memory.
        services: that speak in it.
        since_us: from this event time on it is whole.
        stretches: of the file: begin, end, first and last time, in order.
        kept: in memory.
    """

    source: str
    extent: Extent | None
    services: set[str] = field(default_factory=set)
    since_us: int = 0
    stretches: list[tuple[int, int, int, int]] = field(default_factory=list)
    kept: deque[Kept] = field(default_factory=deque)

    def add(self, extent: Extent, times: Span | None) -> tuple[int, int, int, int] | None:
        """Take in the next lines of the file; the stretch that is new or longer now."""
        last = self.stretches[-1] if self.stretches else None
        if last is not None and extent.begin < last[0]:  # truncated: what was there before is gone
            self.since_us = max(self.since_us, *(one[3] for one in self.stretches))
            self.stretches, last = [], None
        self.extent = extent
        first_us, last_us = times or ((last[2], last[3]) if last is not None else (0, 0))
        if last is not None and extent.begin <= last[1]:
            both = (last[0], max(last[1], extent.end), min(last[2], first_us), max(last[3], last_us))
            if both[3] - both[2] <= SPAN_US and both[1] - both[0] <= SPAN_BYTES:
                self.stretches[-1] = both
                return both
        if times is None:
            return None
        self.stretches.append((extent.begin, extent.end, first_us, last_us))
        return self.stretches[-1]

    def size(self, spans: Sequence[Span]) -> int:
        """Bytes to read for these times, about."""
        parts = self._parts(spans) if self.extent is not None else []
        return sum((end or begin) - begin for begin, end in parts)

    def blocks(self, spans: Sequence[Span]) -> Iterator[Block]:
        """The lines as they are known now in which records of these times may lie.

        To go through them raises `InputError` if they are gone.
        """
        if self.extent is not None:
            return _read(self.source, self.extent, self._parts(spans))
        return map(self._unpacked, [one for one in self.kept if _meets(one.times, spans)])

    def _unpacked(self, kept: Kept) -> Block:
        data = pa.Codec("lz4").decompress(kept.squeezed, kept.size_bytes, asbytes=True)
        return Block(self.source, 0, 1, data)

    def _parts(self, spans: Sequence[Span]) -> list[Part]:
        assert self.extent is not None
        index = FileIndex(SourceFile(self.extent.path, None, None, ""), self.extent.identity)
        for begin, end, first_us, last_us in list(self.stretches):
            if index.begins and index.begins[-1] == begin:
                index.times.pop()  # the end of the one before is the begin of this one
                index.begins.pop()
            index.begins += [begin, end]
            index.times += [(first_us, last_us), None]
        return index.parts(spans)

    def standing(self) -> tuple[Any, ...]:
        """Changes when what is stored of it does."""
        where = None if self.extent is None else self.extent[:2]
        return self.source, where, len(self.services), self.since_us

    def body(self) -> bytes:
        """What a restart needs, but for the stretches."""
        where = None if self.extent is None else [os.fspath(self.extent.path), *self.extent.identity]
        return msgspec.json.encode([self.source, where, sorted(self.services), self.since_us])

    @classmethod
    def of(cls, data: bytes) -> Trail:
        """The inverse of `body`."""
        source, where, services, since_us = msgspec.json.decode(data)
        extent = None if where is None else Extent(where[0], Identity(where[1], where[2]), 0, 0)
        return cls(source, extent, set(services), since_us)


def _read(source: str, extent: Extent, parts: Sequence[Part]) -> Iterator[Block]:
    """Parts of a file, however it is named by now."""
    path = find_again(extent.path, extent.identity) if parts else None
    if path is None and parts:
        raise InputError(f"{source}: {LOST}")
    if path is not None:
        yield from read_again(SourceFile(path, None, None, stem(path)), extent.identity, parts)


def _meets(times: Span, spans: Iterable[Span]) -> bool:
    return any(times[0] < until and times[1] >= since for since, until in spans)


@dataclass(slots=True)
class Trails:
    """Of all sources.

    Attributes:
        trails: by key of the file, or by source.
        kept_bytes: in memory.
        new, changed: stretches and trails that are not stored.
    """

    trails: dict[str, Trail] = field(default_factory=dict)
    kept_bytes: int = 0
    new: dict[tuple[str, int], tuple[int, int, int]] = field(default_factory=dict)
    changed: set[str] = field(default_factory=set)

    def note(self, run: Arrived, times: Span | None, services: set[str]) -> None:
        """Remember where the lines of a run are."""
        key = run.key if run.extent is not None else run.source
        trail = self.trails.setdefault(key, Trail(run.source, run.extent))
        known = trail.standing()
        trail.source = run.source
        trail.services |= services
        if run.extent is None:
            self._keep(trail, run.data, times)
        else:
            stretch = trail.add(run.extent, times)
            if stretch is not None:
                self.new[key, stretch[0]] = stretch[1:]
        if known != trail.standing() or len(trail.stretches) + len(trail.kept) <= 1:
            self.changed.add(key)

    def _keep(self, trail: Trail, data: bytes, times: Span | None) -> None:
        if times is None:
            return
        trail.kept.append(Kept(times, len(data), pa.Codec("lz4").compress(data, asbytes=True)))
        self.kept_bytes += len(trail.kept[-1].squeezed)
        while self.kept_bytes > MOST_KEPT:
            oldest = min((one for one in self.trails.values() if one.kept), key=lambda one: one.kept[0].times[1])
            gone = oldest.kept.popleft()
            self.kept_bytes -= len(gone.squeezed)
            oldest.since_us = max(oldest.since_us, gone.times[1])

    def forget(self, connection: sqlite3.Connection, before_us: int) -> None:
        """Forget what lies before a time; the caller commits."""
        for key, trail in list(self.trails.items()):
            if trail.stretches and trail.stretches[0][3] < before_us:
                trail.stretches = [one for one in trail.stretches if one[3] >= before_us]
            while trail.kept and trail.kept[0].times[1] < before_us:
                self.kept_bytes -= len(trail.kept.popleft().squeezed)
            if trail.extent is not None and not trail.stretches and key not in self.changed:
                del self.trails[key]
                connection.execute("DELETE FROM watch_trails WHERE key = ?", (key,))
        connection.execute("DELETE FROM watch_stretches WHERE last_us < ?", (before_us,))

    def store(self, connection: sqlite3.Connection) -> None:
        """Write what is new; the caller commits."""
        rows = [(key, begin, *rest) for (key, begin), rest in self.new.items()]
        connection.executemany("INSERT OR REPLACE INTO watch_stretches VALUES (?, ?, ?, ?, ?)", rows)
        trails = [(key, self.trails[key].body()) for key in sorted(self.changed)]
        connection.executemany("INSERT OR REPLACE INTO watch_trails VALUES (?, ?)", trails)
        self.new, self.changed = {}, set()

    def restore(self, connection: sqlite3.Connection, reached_us: int) -> None:
        """Take up what is stored; what was in memory is gone."""
        for key, data in connection.execute("SELECT key, body FROM watch_trails").fetchall():
            self.trails[key] = Trail.of(data)
            if self.trails[key].extent is None:
                self.trails[key].since_us = reached_us
        query = "SELECT key, begin, until, first_us, last_us FROM watch_stretches ORDER BY key, begin"
        for key, *stretch in connection.execute(query).fetchall():
            if key in self.trails:
                self.trails[key].stretches.append((stretch[0], stretch[1], stretch[2], stretch[3]))
