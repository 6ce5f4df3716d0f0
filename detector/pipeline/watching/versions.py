"""The signal `version` of a watch: judged as each five minutes end, with the incidents of its service as one.

What the clients of each version sent is kept for the day, as learning needs it, and stored with what arrived.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np

from detector.config import Settings
from detector.detect.talk import HOUR
from detector.pipeline.read import Reading
from detector.pipeline.version_scene import Habit, Known
from detector.pipeline.version_surges import VersionSurge
from detector.pipeline.version_walk import limits_of
from detector.pipeline.versions import Found, Judge
from detector.pipeline.watching import memory
from detector.windows.counting import Numbers, Partial
from detector.windows.totals import Totals
from detector.windows.versions import TILE_US, TILES_PER_DAY, VersionCounts, VersionTotals

COLUMNS = ("tile", "service", "version", "slot", "lines")
FROM = 1 << 40
"""Later than all tiles."""


@dataclass(slots=True)
class Versions:
    """The versions of all services.

    Attributes:
        width_us: length of a window.
        totals: what clients sent, of the last day or two.
        judge: what is known of versions.
        judged: the tile up to which they were judged; None: none was.
        new: what came and is not stored: the last day that it is of, and its bytes.
    """

    width_us: int
    totals: VersionTotals = field(init=False)
    judge: Judge = field(init=False)
    judged: int | None = None
    new: list[tuple[int, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.totals = VersionTotals(Totals(max(self.width_us, TILE_US)))
        self.judge = Judge(self.totals, self.width_us, {})

    def take(self, reading: Reading, newest_us: int) -> None:
        """Take in a block; what is later than `newest_us`, or was judged, is passed over."""
        counts, partial = reading.versions, reading.partial
        if counts is None or not len(counts.slot):
            return
        least, most = (self.judged or 0) - HOUR, newest_us // TILE_US
        here = (counts.tile >= least) & (counts.tile <= most)
        rows = [getattr(counts, name)[here] for name in COLUMNS]
        window = partial.window * self.width_us // self.totals.totals.width_us
        edges = least * TILE_US // self.totals.totals.width_us, most * TILE_US // self.totals.totals.width_us
        cells = _cells(window, partial.service, partial.measures[0], (window >= edges[0]) & (window <= edges[1]))
        if len(rows[0]):
            names = [name or "" for name in partial.services]
            body = (counts.services, counts.versions, [row.tobytes() for row in rows],
                    names, [cell.tobytes() for cell in cells])  # fmt: skip
            self.new.append((int(rows[0].max()) // TILES_PER_DAY, msgspec.msgpack.encode(body)))
            self._add(counts.services, counts.versions, rows, names, cells)

    def _add(
        self, services: list[str], versions: list[str], rows: list[Any], names: list[str], cells: Sequence[Numbers]
    ) -> None:
        window, service, lines = cells
        measures = np.zeros((4, len(window)), np.int64)
        measures[0] = lines
        self.totals.totals.add(Partial(list(names), window, service, measures), "watch")
        self.totals.add(VersionCounts(services, versions, *rows))

    def advance(self, until_us: int, settings: Settings, open_at: float) -> list[Found]:
        """Judge all five minutes that are over; what closed."""
        end, names = until_us // TILE_US, sorted(self.totals.totals.services)
        if not names:
            return []
        if self.judged is None:
            self.judged = min(min(self.totals.days, default=FROM) * TILES_PER_DAY, end)
        self.judge.limits = limits_of(names, self.width_us, settings, open_at) if self.judged < end else {}
        closed: list[Found] = []
        while self.judged < end:
            stop = min(end, (self.judged // TILES_PER_DAY + 1) * TILES_PER_DAY)
            closed += self.judge.advance(self.judged, stop)
            self.judged = stop
        for day in [day for day in self.totals.totals.days if day < self._kept]:
            self.totals.totals.forget(day)
            self.totals.days.pop(day, None)
        return closed

    @property
    def _kept(self) -> int:
        """The first day of which anything is needed."""
        return ((self.judged or 0) - HOUR) // TILES_PER_DAY

    def dismiss(self, service: str, versions: Sequence[str]) -> None:
        """Somebody says that nothing is wrong with versions: no more is said until they were not seen for a week."""
        known = self.judge.services[service]
        for version in versions:
            known.surges.pop(version, None)
            known.dismissed.add(version)

    def store(self, connection: sqlite3.Connection) -> None:
        """Write what came; the caller commits."""
        connection.executemany("INSERT INTO watch_versions (day, body) VALUES (?, ?)", self.new)
        self.new = []

    def store_known(self, connection: sqlite3.Connection) -> None:
        """Write what is known by now, and forget what is not needed any more; the caller commits."""
        body = {name: _body(known) for name, known in self.judge.services.items()}
        memory.write_run(connection, "versions", {"judged": self.judged, "services": body})
        connection.execute("DELETE FROM watch_versions WHERE day < ?", (self._kept,))

    def restore(self, connection: sqlite3.Connection) -> None:
        """Take up what is stored."""
        known = memory.read_run(connection, "versions")
        if known is not None:
            self.judged = known["judged"]
            self.judge.services = {name: _known(body) for name, body in known["services"].items()}
        kinds = (np.int32, np.int32, np.int32, np.uint32, np.int32)
        for (data,) in connection.execute("SELECT body FROM watch_versions ORDER BY position").fetchall():
            services, versions, rows, names, cells = msgspec.msgpack.decode(data)
            columns = [np.frombuffer(row, kind) for row, kind in zip(rows, kinds, strict=True)]
            self._add(services, versions, columns, names, [np.frombuffer(cell, np.int64) for cell in cells])


def _cells(window: Numbers, service: Numbers, lines: Numbers, here: Any) -> tuple[Numbers, Numbers, Numbers]:
    """Lines of longer windows and services, each once."""
    each, place = np.unique(np.stack([window[here], service[here]]), axis=1, return_inverse=True)
    sums = np.bincount(place.ravel(), lines[here], each.shape[1]).astype(np.int64)
    return each[0].astype(np.int64), each[1].astype(np.int64), sums


def _body(known: Known) -> dict[str, Any]:
    habits = [[*key, habit.mean, habit.precision] for key, habit in known.habits.items()]
    return {
        "began": known.began, "habits": habits, "seen": known.seen, "surges": known.surges,
        "held": sorted(known.held), "dismissed": sorted(known.dismissed),
    }  # fmt: skip


def _known(body: dict[str, Any]) -> Known:
    habits = {(name, kind, measure): Habit(float(mean), float(precision))
              for name, kind, measure, mean, precision in body["habits"]}  # fmt: skip
    seen = {name: (first, last) for name, (first, last) in body["seen"].items()}
    surges = msgspec.convert(body["surges"], dict[str, VersionSurge])
    return Known(body["began"], habits, seen, surges, set(body["held"]), set(body["dismissed"]))
