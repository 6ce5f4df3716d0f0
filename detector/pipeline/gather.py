"""Reads all sources of a batch to totals: bytes -> lines -> records -> counts."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import BinaryIO

from detector.config import Settings
from detector.errors import Fault, Losses
from detector.formats import counts as counts_table
from detector.formats.clock import Calendar
from detector.pipeline.opening import MINUTE_US, context_for, head_of, nothing_read, width_of
from detector.pipeline.parallel import in_order
from detector.pipeline.read import Reading, read
from detector.schemas import Block, InputSummary
from detector.sources.blocks import read_blocks
from detector.sources.files import SourceFile, find
from detector.windows.counting import Partial
from detector.windows.grid import Grid
from detector.windows.stitch import Seam
from detector.windows.totals import Totals

Progress = Callable[[int], None]


@dataclass(slots=True)
class Gathered:
    """All that was read: counts of logs, counts tables by their window, and where the lines went."""

    summary: InputSummary
    totals: Totals
    grids: dict[int, Grid] = field(default_factory=dict)
    losses: Losses = field(default_factory=Losses)
    notes: list[str] = field(default_factory=list)
    timed: bool = False


def gather(paths: Sequence[str], settings: Settings, now_us: int, stdin: BinaryIO | None = None,
           begin: Callable[[list[SourceFile]], None] | None = None, progress: Progress | None = None) -> Gathered:  # fmt: skip
    """Read everything.

    Args:
        paths: files, folders, globs, `-`.
        settings: how to read.
        now_us: the clock, for years of times that lack one, in streams.
        stdin: what `-` is.
        begin, progress: are told the files found, and how many more bytes were read from disk.

    Raises:
        InputError: nothing could be read.
    """
    found = find(paths)
    summary = InputSummary(faults=found.faults, passed_over=dict(found.passed_over))
    gathered = Gathered(summary, Totals(width_of(settings)))
    if begin is not None:
        begin(found.files)
    with ThreadPoolExecutor(settings.threads) as pool:
        jobs = chain.from_iterable(_jobs(file, gathered, settings, now_us, stdin, progress) for file in found.files)
        for take, future in in_order(pool, jobs, ahead=settings.threads + 2):
            take(future.result())
    summary.repaired = gathered.losses.as_dict()
    summary.lines_parsed = summary.lines_read - sum(summary.lines_unparsed.values())
    if not summary.files and (found.faults or not found.passed_over):
        raise nothing_read(summary.faults)
    return gathered


Job = tuple[Callable[[Reading], None], Callable[[], Reading]]


def _jobs(file: SourceFile, gathered: Gathered, settings: Settings, now_us: int, stdin: BinaryIO | None,
          progress: Progress | None) -> Iterator[Job]:  # fmt: skip
    """The blocks of one source, each with what reads it and what takes the answer."""
    if file.kind != "text":
        _read_table(file, gathered, settings)
        return
    blocks = read_blocks(file, gathered.losses, gathered.summary.faults, stdin=stdin, progress=progress)
    first = next(blocks, None)
    if first is None:
        return
    gathered.summary.files += 1
    lines = head_of(first)
    table = counts_table.find_header(lines[0]) if settings.input_format in ("auto", counts_table.NAME) else None
    everything = chain([first], blocks)
    if table is not None:
        _read_counts(file, everything, table, gathered, settings)
        return
    context = context_for(file, lines, settings, now_us)
    seam = Seam()
    stream = os.path.join(os.path.dirname(file.path), file.stem)
    for block in everything:
        yield partial(_take, gathered, seam, stream), partial(read, block, context)
    yield partial(_tell_untimed, file, seam, gathered), _nothing  # as a job, so that all blocks have been taken


def _nothing() -> Reading:
    return Reading(Partial([]), 0, 0, {}, {})


def _take(gathered: Gathered, seam: Seam, stream: str, reading: Reading) -> None:
    """Merge what one block gave."""
    summary = gathered.summary
    summary.lines_read += reading.lines
    summary.bytes_read += reading.size_bytes
    summary.lines_unparsed = dict(Counter(summary.lines_unparsed) + Counter(reading.unparsed))
    summary.formats = dict(Counter(summary.formats) + Counter(reading.formats))
    head = seam.join(reading.partial)
    if head is not None:
        gathered.totals.add(head, stream)
    gathered.totals.add(reading.partial, stream)
    gathered.timed |= reading.partial.last is not None


def _tell_untimed(file: SourceFile, seam: Seam, gathered: Gathered, _last: Reading) -> None:
    """Say how many lines never got a time."""
    lines = seam.lines_without_time()
    if lines:
        gathered.losses.add("lines_without_time", lines)
        gathered.summary.faults.append(Fault(file.path, "undated", f"{lines} lines without any time were counted, not scored"))


def _read_counts(file: SourceFile, blocks: Iterator[Block], table: counts_table.CountsTable, gathered: Gathered,
                 settings: Settings) -> None:  # fmt: skip
    """A CSV counts table."""
    calendar = Calendar(settings.timezone)
    summary = gathered.summary
    grid = None
    for block in blocks:
        data = block.data
        if block.first_line == 1:
            data = data[data.index(b"\n") + 1 :]
        rows, bad = counts_table.read_csv(data, table, calendar)
        lines = block.data.count(b"\n")
        summary.lines_read += lines
        summary.bytes_read += len(block.data)
        _count_unparsed(summary, "bad_row", bad)
        _count_unparsed(summary, "header", int(block.first_line == 1))
        summary.formats[counts_table.NAME] = summary.formats.get(counts_table.NAME, 0) + len(rows)
        grid = grid or _grid_for(gathered, settings, counts_table.step_of(rows))
        grid.add(rows, file.stem)


def _count_unparsed(summary: InputSummary, reason: str, lines: int) -> None:
    if lines:
        summary.lines_unparsed[reason] = summary.lines_unparsed.get(reason, 0) + lines


def _grid_for(gathered: Gathered, settings: Settings, step_us: int | None) -> Grid:
    gathered.timed = True
    width = width_of(settings, step_us or MINUTE_US)
    return gathered.grids.setdefault(width, Grid(width))


def _read_table(file: SourceFile, gathered: Gathered, settings: Settings) -> None:
    """A Parquet or Arrow counts table, in batches."""
    import polars as pl
    import pyarrow as pa
    import pyarrow.dataset as dataset

    summary = gathered.summary
    try:
        source = dataset.dataset(file.path, format="parquet" if file.kind == "parquet" else "ipc")
        table = counts_table.find_columns(source.schema.names)
        if table is None:
            names = ", ".join(source.schema.names[:8])
            summary.faults.append(Fault(file.path, "unreadable", f"no counts table: it has the columns {names}; needed are timestamp and lines"))
            return
        summary.files += 1
        grid = None
        wanted = [table.time, *table.found.values()]
        for batch in source.to_batches(columns=wanted, batch_size=1 << 20, batch_readahead=2, fragment_readahead=1):
            rows, bad = counts_table.tidy(pl.DataFrame(pl.from_arrow(batch)), table, Calendar(settings.timezone))
            summary.lines_read += batch.num_rows
            summary.bytes_read += batch.nbytes
            _count_unparsed(summary, "bad_row", bad)
            summary.formats[counts_table.NAME] = summary.formats.get(counts_table.NAME, 0) + len(rows)
            if len(rows):
                grid = grid or _grid_for(gathered, settings, counts_table.step_of(rows))
                grid.add(rows, file.stem)
    except (OSError, pa.ArrowException) as error:
        summary.faults.append(Fault(file.path, "damaged", f"cannot be read as {file.kind}: {str(error).splitlines()[0]}"))
