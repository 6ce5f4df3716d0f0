"""Reads all sources of a batch to totals: bytes -> lines -> records -> counts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Any

from detector.config import Settings
from detector.errors import Losses
from detector.formats import counts
from detector.pipeline.aids import NO_AIDS, Aids
from detector.pipeline.crew import Crew
from detector.pipeline.gathered import Gathered
from detector.pipeline.gridding import grid_csv
from detector.pipeline.index import FileIndex
from detector.pipeline.opening import context_for, for_counting, head_of, nothing_read, width_of
from detector.pipeline.parallel import in_order
from detector.pipeline.read import Context, Reading, read
from detector.pipeline.records_tables import table_jobs
from detector.pipeline.shares import PART_BYTES, Done, Share, head_lines, read_share
from detector.schemas import Block, InputSummary
from detector.sources.blocks import read_blocks
from detector.sources.files import SourceFile, find
from detector.sources.parts import Divided, divide, identity_at
from detector.windows.outliers import drop_outliers
from detector.windows.stitch import Seam
from detector.windows.totals import Totals

Job = tuple[Callable[[Any], None], Callable[[], Any]]
"""What takes counts, and what makes them."""


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
    with ExitStack() as stack:
        crew = aids.crew or stack.enter_context(Crew(settings.threads))
        pool = stack.enter_context(ThreadPoolExecutor(settings.threads))
        gathering = Gathering(gathered, settings, now_us, aids, crew, stack)
        jobs = chain.from_iterable(map(gathering.jobs, found.files))
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


@dataclass(frozen=True, slots=True)
class Gathering:
    """What stays the same for all sources; `stack` closes what a failure leaves open."""

    gathered: Gathered
    settings: Settings
    now_us: int
    aids: Aids
    crew: Crew
    stack: ExitStack

    def jobs(self, file: SourceFile) -> Iterator[Job]:
        """The work on one source, each piece with what takes its counts; a counts table is read at once."""
        if file.kind != "text":
            yield from table_jobs(file, self.gathered, self.settings)
            return
        divided = divide(file.path, PART_BYTES) if self.settings.threads > 1 and file.path != "-" else None
        if divided is None:
            yield from self._blocks(file)
            return
        self.stack.enter_context(divided.file)
        if self._table(head_lines(file)) is None:
            yield from self._shares(file, divided)
        else:
            yield from self._blocks(file)

    def _table(self, head: Sequence[str]) -> counts.CountsTable | None:
        wanted = self.settings.input_format
        return counts.find_header(head[0]) if head and wanted in ("auto", counts.NAME) else None

    def _blocks(self, file: SourceFile) -> Iterator[Job]:
        """A source read in order, its blocks taken apart on threads."""
        gathered, settings, aids = self.gathered, self.settings, self.aids
        faults = gathered.summary.faults
        blocks = read_blocks(
            file, gathered.losses, faults, numbered=False, stdin=aids.stdin, progress=aids.progress
        )
        first = next(blocks, None)
        if first is None:
            return
        gathered.summary.files += 1
        head, everything = head_of(first), chain([first], blocks)
        table = self._table(head)
        if table is not None:
            grid_csv(file, everything, table, gathered, settings)
            return
        context = context_for(file, head, settings, self.now_us)
        log = Log(file, gathered)
        log.index.context, context = context, for_counting(context)
        for block in everything:
            yield log.take, partial(_read, block, context)
        yield log.finish, _nothing  # as a job, so that all blocks have been taken

    def _shares(self, file: SourceFile, divided: Divided) -> Iterator[Job]:
        """A large file: its parts are read at the same time, in other processes too."""
        self.crew.start()
        self.gathered.summary.files += 1
        log = Log(file, self.gathered)
        for part in divided.parts:
            share = Share(file, divided.identity, part, self.settings, self.now_us, read_share)
            yield log.take, partial(self._read_share, share, divided)
        yield partial(log.finish, divided=divided), _nothing

    def _read_share(self, share: Share, divided: Divided) -> Done:
        done = self.crew.ask(share) or read_share(share, divided.file)
        if self.aids.progress is not None:
            self.aids.progress(sum(reading.size_bytes for reading in done.readings))
        return done


def _read(block: Block, context: Context) -> Done:
    return Done([read(block, context)], Losses(), [])


def _nothing() -> Done:
    return Done([], Losses(), [])


@dataclass(slots=True)
class Log:
    """One log while it is read.

    Attributes:
        file: where it is.
        gathered: what its counts are added to.
        seam: what the blocks so far leave for the next one.
        index: where in it which times lie.
    """

    file: SourceFile
    gathered: Gathered
    seam: Seam = field(default_factory=Seam)
    index: FileIndex = field(init=False)

    def __post_init__(self) -> None:
        self.index = FileIndex(self.file, identity_at(self.file.path))
        self.gathered.indexes.append(self.index)

    @property
    def stream(self) -> str:
        """What it has in common with the other pieces of a rotated log: inside their span silence is zero."""
        return os.path.join(os.path.dirname(self.file.path), self.file.stem)

    def take(self, done: Done) -> None:
        """Merge what one piece of work gave."""
        self.gathered.losses.merge(done.losses)
        self.gathered.summary.faults.extend(done.faults)
        for reading in done.readings:
            self._add(reading)

    def _add(self, reading: Reading) -> None:
        self.index.add(reading)
        self.gathered.add(reading, self.seam, self.stream)

    def finish(self, _nothing: Done, divided: Divided | None = None) -> None:
        """Say how many lines never got a time; close the file."""
        if divided is not None:
            divided.file.close()
        self.gathered.tell_undated(self.file.path, self.seam.lines_without_time())
