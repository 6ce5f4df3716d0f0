"""Records written down, frame by frame, in bounded memory: NDJSON, CSV, Parquet or Arrow by suffix."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol

import numpy as np
import polars as pl

from detector.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

TIMES = "%Y-%m-%dT%H:%M:%S%.6fZ"
SUFFIXES = {"ndjson": "ndjson", "jsonl": "ndjson", "json": "ndjson", "csv": "csv", "parquet": "parquet",
            "arrow": "arrow", "feather": "arrow", "ipc": "arrow"}  # fmt: skip


def to_ndjson(frame: pl.DataFrame) -> bytes:
    """One object a line; times as RFC 3339 in UTC with microseconds."""
    sink = io.BytesIO()
    frame.with_columns(pl.col("timestamp").dt.strftime(TIMES)).write_ndjson(sink)
    return sink.getvalue()


def to_csv(frame: pl.DataFrame) -> bytes:
    """Rows without a header."""
    return frame.write_csv(include_header=False, datetime_format=TIMES).encode()


def to_arrow(frame: pl.DataFrame) -> pa.Table:
    """An Arrow table; texts that come again and again are numbers of a dictionary, as Parquet stores them."""
    import pyarrow as pa

    few = [name for name in frame.columns if name in FEW]
    plain = frame.drop(few).to_arrow(compat_level=pl.CompatLevel.oldest())
    columns = [_numbered(frame[name]) if name in few else plain[name] for name in frame.columns]
    return pa.table(columns, names=frame.columns)


def plain_texts(table: pa.Table) -> pa.Table:
    """The same table without dictionaries: with types that every reader knows."""
    import pyarrow as pa

    for number, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            table = table.set_column(number, field.name, table[number].cast(field.type.value_type))
    return table


def _numbered(texts: pl.Series) -> pa.DictionaryArray:
    """Texts as numbers of a dictionary; one text for all rows, or none, is not looked up."""
    import pyarrow as pa

    kind = pa.dictionary(pa.int32(), pa.large_string())
    if texts.null_count() == len(texts):
        return pa.nulls(len(texts), kind)
    if not texts.null_count() and texts[0] == texts[-1] and (texts == texts[0]).all():
        return pa.DictionaryArray.from_arrays(np.zeros(len(texts), np.int32), pa.array(texts[:1], pa.large_string()))
    return texts.to_arrow(compat_level=pl.CompatLevel.oldest()).dictionary_encode()


class Writer(Protocol):
    """Takes what a renderer made of each frame, in order."""

    def write(self, rendered: Any) -> object:
        """Write one frame."""

    def close(self) -> object:
        """Write what belongs at the end."""


RENDERERS: Mapping[str, Callable[[pl.DataFrame], bytes]] = {"ndjson": to_ndjson, "csv": to_csv}
COLUMNAR = ("parquet", "arrow")
"""Formats whose writers take Arrow tables."""
FEW = ("service", "host", "level", "client", "version", "endpoint", "format", "source")
"""Columns of texts in which values come again and again: in Parquet they are numbers of a dictionary."""
SEARCHED = ("timestamp", "service", "host", "level", "status", "line_number")
"""Columns of which Parquet tells the least and the greatest value of each row group."""


def format_for(path: str | None) -> str:
    """The format by the suffix of a file, NDJSON for standard output.

    Raises:
        UsageError: the suffix says nothing.
    """
    if path is None or path == "-":
        return "ndjson"
    suffix = path.rpartition(".")[2].lower()
    if suffix not in SUFFIXES:
        raise UsageError(f"-o {path}: this suffix names no format; use .ndjson, .csv, .parquet or .arrow")
    return SUFFIXES[suffix]


def open_writer(name: str, sink: BinaryIO) -> Writer:
    """Begin a file of this format on `sink`."""
    if name in COLUMNAR:
        return Columnar(sink, name)
    if name == "csv":
        from detector.schemas import RECORDS

        sink.write((",".join(column.name for column in RECORDS) + "\n").encode())
    return Plain(sink)


class Plain:
    """Bytes one after the other."""

    def __init__(self, sink: BinaryIO) -> None:
        self.sink = sink

    def write(self, rendered: bytes) -> None:
        """Write one frame."""
        self.sink.write(rendered)

    def close(self) -> None:
        """Nothing belongs at the end."""


class Columnar:
    """Parquet or Arrow IPC, a row group or batch per frame; an empty table if there was none."""

    def __init__(self, sink: BinaryIO, name: str) -> None:
        self.sink, self.name = sink, name
        self.writer: Any = None

    def write(self, rendered: pa.Table) -> None:
        """Write one frame."""
        table = rendered if self.name == "parquet" else plain_texts(rendered)
        self._open(table).write_table(table)

    def close(self) -> None:
        """Write the footer."""
        from detector.schemas import RECORDS, schema

        self._open(plain_texts(to_arrow(pl.DataFrame(schema=schema(RECORDS))))).close()

    def _open(self, table: pa.Table) -> Any:
        """Parquet's and Arrow's writer have no common type."""
        import pyarrow as pa
        from pyarrow import parquet

        if self.writer is None:
            is_parquet = self.name == "parquet"
            # a reader shall see texts: without the schema of Arrow it does not know of the dictionaries
            how = {"compression": "snappy", "use_dictionary": [*FEW, "status"], "write_statistics": list(SEARCHED),
                   "store_schema": False}  # fmt: skip
            self.writer = (parquet.ParquetWriter(self.sink, table.schema, **how) if is_parquet
                           else pa.ipc.new_file(self.sink, table.schema))  # fmt: skip
        return self.writer
