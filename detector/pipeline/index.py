"""Where in each log which times lie, block by block: a later look reads only the blocks that it needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from detector.pipeline.read import Context, Reading
from detector.sources.files import SourceFile
from detector.sources.parts import Identity, Part

Span = tuple[int, int]
"""Half-open, microseconds since 1970 UTC."""


@dataclass(slots=True)
class FileIndex:
    """One log's blocks in order.

    Attributes:
        file: where it is.
        identity: which file it was when it was read; None: it cannot be read again (a pipe).
        context: how its lines are read, where that is known in this process.
        services: that speak in it.
        size_bytes: of the decompressed stream, about.
        begins: where each block begins in the decompressed stream.
        times: the earliest and latest time of each block; None without any.
    """

    file: SourceFile
    identity: Identity | None
    context: Context | None = None
    services: set[str] = field(default_factory=set)
    size_bytes: int = 0
    begins: list[int] = field(default_factory=list)
    times: list[Span | None] = field(default_factory=list)

    def add(self, reading: Reading) -> None:
        """Take in the next block."""
        first, last = reading.partial.first_us, reading.partial.last_us
        self.begins.append(reading.offset_bytes)
        self.times.append(None if first is None or last is None else (first, last))
        self.size_bytes = reading.offset_bytes + reading.size_bytes
        self.services.update(name for name in reading.partial.services if name is not None)

    def parts(self, spans: Sequence[Span]) -> list[Part]:
        """The parts of the stream in which records of these spans may lie; neighbours are joined."""
        found: list[Part] = []
        for begin, end, times in zip(self.begins, [*self.begins[1:], None], self.times, strict=True):
            if times is None or not any(times[0] < until and times[1] >= since for since, until in spans):
                continue
            if found and found[-1].end == begin:
                found[-1] = Part(found[-1].begin, end)
            else:
                found.append(Part(begin, end))
        return found
