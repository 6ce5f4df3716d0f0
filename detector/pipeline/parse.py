"""Bytes to records, block by block, in the order of the input: what `detector parse` prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import chain

import polars as pl

from detector.config import Settings
from detector.errors import Losses
from detector.formats import counts
from detector.pipeline.aids import NO_AIDS, Aids
from detector.pipeline.joining import Joint
from detector.pipeline.opening import context_for, head_of, nothing_read
from detector.pipeline.parallel import in_order
from detector.pipeline.pieces import NOTHING, Piece, read_piece
from detector.pipeline.tabling import rows_of_csv, rows_of_file
from detector.schemas import InputSummary
from detector.sources.blocks import read_blocks
from detector.sources.files import SourceFile, find

Job = tuple[Callable[[Piece], pl.DataFrame], Callable[[], Piece]]


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
        found = find(paths)
        self.summary.faults += found.faults
        self.summary.passed_over = dict(found.passed_over)
        if self.aids.begin is not None:
            self.aids.begin(found.files)
        with ThreadPoolExecutor(self.settings.threads) as pool:
            jobs = chain.from_iterable(self._jobs(file) for file in found.files)
            for take, future in in_order(pool, jobs, ahead=self.settings.threads + 2):
                frame = take(future.result())
                if len(frame):
                    yield frame
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
        head, wanted = head_of(first), self.settings.input_format
        table = counts.find_header(head[0]) if wanted in ("auto", counts.NAME) else None
        context = None if table is not None else context_for(file, head, self.settings, self.now_us)
        for block in chain([first], blocks):
            if context is not None:
                yield partial(self._join, joint), partial(read_piece, block, context)
            elif table is not None:
                is_first = block is first
                yield self._take, partial(rows_of_csv, block, table, self.settings.timezone, is_first=is_first)
        yield partial(_finish, joint), partial(_same, NOTHING)

    def _take(self, piece: Piece) -> pl.DataFrame:
        """Count what was read."""
        summary = self.summary
        summary.lines_read += piece.lines
        summary.bytes_read += piece.size_bytes
        summary.lines_unparsed = dict(Counter(summary.lines_unparsed) + Counter(piece.unparsed))
        summary.formats = dict(Counter(summary.formats) + Counter(piece.formats))
        return piece.frame

    def _join(self, joint: Joint, piece: Piece) -> pl.DataFrame:
        self._take(piece)
        return joint.take(piece)


def _finish(joint: Joint, _nothing: Piece) -> pl.DataFrame:
    return joint.finish()


def _same(piece: Piece) -> Piece:
    return piece
