"""Lines to records by a recipe: each format reads what the one before it could not, envelopes are opened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl

from detector.formats.clock import Calendar, instants
from detector.formats.format import LINE, Format, LevelAt, Rare, Span, Unless
from detector.formats.hashing import hash_at, hash_texts, hash_whole
from detector.formats.levels import from_leading_word, from_priorities
from detector.formats.lines import Lines, Positions, Words, leading_number, leading_word, lines_of, texts_at
from detector.formats.repeats import read_rare
from detector.formats.spans import MISSING, place_of, until
from detector.formats.times_in_place import times_in_place
from detector.schemas import MOST_REPEATS, RECORDS, schema

RECORD, CONTINUATION, UNKNOWN, BLANK, HEADER, PART = range(6)
"""What a physical line is: a record's line with its fields, a further line of it, none, by reason, or a part of the
record after it."""
REASONS = {UNKNOWN: "unknown_format", BLANK: "blank", HEADER: "header"}
HASHES = {"client_hash": hash_at, "request_hash": hash_whole, "host_hash": hash_at, "version_hash": hash_whole}
TYPES = schema(RECORDS) | dict.fromkeys(HASHES, pl.UInt64()) | {"version_near": pl.Int64()}
"""Columns of Records and beyond; the last says behind which byte of the line the version is looked for."""
STEP = 4096
"""Lines whose versions are looked for together."""
OUTER_WINS = frozenset({"service", "host", "host_hash", "format"})
"""What an envelope says itself, whatever the line inside it says; its time always counts."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the lines of one source are read.

    Attributes:
        formats: tried in this order, each on the lines that those before it did not match.
        inner: likewise, for the messages of envelopes.
        calendar: completes times without zone or year.
    """

    formats: tuple[Format, ...]
    inner: tuple[Format, ...] = ()
    calendar: Calendar = field(default_factory=Calendar)

    @property
    def bare(self) -> Recipe:
        """For lines that are known to be records: neither their times nor what is needed besides is read again."""
        formats, inner = (tuple(map(_without_time, some)) for some in (self.formats, self.inner))
        return replace(self, formats=formats, inner=inner)

    @property
    def in_full(self) -> Recipe:
        """For callers who ask for all that a record tells."""
        formats, inner = (tuple(known.in_full or known for known in some) for some in (self.formats, self.inner))
        return replace(self, formats=formats, inner=inner)

    @property
    def tells_versions(self) -> bool:
        """May a record tell a version?"""
        return any(known.versions and "version" in known.fields for known in (*self.formats, *self.inner))

    @property
    def finds_versions(self) -> bool:
        """Are the versions of some lines found quickly by what was read of all lines, `version_near`?"""
        return len(self.formats) == 1 and self.formats[0].versions_at is not None


def _without_time(known: Format) -> Format:
    fields = {name: where for name, where in known.fields.items() if name != "time"}
    fallback = None if known.fallback is None else _without_time(known.fallback)
    return replace(known, fields=fields, needs=(), fallback=fallback)


NOTHING = Recipe(())
"""For a source that no format fits: its lines are only counted."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """n physical lines taken apart.

    Attributes:
        frame: n rows in the order of the lines: `timestamp` (Datetime us UTC) and the wanted columns of Records
            or `client_hash`; only rows of kind RECORD carry values, and those of kind PART what they tell.
        kinds: what each line is, UInt8; None if all are RECORD.
        formats: number of records by the name of the format that read them.
    """

    frame: pl.DataFrame
    kinds: pl.Series | None
    formats: Counter[str]


def read_records(lines: Lines, recipe: Recipe, wanted: frozenset[str]) -> Parsed:
    """Take lines apart.

    Args:
        lines: n physical lines.
        recipe: the formats to use.
        wanted: the columns of Records to compute besides `timestamp`, or `client_hash`; a column that no format of the
            recipe knows is left out, all others are not computed.
    """
    opens = recipe.inner and any(known.envelope for known in recipe.formats)
    outer = _cascade(lines, recipe.formats, recipe.calendar, wanted | {"message", "format"} if opens else wanted)
    # a block without any envelope may hold nothing but records of formats that know no message
    frame = _open_envelopes(outer, recipe, wanted) if opens and "message" in outer.columns else outer
    parts = outer["part"].is_not_null() if "part" in outer.columns and outer["part"].null_count() < len(outer) else None
    whole = frame["matched"] if parts is None else frame["matched"] & ~parts
    kinds = None if whole.all() else _kinds(lines.text, frame["matched"], recipe.formats)
    if kinds is not None and parts is not None:
        kinds = kinds.scatter(parts.arg_true(), PART)
    if "repeats" in frame.columns:
        frame = frame.with_columns(pl.col("repeats").clip(0, MOST_REPEATS))
    extra = {"matched", "part"} | ({"format", "message"} - wanted)
    kept = [frame[name] for name in frame.columns if name not in extra]
    return Parsed(pl.DataFrame(kept), kinds, _count_formats(frame, whole, recipe))


def _count_formats(frame: pl.DataFrame, whole: pl.Series, recipe: Recipe) -> Counter[str]:
    """Records by the name of the format that read them."""
    if len(recipe.formats) == 1 and not recipe.inner:
        return Counter({recipe.formats[0].name: int(whole.sum())})
    if not recipe.formats:
        return Counter()
    return Counter(dict(frame.filter(whole)["format"].value_counts().iter_rows()))


def version_hashes(lines: Lines, near: Positions | None, recipe: Recipe) -> Words:
    """Hashes of the versions of n lines that are records, n; 0 where there is none.

    `near` is their `version_near`, if it was read, -1 where a line was not read quickly.
    """
    find = recipe.formats[0].versions_at
    if near is not None and find is not None and near.min(initial=0) >= 0:
        return _hash_found(lines, near, find)
    name = "version_hash"
    frame = read_records(lines, recipe.bare, frozenset({name})).frame
    return frame[name].fill_null(0).to_numpy() if name in frame.columns else np.zeros(len(lines), np.uint64)


def _hash_found(
    lines: Lines, near: Positions, find: Callable[[Lines, Positions], tuple[Positions, Positions]]
) -> Words:
    """Hashes of versions that are found quickly, in steps that stay in the processor's cache."""
    found = np.empty(len(lines), np.uint64)
    for begin in range(0, len(lines), STEP):
        rows = slice(begin, begin + STEP)
        some = Lines(lines.bytes, lines.begins[rows], lines.ends[rows])
        found[rows] = hash_whole(lines.bytes, *find(some, near[rows]))
    return found


def _cascade(lines: Lines, formats: tuple[Format, ...], calendar: Calendar, wanted: frozenset[str]) -> pl.DataFrame:
    """Each format in turn on what is still unmatched; the rows end in the order of the lines."""
    steps = [step for known in formats for step in known.steps]
    if not steps:
        size = len(lines)
        timestamps = pl.repeat(None, size, dtype=TYPES["timestamp"], eager=True).alias("timestamp")
        return pl.DataFrame([pl.repeat(value=False, n=size, eager=True).alias("matched"), timestamps])
    named = wanted | {"format"} if len(formats) > 1 else wanted
    first = _one_format(lines, steps[0], calendar, named)
    if len(steps) == 1 or first["matched"].all():
        return first
    missing = first["matched"].not_()
    done, rows, rest = [first.with_row_index("row")], missing.arg_true(), lines_of(lines.text.filter(missing))
    for step in steps[1:]:
        frame = _one_format(rest, step, calendar, named).with_columns(row=rows)
        missing = frame["matched"].not_()
        done.append(frame)
        rows, rest = rows.filter(missing), lines_of(rest.text.filter(missing))
        if not len(rows):
            break
    best = pl.concat(done, how="diagonal").sort("row", "matched", maintain_order=True)
    return best.unique("row", keep="last", maintain_order=True).drop("row")


def _one_format(lines: Lines, known: Format, calendar: Calendar, wanted: frozenset[str]) -> pl.DataFrame:
    """`matched`, `timestamp` and what is wanted of the fields that the format knows; null where it did not match."""
    names = ("matched", "time", *sorted(wanted | set(known.needs) - {"time"}))
    asked = [name for name in names if known.place(name) in known.fields]
    fields = frozenset(known.place(name) for name in asked if not isinstance(known.fields[known.place(name)], Rare))
    table = known.decode(lines.text) if known.locate is None else known.locate(lines, fields).lazy()
    found = table.select(_expressions(known, asked)).collect(engine="in-memory")
    columns = {name: _column(name, known, found, lines, calendar) for name in asked}
    matched = columns.pop("matched")
    matched = matched.fill_null(value=False) if matched.null_count() else matched
    for name in known.needs:
        if columns[name].null_count():
            matched &= columns[name].is_not_null()
    times = columns.pop("time", None)
    times = pl.repeat(None, len(matched), dtype=TYPES["timestamp"], eager=True) if times is None else times
    frame = pl.DataFrame([matched.alias("matched"), times.alias("timestamp"), *columns.values()])
    if not matched.all():
        frame = frame.with_columns(pl.when("matched").then(pl.exclude("matched")))
    if known.part is not None:
        frame = frame.with_columns(part=pl.when("matched").then(pl.lit(known.part)))
    return frame.with_columns(format=pl.lit(known.name)) if "format" in wanted else frame


def _expressions(known: Format, asked: list[str]) -> list[pl.Expr]:
    """What polars has to compute: texts, and for a span its begin and its length; columns of `locate` as they are."""
    expressions = []
    for name in asked:
        where = known.fields[known.place(name)]
        if isinstance(where, Span | LevelAt | Unless):
            if not isinstance(where.begin, int):
                expressions.append(_places_in(where.begin, MISSING).alias(name))
            if isinstance(where, Span) and isinstance(where.length, pl.Expr | str):
                expressions.append(_places_in(where.length, 0).alias(name + " length"))
        elif not isinstance(where, Rare):
            expressions.append(where.alias(name))
    return expressions


def _places_in(where: pl.Expr | str, missing: int) -> pl.Expr:
    return pl.col(where) if isinstance(where, str) else where.cast(pl.Int64).fill_null(missing)


def _column(name: str, known: Format, found: pl.DataFrame, lines: Lines, calendar: Calendar) -> pl.Series:
    """One field of every line, with the type that Records gives it."""
    where = known.fields[known.place(name)]
    if isinstance(where, LevelAt):
        return _level(where, *place_of(name, where.begin, None, found, lines), lines).alias(name)
    if isinstance(where, Unless):
        place = found[name].to_numpy()
        byte = lines.bytes[np.minimum(lines.begins + np.maximum(place, 0), len(lines.bytes) - 1)]
        return pl.Series(name, (place != MISSING) & (byte != ord(where.byte)))
    if isinstance(where, Rare):
        return read_rare(name, known, where, lines)
    if not isinstance(where, Span):
        return _computed(name, found[name], known.clock, calendar)
    begins, ends = place_of(name, where.begin, where.length, found, lines)
    if where.until and where.length is None:
        begins, ends = until(where, begins, ends, lines)
    if name == "time":
        return times_in_place(lines, begins, ends, where.length, known.clock, calendar)
    return _in_place(name, begins, ends, lines)


def _computed(name: str, column: pl.Series, clock: tuple[str, ...], calendar: Calendar) -> pl.Series:
    """A field that polars computed."""
    if name == "time":
        return instants(column, clock, calendar)
    if name in HASHES:
        return hash_texts(column.cast(pl.String), whole=HASHES[name] is hash_whole).alias(name)
    return column if name == "matched" else column.cast(TYPES[name], strict=False)


def _in_place(name: str, begins: Positions, ends: Positions, lines: Lines) -> pl.Series:
    """A field that lies in the lines as it is; null where it is empty."""
    if name not in HASHES and TYPES[name].is_integer():
        value, there = leading_number(lines.bytes, begins, ends - begins)
        column = pl.Series(name, value.astype(np.int32) if TYPES[name] == pl.Int32 else value)
    else:
        there = begins < ends
        made = HASHES.get(name, texts_at)
        column = pl.Series(made(lines.bytes, begins, ends))
    column = column.alias(name)
    return column if there.all() else column.set(~pl.Series(there), None)


def _level(where: LevelAt, begins: Positions, ends: Positions, lines: Lines) -> pl.Series:
    if where.priority:
        value, there = leading_number(lines.bytes, begins, ends - begins)
        return from_priorities(np.where(there, value, MISSING))
    return from_leading_word(leading_word(lines.bytes, begins, ends))


def _open_envelopes(frame: pl.DataFrame, recipe: Recipe, wanted: frozenset[str]) -> pl.DataFrame:
    """What the inner line says wins, but for the time and what the envelope knows better."""
    inner = _cascade(lines_of(frame["message"].fill_null("")), recipe.inner, recipe.calendar, wanted | {"format"})
    opened = inner["matched"] & frame["matched"]
    columns = []
    for name in inner.columns:
        if name in ("matched", "timestamp"):
            continue
        told = inner.select(pl.when(opened).then(name)).to_series()
        known = frame[name] if name in frame.columns else None
        if known is None:
            columns.append(told)
        else:
            order = (known, told) if name in OUTER_WINS else (told, known)
            columns.append(pl.select(pl.coalesce(*order).alias(name)).to_series())
    return frame.with_columns(columns)


def _kinds(lines: pl.Series, matched: pl.Series, formats: tuple[Format, ...]) -> pl.Series:
    """What each physical line is; a blank line belongs to a record only where its format says so."""
    kind = pl.when(LINE.str.strip_chars() == "").then(pl.lit(BLANK, dtype=pl.UInt8)).otherwise(UNKNOWN)
    for known in formats:
        if known.continues is not None:
            kind = pl.when(known.continues).then(pl.lit(CONTINUATION, dtype=pl.UInt8)).otherwise(kind)
        if known.header is not None:
            kind = pl.when(known.header).then(pl.lit(HEADER, dtype=pl.UInt8)).otherwise(kind)
    kind = pl.when("matched").then(pl.lit(RECORD, dtype=pl.UInt8)).otherwise(kind)
    return pl.DataFrame({"line": lines, "matched": matched}).select(kind.alias("line_kind")).to_series()
