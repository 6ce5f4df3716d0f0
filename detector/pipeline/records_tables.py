"""Tables of records, such as `parse` writes them: counted like the log that they came from.

What a log says by the lines that are no records (blank ones, headers) is gone; all else is there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import polars as pl

from detector.config import Settings
from detector.formats import counts
from detector.formats.clock import Calendar
from detector.formats.hashing import hash_texts
from detector.formats.lines import lines_of
from detector.formats.table import FORMATS
from detector.pipeline.gathered import Gathered
from detector.pipeline.gridding import grid_table
from detector.pipeline.naming import Names, names_from, rename
from detector.pipeline.opening import width_of
from detector.pipeline.pieces import TYPES, UNKNOWN_FORMAT
from detector.pipeline.read import COUNTED, Reading
from detector.pipeline.tables import Table, damaged_table, no_table, open_table
from detector.pipeline.version_counts import Agents, InColumn, count_versions
from detector.sources.files import SourceFile
from detector.sources.rotations import stem
from detector.windows.counting import count
from detector.windows.stitch import Seam

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_ROWS = 1 << 16
RECORDS_FORMAT = "records"
"""The format of rows that do not say which one read them."""
HASHED = {"client_hash": "client", "request_hash": "request", "host_hash": "host"}
COLUMNS = ("timestamp", *sorted(COUNTED | HASHED.keys()))
NEEDED = COUNTED - HASHED.keys() | {"timestamp", *HASHED.values(), "version", "size_bytes", "format", "source"}


def is_records(names: Sequence[str]) -> bool:
    """Whether a table with these columns is one of records."""
    return "timestamp" in names and not {"message", "size_bytes"}.isdisjoint(names)


def shape(batch: pa.RecordBatch, zone: str) -> pl.DataFrame:
    """The columns of Records that a batch has, with their types; times without a zone are of `zone`."""
    frame = pl.DataFrame(pl.from_arrow(batch))
    times = counts.moments(frame["timestamp"], Calendar(zone)).alias("timestamp")
    others = [name for name in frame.columns if name in TYPES and name != "timestamp"]
    return pl.DataFrame([times, *(frame[name].cast(TYPES[name], strict=False) for name in others)])


def formats_of(frame: pl.DataFrame) -> tuple[dict[str, int], dict[str, int]]:
    """Rows that no format understood by reason, and the others by format."""
    if "format" not in frame.columns:
        return {}, {RECORDS_FORMAT: len(frame)}
    formats = dict(frame["format"].fill_null(RECORDS_FORMAT).value_counts().iter_rows())
    unknown = formats.pop(UNKNOWN_FORMAT, 0)
    return {"unknown_format": unknown} if unknown else {}, formats


@dataclass(frozen=True, slots=True)
class Reader:
    """How the rows of one table are counted.

    Attributes:
        file: the table.
        columns: what has to be read of it.
        names: how services and clients are named.
        settings: the zone of times without one, the length of a window.
        agents: what is known of the versions of its clients.
    """

    file: SourceFile
    columns: tuple[str, ...]
    names: Names
    settings: Settings
    agents: Agents = field(default_factory=Agents)

    def read(self, batch: pa.RecordBatch) -> list[tuple[str, Reading]]:
        """The counts of a batch for each log that its rows came from."""
        frame = shape(batch, self.settings.timezone)
        if "source" not in frame.columns:
            return [(self.file.path, self._count(frame, self.file.stem))]
        frame = frame.with_columns(pl.col("source").fill_null(self.file.path))
        parts = frame.partition_by("source", maintain_order=True)
        return [(part["source"][0], self._count(part, stem(part["source"][0]))) for part in parts]

    def _count(self, frame: pl.DataFrame, own: str) -> Reading:
        """What `read.read` does with a block of lines."""
        messages = frame["message"].fill_null("") if "message" in frame.columns else pl.Series([], dtype=pl.String)
        sizes = frame["size_bytes"].fill_null(0) if "size_bytes" in frame.columns else messages.str.len_bytes()
        name = own if self.names.all is None else self.names.all
        named = rename(frame, lines_of(messages), self.names, name)
        named = named.with_columns(_hashes(named, self.names))
        told = [column for column in COLUMNS if column in named.columns and _is_told(column, named)]
        width = width_of(self.settings)
        counted = count(named.select(told), None, sizes.cast(pl.Int64).to_numpy(), width, name)
        versions = None
        if len(counted.window) and {"client_hash", "version"} <= set(named.columns) and _is_told("version", named):
            versions = count_versions(named, counted, InColumn(named["version"]), width, self.agents)
        return Reading(counted, len(frame), int(frame.estimated_size()), *formats_of(frame), versions=versions)


def _hashes(frame: pl.DataFrame, names: Names) -> list[pl.Series]:
    """Of clients; where none is known, of requests, and of hosts that are no services, as `read.read` does it."""
    wanted = {name: column for name, column in HASHED.items() if column in frame.columns}
    if "client" in frame.columns and frame["client"].null_count() < len(frame):
        wanted = {"client_hash": "client"}
    elif names.by_host:
        wanted.pop("host_hash", None)
    return [hash_texts(frame[column], whole=name == "request_hash").alias(name) for name, column in wanted.items()]


def reader_for(file: SourceFile, table: Table, settings: Settings) -> Reader:
    """How the rows of a table of records are counted."""
    names = names_from(settings)
    texts = {"message"} if any(pick and pick.pattern for pick in (names.service, names.client)) else set()
    sizes = set() if "size_bytes" in table.names else {"message"}
    wanted = NEEDED | names.columns | texts | sizes
    return Reader(file, tuple(name for name in table.names if name in wanted), names, settings)


def _is_told(column: str, frame: pl.DataFrame) -> bool:
    """Whether a column counts: sizes and versions do only where a record states one, or its format might."""
    if column not in ("payload_bytes", "version") or frame[column].null_count() < len(frame):
        return True
    return "format" in frame.columns and any(_states(name, column) for name in frame["format"].unique().to_list())


@cache
def _states(name: str | None, column: str) -> bool:
    return any(known.name == name and column in known.fields for known in FORMATS)


@dataclass(slots=True)
class RecordsTable:
    """One table while it is read.

    Attributes:
        reader: how its rows are counted.
        gathered: what they are added to.
        seams: log -> what the batches so far leave for the next one.
    """

    reader: Reader
    gathered: Gathered
    seams: dict[str, Seam] = field(default_factory=dict)

    def take(self, readings: list[tuple[str, Reading]]) -> None:
        """Merge what a batch gave."""
        for source, reading in readings:
            stream = os.path.join(os.path.dirname(source), stem(source))
            self.gathered.add(reading, self.seams.setdefault(source, Seam()), stream)

    def finish(self, _nothing: list[tuple[str, Reading]]) -> None:
        """Say how many rows never got a time."""
        lines = sum(seam.lines_without_time() for seam in self.seams.values())
        self.gathered.tell_undated(self.reader.file.path, lines)


def table_jobs(
    file: SourceFile, gathered: Gathered, settings: Settings
) -> Iterator[tuple[Callable[[Any], None], Callable[[], Any]]]:
    """The work on a Parquet or Arrow file: a counts table is read at once, one of records in batches."""
    import pyarrow as pa

    faults = gathered.summary.faults
    try:
        opened = open_table(file)
        table = counts.find_columns(opened.names)
        if table is None and not is_records(opened.names):
            faults.append(no_table(file, opened.names))
            return
        gathered.summary.files += 1
        if table is not None:
            grid_table(file, opened, table, gathered, settings)
            return
        records = RecordsTable(reader_for(file, opened, settings), gathered)
        for batch in opened.batches(records.reader.columns, BATCH_ROWS):
            yield records.take, partial(records.reader.read, batch)
        yield records.finish, list
    except (OSError, pa.ArrowException) as error:
        faults.append(damaged_table(file, error))
