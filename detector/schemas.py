"""What crosses the borders between rooms: a plain `Block`, and tables in Arrow memory (polars frames).

Each schema lists column, type, unit and meaning; `check` holds a frame to its schema.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import polars as pl


@dataclass(frozen=True, slots=True)
class Block:
    """A run of whole lines of one source, clean UTF-8 with LF line breaks, at most 4 MiB.

    Attributes:
        source: the path as the user would type it, `-` for standard input.
        offset_bytes: where the first line begins in the decompressed stream.
        first_line: the number of its first line, 1 for the first of the source.
        data: the lines; the last one ends with LF too.
        received_at_us: arrival time, microseconds since 1970 UTC; None in a batch.
    """

    source: str
    offset_bytes: int
    first_line: int
    data: bytes
    received_at_us: int | None = None


class Column(NamedTuple):
    """One column of a table that crosses a border."""

    name: str
    dtype: pl.DataType
    unit: str
    meaning: str


TIME = pl.Datetime("us", "UTC")
TEXT = pl.String()
COUNT = pl.Int64()
REAL = pl.Float64()

RECORDS = (
    Column("timestamp", TIME, "", "when it happened; null where the record has no time"),
    Column("service", TEXT, "", "what a baseline belongs to"),
    Column("host", TEXT, "", "the machine that spoke"),
    Column("level", TEXT, "", "trace, debug, info, notice, warning, error or critical"),
    Column("client", TEXT, "", "who sent it: address, device or user"),
    Column("version", TEXT, "", "the client's version: user agent, app version, image"),
    Column("request", TEXT, "", "trace or request id"),
    Column("endpoint", TEXT, "", "method and path, or what was called"),
    Column("status", pl.Int32(), "", "the response's status code"),
    Column("duration_us", COUNT, "us", "how long it took"),
    Column("size_bytes", COUNT, "bytes", "the record's own size, all its lines"),
    Column("payload_bytes", COUNT, "bytes", "the size that the record states"),
    Column("repeats", COUNT, "records", "how many more it stands for (suppressed, repeated)"),
    Column("message", TEXT, "", "the text, all its lines"),
    Column("format", TEXT, "", "the format that read it; `unknown` where none did"),
    Column("source", TEXT, "", "the path it came from"),
    Column("line_number", COUNT, "", "its first line, 1 for the first of the source"),
)

COUNTS = (
    Column("window_start", TIME, "", "begin of the half-open window"),
    Column("service", TEXT, "", "what a baseline belongs to"),
    Column("lines", COUNT, "records", "records, with what they say was suppressed"),
    Column("bytes", COUNT, "bytes", "payload where the format carries it, else size"),
    Column("clients", COUNT, "clients", "distinct clients, estimated; null where unknown"),
    Column("errors", COUNT, "records", "level error or critical, or status 5xx"),
    Column("debug", COUNT, "records", "level debug or trace"),
)

VERDICTS = (
    Column("window_start", TIME, "", "begin of the half-open window"),
    Column("service", TEXT, "", "what a baseline belongs to"),
    Column("lines", REAL, "records", "observed"),
    Column("bytes", REAL, "bytes", "observed"),
    Column("clients", REAL, "clients", "observed, estimated; null where unknown"),
    Column("expected_lines", REAL, "records", "what the baseline expects; null while it has no history"),
    Column("upper_lines", REAL, "records", "the highest count that would raise nothing by itself"),
    Column("score", REAL, "log10 weeks", "log10 of the mean service-weeks between false alarms as strange as this"),
    Column("flagged", pl.Boolean(), "", "part of an incident"),
)


def schema(columns: tuple[Column, ...]) -> pl.Schema:
    """The polars schema of a border table."""
    return pl.Schema({column.name: column.dtype for column in columns})


def check(frame: pl.DataFrame, columns: tuple[Column, ...]) -> pl.DataFrame:
    """Return `frame` unchanged if it has just these columns, types and order.

    Raises:
        TypeError: names the first difference; a border that is broken is a bug, not bad input.
    """
    expected = schema(columns)
    if frame.schema != expected:
        wrong = [
            f"{name}: {frame.schema.get(name)} instead of {dtype}"
            for name, dtype in expected.items()
            if frame.schema.get(name) != dtype
        ]
        raise TypeError(f"border broken: {wrong or f'columns {frame.columns}'}")
    return frame
