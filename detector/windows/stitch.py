"""Lines before the first known time of a block belong to the last known time of the block before it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from detector.windows.counting import Numbers, Partial


@dataclass(slots=True)
class Seam:
    """What one source's blocks, taken in order, leave for the next one.

    Attributes:
        last: window and service of the last line with a known time.
        waiting: service (None: that of the first record) -> measures of lines before any known time.
        spoke: service of the last line so far, with or without a time: that of further lines.
    """

    last: tuple[int, str] | None = None
    waiting: dict[str | None, Numbers] = field(default_factory=dict)
    spoke: str | None = None

    def join(self, partial: Partial) -> Partial | None:
        """Place the block's head; None while no time is known yet.

        Returns:
            counts of the head alone, to be added like those of a block.
        """
        for own, measures in partial.head.items():
            service = self.spoke if own is None else own
            self.waiting[service] = self.waiting.get(service, 0) + measures
        self.spoke = self.spoke if partial.end is None else partial.end
        place = self.last or partial.first
        self.last = partial.last or self.last
        if place is None or not self.waiting:
            return None
        services = [service if service is not None else place[1] for service in self.waiting]
        window = np.full(len(services), place[0], np.int64)
        sums = np.stack(list(self.waiting.values()), axis=1)
        self.waiting = {}
        return Partial(list(services), window, np.arange(len(services)), sums)

    def lines_without_time(self) -> int:
        """Records that never got a time: the source has none at all."""
        return int(sum(measures[0] for measures in self.waiting.values()))
