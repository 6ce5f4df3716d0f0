"""What a log format is: where each field lies, how its times are written, and the samples that prove it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from detector.formats.lines import Lines, Positions

LINE = pl.col("line")
HASHED = {"client_hash": "client", "request_hash": "request", "host_hash": "host", "version_hash": "version"}
"""Columns beyond Records, by the field that they are made of."""


@dataclass(frozen=True, slots=True)
class Span:
    """A field that lies in the line as it is: read in place, about three times as fast as a text expression.

    Attributes:
        begin: byte in the line; null where the field is missing. As a text: a column of `locate` that says it, whole
            numbers, -1 where the field is missing.
        length: in bytes; None: to the end of the line. A number is read as far as its digits go.
        until: ASCII characters: a text without `length` ends before the first of them; it is null where none of
            them comes within 256 bytes, unless the line ends sooner.
        barrier: those of `until` that make it null if they come first.
    """

    begin: pl.Expr | int | str
    length: pl.Expr | int | str | None = None
    until: str = ""
    barrier: str = ""


@dataclass(frozen=True, slots=True)
class LevelAt:
    """The level, as a word of letters that begins at this byte of the line; null where it is no level.

    Attributes:
        begin: byte in the line; null where it is missing.
        priority: it is no word but the number of a syslog priority.
    """

    begin: pl.Expr | int | str
    priority: bool = False


@dataclass(frozen=True, slots=True)
class Unless:
    """For `matched`: the byte at this place of the line is another one; false where the place is missing."""

    begin: pl.Expr | str
    byte: str


@dataclass(frozen=True, slots=True)
class Rare:
    """A field that hardly any line has: it is looked for only where it may be.

    Attributes:
        within: regular expression, a choice of literals, which are found quickly; a line without any lacks the field.
        value: of the other lines, over the columns of `decode` or `locate`.
    """

    within: str
    value: pl.Expr


@dataclass(frozen=True, slots=True)
class Sample:
    """One real record and what it must yield.

    Attributes:
        text: the physical lines of the record, joined by LF.
        fields: column of Records -> value; `timestamp` as RFC 3339 text, `None` for a field that must be null.
        head: lines that must be seen before it (a header), joined by LF.
    """

    text: str
    fields: Mapping[str, object]
    head: str = ""


def lines_only(lines: pl.Series) -> pl.LazyFrame:
    """The table of a format whose fields are expressions over the line itself."""
    return lines.to_frame("line").lazy()


@dataclass(frozen=True, slots=True)
class Format:
    """One log format.

    Attributes:
        name: as users type it in `--input-format`.
        about: one line for `formats list`.
        samples: at least five real records with the fields that they must yield.
        fields: where each field is: a `Span` of the line, for `level` a `LevelAt`, `Rare` if most lines lack it, or the
            cheapest polars expression that is right, over the columns of `decode`. `matched` (is this line the first of
            a record of this format?) and `time` are always computed, the columns of Records only if asked for. `time`
            is text for `clock`, or already a UTC datetime or an epoch number.
        clock: the ways in which `time` may be written, see `clock.py`; empty where the time is no text.
        decode: lines (String, n rows) -> table of n rows in their order, for what several fields have in common.
        locate: instead of `decode`, for a format that reads the bytes of the block in place: (lines, names of the
            fields that are asked for) -> the same table.
        versions_at: where the version begins and ends in the bytes of lines that are records, or enough of it to tell
            it from others, quicker than by `fields`; empty where there is none. It is given the field `version_near`.
        versions: may a record tell a version? Not where the first lines of a source show that none does.
        continues: over `line`: does a line that did not match belong to the record before it?
        header: over `line`: does a line that did not match only describe the file (column names, comments)?
        adapt: for a format with a header or dialects: the same format fitted to the first lines of a source, or None
            if these lines cannot be of this format.
        hint: a regex: without a line that begins like this a source is not tried on a format that has no `adapt`.
        needs: fields without which a line has not matched after all.
        fallback: the same format read slowly but rightly, for the lines that the cheap expressions did not match.
        in_full: the same format, read more quickly where all fields are asked for.
        part: the lines that it matches are no records but parts of the one after them, and this text joins them to it.
        thread: over `line`, where several writers take turns: whose it is. A part goes to a record of the same one.
        envelope: `message` holds another program's line, which is read again with its own format.
        alone: its records hold texts that look like other formats, so nothing else is looked for in its sources.
        priority: among formats that fit equally well the highest wins; the more specific, the higher.
    """

    name: str
    about: str
    samples: tuple[Sample, ...]
    fields: Mapping[str, pl.Expr | Span | LevelAt | Unless | Rare]
    clock: tuple[str, ...] = ()
    decode: Callable[[pl.Series], pl.LazyFrame] = lines_only
    locate: Callable[[Lines, frozenset[str]], pl.DataFrame] | None = field(default=None, kw_only=True)
    versions_at: Callable[[Lines, Positions], tuple[Positions, Positions]] | None = field(default=None, kw_only=True)
    versions: bool = field(default=True, kw_only=True)
    continues: pl.Expr | None = None
    header: pl.Expr | None = None
    adapt: Callable[[Sequence[str]], Format | None] | None = None
    hint: str = field(default="", kw_only=True)
    needs: tuple[str, ...] = ()
    fallback: Format | None = None
    envelope: bool = False
    priority: int = 0
    dialect: str = field(default="", kw_only=True)
    in_full: Format | None = field(default=None, kw_only=True)
    alone: bool = field(default=False, kw_only=True)
    part: str | None = field(default=None, kw_only=True)
    thread: pl.Expr | None = field(default=None, kw_only=True)

    @property
    def steps(self) -> list[Format]:
        """The format and its fallbacks, in the order in which they are tried."""
        return [self] if self.fallback is None else [self, *self.fallback.steps]

    def place(self, name: str) -> str:
        """The field that a column is made of; a format may have a quicker one for a hash than for the text."""
        return name if name in self.fields else HASHED.get(name, name)
