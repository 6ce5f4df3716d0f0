"""JSON lines: one object a line, by any of the usual loggers; which key means what is fitted to the first lines.

Source: https://jsonlines.org, RFC 8259; the dialects' own documentation is named in `dialects.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from detector.formats.format import Format, LevelAt, Span
from detector.formats.json_samples import SAMPLES
from detector.formats.jsonfields import expressions, has_ports, needed_paths, numbers_of
from detector.formats.jsonflat import read_flat
from detector.formats.jsonshape import UNKNOWN, Shape, find_shape
from detector.formats.jsontree import read_paths
from detector.formats.levels import from_number
from detector.formats.lines import Lines, leading_number, lines_of

ABOUT = "JSON lines: one object a line, of any usual logger"
IN_PLACE = ("client", "service", "host", "request", "version", "message", "status", "payload_bytes")
COUNTED = ("time", "level", "service", "client", "status", "payload_bytes")
LONGEST_NUMBERS = {"status": 9, "payload_bytes": 16}
ENOUGH = 0.9


def fit(head: Sequence[str], chosen: Mapping[str, str] | None = None) -> Format | None:
    """The format of a source that begins with these lines; `chosen` names the path of a field (`client`: `user>id`)."""
    shape = find_shape(head, chosen or {})
    if shape is None:
        return None
    by_parser = with_parser(shape)
    if not all(is_flat(shape, name) for name in COUNTED):
        return by_parser
    in_place = with_places(shape, by_parser)
    texts = lines_of(pl.Series("line", [line for line in head if line.startswith("{")], dtype=pl.String))
    read = in_place.locate(texts, frozenset(COUNTED)) if in_place.locate is not None else pl.DataFrame({"matched": []})
    return in_place if read["matched"].sum() >= ENOUGH * len(texts.text) else by_parser


def adapt(head: Sequence[str]) -> Format | None:
    """The dialect and paths that fit the first lines."""
    return fit(head)


def is_flat(shape: Shape, name: str) -> bool:
    """Does the field lie in the outer object, under keys that are written as they are?"""
    return not any(set('>+"\\') & set(path) or not path.isascii() for path in shape.paths.get(name, ()))


def with_parser(shape: Shape) -> Format:
    """Every line parsed, only the paths of this shape."""
    name = f"json_{shape.dialect.name}" if shape.dialect.name else "json"
    messages = shape.paths.get("message", ())

    def locate(lines: Lines, asked: frozenset[str]) -> pl.DataFrame:
        return read_paths(lines, sorted(needed_paths(shape, asked)), messages)

    fields = {"matched": pl.col("matched"), **expressions(shape)}
    return Format(name, ABOUT, SAMPLES, fields, shape.clock, locate=locate, dialect=shape.dialect.name)


def with_places(shape: Shape, by_parser: Format) -> Format:
    """Read in place what lies in the outer object, with the parser for the rest and as fallback."""
    spans = [name for name in (*IN_PLACE, "time") if name in by_parser.fields and is_flat(shape, name)]
    if "client" in spans and has_ports(shape):
        spans.remove("client")
    if "service" in spans and shape.dialect.dull:
        spans.remove("service")
    if "level" in shape.paths and not shape.dialect.usual_level:
        spans.append("level")
    words, width = level_in_words(shape), time_width(shape)

    def locate(lines: Lines, asked: frozenset[str]) -> pl.DataFrame:
        placed = {name: shape.paths[name] for name in spans if name in asked}
        rest = sorted(needed_paths(shape, asked - set(placed)))
        inner = [path for path in rest if set('>"\\') & set(path) or not path.isascii()]
        widths = dict.fromkeys(shape.paths.get("duration", ()), 0) | dict.fromkeys(shape.paths.get("time", ()), width)
        table = check(
            lines, read_flat(lines, placed, [path for path in rest if path not in inner], widths), width, words
        )
        return (
            table
            if not inner
            else table.hstack(read_paths(lines, inner, shape.paths.get("message", ())).drop("matched"))
        )

    fields = {**by_parser.fields, **{name: Span(pl.col(f"{name} begin"), pl.col(f"{name} length")) for name in spans}}
    if "time" in spans and width:
        fields["time"] = Span(pl.col("time begin"), width)
    if "level" in spans:
        numbers = numbers_of(shape, shape.paths["level"][0])
        fields["level"] = LevelAt(pl.col("level begin")) if words else from_number(pl.col("level number"), numbers)
    needs = ("time",) if "time" in fields else ()
    return replace(by_parser, fields=fields, locate=locate, fallback=by_parser, in_full=by_parser, needs=needs)


def level_in_words(shape: Shape) -> bool:
    """Are levels mostly words, not numbers?"""
    texts = [text for path in shape.paths.get("level", ()) for text in shape.seen[path].texts]
    return 2 * sum(text.isdigit() for text in texts) <= len(texts)


def time_width(shape: Shape) -> int:
    """The length that all times have; 0 if they differ or are numbers."""
    widths = {len(text) for path in shape.paths.get("time", ()) for text in shape.seen[path].texts}
    return max(widths) if len(widths) == 1 and "epoch" not in shape.clock else 0


def check(lines: Lines, table: pl.DataFrame, width: int, words: bool) -> pl.DataFrame:  # noqa: FBT001 - private to this format
    """Leave to the parser what is written unlike the first lines, or too long: times, numbers, a number for a word."""
    sure = table["matched"].to_numpy().copy()
    for name, longest in LONGEST_NUMBERS.items():
        if f"{name} length" in table.columns:
            sure &= table[f"{name} length"].to_numpy() <= longest
    if width and "time length" in table.columns:
        length = table["time length"].to_numpy()
        sure &= (length == width) | (length == 0)
    if "level begin" in table.columns:
        begins = np.maximum(lines.begins + table["level begin"].to_numpy(), 0)
        there = table["level length"].to_numpy() > 0
        letter = ((lines.bytes[begins] | 0x20) - np.uint8(ord("a"))) < 26
        sure &= ~there | (letter == words)
        if not words:
            number, _ = leading_number(lines.bytes, begins, table["level length"].to_numpy())
            table = table.with_columns(pl.Series("level number", number).set(pl.Series(~there), None))
    return table.with_columns(pl.Series("matched", sure))


FORMAT = replace(with_parser(Shape(UNKNOWN, {}, {}, ())), adapt=adapt)
