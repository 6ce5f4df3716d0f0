"""JSON lines read in place: the keys are found as text, the values lie behind them.

Right because a quote inside a JSON text is always escaped: `"key":` can only be a key (unless that key has a quote
itself, which is seen at the byte before). A key that comes after an inner object began may belong to it, and a value
that is no number and no text without escapes is not read here: such lines are left to the parser.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detector.formats.format import LINE
from detector.formats.lines import Lines, Positions, first_of, texts_at

QUOTE, BACKSLASH, SPACE, MINUS, ZERO, NULL = b'"\\ -0n'
Flags = NDArray[np.bool_]


class Values(NamedTuple):
    """Where the values of one key lie in the block; an empty one is missing.

    Attributes:
        begins, ends: of the text without its quotes, or of the number.
        sure: false where the line must be left to the parser.
    """

    begins: Positions
    ends: Positions
    sure: Flags


def read_flat(lines: Lines, fields: Mapping[str, Sequence[str]], texts: Sequence[str], widths: Mapping[str, int]) -> pl.DataFrame:
    """Positions of fields and texts of keys.

    Args:
        lines: n lines.
        fields: field -> keys, best first: gives `{field} begin` (in the line) and `{field} length`.
        texts: keys: each gives a String column of its own name.
        widths: key -> length that its texts usually have, which saves looking for their end.

    Returns:
        `matched` (false: left to the parser) and the columns; n rows.
    """
    keys = list(dict.fromkeys([*(key for several in fields.values() for key in several), *texts]))
    found = lines.text.to_frame("line").lazy().select(
        (LINE.str.starts_with("{") & LINE.str.ends_with("}")).alias("matched"),
        *(LINE.str.find(f'"{key}":', literal=True).cast(pl.Int64).fill_null(-1).alias(f"at {key}") for key in keys),
    ).collect(engine="in-memory")  # fmt: skip
    sure = found["matched"].to_numpy().copy()
    inner = _inner_objects(lines)
    values: dict[str, Values] = {}
    for key in keys:
        at = found[f"at {key}"].to_numpy()
        values[key] = _values(lines, at, len(key.encode()) + 3, widths.get(key, 0))
        sure &= values[key].sure & (at < inner)
    columns = [pl.Series("matched", sure)]
    for name, several in fields.items():
        begins, ends = _first_there([values[key] for key in several])
        there = begins < ends
        columns.append(pl.Series(f"{name} begin", np.where(there, begins - lines.begins, -1)))
        columns.append(pl.Series(f"{name} length", ends - begins))
    for key in texts:
        begins, ends, _ = values[key]
        columns.append(texts_at(lines.bytes, begins, ends).alias(key).set(pl.Series(begins >= ends), None))
    return pl.DataFrame(columns)


def _inner_objects(lines: Lines) -> Positions:
    """Where in each line the first object inside it begins; beyond its end where there is none."""
    rest = texts_at(lines.bytes, np.minimum(lines.begins + 1, lines.ends), lines.ends)
    inner = rest.to_frame("rest").select(pl.col("rest").str.find("{", literal=True).cast(pl.Int64)).to_series()
    if inner.null_count() == len(inner):
        return np.full(len(inner), np.iinfo(np.int64).max)
    return (inner + 1).fill_null(np.iinfo(np.int64).max).to_numpy()


def _values(lines: Lines, at: Positions, skip: int, width: int) -> Values:
    """The values of a key that was found at byte `at` of each line (-1: nowhere) and is `skip` bytes long."""
    data = lines.bytes
    there = at >= 0
    begins = np.where(there, lines.begins + at, 0)
    sure = ~there | (data[begins - 1] != BACKSLASH)
    begins += skip
    begins = np.minimum(begins + (data[np.minimum(begins, lines.ends)] == SPACE), lines.ends)
    first = data[begins]
    quoted = there & (first == QUOTE)
    number = there & ((first - np.uint8(ZERO)) < 10)
    missing = ~there | (first == NULL)
    begins += quoted
    ends = _find_ends(lines, begins, quoted, number, width)
    last = data[np.minimum(ends, len(data) - 1)]
    sure &= missing | (quoted & (last == QUOTE)) | (number & (ends < lines.ends))
    ends = np.where(missing | (ends < 0), begins, ends)
    dash = (ends - begins == 1) & (data[begins] == MINUS)
    return Values(begins, np.where(dash, begins, ends), sure)


def _find_ends(lines: Lines, begins: Positions, quoted: Flags, number: Flags, width: int) -> Positions:
    """Before the closing quote, or behind the number; on a backslash where there is one, -1 where it is too far."""
    data, ends, texts = lines.bytes, begins, quoted
    if width:
        ends = np.minimum(begins + width, lines.ends)
        texts = quoted & (data[np.minimum(ends, len(data) - 1)] != QUOTE)
        if not texts.any() and not number.any():
            return ends
    for rows, stops in ((texts, '"\\'), (number, ",}] ")):
        if rows.all():
            ends = first_of(data, begins, lines.ends, stops)
        elif rows.any():
            ends = ends.copy()
            ends[rows] = first_of(data, begins[rows], lines.ends[rows], stops)
    return ends


def _first_there(several: Sequence[Values]) -> tuple[Positions, Positions]:
    """Of several keys the first that has a value, line by line."""
    begins, ends, _ = several[0]
    for other in several[1:]:
        empty = begins >= ends
        begins, ends = np.where(empty, other.begins, begins), np.where(empty, other.ends, ends)
    return begins, ends
