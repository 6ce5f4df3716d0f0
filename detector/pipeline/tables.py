"""Parquet and Arrow files, opened: their columns, and their rows batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from detector.errors import Fault
from detector.sources.files import SourceFile

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Table:
    """A table on disk.

    Attributes:
        file: where it is.
        names: of its columns.
    """

    file: SourceFile
    names: list[str]

    def batches(self, columns: Sequence[str], rows: int) -> Iterator[pa.RecordBatch]:
        """These columns of all rows in their order, as many rows at once at most; nothing is read ahead.

        Raises:
            OSError, pyarrow.ArrowException: it is damaged.
        """
        if self.file.kind == "parquet":
            from pyarrow import parquet

            with parquet.ParquetFile(self.file.path, pre_buffer=False) as opened:
                yield from opened.iter_batches(batch_size=rows, columns=list(columns))
            return
        for batch in self._arrow(columns):
            for begin in range(0, batch.num_rows, rows):
                yield batch.slice(begin, rows).select(list(columns))

    def _arrow(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        wanted = pa.ipc.IpcReadOptions(included_fields=[self.names.index(name) for name in columns])
        with pa.OSFile(self.file.path) as file:
            if self.file.kind == "arrow_stream":
                yield from pa.ipc.open_stream(file, options=wanted)
                return
            opened = pa.ipc.open_file(file, options=wanted)
            yield from map(opened.get_batch, range(opened.num_record_batches))

    def read_ahead(self, columns: Sequence[str], rows: int) -> Iterator[pa.RecordBatch]:
        """The same, read while the batches before are worked on: for columns that are small."""
        if self.file.kind == "arrow_stream":
            return self.batches(columns, rows)
        from pyarrow import dataset

        opened = dataset.dataset(self.file.path, format="parquet" if self.file.kind == "parquet" else "ipc")
        few = {"batch_readahead": 2, "fragment_readahead": 1}
        batches: Iterator[pa.RecordBatch] = opened.to_batches(columns=list(columns), batch_size=rows, **few)
        return batches

    def rows(self) -> int:
        """How many there are."""
        if self.file.kind == "parquet":
            from pyarrow import parquet

            return int(parquet.read_metadata(self.file.path).num_rows)
        return sum(batch.num_rows for batch in self._arrow(self.names[:1]))


def open_table(file: SourceFile) -> Table:
    """Open a file of kind `parquet`, `arrow` or `arrow_stream`.

    Raises:
        OSError, pyarrow.ArrowException: it is damaged.
    """
    if file.kind == "parquet":
        from pyarrow import parquet

        return Table(file, parquet.read_schema(file.path).names)
    import pyarrow as pa

    with pa.OSFile(file.path) as opened:
        reader = pa.ipc.open_stream(opened) if file.kind == "arrow_stream" else pa.ipc.open_file(opened)
        return Table(file, reader.schema.names)


def no_table(file: SourceFile, columns: Sequence[str]) -> Fault:
    """What is told of a table of something else."""
    names = ", ".join(columns[:8])
    needed = "a counts table needs timestamp and lines, a table of records timestamp and message or size_bytes"
    return Fault(file.path, "unreadable", f"has the columns {names}; {needed}")


def damaged_table(file: SourceFile, error: Exception) -> Fault:
    """What is told of a table that cannot be read."""
    lines = str(error).splitlines() or [type(error).__name__]
    return Fault(file.path, "damaged", f"cannot be read as {file.kind.partition('_')[0]}: {lines[0]}")
