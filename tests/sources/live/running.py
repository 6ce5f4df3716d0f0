"""A live source in its thread, and what it brought."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from detector.sources.live.live import Arrived, Inbox, Live, Position

LONGEST_SECONDS = 20


def clock() -> int:
    """Microseconds since 1970 UTC."""
    return time.time_ns() // 1000


class Running:
    """Runs `source` while the context lasts, and stores positions as a watch would.

    Attributes:
        arrived: what was taken.
        positions: what is stored.
        error: what ended the thread, if anything did.
    """

    def __init__(
        self, source: Live, positions: Mapping[str, Position] | None = None, inbox: Inbox | None = None
    ) -> None:
        self.source, self.inbox, self.stop = source, inbox or Inbox(), threading.Event()
        self.arrived: list[Arrived] = []
        self.positions: dict[str, Position] = dict(positions or {})
        self.error: BaseException | None = None
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        try:
            self.source.run(self.inbox, dict(self.positions), self.stop)
        except BaseException as error:  # noqa: BLE001  told to the test
            self.error = error

    def __enter__(self) -> Self:
        self.thread.start()
        listening = getattr(self.source, "listening", None)
        deadline = time.monotonic() + LONGEST_SECONDS
        while listening is not None and not listening.wait(0.02):
            assert self.thread.is_alive(), self.error
            assert time.monotonic() < deadline
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop.set()
        self.thread.join(LONGEST_SECONDS)
        self.take(0)
        assert not self.thread.is_alive()

    @property
    def data(self) -> bytes:
        """All lines so far."""
        return b"".join(one.data for one in self.arrived)

    @property
    def lines(self) -> list[bytes]:
        """All lines so far, without LF."""
        return self.data.split(b"\n")[:-1]

    def take(self, seconds: float) -> None:
        """Take what is there, or comes first within so many seconds, and make it durable."""
        for one in self.inbox.take(seconds):
            self.arrived.append(one)
            if one.position is not None:
                self.positions[one.key] = one.position
            if one.position == {}:
                del self.positions[one.key]
            if one.settle is not None:
                one.settle()

    def until(self, count: int) -> list[bytes]:
        """The lines, as soon as there are so many."""
        deadline = time.monotonic() + LONGEST_SECONDS
        while self.data.count(b"\n") < count and time.monotonic() < deadline:
            self.take(0.05)
        return self.lines
