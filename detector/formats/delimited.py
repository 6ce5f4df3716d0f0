"""Lines whose fields stand between separators: where each column lies, found for a whole block at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from detector.formats.lines import Lines, Positions


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


def cut_columns(lines: Lines, separator: str) -> Columns:
    """Find the ASCII character that separates columns."""
    marks = np.append(np.flatnonzero(lines.bytes == ord(separator)), len(lines.bytes))
    first = np.searchsorted(marks, lines.begins)
    return Columns(lines, marks, first, np.searchsorted(marks, lines.ends) - first)


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
