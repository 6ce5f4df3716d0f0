"""The fields of a JSON record as expressions over a table with one text column per path."""

from __future__ import annotations

import polars as pl

from detector.formats.access import without_query
from detector.formats.cut import present, whole
from detector.formats.dialects import MICROSECONDS, OTEL, PYTHON
from detector.formats.format import LevelAt, Rare, Span
from detector.formats.jsonshape import Shape
from detector.formats.levels import BUNYAN, SYSLOG, from_leading_word, from_number
from detector.formats.lines import leading_word, lines_of
from detector.formats.repeats import repeats_in

Fields = dict[str, pl.Expr | Span | LevelAt | Rare]
PORT = r"^(\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-fA-F:.]+\]):\d+$"
PARTS = {"endpoint": ("method", "endpoint"), "duration_us": ("duration",), "repeats": ("message",)}


def needed_paths(shape: Shape, asked: frozenset[str]) -> set[str]:
    """The paths that the fields asked for are made of."""
    fields = [part for name in asked for part in PARTS.get(name, (name,))]
    return {part for name in fields for path in shape.paths.get(name, ()) for part in path.split("+")}


def expressions(shape: Shape) -> Fields:
    """Each field over a table with one text column per path."""
    fields: Fields = {}
    for name, paths in shape.paths.items():
        if name in ("status", "payload_bytes"):
            fields[name] = pl.coalesce(number_of(path) for path in paths)
        elif name == "duration":
            fields["duration_us"] = pl.coalesce(duration_of(path, shape) for path in paths)
        elif name not in ("method", "endpoint", "level"):
            fields[name] = pl.coalesce(usable(path) for path in paths)
    if "service" in shape.paths and shape.dialect.dull:
        fields["service"] = service_of(shape)
    if "level" in shape.paths or shape.dialect.usual_level:
        fields["level"] = level_of(shape)
    if "endpoint" in shape.paths:
        fields["endpoint"] = endpoint_of(shape)
    if shape.dialect.name == "journald" and "message" in shape.paths:
        fields["repeats"] = repeats_in(pl.coalesce(usable(path) for path in shape.paths["message"]))
    if "client" in shape.paths and has_ports(shape):
        fields["client"] = pl.coalesce(usable(path) for path in shape.paths["client"]).str.replace(PORT, "$1")
    return fields


def usable(path: str) -> pl.Expr:
    """The text, null where it is empty or a dash."""
    return present(pl.col(path))


def service_of(shape: Shape) -> pl.Expr:
    """The first name that tells something, else the first."""
    names = [usable(path) for path in shape.paths["service"]]
    telling = [pl.when(~name.str.contains(shape.dialect.dull)).then(name) for name in names]
    return pl.coalesce(*telling, *names)


def number_of(path: str) -> pl.Expr:
    """A whole number that is not negative; of several the sum of those that are there."""
    parts = [pl.col(part) for part in path.split("+")]
    numbers = [pl.coalesce(whole(part), whole(part.cast(pl.Float64, strict=False))) for part in parts]
    there = pl.any_horizontal(number.is_not_null() for number in numbers)
    total = numbers[0] if len(numbers) == 1 else pl.when(there).then(pl.sum_horizontal(numbers))
    return pl.when(total >= 0).then(total)


def level_of(shape: Shape) -> pl.Expr:
    """The first path that tells a level, as a word or as a number of the dialect."""
    told = []
    for path in shape.paths.get("level", ()):
        told.append(pl.col(path).map_batches(levels_in, return_dtype=pl.String))
        if numbers := numbers_of(shape, path):
            told.append(from_number(pl.col(path), numbers))
    usual = [pl.lit(shape.dialect.usual_level)] if shape.dialect.usual_level else []
    return pl.coalesce(*told, *usual)


def levels_in(texts: pl.Series) -> pl.Series:
    """Words to levels."""
    lines = lines_of(texts.fill_null(""))
    return from_leading_word(leading_word(lines.bytes, lines.begins, lines.ends)).alias(texts.name)


def numbers_of(shape: Shape, path: str) -> dict[int, str]:
    """What numbers under this path mean: as the dialect says, else by the name, else as with Node's loggers."""
    if shape.dialect.numbers:
        return dict(shape.dialect.numbers)
    key = path.rsplit(">", 1)[-1].lower()
    if "syslog" in key or key == "priority":
        return SYSLOG
    if "number" in key:
        return OTEL
    return PYTHON if key == "levelno" else BUNYAN


def endpoint_of(shape: Shape) -> pl.Expr:
    """`GET /a`: the method, if it is not there already, and the path without its query."""
    path = pl.coalesce(usable(path) for path in shape.paths["endpoint"])
    if "method" not in shape.paths:
        return without_query(path)
    method = pl.coalesce(usable(path) for path in shape.paths["method"])
    both = pl.when(path.str.contains(" ", literal=True) | method.is_null()).then(path).otherwise(method + " " + path)
    return without_query(both)


def duration_of(path: str, shape: Shape) -> pl.Expr:
    """Microseconds, by the unit in the name; a plain `duration` is in seconds if it has fractions, else unknown."""
    key = "".join(filter(str.isalnum, path.rsplit(">", 1)[-1].lower()))
    factor = next((factor for ending, factor in MICROSECONDS.items() if key.endswith(ending)), None)
    if factor is None:
        factor = 1e6 if all("." in text for text in shape.seen[path].texts) else None
    return (pl.col(path).cast(pl.Float64, strict=False) * factor).round().cast(pl.Int64, strict=False)


def has_ports(shape: Shape) -> bool:
    """Are the clients mostly `address:port`? The port would make each connection a client."""
    first = shape.paths["client"][0]
    texts = pl.Series(shape.seen[first].texts if first in shape.seen else [], dtype=pl.String)
    return 2 * texts.str.contains(PORT).sum() > len(texts)
