"""Standard input, as it comes."""

from __future__ import annotations

import os
import select
import sys
import threading
from collections.abc import Callable, Mapping
from typing import BinaryIO

from detector.errors import InputError, Losses
from detector.sources.live.live import BLOCK_BYTES, Arrived, Inbox, Lag, Position
from detector.sources.live.settings import StdinSource
from detector.sources.live.taking import Inside, clean_runs, take

TICK_SECONDS = 0.2
READ_BYTES = 1024 * 1024


class Stdin:
    """Reads until the end; it cannot be read again, so it has no position.

    Args:
        settings: how.
        clock: microseconds since 1970 UTC.
        stream: what to read, if not the process' own standard input.
    """

    name = "-"

    def __init__(self, settings: StdinSource, clock: Callable[[], int], stream: BinaryIO | None = None) -> None:
        self._settings, self._clock, self._stream = settings, clock, stream
        self._losses = Losses()
        self._waiting, self._inside, self._heard_us = b"", Inside.BEGIN, 0

    def lag(self) -> Lag:
        """What waits in the pipe is not known."""
        return Lag(None, 0.0, dict(self._losses.counts))

    def run(self, inbox: Inbox, positions: Mapping[str, Position], stop: threading.Event) -> None:  # noqa: ARG002  it has no position
        """As `Live.run`."""
        stream = self._stream or (sys.stdin.buffer if sys.stdin is not None else None)
        if stream is None:
            raise InputError("standard input is closed")
        descriptor, is_ended = stream.fileno(), False
        while not is_ended and not stop.is_set():
            if select.select([descriptor], [], [], TICK_SECONDS)[0]:
                data = os.read(descriptor, READ_BYTES)
                self._waiting += data
                self._heard_us, is_ended = self._clock(), not data
            is_quiet = self._clock() - self._heard_us >= self._settings.flush_seconds * 1e6
            self._put(inbox, stop, flush=is_quiet or is_ended)

    def _put(self, inbox: Inbox, stop: threading.Event, *, flush: bool) -> None:
        while self._waiting:
            taken = take(self._waiting[:BLOCK_BYTES], self._inside, flush=flush)
            self._waiting, self._inside = self._waiting[taken.size :], taken.inside
            for run in clean_runs(taken.lines, self._losses):
                inbox.put(Arrived(self.name, run, self._clock()), stop)
            if not taken.size:
                return
