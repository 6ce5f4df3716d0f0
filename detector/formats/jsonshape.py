"""What the first lines of a source tell about its JSON: the dialect, and under which paths each field is found."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import polars as pl

from detector.formats.clock import Calendar, instants
from detector.formats.dialects import DIALECTS, USUAL, Dialect, Paths

DEEPEST, MOST_PATHS, WIDEST = 5, 2000, 400
CLOCK = ("iso", "epoch", "%d/%b/%Y:%H:%M:%S %z", "%a, %d %b %Y %H:%M:%S %z", "%m/%d/%Y %H:%M:%S", "%b %d, %Y %H:%M:%S")
EARLIEST_YEAR = 1980
UNKNOWN = Dialect("", (), {}, {})
STATUS = re.compile(r"[1-5]\d\d|0|")
SURROGATE = re.compile("[\ud800-\udfff]")
DIGITS = re.compile(r"\d*")
Sketch = frozenset[str]
"""The paths that an object has."""


@dataclass(slots=True)
class Seen:
    """What was seen under one path: texts of scalars, and how often it was an object or array of many instead."""

    texts: list[str] = field(default_factory=list)
    branches: int = 0


@dataclass(frozen=True, slots=True)
class Shape:
    """What adapting found out.

    Attributes:
        dialect: the known dialect, or one without a name.
        paths: field -> the paths that carry it in these lines, best first.
        seen: path -> the texts seen there.
        clock: the ways in which the times are written.
    """

    dialect: Dialect
    paths: Paths
    seen: Mapping[str, Seen]
    clock: tuple[str, ...]


def parse_object(line: str) -> dict[str, object] | None:
    """The object that a line is, with numbers as they stand there; None for anything else."""
    try:
        value = json.loads(line, parse_float=Number, parse_int=Number, parse_constant=Number,
                           object_pairs_hook=first_wins)  # fmt: skip
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def first_wins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Of a key that stands twice in an object the first is taken, as polars does."""
    return dict(pairs) if len(found := dict(reversed(pairs))) == len(pairs) else found


class Number(str):
    """A number, kept as it is written."""


def number_text(number: Number) -> str:
    """A number as polars writes it: `1e5` is `100000`, `1.50` is `1.5`; what it cannot read stays as it is."""
    if number.lstrip("-").isdigit():
        return "0" if number == "-0" else str(number)
    value = float(number)
    return f"{Decimal(repr(value)):f}".removesuffix(".0") if math.isfinite(value) else str(number)


def written(value: object) -> str | None:
    """A scalar as text, also the only text of a list; None for null and for what has parts."""
    if isinstance(value, Number):
        return number_text(value)
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str) and not isinstance(value[0], Number):
        value = value[0]
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return None
    return value if value.isascii() else SURROGATE.sub("\0", value)


def walk(value: Mapping[str, object], outer: str = "", depth: int = 1) -> Iterator[tuple[str, object]]:
    """Every path of an object with what is there, as far down as logs go."""
    for key, inner in list(value.items())[:WIDEST]:
        path = f"{outer}>{key}" if outer else key
        if not key or ">" in key or "+" in key or not key.isprintable():
            continue
        yield path, inner
        if isinstance(inner, dict) and depth < DEEPEST:
            yield from walk(inner, path, depth + 1)


def look_over(objects: Iterable[Mapping[str, object]]) -> tuple[dict[str, Seen], Counter[Sketch]]:
    """All paths of some objects and what was seen there; and the sets of paths, each with the count of its objects."""
    seen: dict[str, Seen] = {}
    sketches: Counter[Sketch] = Counter()
    for value in objects:
        places = list(walk(value))
        sketches[frozenset(path for path, _ in places)] += 1
        for path, inner in places:
            if path not in seen and len(seen) >= MOST_PATHS:
                continue
            entry = seen.setdefault(path, Seen())
            text = written(inner)
            if text is not None:
                entry.texts.append(text)
            elif inner is not None:
                entry.branches += 1
    return seen, sketches


def pick_dialect(sketches: Mapping[Sketch, int]) -> Dialect:
    """The dialect that most objects show: each votes for the first in the table whose signs it has."""
    votes: Counter[int] = Counter()
    for paths, count in sketches.items():
        fitting = next((n for n, dialect in enumerate(DIALECTS) if paths.issuperset(dialect.signs)), None)
        if fitting is not None:
            votes[fitting] += count
    named: Counter[str] = Counter()
    for n, count in votes.items():
        named[DIALECTS[n].name] += count
    if not named or 2 * named.most_common(1)[0][1] < sum(sketches.values()):
        return UNKNOWN
    name = named.most_common(1)[0][0]
    return DIALECTS[max((n for n in votes if DIALECTS[n].name == name), key=votes.__getitem__)]


def find_shape(head: Sequence[str], chosen: Mapping[str, str]) -> Shape | None:
    """Fit to the first lines of a source.

    Args:
        head: the lines.
        chosen: field -> path that the user named; it comes first.
    """
    objects = [value for value in map(parse_object, head) if value is not None]
    if not objects:
        return None
    seen, sketches = look_over(objects)
    dialect = pick_dialect(sketches)
    paths: dict[str, tuple[str, ...]] = {}
    for name in USUAL:
        listed = tuple(dialect.paths.get(name, ()))
        usual = () if dialect.closed or (listed and name in ("time", "message")) else usual_paths(name, seen)
        wish = (chosen[name],) if name in chosen else ()
        found = [path for path in dict.fromkeys(wish + listed + usual) if path in wish or carries(name, path, seen)]
        paths[name] = tuple(found[:4])
    if not dialect.dull:
        paths["service"] = order_services(paths["service"], seen)
    clock, paths["time"] = read_times(paths["time"], seen)
    return Shape(dialect, {name: found for name, found in paths.items() if found}, seen, clock)


def usual_paths(name: str, seen: Mapping[str, Seen]) -> tuple[str, ...]:
    """Paths whose last keys are a usual name of the field: by rank of the name, then the outermost."""
    rank = {usual: number for number, usual in enumerate(USUAL[name])}
    ranked: list[tuple[int, int, int, str]] = []
    deepest = 2 if name in ("time", "level", "message") else DEEPEST
    for path in seen:
        keys = [re.sub(r"[^a-z0-9]", "", key.lower()) for key in path.split(">")]
        tails = {"".join(keys[start:]) for start in range(len(keys))}
        ranks = [rank[tail] for tail in tails if tail in rank]
        if ranks and len(keys) <= deepest:
            ranked.append((min(ranks), len(keys), len(ranked), path))
    return tuple(path for *_, path in sorted(ranked))


def carries(name: str, path: str, seen: Mapping[str, Seen]) -> bool:
    """Is there mostly one value under the path, of the kind that the field needs?"""
    parts = path.split("+")
    if len(parts) > 1:
        return any(carries(name, part, seen) for part in parts)
    entry = seen.get(path)
    if entry is None or not entry.texts or entry.branches > len(entry.texts):
        return False
    if name in ("status", "payload_bytes"):
        pattern = STATUS if name == "status" else DIGITS
        return 2 * sum(bool(pattern.fullmatch(text)) for text in entry.texts) > len(entry.texts)
    return name in ("time", "message") or any(text not in ("", "-") for text in entry.texts)


def order_services(paths: tuple[str, ...], seen: Mapping[str, Seen]) -> tuple[str, ...]:
    """A logger that is a class or module (`com.example.Shop`) says less than the name of the service."""

    def is_class(path: str) -> bool:
        key = path.rsplit(">", 1)[-1].lower()
        return key.rsplit(".", 1)[-1] in ("logger", "logger_name", "sourcecontext") and any(
            "." in t for t in seen[path].texts
        )

    return tuple(sorted(paths, key=lambda path: path in seen and is_class(path)))


def read_times(paths: tuple[str, ...], seen: Mapping[str, Seen]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The ways in which times are written, and the paths where most texts are times (a number before 1980 is none)."""
    kept: list[str] = []
    ways: list[str] = []
    for path in paths:
        texts = pl.Series(seen[path].texts[:100] if path in seen else [], dtype=pl.String)
        good = [(int((instants(texts, (way,), Calendar()).dt.year() >= EARLIEST_YEAR).sum()), way) for way in CLOCK]
        count, best = max(good, key=lambda pair: pair[0])
        if 2 * count > len(texts):
            kept.append(path)
            ways.append(best)
    return tuple(dict.fromkeys(ways)), tuple(kept)
