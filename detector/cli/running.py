"""A watch in this process: its loop with clocks and signals, its HTTP answers, and what a reload changes."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread
from types import FrameType
from typing import TYPE_CHECKING

from detector.cli import systemd
from detector.cli.logs import Log
from detector.cli.receivers import alerts_from, edge_here
from detector.errors import DetectorError, SettingsError

if TYPE_CHECKING:
    from detector.alerts.dispatch import Dispatcher
    from detector.layers import Resolved
    from detector.pipeline.watching.cases import Told
    from detector.pipeline.watching.feeding import Feed
    from detector.pipeline.watching.loop import Loop
    from detector.sources.live.settings import Source

STATUS_S = 10.0
Again = Callable[[], "tuple[Resolved, tuple[Source, ...]]"]


def now_us() -> int:
    """The clock of this machine, microseconds since 1970 UTC."""
    return time.time_ns() // 1000


@dataclass(slots=True)
class Running:
    """A watch that is open.

    Attributes:
        state: its folder.
        connection: of the state.
        pool: threads that judge.
        log: what it says of itself.
        tell: what it says of incidents.
        again: reads the settings anew.
        beaten_s: when the last step ended.
        opened: incidents that opened since the start.
        interrupted: whether somebody pressed Ctrl-C.
    """

    state: str
    connection: sqlite3.Connection
    pool: Executor
    log: Log
    tell: Callable[[Told], None]
    again: Again
    sources: tuple[Source, ...] = ()
    loop: Loop = field(init=False)
    beaten_s: float = 0.0
    noticed_s: float = 0.0
    opened: int = 0
    interrupted: bool = False
    reload: bool = False
    closing: Event = field(default_factory=Event)

    def open(self, resolved: Resolved, sources: tuple[Source, ...], http: str | None) -> None:
        """Go on where the state ends, and let the sources run.

        Raises:
            DetectorError: something cannot be opened.
        """
        from detector.alerts.outbox import prepare
        from detector.pipeline.watching.begin import begin
        from detector.pipeline.watching.loop import Loop
        from detector.pipeline.watching.notices import speaker

        alerts = alerts_from(resolved)
        for warning in alerts.warnings():
            self.log("warning", warning)
        prepare(self.connection)
        watch = begin(self.connection, resolved.settings, now_us(), self.pool, speaker(alerts))
        watch.keep_us = alerts.keep_us
        self.sources = sources
        self.loop = Loop(watch, self._feed(), self._dispatcher(resolved), now_us, self._say, self._beat)
        if http is not None:
            self._serve(http)
        for path in missing_paths(sources):
            self.log("warning", f"{path} does not exist yet: it is waited for")
        self.log("info", "watching", sources=", ".join(self.loop.feed.lags()), state=self.state)

    def _feed(self) -> Feed:
        from detector.pipeline.watching import memory
        from detector.pipeline.watching.feeding import Feed, live_of

        feed = Feed([live_of(source, now_us) for source in self.sources], time.monotonic)
        feed.start(memory.positions(self.connection))
        return feed

    def _dispatcher(self, resolved: Resolved) -> Dispatcher | None:
        from detector.alerts.dispatch import Dispatcher

        receivers = alerts_from(resolved).receivers
        if not receivers:
            return None
        dispatcher = Dispatcher(self.state, receivers, edge_here())
        if not dispatcher.start():
            self.log("warning", "another process sends the notices of this state; this one only writes them")
        return dispatcher

    def _serve(self, http: str) -> None:
        from detector.cli.answers import serve_for

        serve = serve_for(http, self)
        Thread(target=serve, name="http", daemon=True).start()

    def run(self) -> None:
        """Until the end of all sources, or a signal.

        Raises:
            DetectorError: a source cannot go on.
        """
        self.beaten_s = time.monotonic()
        systemd.notify(os.environ, "READY=1", "STATUS=reading what is there")
        try:
            with self._signals():
                self.loop.run()
        finally:
            systemd.notify(os.environ, "STOPPING=1")
            self.closing.set()
            self.loop.feed.end()
            if self.loop.dispatcher is not None:
                self.loop.dispatcher.stop()
        tally = self.loop.watch.intake.tally
        self.log("info", "ended", lines=tally["lines"], late=tally["late"], waiting_notices=self.waiting_notices())

    def waiting_notices(self) -> int:
        """Notices in the outbox that are not delivered."""
        from detector.alerts.outbox import counts

        found = counts(self.connection)
        return found["waiting"] + found["dead"]

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """SIGTERM and Ctrl-C drain, a second one ends at once; SIGHUP reads the settings again."""

        def end(number: int, _frame: FrameType | None) -> None:
            self.interrupted = number == signal.SIGINT
            self.loop.stop.set()
            signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)

        def reload(_number: int, _frame: FrameType | None) -> None:
            self.reload = True

        before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGINT)}
        before[signal.SIGHUP] = signal.signal(signal.SIGHUP, reload)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _say(self, told: Told) -> None:
        self.opened += len(told.opened)
        for note in told.notes:
            self.log("warning", note)
        self.tell(told)

    def _beat(self) -> None:
        """After each step: signs of life, and a reload that somebody asked for."""
        self.beaten_s = time.monotonic()
        wanted = systemd.watchdog_s(os.environ)
        if self.beaten_s - self.noticed_s >= min(STATUS_S, wanted or STATUS_S):
            self.noticed_s = self.beaten_s
            watch = self.loop.watch
            what = "reading what is there" if not watch.released else f"{len(watch.fleet.since)} services"
            systemd.notify(os.environ, "WATCHDOG=1", f"STATUS={what}, {len(watch.lasting)} incidents open")
        if self.reload:
            self.reload = False
            try:
                self._reload()
                self.log("info", "settings read again")
            except DetectorError as error:
                self.log("error", f"the settings stay as they were: {error}")

    def _reload(self) -> None:
        """Take over what changed.

        Raises:
            DetectorError: the new settings are wrong, or need another state; nothing was changed.
        """
        from detector.pipeline.marking import pattern_from
        from detector.pipeline.model import fingerprint
        from detector.pipeline.opening import width_of
        from detector.pipeline.scan import check_budgets, opens_at
        from detector.pipeline.watching.notices import speaker

        resolved, sources = self.again()
        watch, new = self.loop.watch, resolved.settings
        if width_of(new) != watch.intake.width_us or fingerprint(new) != fingerprint(watch.settings):
            raise SettingsError("window, services and clients cannot change while a watch runs; use another --state")
        check_budgets(new)
        alerts = alerts_from(resolved)
        pattern_from(new)
        watch.fleet.retune(new, opens_at(new.incident_budget))
        watch.intake.retune(new)
        watch.settings = new
        watch.speak, watch.keep_us = speaker(alerts), alerts.keep_us
        if self.loop.dispatcher is not None:
            self.loop.dispatcher.stop()
        self.loop.dispatcher = self._dispatcher(resolved)
        if sources != self.sources:
            self._change_sources(sources)

    def _change_sources(self, sources: tuple[Source, ...]) -> None:
        """End the sources, take what they brought, and begin those of the new settings."""
        feed, watch = self.loop.feed, self.loop.watch
        feed.end()
        while not feed.is_over:
            self._say(watch.step(feed.take(0.25), now_us(), caught_up=False))
        self.sources = sources
        watch.hearing.begun_us = None
        self.loop.feed = self._feed()


def missing_paths(sources: tuple[Source, ...]) -> list[str]:
    """The paths of files to follow that nothing fits: perhaps they are wrong."""
    from glob import glob

    from detector.sources.live.settings import FileSource

    paths = [path for source in sources if isinstance(source, FileSource) for path in source.paths]
    return [path for path in paths if not os.path.lexists(path) and not glob(path, recursive=True)]
