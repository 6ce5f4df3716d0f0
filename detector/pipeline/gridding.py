"""Counts tables to grids: CSV block by block, Parquet and Arrow files in batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from detector.config import Settings
from detector.formats import counts
from detector.formats.clock import Calendar
from detector.pipeline.gathered import Gathered
from detector.pipeline.opening import MINUTE_US, width_of
from detector.pipeline.parallel import in_order
from detector.pipeline.tables import Table
from detector.schemas import Block
from detector.sources.files import SourceFile
from detector.windows.grid import Grid

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_ROWS = 1 << 20


def grid_csv(
    file: SourceFile, blocks: Iterator[Block], table: counts.CountsTable, gathered: Gathered, settings: Settings
) -> None:
    """Add the rows of a CSV; its header is the first line of its first block."""
    calendar = Calendar(settings.timezone)
    grid = None
    for block in blocks:
        headed = block.offset_bytes == 0
        data = block.data[block.data.index(b"\n") + 1 :] if headed else block.data
        rows, bad = counts.read_csv(data, table, calendar)
        _count(gathered, rows, block.data.count(b"\n"), len(block.data), {"bad_row": bad, "header": int(headed)})
        grid = grid or _grid_for(gathered, settings, counts.step_of(rows))
        grid.add(rows, file.stem)


def grid_table(
    file: SourceFile, opened: Table, table: counts.CountsTable, gathered: Gathered, settings: Settings
) -> None:
    """Add the rows of a Parquet or Arrow file.

    Raises:
        OSError, pyarrow.ArrowException: it is damaged.
    """
    batches = opened.read_ahead([table.time, *table.found.values()], BATCH_ROWS)
    _grid_batches(file.stem, batches, table, gathered, settings)


def _grid_batches(
    stem: str, batches: Iterable[pa.RecordBatch], table: counts.CountsTable, gathered: Gathered, settings: Settings
) -> None:
    """Add Arrow record batches; rows that do not say whose they are belong to `stem`."""
    calendar = Calendar(settings.timezone)
    grid = None
    jobs = ((batch.nbytes, partial(_tidy, batch, table, calendar)) for batch in batches)
    with ThreadPoolExecutor(settings.threads) as pool:
        for size_bytes, tidied in in_order(pool, jobs, ahead=settings.threads + 1):
            rows, bad = tidied.result()
            _count(gathered, rows, len(rows) + bad, size_bytes, {"bad_row": bad})
            if len(rows):
                grid = grid or _grid_for(gathered, settings, counts.step_of(rows))
                grid.add(rows, stem)


def _tidy(batch: pa.RecordBatch, table: counts.CountsTable, calendar: Calendar) -> tuple[pl.DataFrame, int]:
    return counts.tidy(pl.DataFrame(pl.from_arrow(batch)), table, calendar)


def _count(gathered: Gathered, rows: pl.DataFrame, lines: int, size_bytes: int, unparsed: dict[str, int]) -> None:
    gathered.count(lines, size_bytes, unparsed, {counts.NAME: len(rows)})


def _grid_for(gathered: Gathered, settings: Settings, step_us: int | None) -> Grid:
    gathered.timed = True
    width = width_of(settings, step_us or MINUTE_US)
    return gathered.grids.setdefault(width, Grid(width))
