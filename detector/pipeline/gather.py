"""Reads all sources of a batch to totals: bytes -> lines -> records -> counts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import chain

from detector.config import Settings
from detector.errors import Fault
from detector.formats import counts
from detector.pipeline.aids import NO_AIDS, Aids
from detector.pipeline.gathered import Gathered
from detector.pipeline.gridding import grid_csv, grid_file
from detector.pipeline.opening import context_for, for_counting, head_of, nothing_read, width_of
from detector.pipeline.parallel import in_order
from detector.pipeline.read import Reading, read
from detector.schemas import InputSummary
from detector.sources.blocks import read_blocks
from detector.sources.files import SourceFile, find
from detector.windows.counting import Partial
from detector.windows.outliers import drop_outliers
from detector.windows.stitch import Seam
from detector.windows.totals import Totals

Job = tuple[Callable[[Reading], None], Callable[[], Reading]]
"""What takes the counts of a block, and what makes them."""


def gather(paths: Sequence[str], settings: Settings, now_us: int, aids: Aids = NO_AIDS) -> Gathered:
    """Read everything.

    Args:
        paths: files, folders, globs, `-`.
        settings: how to read.
        now_us: the clock, for years of times that lack one, in streams; microseconds since 1970 UTC.
        aids: standard input, and who is told how far reading is.

    Raises:
        InputError: nothing could be read.
    """
    found = find(paths)
    summary = InputSummary(faults=found.faults, passed_over=dict(found.passed_over))
    gathered = Gathered(summary, Totals(width_of(settings)))
    if aids.begin is not None:
        aids.begin(found.files)
    with ThreadPoolExecutor(settings.threads) as pool:
        jobs = chain.from_iterable(_jobs(file, gathered, settings, now_us, aids) for file in found.files)
        for take, future in in_order(pool, jobs, ahead=settings.threads + 2):
            take(future.result())
    _close(gathered)
    if not summary.files and (found.faults or not found.passed_over):
        raise nothing_read(summary.faults)
    return gathered


def _close(gathered: Gathered) -> None:
    """When everything is read: cut off absurd times, and say where the lines went."""
    summary = gathered.summary
    parsed = summary.lines_read - sum(summary.lines_unparsed.values())
    implausible = min(drop_outliers(gathered.totals), parsed)  # a line that stands for many is one line
    if implausible:
        summary.lines_unparsed["implausible_time"] = implausible
    summary.lines_parsed = parsed - implausible
    summary.repaired = gathered.losses.as_dict()


def _jobs(file: SourceFile, gathered: Gathered, settings: Settings, now_us: int, aids: Aids) -> Iterator[Job]:
    """The blocks of one source, each with what takes its counts; a counts table is read at once."""
    if file.kind != "text":
        grid_file(file, gathered, settings)
        return
    summary = gathered.summary
    blocks = read_blocks(file, gathered.losses, summary.faults, stdin=aids.stdin, progress=aids.progress)
    first = next(blocks, None)
    if first is None:
        return
    summary.files += 1
    head, everything = head_of(first), chain([first], blocks)
    table = counts.find_header(head[0]) if settings.input_format in ("auto", counts.NAME) else None
    if table is not None:
        grid_csv(file, everything, table, gathered, settings)
        return
    context = for_counting(context_for(file, head, settings, now_us))
    log = Log(file, gathered)
    for block in everything:
        yield log.take, partial(read, block, context)
    yield log.finish, _nothing  # as a job, so that all blocks have been taken


def _nothing() -> Reading:
    return Reading(Partial([]), 0, 0, {}, {})


@dataclass(slots=True)
class Log:
    """One log while it is read.

    Attributes:
        file: where it is.
        gathered: what its counts are added to.
        seam: what the blocks so far leave for the next one.
    """

    file: SourceFile
    gathered: Gathered
    seam: Seam = field(default_factory=Seam)

    @property
    def stream(self) -> str:
        """What it has in common with the other pieces of a rotated log: inside their span silence is zero."""
        return os.path.join(os.path.dirname(self.file.path), self.file.stem)

    def take(self, reading: Reading) -> None:
        """Merge what one block gave."""
        self.gathered.count(reading.lines, reading.size_bytes, reading.unparsed, reading.formats)
        head = self.seam.join(reading.partial)
        if head is not None:
            self.gathered.totals.add(head, self.stream)
        self.gathered.totals.add(reading.partial, self.stream)
        self.gathered.timed |= reading.partial.last is not None

    def finish(self, _nothing: Reading) -> None:
        """Say how many lines never got a time."""
        lines = self.seam.lines_without_time()
        if lines:
            self.gathered.losses.add("lines_without_time", lines)
            detail = f"{lines} lines without any time were counted, not scored"
            self.gathered.summary.faults.append(Fault(self.file.path, "undated", detail))
