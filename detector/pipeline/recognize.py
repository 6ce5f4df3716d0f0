"""Why a source is read as it is: what `detector formats explain` prints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from detector.config import Settings, suggestion
from detector.errors import Fault, Losses, UsageError
from detector.formats import counts
from detector.formats.dialects import DIALECTS
from detector.formats.format import Format
from detector.formats.sniff import Candidate, rank
from detector.formats.table import FORMATS
from detector.formats.user import failures
from detector.pipeline.opening import HEAD_LINES, context_for, known_formats, nothing_read
from detector.pipeline.pieces import TYPES, UNKNOWN_FORMAT, line_numbers, read_piece
from detector.pipeline.records_tables import RECORDS_FORMAT, is_records
from detector.pipeline.tables import damaged_table, open_table
from detector.recognition import KnownFormat, Recognition
from detector.schemas import Block
from detector.sources.blocks import read_blocks
from detector.sources.files import SourceFile, find

MISSES = 3
PARTS_OF = {"time": "timestamp", "duration": "duration_us"}
"""Fields of JSON dialects -> the columns of records that they become."""
SILENT = frozenset({"format", "source", "line_number", "size_bytes"})
"""Columns that every record has."""


def list_formats(settings: Settings) -> list[KnownFormat]:
    """All formats, sorted by name."""
    own = [
        KnownFormat(one.name, one.about, tuple(sorted({name for name, _ in one.yields}))) for one in settings.formats
    ]
    about = "counts table (CSV, Parquet, Arrow): a time and how many lines"
    tables = KnownFormat(counts.NAME, about, ("bytes", "clients", "lines", "service", "timestamp"))
    return sorted([*own, tables, *map(_known, FORMATS), *_dialects()], key=lambda one: one.name)


def try_samples(settings: Settings, name: str | None) -> dict[str, list[str]]:
    """Name of each of the user's formats, or of one -> what its samples do not yield, one line each.

    Raises:
        UsageError: there is no such format among the user's.
    """
    found = {one.name: failures(one, settings.timezone) for one in settings.formats if name in (None, one.name)}
    if not found:
        what = "there is no [formats.NAME] in the settings" if name is None else f"there is no [formats.{name}]"
        near = "" if name is None else suggestion(name, [one.name for one in settings.formats])
        raise UsageError(f"{what}{near}; `detector config show` says which settings are in force")
    return found


def _known(known: Format) -> KnownFormat:
    found = {name for sample in known.samples for name, value in sample.fields.items() if value is not None}
    return KnownFormat(known.name, known.about, tuple(sorted(found)))


def _dialects() -> list[KnownFormat]:
    """The kinds of JSON lines, which are told apart by their keys."""
    fields: dict[str, set[str]] = {}
    for dialect in DIALECTS:
        found = {PARTS_OF.get(name, name) for name in dialect.paths if name != "method"}
        fields.setdefault(dialect.name, set()).update(found, {"level"} if dialect.usual_level else ())
    return [
        KnownFormat(f"json_{name}", f"JSON lines of {name.replace('_', ' ')}", tuple(sorted(found)))
        for name, found in fields.items()
    ]


def recognize(paths: Sequence[str], settings: Settings, now_us: int, faults: list[Fault]) -> Iterator[Recognition]:
    """Explain each source, by its first thousand lines.

    Args:
        paths: files, folders, globs, `-`.
        settings: how to read.
        now_us: the clock, for years of times that lack one, in streams; microseconds since 1970 UTC.
        faults: where trouble is told.

    Raises:
        InputError: nothing could be read.
    """
    found = find(paths)
    faults += found.faults
    explained = 0
    for file in found.files:
        one = _of_table(file, faults) if file.kind != "text" else _of_text(file, settings, now_us, faults)
        if one is not None:
            explained += 1
            yield one
    if not explained and (faults or not found.passed_over):
        raise nothing_read(faults)


def _of_table(file: SourceFile, faults: list[Fault]) -> Recognition | None:
    from pyarrow import ArrowException

    try:
        opened = open_table(file)
        table = counts.find_columns(opened.names)
        if table is None and is_records(opened.names):
            return _as_records(file.path, opened.names, opened.rows())
        return _as_counts(file.path, table, opened.rows())
    except (OSError, ArrowException) as error:
        faults.append(damaged_table(file, error))
        return None


def _as_records(source: str, names: Sequence[str], rows: int) -> Recognition:
    columns = dict.fromkeys((name for name in names if name in TYPES), 1.0)
    why = f"a table with {', '.join(columns)}"
    return Recognition(source, (RECORDS_FORMAT,), 1.0, why, None, None, columns, rows, rows, ())


def _as_counts(source: str, table: counts.CountsTable | None, lines: int) -> Recognition:
    if table is None:
        return Recognition(source, (), 0.0, "no column of times and counts", None, None, {}, lines, 0, ())
    columns = dict.fromkeys(["timestamp", *table.found], 1.0)
    why = f"a header with {', '.join([table.time, *table.found.values()])}"
    return Recognition(source, (counts.NAME,), 1.0, why, None, None, columns, lines, lines, ())


def _of_text(file: SourceFile, settings: Settings, now_us: int, faults: list[Fault]) -> Recognition | None:
    block = next(read_blocks(file, Losses(), faults), None)
    if block is None:
        return None
    parts = block.data.split(b"\n", HEAD_LINES)[:HEAD_LINES]
    head = [line.decode() for line in (parts if parts[-1] else parts[:-1])]
    table = counts.find_header(head[0]) if head and settings.input_format in ("auto", counts.NAME) else None
    if table is not None:
        return _as_counts(block.source, table, len(head))
    numbers = None if block.line_numbers is None else block.line_numbers[: len(head)]
    data = "".join(line + "\n" for line in head).encode()
    begin = Block(block.source, 0, block.first_line, data, line_numbers=numbers)
    return _explain(begin, head, file, settings, now_us)


def _explain(begin: Block, head: list[str], file: SourceFile, settings: Settings, now_us: int) -> Recognition:
    context = context_for(file, head, settings, now_us)
    candidates = rank(head, known_formats(settings), context.recipe.calendar)
    used = [known.name for known in (*context.recipe.formats, *context.recipe.inner)]
    best = next((one for one in candidates if one.format.name in used[:1]), None)
    rest = next((one for one in candidates if one.format.name not in used), None)
    piece = read_piece(begin, context)
    known = piece.frame.filter(pl.col("format") != UNKNOWN_FORMAT)
    unknown = piece.frame.filter(pl.col("format") == UNKNOWN_FORMAT).head(MISSES)
    return Recognition(
        begin.source, tuple(dict.fromkeys(used)), best.confidence if best else 0.0,
        best.why if best else "no format reads these lines", rest.format.name if rest else None,
        _why_it_lost(rest, best) if rest else None, _shares(known), len(line_numbers(begin, len(head))), len(known),
        tuple(zip(unknown["line_number"].to_list(), unknown["message"].to_list(), strict=True)),
        services=known["service"].drop_nulls().n_unique(), clients=known["client"].drop_nulls().n_unique(),
        stem=context.stem,
    )  # fmt: skip


def _why_it_lost(rest: Candidate, best: Candidate | None) -> str:
    if best is None:
        return f"{rest.why}: too few to be sure"
    if rest.dated < rest.matched and best.dated == best.matched:
        return f"{rest.why}; {best.format.name} finds more times"
    if round(rest.confidence, 2) < round(best.confidence, 2):
        return f"reads {rest.confidence:.0%} of the lines: {rest.why}"
    return f"{rest.why}, nothing that {best.format.name} does not read; {best.format.name} is more specific"


def _shares(records: pl.DataFrame) -> dict[str, float]:
    """Column -> share of the records that have it, for columns that any has."""
    shares: dict[str, float] = {}
    for name in records.columns:
        if name not in SILENT and len(records) and records[name].null_count() < len(records):
            shares[name] = 1 - records[name].null_count() / len(records)
    return shares
