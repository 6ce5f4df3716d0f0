"""A block to records: pure, so it runs on any thread. Further lines of a record are joined to its first one."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detector.formats.lines import Lines, cut_lines
from detector.formats.records import BLANK, CONTINUATION, HEADER, RECORD, UNKNOWN, read_records
from detector.pipeline.leading import first_of, joins_with, lead, threads
from detector.pipeline.naming import rename
from detector.pipeline.read import Context, unparsed
from detector.schemas import MOST_REPEATS, RECORDS, Block, check, schema

TYPES = schema(RECORDS)
OWN = frozenset({"timestamp", "size_bytes", "source", "line_number"})
"""Columns that do not come from the format."""
WANTED = frozenset(TYPES) - OWN
UNKNOWN_FORMAT = "unknown"


@dataclass(frozen=True, slots=True)
class Piece:
    """The records that begin in one block.

    Attributes:
        frame: RECORDS, in the order of the lines.
        head: lines before them that continue the last record of the block before, joined by LF; None without any.
        head_line: number of the first of these.
        threads: writer -> number of the row of `frame` that is the first of that writer; only where there may be parts.
        parts: parts whose record comes in a later block, RECORDS and `thread`, one row per writer; likewise.
        between: the text between two parts; likewise.
        lines, size_bytes: physical lines and bytes of the block.
        unparsed, formats: lines that are no part of a record by reason, records by format.
        cut_repeats: records that say that they stand for absurdly many.
    """

    frame: pl.DataFrame
    head: str | None = None
    head_line: int = 0
    lines: int = 0
    size_bytes: int = 0
    unparsed: dict[str, int] = field(default_factory=dict)
    formats: dict[str, int] = field(default_factory=dict)
    threads: dict[str, int] = field(default_factory=dict)
    parts: pl.DataFrame | None = None
    between: str | None = None
    cut_repeats: int = 0


NOTHING = Piece(pl.DataFrame(schema=TYPES))


def line_numbers(block: Block, count: int) -> NDArray[np.int64]:
    """The physical line on which each of the `count` lines of a block begins."""
    if block.line_numbers is not None:
        return np.asarray(block.line_numbers, np.int64)
    return np.arange(block.first_line, block.first_line + count)


def read_piece(block: Block, context: Context) -> Piece:
    """Bytes to records; a line that no format understands is a record of format `unknown`."""
    lines = cut_lines(block.data)
    parsed = read_records(lines, context.recipe, WANTED | context.names.columns)
    rows = _in_full(rename(parsed.frame, lines, context.names, context.stem), lines, block, context)
    count, size, between = len(lines.begins), len(block.data), joins_with(context.recipe)
    cut = int((rows["repeats"] >= MOST_REPEATS).sum())
    if parsed.kinds is None and between is None:
        return Piece(_tidy(rows), None, 0, count, size, {}, dict(parsed.formats), cut_repeats=cut)
    kinds = pl.repeat(RECORD, count, dtype=pl.UInt8, eager=True) if parsed.kinds is None else parsed.kinds
    rows = rows.with_columns(kind=_without_orphans(kinds, block))
    rows = rows.filter(~pl.col("kind").is_in([BLANK, HEADER]))
    parts = None
    if between is not None:
        rows, parts = lead(rows.with_columns(thread=threads(context.recipe)), between)
    rows = rows.with_columns(record=(pl.col("kind") != CONTINUATION).cast(pl.Int64).cum_sum())
    head = rows.filter(pl.col("record") == 0)
    records = rows.filter(pl.col("record") > 0)
    return Piece(
        _tidy(_join(records)),
        "\n".join(head["line"].to_list()) if len(head) else None,
        int(head["line_number"][0]) if len(head) else 0,
        count, size, unparsed(parsed), dict(parsed.formats), first_of(records), parts, between, cut,
    )  # fmt: skip


def _in_full(frame: pl.DataFrame, lines: Lines, block: Block, context: Context) -> pl.DataFrame:
    """With all columns of Records, and the line itself."""
    missing = [pl.lit(None, dtype=dtype).alias(name) for name, dtype in TYPES.items() if name not in frame.columns]
    frame = frame.with_columns(missing).with_columns(
        pl.Series("line_number", line_numbers(block, len(frame))),
        pl.Series("size_bytes", lines.sizes),
        pl.lit(block.source).alias("source"),
        pl.Series("line", lines.text),
    )
    return frame if context.names.all is None else frame.with_columns(service=pl.lit(context.names.all))


def _without_orphans(kinds: pl.Series, block: Block) -> pl.Series:
    """At the begin of a source there is nothing to continue: the first further line stands for the missing record."""
    told = kinds.is_in([BLANK, HEADER]).not_().arg_true()
    if block.offset_bytes or not len(told) or kinds[told[0]] != CONTINUATION:
        return kinds
    return kinds.scatter(told[0], UNKNOWN)


def _join(rows: pl.DataFrame) -> pl.DataFrame:
    """One row per record; an unknown line is its own message."""
    further = rows.filter(pl.col("kind") == CONTINUATION)
    first = rows.filter(pl.col("kind") != CONTINUATION)
    known = pl.col("kind") != UNKNOWN
    first = first.with_columns(
        message=pl.when(known).then("message").otherwise("line"), format=pl.when(known).then("format")
    )
    if not len(further):
        return first
    joined = further.group_by("record", maintain_order=True).agg(
        pl.col("line").str.join("\n").alias("further"), pl.col("size_bytes").sum().alias("further_bytes")
    )
    whole = pl.coalesce("message", "line") + "\n" + pl.col("further")
    return first.join(joined, on="record", how="left", maintain_order="left").with_columns(
        message=pl.coalesce(whole, "message"), size_bytes=pl.col("size_bytes") + pl.col("further_bytes").fill_null(0)
    )


def _tidy(rows: pl.DataFrame) -> pl.DataFrame:
    """The columns of Records and nothing else."""
    rows = rows.with_columns(pl.col("format").fill_null(UNKNOWN_FORMAT)).select(TYPES.names())
    return check(rows.cast(TYPES), RECORDS)
