"""All that was read in a batch."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from detector.errors import CUT_REPEATS, Fault, Losses
from detector.markers import Marker
from detector.pipeline.index import FileIndex
from detector.pipeline.marking import merge_markers
from detector.pipeline.read import Reading
from detector.pipeline.stores import Store
from detector.schemas import InputSummary
from detector.windows.grid import Grid
from detector.windows.stitch import Seam
from detector.windows.totals import Totals
from detector.windows.versions import VersionTotals


@dataclass(slots=True)
class Gathered:
    """All that was read.

    Attributes:
        summary: where the lines went; complete when everything is read.
        totals: counts of logs.
        grids: length of a window in microseconds -> counts of the tables with that step.
        losses: what the reader mended or cut, by reason.
        timed: whether any line has a time.
        indexes: where in each log which times lie.
        versions: what the clients of each version sent, in logs.
        markers: what was done to services; what came again in the same minute once.
        unmarked: lines that tell it without a time, or too many.
    """

    summary: InputSummary
    totals: Totals
    grids: dict[int, Grid] = field(default_factory=dict)
    losses: Losses = field(default_factory=Losses)
    timed: bool = False
    indexes: list[FileIndex] = field(default_factory=list)
    versions: VersionTotals = field(init=False)
    markers: dict[tuple[str, str, int], Marker] = field(default_factory=dict)
    unmarked: int = 0

    def __post_init__(self) -> None:
        self.versions = VersionTotals(self.totals)

    def stores(self) -> list[Store]:
        """The counts that there are; logs come first."""
        found: list[Store] = [self.totals, *self.grids.values()]
        return [store for store in found if store.services]

    def count(self, lines: int, size_bytes: int, unparsed: dict[str, int], formats: dict[str, int]) -> None:
        """Count what was read: physical lines, bytes, lines not parsed by reason, records by format."""
        summary = self.summary
        summary.lines_read += lines
        summary.bytes_read += size_bytes
        summary.lines_unparsed = dict(Counter(summary.lines_unparsed) + Counter(unparsed))
        summary.formats = dict(Counter(summary.formats) + Counter(formats))

    def add(self, reading: Reading, seam: Seam, stream: str) -> None:
        """Merge what a block of a stream gave; blocks come in order, `seam` joins them."""
        self.count(reading.lines, reading.size_bytes, reading.unparsed, reading.formats)
        self.losses.add(CUT_REPEATS, reading.partial.cut_repeats)
        head = seam.join(reading.partial)
        if head is not None:
            self.totals.add(head, stream)
        self.totals.add(reading.partial, stream)
        if reading.versions is not None:
            self.versions.add(reading.versions)  # after the totals, which say how dense the sample is
        merge_markers(self.markers, reading.markers[0])
        self.unmarked += reading.markers[1]
        self.timed |= reading.partial.last is not None

    def tell_undated(self, path: str, lines: int) -> None:
        """Count the lines of a source that never got a time."""
        if lines:
            self.losses.add("lines_without_time", lines)
            detail = f"{lines} {'line' if lines == 1 else 'lines'} without any time: counted, not scored"
            self.summary.faults.append(Fault(path, "undated", detail))
