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

QUOTE, BACKSLASH, SPACE, MINUS, ZERO, NULL, EXPONENT, POINT, OPENING, CLOSING = b'"\\ -0ne.{}'
INNER = r"[:\[]\s*\{"
FAR_AWAY = np.iinfo(np.int64).max
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


def read_flat(
    lines: Lines, fields: Mapping[str, Sequence[str]], texts: Sequence[str], widths: Mapping[str, int]
) -> pl.DataFrame:
    """Positions of fields and texts of keys.

    Args:
        lines: n lines.
        fields: field -> keys, best first: gives `{field} begin` (in the line) and `{field} length`.
        texts: keys: each gives a String column of its own name.
        widths: keys of times -> length that their texts usually have, which saves looking for the end; 0 if it varies.
            These, and no others, may be numbers with a fraction.

    Returns:
        `matched` (false: left to the parser) and the columns; n rows.
    """
    keys = list(dict.fromkeys([*(key for several in fields.values() for key in several), *texts]))
    wanted = [LINE.str.find(f'"{key}":', literal=True).cast(pl.Int64).fill_null(-1).alias(key) for key in keys]
    found = lines.text.to_frame("line").lazy().select(wanted).collect(engine="in-memory")
    opened = lines.bytes[lines.begins] == OPENING
    sure = opened & (lines.bytes[lines.ends - 1] == CLOSING)
    inner = _inner_objects(lines, int(opened.sum()))
    values: dict[str, Values] = {}
    for key in keys:
        at = found[key].to_numpy()
        values[key] = _values(lines, at, len(key) + 3, widths.get(key))
        sure &= values[key].sure
        if inner is not None:
            sure &= at < inner
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


def _inner_objects(lines: Lines, outer: int) -> Positions | None:
    """Where in each line the first object inside it begins, far away where there is none; None if no line has one."""
    if not len(lines.begins) or np.count_nonzero(lines.bytes[lines.begins[0] : lines.ends[-1]] == OPENING) == outer:
        return None
    rest = texts_at(lines.bytes, np.minimum(lines.begins + 1, lines.ends), lines.ends)
    rows = rest.str.contains("{", literal=True).arg_true()
    found = rest.gather(rows).to_frame("rest").select(pl.col("rest").str.find(INNER).cast(pl.Int64)).to_series()
    inner = np.full(len(rest), FAR_AWAY)
    inner[rows.to_numpy()] = found.fill_null(FAR_AWAY - 1).to_numpy() + 1
    return inner


def _values(lines: Lines, at: Positions, skip: int, width: int | None) -> Values:
    """The values of a key that was found at byte `at` of each line (-1: nowhere) and is `skip` bytes long."""
    rows = np.flatnonzero(at >= 0)
    if len(rows) == len(at):
        return _values_there(lines.bytes, lines.begins + at, lines.ends, skip, width)
    begins, ends, sure = lines.begins.copy(), lines.begins.copy(), np.ones(len(at), bool)
    found = _values_there(lines.bytes, lines.begins[rows] + at[rows], lines.ends[rows], skip, width)
    begins[rows], ends[rows], sure[rows] = found
    return Values(begins, ends, sure)


def _values_there(data: NDArray[np.uint8], keys: Positions, limits: Positions, skip: int, width: int | None) -> Values:
    """The values behind keys that begin at these bytes."""
    sure = data[keys - 1] != BACKSLASH
    begins = keys + skip
    first = data[begins]
    spaced = first == SPACE
    if spaced.any():
        begins += spaced
        first = data[begins]
    quoted = first == QUOTE
    if quoted.all():
        begins += 1
        ends = _text_ends(data, begins, limits, width)
        sure &= data[ends] == QUOTE
    else:
        begins += quoted
        ends, known = _mixed_ends(data, begins, limits, first, width)
        sure &= known
    short = ends - begins == 1
    if short.any():
        ends = np.where(short & (data[begins] == MINUS), begins, ends)
    return Values(begins, np.maximum(begins, ends), sure)


def _text_ends(data: NDArray[np.uint8], begins: Positions, limits: Positions, width: int | None) -> Positions:
    """The closing quotes, or where something else comes first; `width` is the likely length, if that is known."""
    if not width:
        return first_of(data, begins, limits, '"\\')
    ends = np.minimum(begins + width, limits)
    other = np.flatnonzero(data[ends] != QUOTE)
    ends[other] = first_of(data, begins[other], limits[other], '"\\')
    return ends


def _mixed_ends(data: NDArray[np.uint8], begins: Positions, limits: Positions, first: NDArray[np.uint8],
                width: int | None) -> tuple[Positions, Flags]:  # fmt: skip
    """Ends of texts, numbers and nulls, and where these are known."""
    texts, numbers, ends = first == QUOTE, (first - np.uint8(ZERO)) < 10, begins.copy()
    stops = ",}] eE." if width is None else ",}] eE"  # only these may have a fraction
    if numbers.all():
        ends = first_of(data, begins, limits, stops)
        return ends, _closed(data[ends]) & (ends < limits)
    ends[texts] = _text_ends(data, begins[texts], limits[texts], width)
    ends[numbers] = first_of(data, begins[numbers], limits[numbers], stops)
    last = data[ends]
    known = (texts & (last == QUOTE)) | (numbers & (ends < limits) & _closed(last))
    return ends, known | (first == NULL)


def _closed(last: NDArray[np.uint8]) -> Flags:
    """Does what follows the digits end the number?"""
    closed: Flags = (last | 0x20 != EXPONENT) & (last != POINT)
    return closed


def _first_there(several: Sequence[Values]) -> tuple[Positions, Positions]:
    """Of several keys the first that has a value, line by line."""
    begins, ends, _ = several[0]
    for other in several[1:]:
        empty = begins >= ends
        begins, ends = np.where(empty, other.begins, begins), np.where(empty, other.ends, ends)
    return begins, ends
