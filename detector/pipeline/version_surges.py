"""One version that talks more than the others, from the tile in which it was noticed to its end."""

from __future__ import annotations

import math
from dataclasses import dataclass

from detector.causes import Rise
from detector.schemas import Incident
from detector.windows.versions import TILE_US

QUIET_TILES, SETTLED_TILES = 3, 288
SILENT_TILES = 12
"""Where none of its clients talks any more for so long it is over."""


@dataclass(slots=True)
class VersionSurge:
    """What is kept while it lasts.

    Attributes:
        measure: by which it was noticed.
        kind: of the others that it is compared with.
        started, detected: numbers of tiles; it was noticed at the begin of `detected`.
        score: when it was noticed.
        rate: lines per exposure that the others send, as last known.
        rise: as last seen high.
        seen, expected, exposure: sums while it was high.
        high_until: the tile after the last one in which it was high.
        quiet, silent: tiles since then in which it was low, and in which nobody talked.
    """

    measure: int
    kind: str
    started: int
    detected: int
    score: float
    rate: float
    rise: Rise
    seen: float = 0.0
    expected: float = 0.0
    exposure: float = 0.0
    high_until: int = 0
    quiet: int = 0
    silent: int = 0

    def take(self, tile: int, lines: float, exposure: float, ratio: float | None) -> str:
        """Take in a tile; why it closes now, or nothing.

        Args:
            tile: its number.
            lines, exposure: of the version in it.
            ratio: to the others, lately; None where nobody of the version talks.
        """
        factor = max(self.seen / self.expected if self.expected else self.rise.ratio, 1.1)
        if ratio is None:
            self.silent += 1
            return "quiet" if self.silent >= SILENT_TILES else ""
        self.silent = 0
        self.quiet = self.quiet + 1 if ratio < math.sqrt(factor) else 0
        if not self.quiet:
            self.high_until = tile + 1
            self.seen += lines
            self.exposure += exposure
            self.expected += exposure * self.rate
        if self.quiet >= QUIET_TILES:
            return "quiet"
        return "settled" if tile + 1 - self.started >= SETTLED_TILES else ""

    def incident(self, key: str, service: str, width_us: int, end: str = "") -> Incident:
        """Its row; `end`: why it closed."""
        exposure = self.exposure or 1.0
        return Incident(
            key, service, "version", self.started * TILE_US, self.detected * TILE_US,
            self.high_until * TILE_US if end else None, self.seen / exposure, self.expected / exposure, self.score,
            width_us, settled=end == "settled",
        )  # fmt: skip
