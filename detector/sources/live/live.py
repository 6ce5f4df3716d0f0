"""What all live sources have in common: what they put where, where they go on, and how far behind they are."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from detector.sources.parts import Identity

MOST_BYTES = 32 * 1024 * 1024
BLOCK_BYTES = 4 * 1024 * 1024
_LOOK_SECONDS = 0.1
_OVERHEAD_BYTES = 256

Position = Mapping[str, Any]
"""What a source needs to go on after something: can be written as JSON."""


class Extent(NamedTuple):
    """Where lines stand, for who wants to read them again.

    Attributes:
        path: of the plain file, as it was named then.
        identity: which file it was.
        begin, end: bytes of it.
    """

    path: str
    identity: Identity
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Arrived:
    """A run of whole lines of one source, clean UTF-8, at most 4 MiB; without lines it only carries a position.

    Attributes:
        source: name of the source (path, `syslog tcp 127.0.0.1:5514`); its stem is the service where a format has none.
        data: the lines, each with its LF.
        received_us: when they arrived, microseconds since 1970 UTC.
        key: under which `position` is stored.
        position: where to go on once this is durable; empty: the key is to be forgotten; None: nothing to store.
        extent: where the lines stand; None: they cannot be read again.
        settle: to be called once this is durable, from any thread; returns at once and never raises.
    """

    source: str
    data: bytes
    received_us: int
    key: str = ""
    position: Position | None = None
    settle: Callable[[], None] | None = None
    extent: Extent | None = None


@dataclass(frozen=True, slots=True)
class Lag:
    """How far a source is behind.

    Attributes:
        waiting_bytes: known to be there and not taken in; None: cannot be known.
        oldest_seconds: for how long the oldest of it has been there; 0: nothing waits.
        losses: what was lost, cut or repaired since the start, by reason.
        troubles: what is wrong now, one line each; empty while all is well.
    """

    waiting_bytes: int | None
    oldest_seconds: float
    losses: Mapping[str, int] = field(default_factory=dict)
    troubles: tuple[str, ...] = ()


class Live(Protocol):
    """A source that goes on."""

    @property
    def name(self) -> str:
        """As a user would write it; each source of a watch has its own."""

    def run(self, inbox: Inbox, positions: Mapping[str, Position], stop: threading.Event) -> None:
        """Put what arrives until `stop` or the end; for a thread of its own.

        Args:
            inbox: what arrives goes there.
            positions: all that were stored, by key; of other sources too.
            stop: ends it within a second, unless the inbox is full and nobody takes.

        Raises:
            InputError: it cannot begin: the address is taken, a program or an optional package is missing.
        """

    def lag(self) -> Lag:
        """How far it is behind; from any thread."""


class Inbox:
    """What arrived and was not yet taken, bounded by bytes: who brings more has to wait.

    Args:
        most_bytes: how much may wait; one run of lines always fits into an empty inbox.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._waiting: deque[Arrived] = deque()
        self._bytes = 0
        self._changed = threading.Condition()

    @property
    def waiting_bytes(self) -> int:
        """How much waits to be taken."""
        return self._bytes

    @property
    def is_full(self) -> bool:
        """Whether nothing more is let in now."""
        return self._bytes >= self._most_bytes

    def put(self, arrived: Arrived, stop: threading.Event) -> bool:
        """Add it, as soon as there is room; False, and nothing added, if `stop` came first."""
        with self._changed:
            while not self._fits(arrived):
                if stop.is_set():
                    return False
                self._changed.wait(_LOOK_SECONDS)
            self._add(arrived)
        return True

    def offer(self, *arrived: Arrived) -> bool:
        """Add all if there is room for them now; else False, and nothing added."""
        with self._changed:
            if not self._fits(*arrived):
                return False
            for one in arrived:
                self._add(one)
        return True

    def gather(self, seconds: float) -> None:
        """Let more come for so long, but for no longer than until a whole block waits."""
        with self._changed:
            self._changed.wait_for(lambda: self._bytes >= BLOCK_BYTES, seconds)

    def take(self, timeout: float) -> list[Arrived]:
        """All that waits, in order; after `timeout` seconds in which nothing came, nothing."""
        with self._changed:
            if not self._waiting:
                self._changed.wait(timeout)
            taken = list(self._waiting)
            self._waiting.clear()
            self._bytes = 0
            self._changed.notify_all()
        return taken

    def _fits(self, *arrived: Arrived) -> bool:
        return not self._waiting or self._bytes + sum(map(_size, arrived)) <= self._most_bytes

    def _add(self, arrived: Arrived) -> None:
        self._waiting.append(arrived)
        self._bytes += _size(arrived)
        self._changed.notify_all()


def _size(arrived: Arrived) -> int:
    return len(arrived.data) + _OVERHEAD_BYTES
