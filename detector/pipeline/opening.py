"""Opening a source: its first block, its first lines, and how its lines are to be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from detector.config import Settings, parse_span
from detector.errors import Fault, InputError, SettingsError
from detector.formats import counts
from detector.formats.clock import Calendar
from detector.formats.format import Format
from detector.formats.lines import cut_lines
from detector.formats.records import Recipe, read_records
from detector.formats.sniff import choose
from detector.formats.table import FORMATS
from detector.formats.user import compile_format, failures
from detector.pipeline.headers import later_headers
from detector.pipeline.marking import pattern_from
from detector.pipeline.naming import names_from
from detector.pipeline.read import Context
from detector.schemas import Block
from detector.sources.files import SourceFile
from detector.sources.tails import last_line
from detector.userformats import UserFormat

HEAD_LINES = 1000
MINUTE_US = 60_000_000
DAY_SECONDS = 86_400
STEPS = tuple(seconds for seconds in range(1, DAY_SECONDS + 1) if DAY_SECONDS % seconds == 0)
"""Lengths of a window in seconds: those that divide a day."""
JOINED_SLACK = timedelta(days=60)
"""Files joined from several hosts begin again and again: so far may a line lie after the last one of its file."""


def width_of(settings: Settings, step_us: int = MINUTE_US) -> int:
    """Length of a window in microseconds: as set, else the step, made longer until it divides a day."""
    wanted = step_us / 1e6 if settings.window == "auto" else parse_span(settings.window)
    return int(next((seconds for seconds in STEPS if seconds >= wanted), DAY_SECONDS) * 1e6)


def nothing_read(faults: Sequence[Fault]) -> InputError:
    """The error for input of which nothing could be read."""
    why = "; ".join(map(str, faults[:3])) or "there is no log file in what was named"
    return InputError(f"nothing could be read: {why}")


def head_of(block: Block) -> list[str]:
    """The first lines of a source, from its first block."""
    return [line.decode() for line in block.data.split(b"\n", HEAD_LINES)[:HEAD_LINES]]


@lru_cache(maxsize=16)
def _checked(described: UserFormat, zone: str) -> Format:
    for fault in failures(described, zone):
        raise SettingsError(f"`formats.{described.name}`: {fault}; `detector formats test` shows all that fail")
    return compile_format(described)


def known_formats(settings: Settings) -> tuple[Format, ...]:
    """The user's own formats, then the table.

    Raises:
        SettingsError: a sample of one of them does not yield what it must, or its name is that of another format.
    """
    table = {known.name for known in FORMATS}
    taken = next((one.name for one in settings.formats if one.name in table | {"auto", counts.NAME}), None)
    if taken is not None:
        raise SettingsError(f"`formats.{taken}`: there is a format of this name already: give yours another")
    return (*(_checked(one, settings.timezone) for one in settings.formats), *FORMATS)


def context_for(file: SourceFile, head: Sequence[str], settings: Settings, now_us: int) -> Context:
    """How the lines of a source that begins with `head` are read."""
    calendar = Calendar(settings.timezone, _moment(file.modified_us or now_us), timedelta(days=1))
    name = None if settings.input_format == "auto" else settings.input_format
    recipe = choose([*later_headers(file, head), *head], known_formats(settings), calendar, name)
    recipe = replace(recipe, calendar=_dated(file, recipe, calendar, settings))
    return Context(recipe, width_of(settings), file.stem, names_from(settings), marks=pattern_from(settings))


def for_counting(context: Context) -> Context:
    """The same where only the window of a line matters: seconds are not read if windows are whole minutes."""
    if context.width_us % MINUTE_US:
        return context
    calendar = replace(context.recipe.calendar, whole_minutes=True)
    return replace(context, recipe=replace(context.recipe, calendar=calendar))


def for_parsing(context: Context) -> Context:
    """The same where all that a record tells is asked for."""
    return replace(context, recipe=context.recipe.in_full)


def _moment(micros: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)


def _dated(file: SourceFile, recipe: Recipe, calendar: Calendar, settings: Settings) -> Calendar:
    """For times without a year: the last line lies in the latest year that does not put it after the file's time."""
    ways = {way for known in recipe.formats for way in known.clock}
    if all(way in ("iso", "epoch") or "%Y" in way or "%y" in way for way in ways):
        return calendar
    if settings.year is not None:
        return replace(calendar, latest=datetime(settings.year, 12, 31, 23, 59, 59, tzinfo=UTC), slack=timedelta(0))
    line = last_line(file) if file.path != "-" and file.size_bytes is not None else None
    if line is None:
        return calendar
    times = read_records(cut_lines(line), recipe, frozenset()).frame["timestamp"]
    last = times.max()
    if not isinstance(last, datetime):
        return calendar
    return replace(calendar, latest=last, slack=min(JOINED_SLACK, calendar.latest + calendar.slack - last))
