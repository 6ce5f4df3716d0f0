"""What comes in small pieces, collected for the inbox; says when whoever sends has to wait."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from detector.errors import Losses
from detector.sources.cutting import Limits, Piece, fit
from detector.sources.live.live import BLOCK_BYTES, Arrived, Inbox

BATCH_BYTES = 1024 * 1024


class Batch:
    """Lines of one source on their way to the inbox; for one thread.

    Args:
        source: its name.
        inbox: where they go.
        clock: microseconds since 1970 UTC.
        losses: where repairs are counted.
        line_bytes: the longest line left whole.
    """

    def __init__(self, source: str, inbox: Inbox, clock: Callable[[], int], losses: Losses, line_bytes: int) -> None:
        self._source, self._inbox, self._clock = source, inbox, clock
        self._losses, self._limits = losses, Limits(BLOCK_BYTES, line_bytes)
        self._waiting: list[bytes] = []
        self._runs: deque[Arrived] = deque()
        self._since_us = 0
        self.size = 0

    @property
    def is_due(self) -> bool:
        """Whether enough waits for a run."""
        return self.size >= BATCH_BYTES

    def add(self, lines: bytes) -> None:
        """Add whole lines."""
        if lines:
            if not self.size:
                self._since_us = self._clock()
            self._waiting.append(lines)
            self.size += len(lines)

    def flush(self) -> bool:
        """Hand over what waits; False if the inbox is full, so that nothing more should be added for now."""
        if self._waiting:
            whole = Piece(0, b"".join(self._waiting))
            runs = [piece.data for piece in fit(whole, self._limits, self._losses)]
            self._runs += [Arrived(self._source, run, self._since_us) for run in runs]
            self._waiting.clear()
        while self._runs and self._inbox.offer(self._runs[0]):
            self._runs.popleft()
        self.size = sum(len(run.data) for run in self._runs)
        return not self._runs

    def age_seconds(self) -> float:
        """For how long the oldest has waited."""
        return (self._clock() - self._since_us) / 1e6 if self.size else 0.0
