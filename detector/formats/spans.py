"""Where a span of a format lies in the bytes of a block."""

from __future__ import annotations

import numpy as np
import polars as pl

from detector.formats.format import Span
from detector.formats.lines import Lines, Positions, first_of

MISSING = -1
"""The place of a field that a line does not have."""


def place_of(name: str, begin: pl.Expr | int | str, length: pl.Expr | int | str | None, found: pl.DataFrame,
            lines: Lines) -> tuple[Positions, Positions]:  # fmt: skip
    """Begin and end of a span in the bytes of the block, within its line; a missing one is empty."""
    first = begin if isinstance(begin, int) else found[name].to_numpy()
    size = length if length is None or isinstance(length, int) else found[name + " length"].to_numpy()
    begins = np.minimum(lines.begins + first, lines.ends)
    ends = lines.ends if size is None else np.minimum(begins + size, lines.ends)
    if isinstance(first, np.ndarray) and first.min(initial=0) == MISSING:
        missing = first == MISSING
        begins[missing] = 0
        ends = np.where(missing, 0, ends)
    return begins, ends


def until(where: Span, begins: Positions, ends: Positions, lines: Lines) -> tuple[Positions, Positions]:
    """The same places, ending sooner; a missing one is empty."""
    stops = first_of(lines.bytes, begins, ends, where.until)
    if stops.min(initial=0) < 0:
        stops = np.where(stops < 0, begins, stops)
    if where.barrier:
        last = np.minimum(stops, len(lines.bytes) - 1)
        barred = np.isin(lines.bytes[last], np.frombuffer(where.barrier.encode(), np.uint8)) | (stops == ends)
        stops = np.where(barred, begins, stops)
    return begins, stops
