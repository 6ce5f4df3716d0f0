"""A share of the work of `parse` on a large file: one part, from bytes to Arrow tables, here or in another process.

Lines are counted from the begin of the part, and its last record is kept apart: what follows may belong to it.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from functools import lru_cache
from multiprocessing.connection import Connection

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from detector.config import Settings
from detector.errors import Fault, Losses
from detector.pipeline.handing import hand, take
from detector.pipeline.joining import Joint
from detector.pipeline.opening import context_for, for_parsing
from detector.pipeline.pieces import NOTHING, Piece, read_piece
from detector.pipeline.read import Context
from detector.pipeline.shares import Share, head_lines
from detector.report.records import to_arrow
from detector.sources.blocks import read_part
from detector.sources.files import SourceFile
from detector.sources.parts import Identity


@dataclass(slots=True)
class ShareOfRecords:
    """What a share gave.

    Attributes:
        tables: of its records but the last one, one for each block, without the columns that say nothing.
        end: its last record, as far as it is known, and the lines before the first one.
        pieces: of its blocks without their frames: where the lines went.
        losses, faults: repairs and trouble.
        waiting: number of tables that another process still has to hand over.
    """

    tables: list[pa.Table] = field(default_factory=list)
    end: Piece = NOTHING
    pieces: list[Piece] = field(default_factory=list)
    losses: Losses = field(default_factory=Losses)
    faults: list[Fault] = field(default_factory=list)

    waiting: int = 0

    @property
    def lines(self) -> int:
        """Physical lines of the part."""
        return sum(piece.lines for piece in self.pieces)

    def send(self, pipe: Connection) -> None:
        """Hand it to another process."""
        tables, self.tables, self.waiting = self.tables, [], len(self.tables)
        pipe.send(self)
        if tables:
            hand(tables, pipe.fileno())

    def complete(self, pipe: Connection) -> None:
        """Take over what does not come with it."""
        if self.waiting:
            self.tables, self.waiting = take(self.waiting, pipe.fileno()), 0


def parse_share(share: Share, file: io.FileIO) -> ShareOfRecords:
    """Read a part of a file that is open."""
    context = _context(share.file, share.identity, share.settings, share.now_us)
    done = ShareOfRecords()
    joint = Joint(share.file.path, done.losses)
    heads: list[tuple[str, int]] = []
    for block in read_part(share.file.path, file, share.part, done.losses, done.faults):
        piece = read_piece(replace(block, first_line=done.lines + 1), context)
        done.pieces.append(replace(piece, frame=NOTHING.frame, head=None))
        if joint.held is None and piece.head is not None:  # it belongs to the part before
            heads.append((piece.head, piece.head_line))
            piece = replace(piece, head=None)
        ready = joint.take(piece)
        if len(ready):
            done.tables.append(_spare(to_arrow(ready)))
    text = "\n".join(head for head, _ in heads) if heads else None
    done.end = Piece(joint.finish().rechunk(), text, heads[0][1] if heads else 0)
    return done


@dataclass(slots=True)
class TableSeam:
    """What the parts of one file, taken in order, leave for the next one.

    Attributes:
        joint: holds the last record.
        lines: of the parts so far.
    """

    joint: Joint
    lines: int = 0

    def take(self, done: ShareOfRecords) -> list[pa.Table]:
        """The records that this part completes."""
        end = done.end
        moved = end.frame.with_columns(pl.col("line_number") + self.lines)
        first = to_arrow(self.joint.take(replace(end, frame=moved, head_line=end.head_line + self.lines)))
        tables = [_complete(table, self.lines, first.schema) for table in done.tables]
        self.lines += done.lines
        return [pa.concat_tables([first, *tables[:1]]).unify_dictionaries(), *tables[1:]]

    def finish(self) -> list[pa.Table]:
        """The record that waited."""
        return [to_arrow(self.joint.finish())]


def _spare(table: pa.Table) -> pa.Table:
    """Without columns of nothing but nulls: to hand them over costs as much as what is in the others."""
    return table.select([name for name in table.schema.names if table[name].null_count < len(table)])


def _complete(table: pa.Table, lines: int, schema: pa.Schema) -> pa.Table:
    """With all columns again, so many lines further on."""
    numbers = pc.add(table["line_number"], lines)
    columns = [table[name] if name in table.schema.names else pa.nulls(len(table), schema.field(name).type)
               for name in schema.names]  # fmt: skip
    return pa.table([*columns[:-1], numbers], schema=schema)


@lru_cache(maxsize=4)
def _context(file: SourceFile, _identity: Identity, settings: Settings, now_us: int) -> Context:
    return for_parsing(context_for(file, head_lines(file), settings, now_us))
