"""JSON lines: one object a line, by any of the usual loggers; which key means what is fitted to the first lines.

Source: https://jsonlines.org, RFC 8259; the dialects' own documentation is named in `dialects.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from detector.formats.dialects import MICROSECONDS
from detector.formats.format import Format, LevelAt, Span
from detector.formats.json_samples import SAMPLES
from detector.formats.jsonflat import read_flat
from detector.formats.jsonshape import PORT, Shape, find_shape
from detector.formats.jsontree import read_paths
from detector.formats.levels import LEVELS, from_number
from detector.formats.lines import Lines, lines_of

ABOUT = "JSON lines: one object a line, of any usual logger"
IN_PLACE = ("client", "service", "host", "request", "version", "message", "status", "payload_bytes")
COUNTED = ("time", "level", "service", "client", "status", "payload_bytes")
PARTS = {"endpoint": ("method", "endpoint"), "duration_us": ("duration",)}
FIRST_LETTERS = {word[:8]: level for word, level in LEVELS.items()}
ENOUGH = 0.9


def fit(head: Sequence[str], chosen: Mapping[str, str] | None = None) -> Format | None:
    """The format of a source that begins with these lines; `chosen` names the path of a field (`client`: `user>id`)."""
    shape = find_shape(head, chosen or {})
    if shape is None:
        return None
    by_parser = with_parser(shape)
    in_place = with_places(shape, by_parser)
    if in_place is None or in_place.locate is None:
        return by_parser
    texts = pl.Series("line", [line for line in head if line.startswith("{")], dtype=pl.String)
    seen = in_place.locate(lines_of(texts), frozenset(COUNTED))
    return in_place if seen["matched"].sum() >= ENOUGH * len(texts) else by_parser


def adapt(head: Sequence[str]) -> Format | None:
    """The dialect and paths that fit the first lines."""
    return fit(head)


def name_of(shape: Shape) -> str:
    """As users see it: `json`, or `json_` and the dialect."""
    return f"json_{shape.dialect.name}" if shape.dialect.name else "json"


def with_parser(shape: Shape) -> Format:
    """Every line parsed, only the paths of this shape."""
    paths = list(dict.fromkeys(part for several in shape.paths.values() for path in several for part in path.split("+")))

    def locate(lines: Lines, asked: frozenset[str]) -> pl.DataFrame:
        return read_paths(lines, [path for path in paths if path in needed_paths(shape, asked)])

    return Format(name_of(shape), ABOUT, SAMPLES, {"matched": pl.col("matched"), **expressions(shape)}, shape.clock,
                  locate=locate, dialect=shape.dialect.name)  # fmt: skip


def needed_paths(shape: Shape, asked: frozenset[str]) -> set[str]:
    """The paths that the fields asked for are made of."""
    fields = [part for name in asked for part in PARTS.get(name, (name,))]
    return {part for name in fields for path in shape.paths.get(name, ()) for part in path.split("+")}


def expressions(shape: Shape) -> dict[str, pl.Expr | Span | LevelAt]:
    """Each field over a table with one text column per path."""
    fields: dict[str, pl.Expr | Span | LevelAt] = {}
    for name, paths in shape.paths.items():
        columns = [pl.col(path) for path in paths if "+" not in path]
        if name == "level":
            fields[name] = level_of(columns, shape)
        elif name in ("status", "payload_bytes"):
            fields[name] = pl.coalesce(number_of(path) for path in paths)
        elif name == "endpoint":
            fields[name] = endpoint_of(shape)
        elif name == "duration":
            fields["duration_us"] = pl.coalesce(duration_of(path, shape) for path in paths)
        elif name != "method":
            fields[name] = pl.coalesce(usable(column) for column in columns)
    if has_ports(shape):
        fields["client"] = fields["client"].str.replace(PORT_END, "")  # type: ignore[union-attr]  # a text expression
    return fields
