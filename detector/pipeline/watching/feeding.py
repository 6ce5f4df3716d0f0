"""The sources of a watch, each in a thread of its own, until they are stopped or one of them cannot go on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from detector.errors import DetectorError
from detector.sources.live.journald import Journald
from detector.sources.live.live import Arrived, Inbox, Lag, Live, Position
from detector.sources.live.otlp import Otlp
from detector.sources.live.settings import FileSource, JournaldSource, OtlpSource, Source, StdinSource, SyslogSource
from detector.sources.live.stdin import Stdin
from detector.sources.live.syslog import Syslog
from detector.sources.live.tail import FileTail

Clock = Callable[[], int]
SETTLED_S = 1.5
"""For so long nothing has arrived, or so long after the start, all that waited then may be read."""
MOST_REST_S = 1.0
"""What little arrives is let become more for as long as the last step took, but no longer than this."""
BEHIND_S = 2.0
"""A source whose oldest unread line waits for less is not behind."""


def live_of(source: Source, clock: Clock) -> Live:
    """The source that settings mean."""
    if isinstance(source, FileSource):
        return FileTail(source, clock)
    if isinstance(source, StdinSource):
        return Stdin(source, clock)
    if isinstance(source, SyslogSource):
        return Syslog(source, clock)
    if isinstance(source, JournaldSource):
        return Journald(source, clock)
    assert isinstance(source, OtlpSource)
    return Otlp(source, clock)


class Slot(Inbox):
    """The way of one source into the inbox of all, which notes when something came through."""

    def __init__(self, inbox: Inbox, name: str, heard: dict[str, int]) -> None:
        self._inbox, self._name, self._heard = inbox, name, heard

    @property
    def waiting_bytes(self) -> int:
        """As of the inbox of all."""
        return self._inbox.waiting_bytes

    @property
    def is_full(self) -> bool:
        """As of the inbox of all."""
        return self._inbox.is_full

    def put(self, arrived: Arrived, stop: threading.Event) -> bool:
        """As of the inbox of all."""
        return self._inbox.put(arrived, stop) and self._note(arrived)

    def offer(self, *arrived: Arrived) -> bool:
        """As of the inbox of all."""
        return self._inbox.offer(*arrived) and self._note(*arrived)

    def _note(self, *arrived: Arrived) -> bool:
        for one in arrived:
            if one.data:
                self._heard[self._name] = one.received_us
        return True


@dataclass(slots=True)
class Feed:
    """Sources that run.

    Attributes:
        lives: the sources.
        ticks: seconds of a clock that nobody sets.
        inbox: what arrived.
        stop: ends them.
        failures: of sources that could not go on.
        heard: name of a source -> when lines came from it last, microseconds since 1970 UTC.
    """

    lives: Sequence[Live]
    ticks: Callable[[], float]
    inbox: Inbox = field(default_factory=Inbox)
    stop: threading.Event = field(default_factory=threading.Event)
    failures: list[BaseException] = field(default_factory=list)
    threads: list[threading.Thread] = field(default_factory=list)
    begun_s: float = 0.0
    heard_s: float = 0.0
    taken_s: float = 0.0
    caught_up: bool = False
    heard: dict[str, int] = field(default_factory=dict)

    def start(self, positions: Mapping[str, Position]) -> None:
        """Let the sources run."""
        self.begun_s = self.heard_s = self.taken_s = self.ticks()
        for live in self.lives:
            thread = threading.Thread(target=self._run, args=(live, positions), name=live.name, daemon=True)
            self.threads.append(thread)
            thread.start()

    def _run(self, live: Live, positions: Mapping[str, Position]) -> None:
        try:
            live.run(Slot(self.inbox, live.name, self.heard), positions, self.stop)
        except BaseException as error:  # noqa: BLE001  told by the thread that waits for it
            self.failures.append(error)

    def take(self, timeout_s: float) -> list[Arrived]:
        """What arrived.

        Where many sources bring a little each, half of the time goes to them at most: the less often they are looked
        at, the less a line costs.

        Raises:
            DetectorError: a source cannot go on.
        """
        if timeout_s and not self.stop.is_set():
            self.inbox.gather(min(MOST_REST_S, self.ticks() - self.taken_s))
        arrived = self.inbox.take(timeout_s)
        if self.failures:
            failure = self.failures[0]
            raise failure if isinstance(failure, DetectorError) else DetectorError(f"a source failed: {failure!r}")
        now_s = self.taken_s = self.ticks()
        if any(one.data for one in arrived):
            self.heard_s = now_s
        self.caught_up = self.caught_up or self._has_caught_up(now_s)
        return arrived

    def _has_caught_up(self, now_s: float) -> bool:
        """Whether all that waited at the start has been taken; said once, it stays so."""
        if now_s - self.begun_s < SETTLED_S:
            return False
        lags = [live.lag() for live in self.lives]
        behind = any(lag.waiting_bytes and lag.oldest_seconds > BEHIND_S for lag in lags)
        waits = any(lag.waiting_bytes for lag in lags)
        return not behind and (now_s - self.heard_s >= SETTLED_S or not waits)

    @property
    def is_over(self) -> bool:
        """Whether no source runs any more, and all that came was taken."""
        return not any(thread.is_alive() for thread in self.threads) and not self.inbox.waiting_bytes

    def lags(self) -> dict[str, Lag]:
        """How far each source is behind."""
        return {live.name: live.lag() for live in self.lives}

    def end(self) -> None:
        """Let the sources end; what they put until then can still be taken."""
        self.stop.set()
