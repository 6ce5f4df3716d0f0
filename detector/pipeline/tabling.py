"""The rows of tables as records: those of a counts table with their time and service, the row as the message."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from detector.errors import Fault
from detector.formats import counts
from detector.formats.clock import Calendar, instants
from detector.formats.lines import cut_lines
from detector.pipeline.pieces import TYPES, UNKNOWN_FORMAT, Piece, line_numbers
from detector.pipeline.records_tables import BATCH_ROWS, RECORDS_FORMAT, formats_of, is_records, shape
from detector.pipeline.tables import damaged_table, no_table, open_table
from detector.schemas import RECORDS, Block, check
from detector.sources.files import SourceFile


def rows_of_csv(block: Block, table: counts.CountsTable, zone: str, *, is_first: bool) -> Piece:
    """The rows of one block of a CSV; its header, the first line of the first block, is none."""
    lines = cut_lines(block.data)
    cells = lines.text.str.split(table.separator)
    column = {ours: _cell(cells, table, theirs) for ours, theirs in {"time": table.time, **table.found}.items()}
    times = instants(column["time"], ("iso", "epoch"), Calendar(zone))
    known = times.is_not_null()
    frame = pl.DataFrame({
        "timestamp": times, "service": column.get("service"), "message": lines.text, "size_bytes": lines.sizes,
        "payload_bytes": column["bytes"].cast(pl.Int64, strict=False) if "bytes" in column else None,
        "source": [block.source] * len(times), "line_number": line_numbers(block, len(times)),
        "format": pl.select(pl.when(known).then(pl.lit(counts.NAME)).otherwise(pl.lit(UNKNOWN_FORMAT))).to_series(),
    })[int(is_first) :]  # fmt: skip
    bad = int((frame["format"] == UNKNOWN_FORMAT).sum())
    reasons = {name: number for name, number in (("bad_row", bad), ("header", int(is_first))) if number}
    return Piece(_tidy(frame), None, 0, len(times), len(block.data), reasons, {counts.NAME: len(frame) - bad})


def _cell(cells: pl.Series, table: counts.CountsTable, name: str) -> pl.Series:
    text = cells.list.get(table.columns.index(name), null_on_oob=True).str.strip_chars(' "')
    return text.set(text == "", None)


def rows_of_file(file: SourceFile, zone: str, faults: list[Fault]) -> Iterator[Piece]:
    """The rows of a Parquet or Arrow file; trouble is told in `faults`."""
    import pyarrow as pa

    try:
        opened = open_table(file)
        table = counts.find_columns(opened.names)
        if table is None and not is_records(opened.names):
            faults.append(no_table(file, opened.names))
            return
        row = 1
        columns = opened.names if table is not None else [name for name in opened.names if name in TYPES]
        for batch in opened.batches(columns, BATCH_ROWS):
            if table is None:
                piece = _records(shape(batch, zone), file.path, row)
            else:
                piece = _rows_of_batch(pl.DataFrame(pl.from_arrow(batch)), table, zone, file.path, row)
            row += piece.lines
            yield piece
    except (OSError, pa.ArrowException) as error:
        faults.append(damaged_table(file, error))


def _records(frame: pl.DataFrame, path: str, row: int) -> Piece:
    """A batch of a table of records, completed by what it does not say."""
    own = {"format": pl.lit(RECORDS_FORMAT), "source": pl.lit(path), "line_number": pl.int_range(row, row + len(frame))}
    frame = frame.with_columns(value.alias(name) for name, value in own.items() if name not in frame.columns)
    return Piece(_tidy(frame), None, 0, len(frame), int(frame.estimated_size()), *formats_of(frame))


def _rows_of_batch(batch: pl.DataFrame, table: counts.CountsTable, zone: str, path: str, row: int) -> Piece:
    numbered = batch.with_row_index("number", row)
    text = pl.concat_str(pl.all().cast(pl.String), separator=",", ignore_nulls=True)
    messages = numbered.select(text.alias("message"), pl.col("number").cast(pl.Int64))
    rows, bad = counts.tidy(batch, table, Calendar(zone))
    if bad:
        nothing = pl.DataFrame(schema=TYPES)
        return Piece(nothing, None, 0, len(batch), int(batch.estimated_size()), {"bad_row": len(batch)})
    frame = pl.DataFrame({
        "timestamp": rows["timestamp"], "service": rows["service"] if "service" in rows.columns else None,
        "message": messages["message"], "line_number": messages["number"], "format": [counts.NAME] * len(rows),
        "source": [path] * len(rows),
    })  # fmt: skip
    return Piece(_tidy(frame), None, 0, len(batch), int(batch.estimated_size()), {}, {counts.NAME: len(rows)})


def _tidy(frame: pl.DataFrame) -> pl.DataFrame:
    missing = [pl.lit(None, dtype=dtype).alias(name) for name, dtype in TYPES.items() if name not in frame.columns]
    return check(frame.with_columns(missing).select(TYPES.names()).cast(TYPES), RECORDS)
