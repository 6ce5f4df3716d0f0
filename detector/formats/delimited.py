"""Lines whose fields stand between separators: where each column lies, found for a whole block at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from detector.formats.lines import Lines, Positions, leading_number

NOWHERE = (("begin", -1), ("length", 0))
"""How a missing column is told."""


@dataclass(frozen=True, slots=True)
class Columns:
    """The separators of n lines.

    Attributes:
        lines: the lines.
        marks: where separators lie in the block, in order, one beyond the end.
        first: number of the first separator at or after the begin of each line.
        counts: separators in each line.
    """

    lines: Lines
    marks: Positions
    first: Positions
    counts: Positions

    def place(self, number: int) -> tuple[Positions, Positions]:
        """Begin and end of a column (0 is the first), both the line's end where there is none."""
        last = len(self.marks) - 1
        begins = self.lines.begins if number == 0 else self.marks[np.minimum(self.first + number - 1, last)] + 1
        ends = np.where(self.counts > number, self.marks[np.minimum(self.first + number, last)], self.lines.ends)
        return np.where(self.counts >= number, begins, self.lines.ends), ends


def cut_columns(lines: Lines, separator: str, quote: str = "") -> Columns:
    """Find the ASCII character that separates columns, but between two of `quote`."""
    marks = np.flatnonzero(lines.bytes == ord(separator))
    quotes = np.flatnonzero(lines.bytes == ord(quote)) if quote else marks[:0]
    if len(quotes) and len(lines):  # the bytes of no lines may still hold some
        line = np.maximum(np.searchsorted(lines.begins, marks, "right") - 1, 0)
        before = np.searchsorted(quotes, marks) - np.searchsorted(quotes, lines.begins)[line]
        marks = marks[before % 2 == 0]
    marks = np.append(marks, len(lines.bytes))
    first = np.searchsorted(marks, lines.begins)
    return Columns(lines, marks, first, np.searchsorted(marks, lines.ends) - first)


def tabulate_by_width(
    columns: Columns, layouts: Sequence[Sequence[str]], asked: Mapping[str, Sequence[str]]
) -> pl.DataFrame:
    """The same where the columns of a line follow from how many it has.

    Args:
        columns: the lines.
        layouts: names of all columns, no two of one length.
        asked: what is read -> the columns that may hold it, best first.

    Returns:
        As `tabulate`, and `fits`: is the line of one of the layouts?
    """
    table = pl.DataFrame({"columns": columns.counts + 1})
    table = table.with_columns(fits=pl.col("columns").is_in([len(names) for names in layouts]))
    empty = [pl.lit(value, pl.Int64).alias(f"{name} {what}") for name in asked for what, value in NOWHERE]
    table = table.with_columns(empty)
    for names in layouts:
        rows = table["columns"] == len(names)
        if rows.any():
            found = tabulate(columns, place_columns(names, asked)).drop("columns")
            chosen = (pl.when(rows).then(one).otherwise(table[one.name]).alias(one.name) for one in found)
            table = table.with_columns(chosen)
    return table


def place_columns(names: Sequence[str], asked: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """What is read -> the number of the best column that holds it."""
    return {read: names.index(name) for read, known in asked.items() for name in known[::-1] if name in names}


def tabulate(columns: Columns, numbers: Mapping[str, int]) -> pl.DataFrame:
    """`columns` (how many a line has), and begin and length of each named column; a `-` is missing."""
    table = [pl.Series("columns", columns.counts + 1)]
    data = columns.lines.bytes
    for name, number in numbers.items():
        begins, ends = columns.place(number)
        missing = (begins >= ends) | ((ends - begins == 1) & (data[np.minimum(begins, len(data) - 1)] == ord("-")))
        table.append(pl.Series(f"{name} begin", np.where(missing, -1, begins - columns.lines.begins)))
        table.append(pl.Series(f"{name} length", np.where(missing, 0, ends - begins)))
    return pl.DataFrame(table)


def read_size(name: str, table: pl.DataFrame, lines: Lines) -> pl.Series:
    """A column of whole numbers, over its begin and length in the table; null where it is none."""
    begins, length = lines.begins + table[f"{name} begin"].to_numpy(), table[f"{name} length"].to_numpy()
    size, there = leading_number(lines.bytes, np.maximum(begins, 0), length)
    return pl.Series(name, size).set(pl.Series(~there), None)
