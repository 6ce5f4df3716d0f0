"""Formats that one regex describes: its named groups are the fields.

The slowest way to read a line, and the shortest to write: for logs whose fields stand between quotes and brackets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TypedDict, Unpack

import polars as pl

from detector.formats.access import without_query
from detector.formats.cut import present, whole
from detector.formats.format import LINE, Format, LevelAt, Sample, Span
from detector.formats.levels import from_word
from detector.formats.lines import Lines
from detector.formats.text_layouts import for_python, for_rust

CLIENT = r"\[?(?<client>[^\s\]\[\"]+?)\]?:\d{1,5}"
"""An address and its port; that of IPv6 may stand in brackets."""
UNLESS_DASH = frozenset({"service", "host", "client", "version", "request"})
NUMBERS = frozenset({"status", "duration_us", "payload_bytes", "repeats"})
Fields = Mapping[str, pl.Expr]


class Traits(TypedDict, total=False):
    """What else `Format` may be told."""

    continues: pl.Expr
    header: pl.Expr
    hint: str
    needs: tuple[str, ...]
    fallback: Format
    priority: int
    dialect: str
    alone: bool


def by_groups(
    name: str, about: str, samples: tuple[Sample, ...], pattern: str, clock: tuple[str, ...], fields: Fields,
    **traits: Unpack[Traits],
) -> Format:  # fmt: skip
    """A format of lines that a regex describes.

    Args:
        name, about, samples, clock, traits: as in `Format`; without a `hint` the pattern itself is tried on the head.
        pattern: for Rust, in ASCII; a line matches if its group `time` is there, or the first one where none has that
            name. Groups named as columns of Records are read as such.
        fields: over the groups, for columns that are not simply a group.
    """
    groups = re.findall(r"\(\?<(\w+)>", pattern)
    read = {**{group: usual(group) for group in groups}, **fields}
    sure = "time" if "time" in groups else groups[0]
    read["matched"] = pl.col(sure).is_not_null()
    sources = {column: frozenset(expression.meta.root_names()) for column, expression in read.items()}

    def locate(lines: Lines, asked: frozenset[str]) -> pl.DataFrame:
        needed = frozenset[str]().union(*(sources[column] for column in asked if column in sources), {sure})
        return take_apart(lines.text, pattern, tuple(group for group in groups if group in needed))

    known: dict[str, pl.Expr | Span | LevelAt] = dict(read)
    return Format(name, about, samples, known, clock, locate=locate,
                  **{"hint": for_python(pattern), "priority": 10, **traits})  # type: ignore[arg-type]  # fmt: skip


def take_apart(lines: pl.Series, pattern: str, groups: tuple[str, ...]) -> pl.DataFrame:
    """The line and these groups of the regex as columns; null where it does not match."""
    frame = lines.to_frame("line")
    if len(groups) == 1:
        return frame.with_columns(LINE.str.extract(_in_rust(pattern, groups)).alias(groups[0]))
    return frame.with_columns(LINE.str.extract_groups(_in_rust(pattern, groups)).alias("groups")).unnest("groups")


@lru_cache(maxsize=256)
def _in_rust(pattern: str, groups: tuple[str, ...]) -> str:
    return for_rust(pattern, *groups)


def usual(group: str) -> pl.Expr:
    """What a group that is named as a column of Records says."""
    text = pl.col(group)
    if group in NUMBERS:
        number = whole(text)
        return pl.when(number >= 0).then(number)
    if group == "level":
        return from_word(text)
    if group == "endpoint":
        return pl.when(text.str.strip_chars("- ") != "").then(without_query(text))
    return present(text) if group in UNLESS_DASH else text
