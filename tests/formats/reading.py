"""What the tests of this room share: a fixed calendar, and reading lines given as text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import polars as pl

from detector.formats.clock import Calendar
from detector.formats.format import Sample
from detector.formats.lines import cut_lines
from detector.formats.records import Parsed, Recipe, read_records
from detector.schemas import RECORDS

CALENDAR = Calendar(latest=datetime(2026, 1, 1, tzinfo=UTC))
"""Samples without a year are of the year before this."""
COLUMNS = frozenset(column.name for column in RECORDS) - {"timestamp", "source", "line_number", "size_bytes"}


def lines_of(sample: Sample) -> list[str]:
    """The physical lines of a sample, those of its head first."""
    return [*(sample.head.split("\n") if sample.head else []), *sample.text.split("\n")]


def read(lines: Sequence[str], recipe: Recipe) -> Parsed:
    """All columns of these lines."""
    return read_records(cut_lines("".join(line + "\n" for line in lines).encode()), recipe, COLUMNS)


def value(frame: pl.DataFrame, row: int, column: str) -> object:
    """One value; None where the format does not know the column."""
    return frame[column][row] if column in frame.columns else None


def moment(text: object) -> datetime | None:
    """RFC 3339 text to a moment."""
    return datetime.fromisoformat(text) if isinstance(text, str) else None
