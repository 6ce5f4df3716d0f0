"""The streams of a watch: how the lines of each are read, and what its blocks leave for the next one."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from detector.config import Settings
from detector.pipeline.opening import HEAD_LINES, context_for
from detector.pipeline.read import Context, Reading, read
from detector.schemas import Block
from detector.sources.files import SourceFile
from detector.sources.rotations import stem
from detector.windows.counting import Numbers
from detector.windows.stitch import Seam

HEAD_BYTES = 64 * 1024
"""So much of the first lines is kept, so that a restart reads the lines as before."""
LEAST_UNTIMED = 50
"""Lines without any time before a word is said of it."""
LEAST_KNOWN = 0.5
"""If less of a block is understood, its format is sought anew, as long as there are few lines to tell it by."""


@dataclass(slots=True)
class Stream:
    """What comes from one source.

    Attributes:
        source: its name.
        head: its first lines, by which the format is told.
        context: how its lines are read; None before the first.
        seam: what the blocks so far leave for the next one.
        first: the first window in which it spoke; None before.
        is_timed: some of its lines told a time.
        untimed: lines so far, as long as none did; -1: that was told.
    """

    source: str
    head: bytes = b""
    context: Context | None = None
    seam: Seam = field(default_factory=Seam)
    first: int | None = None
    is_timed: bool = False
    untimed: int = 0

    @property
    def log(self) -> str:
        """What it has in common with the other pieces of a rotated log."""
        return os.path.join(os.path.dirname(self.source), stem(self.source))

    def read(self, data: bytes, received_us: int, settings: Settings) -> Reading:
        """Count a block; the first ones decide how lines are read."""
        if self.context is None:
            self._learn(data, settings, received_us)
        reading = self._count(data, received_us, settings)
        unknown = reading.unparsed.get("unknown_format", 0) > (1 - LEAST_KNOWN) * reading.lines
        if unknown and self.head.count(b"\n") < HEAD_LINES:
            before = self.context
            self._learn(data, settings, received_us)
            if self.context is not None and before is not None and self.context.recipe != before.recipe:
                reading = self._count(data, received_us, settings)
        self.is_timed |= reading.partial.first_us not in (None, received_us)
        if reading.partial.first_us is None and not self.is_timed and self.untimed >= 0:
            self.untimed += reading.lines
        return reading

    def _count(self, data: bytes, received_us: int, settings: Settings) -> Reading:
        """Count a block by the format chosen."""
        context = self._dated(received_us)
        if settings.assume_now and not self.is_timed:
            context = replace(context, arrived_us=received_us)
        return read(Block(self.source, 0, 1, data, received_us), context)

    def _learn(self, data: bytes, settings: Settings, received_us: int) -> None:
        """Choose a format by the first lines and these."""
        self.head = (self.head + data)[:HEAD_BYTES] if len(self.head) < HEAD_BYTES else self.head
        whole = self.head.split(b"\n")[:-1][:HEAD_LINES] or [self.head]
        lines = [line.decode("utf-8", "replace") for line in whole]
        file = SourceFile(self.source, None, None, stem(self.source))
        self.context = context_for(file, lines, settings, received_us)

    def _dated(self, received_us: int) -> Context:
        """Times without a year are of the latest year that does not put them much after their arrival."""
        assert self.context is not None
        recipe = self.context.recipe
        if recipe.calendar.slack == timedelta(0):
            return self.context
        latest = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=received_us)
        return replace(self.context, recipe=replace(recipe, calendar=replace(recipe.calendar, latest=latest)))

    def complaint(self) -> list[str]:
        """Once, that lines without times are not judged."""
        if self.is_timed or self.untimed < LEAST_UNTIMED:
            return []
        self.untimed = -1
        told = f"{self.source}: its lines tell no time, so they are counted, not judged"
        return [f"{told}; with --assume-now they are judged by when they arrive"]

    def body(self) -> dict[str, Any]:
        """What a restart needs to go on, as JSON."""
        seam = self.seam
        waiting = [[service, [int(one) for one in measures]] for service, measures in seam.waiting.items()]
        return {
            "head": self.head.decode("utf-8", "replace"), "first": self.first,
            "last": list(seam.last) if seam.last else None, "spoke": seam.spoke, "waiting": waiting,
            "timed": self.is_timed,
        }  # fmt: skip

    @classmethod
    def of(cls, source: str, body: dict[str, Any], settings: Settings, now_us: int) -> Stream:
        """The inverse of `body`."""
        last = body["last"]
        waiting: dict[str | None, Numbers] = {service: np.array(sums, np.int64) for service, sums in body["waiting"]}
        seam = Seam((int(last[0]), str(last[1])) if last else None, waiting, body["spoke"])
        stream = cls(source, seam=seam, first=body["first"], is_timed=body.get("timed", True))
        if body["head"]:
            stream._learn(body["head"].encode(), settings, now_us)
        return stream


def times_of(reading: Reading, width_us: int) -> Iterable[int]:
    """Event times of a block, ascending: that of each window, and the latest one."""
    partial = reading.partial
    if partial.last_us is None or partial.first_us is None:
        return []
    begins = np.unique(partial.window) * width_us
    return [*np.maximum(begins, partial.first_us).tolist(), partial.last_us]
