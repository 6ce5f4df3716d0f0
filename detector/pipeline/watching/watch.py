"""The live path: what arrived -> counts -> windows that close -> verdicts -> incidents -> notices, batch by batch.

Nothing here reads a clock or waits: `step` is told what arrived and what time it is. Whatever it does is committed in
one transaction, and only then told to sources and people; so a run that is killed at any moment goes on as if nothing
had been.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from detector.alerts.rules import KEEP_US
from detector.config import Settings
from detector.pipeline.signals import PER_CLIENT, SOURCES
from detector.pipeline.watching import memory
from detector.pipeline.watching.answers import hear_people
from detector.pipeline.watching.asking import Asking, hear, name
from detector.pipeline.watching.cases import Case, Speak, Told
from detector.pipeline.watching.fleet import SILENT, Fleet
from detector.pipeline.watching.following import follow
from detector.pipeline.watching.grouping import group
from detector.pipeline.watching.hearing import Hearing
from detector.pipeline.watching.intake import Intake, store_added
from detector.pipeline.watching.joining import Around, Joining
from detector.pipeline.watching.loads import Loads
from detector.pipeline.watching.marking import Marking
from detector.pipeline.watching.packing import pack
from detector.pipeline.watching.pruning import prune
from detector.schemas import Incident
from detector.sources.live.live import Arrived
from detector.windows.cells import Cells, Recent, merge

MOST_BLOCKS = 1
"""Blocks of windows that are judged in one transaction."""
MOST_TILES = 4
"""Tiles that are written in one transaction, between ticks: less than half a second of work."""
STALE_US = 15 * 60_000_000
LAST_S = 10.0
"""Answers are waited for so long at the end."""
LOOK_US = 5_000_000
"""Where nothing arrives, notices that wait for their time are looked at so often."""


@dataclass(slots=True)
class Watch:
    """All that a watch knows while it runs.

    Attributes:
        connection: of the state.
        settings: how to read and judge.
        intake, fleet, recent: windows that are open, services, windows that closed last.
        speak: tells of incidents.
        released: whether windows may close: first, all that waited at the start is taken in.
        lasting: incidents that are open, by id.
        stored: number of a tile -> the block up to which it is stored.
        looked_us: when something was last done.
        loads: what services bore.
        asking, joining: finds out who holds the excess; the incidents of versions.
        marking, hearing: what was done to services, and which sources are silent.
        stale_us: what is noticed so much later than it was (lines came late, the watch was down) wakes nobody.
        keep_us, pruned_us: how long the past is kept, and when it was last forgotten.
        named, stated: how many services are stored, and to state something.
        born: when each service spoke first, ascending, microseconds since 1970 UTC.
    """

    connection: sqlite3.Connection
    settings: Settings
    intake: Intake
    fleet: Fleet
    recent: Recent
    speak: Speak
    released: bool = False
    lasting: dict[str, Case] = field(default_factory=dict)
    stored: dict[int, int | None] = field(default_factory=dict)
    named: int = 0
    looked_us: int = 0
    loads: Loads = field(init=False)
    asking: Asking = field(default_factory=Asking)
    joining: Joining = field(default_factory=Joining)
    marking: Marking = field(default_factory=Marking)
    hearing: Hearing = field(default_factory=Hearing)
    stale_us: int = STALE_US
    keep_us: int = KEEP_US
    pruned_us: int = 0
    stated: int = 0
    born: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.recent.services, self.recent.told = self.intake.services, self.intake.told
        self.loads, self.fleet.per = Loads(self.recent), self.recent.per

    def step(self, arrived: Sequence[Arrived], now_us: int, *, caught_up: bool) -> Told:
        """Take in what arrived and judge the windows that are over by that.

        Args:
            arrived: in order.
            now_us: the clock, microseconds since 1970 UTC.
            caught_up: nothing that waited at the start waits still.
        """
        told = Told()
        self.released = self.released or caught_up
        is_early = now_us - self.looked_us < LOOK_US and not self.asking.is_answered
        if not arrived and is_early and not self._has_more(self._until(now_us)):
            return told
        self.looked_us = now_us
        with self.connection:
            told.notes += prune(self, now_us)
            self._take(arrived)
            hear_people(self, told)
            group(self, hear(self), told)
            until = self._until(now_us)
            if told.closed or not self._has_more(until):
                self._tell(told, told.closed, now_us)
            self._write_run()
        for one in arrived:
            if one.settle is not None:
                one.settle()
        while until is not None and self._has_more(until):
            with self.connection:
                closed = len(told.closed)
                self._close(min(until, self._chunk_end(until)), now_us, told)
                self._tell(told, told.closed[closed:], now_us)
                self._write_run()
            if self._has_more(until):
                self._write_learned()
        return told

    def _tell(self, told: Told, closed: Sequence[Case], now_us: int) -> None:
        """Tell of incidents that last or were just closed, and of sources."""
        self.speak(self.connection, [*self.lasting.values(), *closed, *self.hearing.facts(now_us)], now_us)
        told.notes += self.hearing.notes
        self.hearing.notes.clear()

    def _has_more(self, until: int | None) -> bool:
        """Whether windows before `until` are to be judged."""
        if until is None or (self.intake.closed is None and not self.intake.windows):
            return False
        return self.intake.closed < until if self.intake.closed is not None else min(self.intake.windows) < until

    def _chunk_end(self, until: int) -> int:
        """The end of the windows that are judged together, from the first one that is open."""
        first = self.intake.closed
        if first is None:
            first = min((window for window in self.intake.windows if window < until), default=until)
        block = self.fleet.tiles[SILENT].state.block
        return (first // block + MOST_BLOCKS) * block

    def _take(self, arrived: Sequence[Arrived]) -> None:
        """Count what arrived and store it with the positions behind it."""
        added = self.intake.take(arrived)
        store_added(self.connection, added)
        for late in (one for one in added if one.late and one.window in self.recent.windows):
            self.recent.add(late.window, late.cells)  # it is not judged any more, but causes know it
        sources = {one.source for one in arrived if one.data}
        for source in sorted(sources):
            self.hearing.notes += self.intake.streams[source].complaint()
            body = self.intake.body_of(source)
            self.connection.execute(
                "INSERT OR REPLACE INTO watch_streams VALUES (?, ?)", (source, msgspec.json.encode(body))
            )
        memory.note(self.connection, self.intake.markers)
        self.intake.markers.clear()
        self.intake.trails.store(self.connection)
        self.intake.versions.store(self.connection)
        for one in arrived:
            if one.position is not None:
                memory.move(self.connection, one.key, one.position)
        if self.named < len(self.intake.services):
            new = list(self.intake.services)[self.named :]
            rows = [(number, name, None, None) for number, name in enumerate(new, self.named)]
            self.connection.executemany("INSERT INTO watch_services VALUES (?, ?, ?, ?)", rows)
            self.named += len(new)
        stated = sum(map(len, self.intake.told.values()))
        if self.stated < stated:
            memory.write_run(self.connection, "told", {name: sorted(of) for name, of in self.intake.told.items()})
            self.stated = stated

    def _until(self, now_us: int) -> int | None:
        """Windows before this one are over; None: nothing is known yet."""
        if not self.released:
            return None
        return self.hearing.until(self.intake.watermark, self.intake.width_us, now_us)

    def _close(self, until: int, now_us: int, told: Told) -> None:
        """Close windows, judge them, and store what came of it."""
        first, cells = self.intake.close(until)
        until = first + len(cells)
        self._widen(cells)
        self._welcome(first, cells)
        ended = self.fleet.tick(first, cells)
        for window, one in enumerate(cells, first):
            self.recent.add(window, one)
        memory.write_windows(self.connection, "closed", ((at, one.encode()) for at, one in enumerate(cells, first)))
        memory.forget_windows(self.connection, "open", until)
        changed = self.loads.take(first, until, self.fleet.since, self.settings)
        self.loads.store(self.connection, changed)
        incidents = self._join(ended, until)
        told.notes += self.marking.look(self.connection, self.settings)
        news = follow(self, incidents, until, now_us, told)
        self.joining.keep(self.connection)
        group(self, [*news, *name(self, told)], told)
        told.windows += len(cells)
        self._write_tiles([number for number in self.fleet.tiles if number not in self.stored])
        oldest = min((-1 if at is None else at for at in self.stored.values()), default=-1)
        memory.forget_windows(self.connection, "closed", min(oldest, until - self.recent.keep))
        memory.forget_windows(self.connection, "late", until - self.recent.keep)
        self.intake.trails.forget(self.connection, self.recent.span()[0] * self.intake.width_us)

    def _join(self, ended: Sequence[Incident], until: int) -> list[Incident]:
        """Judge the versions; the incidents that are over, then those that last, those of one cause as one."""
        versions, before = self.intake.versions, self.intake.versions.judged
        open_at = self.fleet.tiles[SILENT].state.open_at
        rising = versions.advance(until * self.intake.width_us, self.settings, open_at)
        every = [*ended, *self.fleet.lasting()]
        around = Around(self.recent, until, self.lasting.keys())
        joined = self.joining.join(every, [*rising, *versions.judge.still_open()], around)
        if versions.judged != before:
            versions.store_known(self.connection)
        end_us = until * self.intake.width_us
        found = [one for one in joined.values() if one.factor >= 1 or not self.hearing.explains(one, end_us)]
        return sorted(found, key=lambda one: (one.ended_us is None, one.ended_us or 0, one.service, one.id))

    def finish(self) -> None:
        """Take the last answers; nothing arrives any more."""
        self.asking.wait(LAST_S)
        with self.connection:
            group(self, hear(self), Told())
        self.asking.close()

    def _widen(self, cells: Sequence[Cells]) -> None:
        """Find out what lines are counted per; from the first service of which that is known on it is judged."""
        windows, per = self.intake.windows, self.recent.per
        if self.fleet.next is None:  # all that was there before is looked at
            windows.update({window: [merge(parts)] for window, parts in windows.items()})
            cells = [*cells, *(part for parts in windows.values() for part in parts)]
        if per.settle(one.telling() for one in cells):
            memory.write_run(self.connection, "per", per.kinds.tolist())
        if per.are_known and PER_CLIENT not in self.fleet.tiles[SILENT].state.signals:
            self.fleet.widen(tuple(SOURCES))
            self.stored.clear()

    def _welcome(self, first: int, cells: Sequence[Cells]) -> None:
        """Services and streams that these windows are the first of."""
        for since in sorted({at for at in self.intake.firsts.values() if first <= at < first + len(cells)}):
            self.fleet.begin_stream(since)
            self.stored.pop(SILENT, None)
        changed = self.fleet.grow(list(self.intake.services)[len(self.fleet.since) :])
        new = self.intake.new_services(cells)
        for since in sorted(set(new.values())):
            changed |= self.fleet.welcome([number for number, at in new.items() if at == since], since)
        self._note_births(first, cells, new)
        for tile in changed:
            self.stored.pop(tile, None)

    def _note_births(self, first: int, cells: Sequence[Cells], new: Mapping[int, int]) -> None:
        """When services spoke first, by which the budget of pages is divided."""
        born: dict[int, int] = {}
        for window, one in enumerate(cells, first) if new else ():
            for number in new.keys() & one.services.tolist():
                born.setdefault(number, window * self.intake.width_us)
        rows = [(new[number], at, number) for number, at in born.items()]
        self.connection.executemany("UPDATE watch_services SET since = ?, born_us = ? WHERE number = ?", rows)
        self.born = sorted([*self.born, *born.values()])

    def _write_tiles(self, numbers: Sequence[int]) -> None:
        """Write what is known of services; the caller commits."""
        tiles = [self.fleet.tiles[number] for number in numbers]
        learned = [tile.learned for tile in tiles]
        rows = zip(numbers, learned, self.fleet.pool.map(pack, tiles), strict=True)
        self.connection.executemany("INSERT OR REPLACE INTO watch_tiles VALUES (?, ?, ?)", rows)
        self.stored |= dict(zip(numbers, learned, strict=True))

    def _write_run(self) -> None:
        intake = self.intake
        self.hearing.store(self.connection)
        memory.write_run(self.connection, "run", {
            "closed": intake.closed, "reached": intake.watermark.reached, "released": self.released,
            "tally": dict(intake.tally), "pending": {str(at): sorted(logs) for at, logs in intake.pending.items()},
        })  # fmt: skip

    def prepare(self) -> bool:
        """Do some of what the next windows need ahead of them, else write some tiles that learned; whether any did.

        It changes no verdict: what is not prepared when a window closes, its tick does first, and what is not written
        is judged again after a restart.
        """
        return self.fleet.prepare() or self._write_learned()

    def _write_learned(self) -> bool:
        """Write some tiles that learned since they were written; whether there were any."""
        tiles = self.fleet.tiles.items()
        waiting = [number for number, tile in tiles if self.stored.get(number, tile.learned) != tile.learned]
        if waiting:
            with self.connection:
                self._write_tiles(waiting[:MOST_TILES])
        return bool(waiting)
