"""Bytes to records, block by block, in the order of the input: what `detector parse` prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

import polars as pl

from detector.config import Settings
from detector.errors import CUT_REPEATS, Losses
from detector.formats import counts
from detector.pipeline.aids import NO_AIDS, Aids
from detector.pipeline.crew import WORTH_BYTES, Crew
from detector.pipeline.joining import Joint
from detector.pipeline.opening import context_for, for_parsing, head_of, nothing_read
from detector.pipeline.parallel import in_order
from detector.pipeline.pieces import NOTHING, Piece, read_piece
from detector.pipeline.record_shares import ShareOfRecords, TableSeam, parse_share
from detector.pipeline.shares import Share, head_lines
from detector.pipeline.tabling import rows_of_csv, rows_of_file
from detector.report.records import to_arrow
from detector.schemas import InputSummary
from detector.sources.blocks import read_blocks
from detector.sources.files import SourceFile, find
from detector.sources.parts import Divided, divide
from detector.sources.rotations import printable

if TYPE_CHECKING:
    import pyarrow as pa

PARSED_BYTES = 8 * 1024 * 1024
"""Parts of a large file: several of them wait, as records, to be written."""

Job = tuple[Callable[[Any], Iterable[Any]], Callable[[], Any]]
"""What takes the records of a piece of work and gives those that are complete, and what makes them."""


@dataclass(slots=True)
class Parsing:
    """One run over the input.

    Attributes:
        settings: how to read.
        now_us: the clock, for years of times that lack one, in streams; microseconds since 1970 UTC.
        aids: standard input, and who is told how far reading is.
        summary: what was read; complete when the frames are.
    """

    settings: Settings
    now_us: int
    aids: Aids = NO_AIDS
    summary: InputSummary = field(default_factory=InputSummary)
    losses: Losses = field(default_factory=Losses)

    def frames(self, paths: Sequence[str]) -> Generator[pl.DataFrame, None, None]:
        """Yield the records (RECORDS) of all sources in their order; memory does not grow with the input.

        Raises:
            InputError: nothing could be read.
        """
        return self._run(paths, self._jobs)

    def tables(self, paths: Sequence[str]) -> Generator[pa.Table, None, None]:
        """The same as Arrow tables, with dictionaries, of large plain files read in other processes too."""
        with ExitStack() as stack:
            crew = self.aids.crew or stack.enter_context(Crew(self.settings.threads))
            yield from self._run(paths, partial(self._table_jobs, crew, stack))

    def _run(self, paths: Sequence[str], jobs_of: Callable[[SourceFile], Iterator[Job]]) -> Generator[Any, None, None]:
        found = find(paths)
        self.summary.faults += found.faults
        self.summary.passed_over = dict(found.passed_over)
        if self.aids.begin is not None:
            self.aids.begin(found.files)
        with ThreadPoolExecutor(self.settings.threads) as pool:
            jobs = chain.from_iterable(map(jobs_of, found.files))
            for take, future in in_order(pool, jobs, ahead=self.settings.threads + 2):
                yield from (ready for ready in take(future.result()) if len(ready))
        self.summary.repaired = self.losses.as_dict()
        self.summary.lines_parsed = self.summary.lines_read - sum(self.summary.lines_unparsed.values())
        if not self.summary.files and (self.summary.faults or not found.passed_over):
            raise nothing_read(self.summary.faults)

    def _jobs(self, file: SourceFile) -> Iterator[Job]:
        """The blocks of one source, each with what takes its records."""
        if file.kind != "text":
            for piece in rows_of_file(file, self.settings.timezone, self.summary.faults):
                self.summary.files += int(piece.frame["line_number"].first() == 1)
                yield self._take, partial(_same, piece)
            return
        aids = self.aids
        blocks = read_blocks(file, self.losses, self.summary.faults, stdin=aids.stdin, progress=aids.progress)
        first = next(blocks, None)
        if first is None:
            return
        self.summary.files += 1
        joint = Joint(first.source, self.losses)
        head = head_of(first)
        table = self._counts(head)
        context = None if table is not None else for_parsing(context_for(file, head, self.settings, self.now_us))
        for block in chain([first], blocks):
            if context is not None:
                yield partial(self._join, joint), partial(read_piece, block, context)
            elif table is not None:
                is_first = block is first
                yield self._take, partial(rows_of_csv, block, table, self.settings.timezone, is_first=is_first)
        yield partial(_finish, joint), partial(_same, NOTHING)

    def _counts(self, head: Sequence[str]) -> counts.CountsTable | None:
        wanted = self.settings.input_format
        return counts.find_header(head[0]) if head and wanted in ("auto", counts.NAME) else None

    def _table_jobs(self, crew: Crew, stack: ExitStack, file: SourceFile) -> Iterator[Job]:
        """The same for tables: a large plain file is read part by part, any other block by block."""
        divided = divide(file.path, PARSED_BYTES) if self._is_large(file) else None
        if divided is None or self._counts(head_lines(file)) is not None:
            yield from ((partial(_as_tables, take), work) for take, work in self._jobs(file))
            return
        stack.enter_context(divided.file)
        crew.start()
        self.summary.files += 1
        seam = TableSeam(Joint(printable(file.path), self.losses))
        for part in divided.parts:
            share = Share(file, divided.identity, part, self.settings, self.now_us, parse_share)
            yield partial(self._take_share, seam), partial(self._read_share, crew, share, divided)
        yield partial(_finish_tables, seam, divided), partial(_same, NOTHING)

    def _is_large(self, file: SourceFile) -> bool:
        return self.settings.threads > 1 and file.kind == "text" and (file.size_bytes or 0) >= WORTH_BYTES

    def _read_share(self, crew: Crew, share: Share, divided: Divided) -> ShareOfRecords:
        done: ShareOfRecords = crew.ask(share) or parse_share(share, divided.file)
        if self.aids.progress is not None:
            self.aids.progress(sum(piece.size_bytes for piece in done.pieces))
        return done

    def _take_share(self, seam: TableSeam, done: ShareOfRecords) -> list[pa.Table]:
        self.losses.merge(done.losses)
        self.summary.faults.extend(done.faults)
        for piece in done.pieces:
            self._count(piece)
        return seam.take(done)

    def _take(self, piece: Piece) -> list[pl.DataFrame]:
        self._count(piece)
        return [piece.frame]

    def _join(self, joint: Joint, piece: Piece) -> list[pl.DataFrame]:
        self._count(piece)
        return [joint.take(piece)]

    def _count(self, piece: Piece) -> None:
        """Count what was read."""
        summary = self.summary
        self.losses.add(CUT_REPEATS, piece.cut_repeats)
        summary.lines_read += piece.lines
        summary.bytes_read += piece.size_bytes
        summary.lines_unparsed = dict(Counter(summary.lines_unparsed) + Counter(piece.unparsed))
        summary.formats = dict(Counter(summary.formats) + Counter(piece.formats))


def _finish(joint: Joint, _nothing: Piece) -> list[pl.DataFrame]:
    return [joint.finish()]


def _finish_tables(seam: TableSeam, divided: Divided, _nothing: Piece) -> list[pa.Table]:
    divided.file.close()
    return seam.finish()


def _as_tables(take: Callable[[Piece], Iterable[pl.DataFrame]], piece: Piece) -> list[pa.Table]:
    return [to_arrow(frame) for frame in take(piece)]


def _same(piece: Piece) -> Piece:
    return piece
