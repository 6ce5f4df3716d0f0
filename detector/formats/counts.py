"""Counts tables: CSV or Parquet with a header that names a time and a count, see `COLUMNS`."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from detector.formats.clock import Calendar, instants
from detector.formats.epoch_times import from_epoch
from detector.schemas import TIME

TIMES = ("timestamp", "time", "ts", "window_start", "date")
COLUMNS = {"lines": ("lines", "count", "value"), "service": ("service",), "bytes": ("bytes",), "clients": ("clients",)}
"""What a table may hold besides its time, and how these columns may be called."""
SEPARATORS = (",", ";", "\t")
NAME = "counts"


@dataclass(frozen=True, slots=True)
class CountsTable:
    """Where the columns of a counts table are.

    Attributes:
        columns: all names of the header, in order.
        time: the column of times.
        found: our name -> the table's.
        separator: between the fields of a CSV; empty for Parquet and Arrow.
    """

    columns: tuple[str, ...]
    time: str
    found: dict[str, str]
    separator: str = ""


def find_columns(columns: Sequence[str], separator: str = "") -> CountsTable | None:
    """The columns of a counts table by their names, None if these columns are not of one."""
    lower = {name.strip().lower(): name for name in columns}
    time = next((lower[name] for name in TIMES if name in lower), None)
    found = {ours: lower[name] for ours, names in COLUMNS.items() for name in reversed(names) if name in lower}
    if time is None or "lines" not in found or len(lower) != len(columns):
        return None
    return CountsTable(tuple(columns), time, found, separator)


def find_header(line: str) -> CountsTable | None:
    """The columns of a CSV counts table by its first line, None if it is none."""
    for separator in SEPARATORS:
        if separator in line:
            table = find_columns(_cells(line, separator), separator)
            if table is not None:
                return table
    return None


def _cells(line: str, separator: str) -> list[str]:
    """The names in a header; none where it is no CSV: a carriage return within it, a name without end."""
    try:
        return [name.strip() for name in next(csv.reader([line], delimiter=separator))]
    except csv.Error:
        return []


def read_csv(data: bytes, table: CountsTable, calendar: Calendar) -> tuple[pl.DataFrame, int]:
    """Rows of a CSV counts table.

    Args:
        data: whole lines; the header may be among them.
        table: its columns.
        calendar: completes times without a zone.

    Returns:
        `timestamp` (us UTC), `lines` (Float64) and any of `service`, `bytes`, `clients`; and the number of lines that
        could not be read.
    """
    if not data.strip():
        return pl.DataFrame(schema={"timestamp": TIME, "lines": pl.Float64}), 0
    schema = dict.fromkeys(table.columns, pl.String)
    frame = pl.read_csv(
        io.BytesIO(data), separator=table.separator, has_header=False, schema=schema,
        quote_char='"' if b'"' in data else None, truncate_ragged_lines=True, ignore_errors=True,
    )  # fmt: skip
    return tidy(frame, table, calendar)


def tidy(frame: pl.DataFrame, table: CountsTable, calendar: Calendar) -> tuple[pl.DataFrame, int]:
    """A table of any column types to `timestamp`, `lines` and the rest; rows without time or number are left out."""
    times = moments(frame[table.time], calendar)
    numbers = [
        frame[theirs].cast(pl.Float64, strict=False).alias(ours)
        for ours, theirs in table.found.items()
        if ours != "service"
    ]
    names = [frame[table.found["service"]].alias("service")] if "service" in table.found else []
    tidied = pl.DataFrame([times.alias("timestamp"), *numbers, *names])
    good = tidied.filter(pl.col("timestamp").is_not_null() & pl.col("lines").is_finite() & (pl.col("lines") >= 0))
    return good, len(tidied) - len(good)


def moments(column: pl.Series, calendar: Calendar) -> pl.Series:
    """A column of times of any type as instants, Datetime us UTC; null where there is none."""
    if column.dtype == pl.Date:
        return column.cast(TIME)
    if isinstance(column.dtype, pl.Datetime) and column.dtype.time_zone is not None:
        return column.dt.convert_time_zone("UTC").cast(TIME)
    if column.dtype == pl.String:
        return instants(column, ("iso", "epoch"), calendar)
    if column.dtype.is_numeric():
        return column.to_frame("t").select(from_epoch(pl.col("t"))).to_series()
    return instants(column, (), calendar)


def step_of(frame: pl.DataFrame) -> int | None:
    """The table's own step in microseconds: the commonest distance of two neighbouring times; None for one time."""
    steps = frame["timestamp"].unique().sort().diff().drop_nulls()
    if not len(steps):
        return None
    common = steps.value_counts().sort(pl.col("count"), pl.col("timestamp"), descending=[True, False])
    return int(common["timestamp"].dt.total_microseconds()[0])
