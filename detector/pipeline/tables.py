"""Parquet and Arrow files, opened: their columns, and their rows batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from detector.errors import Fault
from detector.sources.files import SourceFile

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Table:
    """A table on disk.

    Attributes:
        names: of its columns.
        opened: what pyarrow reads it by.
        is_stream: an Arrow stream, which can only be read from its beginning.
    """

    names: list[str]
    opened: Any
    is_stream: bool

    def batches(self, columns: Sequence[str], rows: int) -> Iterator[pa.RecordBatch]:
        """These columns of all rows in their order, about so many rows at once; a few batches are kept in memory."""
        if self.is_stream:
            for batch in self.opened:
                for begin in range(0, batch.num_rows, rows):
                    yield batch.slice(begin, rows).select(columns)
            return
        few = {"batch_readahead": 2, "fragment_readahead": 1}
        yield from self.opened.to_batches(columns=list(columns), batch_size=rows, **few)

    def rows(self) -> int:
        """How many there are."""
        return sum(batch.num_rows for batch in self.opened) if self.is_stream else self.opened.count_rows()


def open_table(file: SourceFile) -> Table:
    """Open a file of kind `parquet`, `arrow` or `arrow_stream`.

    Raises:
        OSError, pyarrow.ArrowException: it is damaged.
    """
    if file.kind == "arrow_stream":
        import pyarrow as pa

        stream = pa.ipc.open_stream(pa.OSFile(file.path))
        return Table(stream.schema.names, stream, is_stream=True)
    from pyarrow import dataset

    opened = dataset.dataset(file.path, format="parquet" if file.kind == "parquet" else "ipc")
    return Table(opened.schema.names, opened, is_stream=False)


def no_table(file: SourceFile, columns: Sequence[str]) -> Fault:
    """What is told of a table of something else."""
    names = ", ".join(columns[:8])
    needed = "a counts table needs timestamp and lines, a table of records timestamp and message or size_bytes"
    return Fault(file.path, "unreadable", f"has the columns {names}; {needed}")


def damaged_table(file: SourceFile, error: Exception) -> Fault:
    """What is told of a table that cannot be read."""
    lines = str(error).splitlines() or [type(error).__name__]
    return Fault(file.path, "damaged", f"cannot be read as {file.kind.partition('_')[0]}: {lines[0]}")
