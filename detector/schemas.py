"""What crosses the borders between rooms: a plain `Block`, and tables in Arrow memory (polars frames).

Each schema lists column, type, unit and meaning; `check` holds a frame to its schema.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import polars as pl

from detector.causes import Cause
from detector.errors import Fault


@dataclass(frozen=True, slots=True)
class Block:
    """A run of whole lines of one source, clean UTF-8 with LF line breaks, at most 4 MiB.

    Attributes:
        source: the path as the user would type it, `-` for standard input.
        offset_bytes: where the first line begins in the decompressed stream.
        first_line: the number of its first line, 1 for the first of the source; 0 where lines are not counted.
        data: the lines; the last one ends with LF too.
        received_at_us: arrival time, microseconds since 1970 UTC; None in a batch.
        line_numbers: the physical line on which each line of `data` begins, where that is not counting up from
            `first_line`: in the elements of one big JSON document.
    """

    source: str
    offset_bytes: int
    first_line: int
    data: bytes
    received_at_us: int | None = None
    line_numbers: tuple[int, ...] | None = None


class Column(NamedTuple):
    """One column of a table that crosses a border."""

    name: str
    dtype: pl.DataType
    unit: str
    meaning: str


TIME = pl.Datetime("us", "UTC")
TEXT = pl.String()
COUNT = pl.Int64()
REAL = pl.Float64()
DAY_US = 86_400_000_000
LEAST_MARGIN_US = DAY_US // 12

MOST_REPEATS = 1_000_000_000
"""A record that says that it stands for more counts for so many: else one line could say anything."""

RECORDS = (
    Column("timestamp", TIME, "", "when it happened; null where the record has no time"),
    Column("service", TEXT, "", "what a baseline belongs to"),
    Column("host", TEXT, "", "the machine that spoke"),
    Column("level", TEXT, "", "trace, debug, info, notice, warning, error or critical"),
    Column("client", TEXT, "", "who sent it: address, device or user"),
    Column("version", TEXT, "", "the client's version: user agent, app version, image"),
    Column("request", TEXT, "", "trace or request id"),
    Column("endpoint", TEXT, "", "method and path, or what was called"),
    Column("status", pl.Int32(), "", "the response's status code"),
    Column("duration_us", COUNT, "us", "how long it took"),
    Column("size_bytes", COUNT, "bytes", "the record's own size, all its lines"),
    Column("payload_bytes", COUNT, "bytes", "the size that the record states"),
    Column("repeats", COUNT, "records", "how many more it stands for (suppressed, repeated), but for the bytes"),
    Column("message", TEXT, "", "the text, all its lines"),
    Column("format", TEXT, "", "the format that read it; `unknown` where none did"),
    Column("source", TEXT, "", "the path it came from"),
    Column("line_number", COUNT, "", "its first line, 1 for the first of the source"),
)

COUNTS = (
    Column("window_start", TIME, "", "begin of the half-open window"),
    Column("service", TEXT, "", "what a baseline belongs to"),
    Column("lines", COUNT, "records", "records, with what they say was suppressed"),
    Column("bytes", COUNT, "bytes", "payload where the format carries it, else size"),
    Column("clients", COUNT, "clients", "distinct clients (or requests, hosts), estimated; null where unknown"),
    Column("errors", COUNT, "records", "level error or critical, or status 5xx"),
    Column("debug", COUNT, "records", "level debug or trace"),
)

VERDICTS = (
    Column("window_start", TIME, "", "begin of the half-open window"),
    Column("service", TEXT, "", "what a baseline belongs to"),
    Column("lines", REAL, "records", "observed"),
    Column("bytes", REAL, "bytes", "observed"),
    Column("clients", REAL, "clients", "observed (or requests, hosts), estimated; null where unknown"),
    Column("expected_lines", REAL, "records", "what the baseline expects; null while it has no history"),
    Column("upper_lines", REAL, "records", "the highest count that would raise nothing by itself"),
    Column("score", REAL, "log10 weeks", "log10 of one plus the mean service-weeks between false alarms as strange"),
    Column("flagged", pl.Boolean(), "", "part of an incident"),
)

BARS = 48
OVERVIEW = (
    Column("service", TEXT, "", "what a baseline belongs to"),
    Column("lines", REAL, "records", "all of the time that is reported"),
    Column("score", REAL, "log10 weeks", "the highest of any window; null where none was judged"),
    Column("course", pl.List(pl.Float64()), "records", f"mean per window of {BARS} equal stretches of that time"),
    Column("flagged", pl.List(pl.Boolean()), "", "likewise, whether any of their windows was part of an incident"),
)


def schema(columns: tuple[Column, ...]) -> pl.Schema:
    """The polars schema of a border table."""
    return pl.Schema({column.name: column.dtype for column in columns})


def check(frame: pl.DataFrame, columns: tuple[Column, ...]) -> pl.DataFrame:
    """Return `frame` unchanged if it has just these columns, types and order.

    Raises:
        TypeError: names the first difference; a border that is broken is a bug, not bad input.
    """
    expected = schema(columns)
    if frame.schema != expected:
        wrong = [
            f"{name}: {frame.schema.get(name)} instead of {dtype}"
            for name, dtype in expected.items()
            if frame.schema.get(name) != dtype
        ]
        raise TypeError(f"border broken: {wrong or f'columns {frame.columns}'}")
    return frame


@dataclass(frozen=True, slots=True)
class Incident:
    """One surge, or fall, of one signal of one service.

    Attributes:
        id: the same for the same input and settings, whoever computes it.
        started_us: begin of the surge as estimated when it was noticed, microseconds since 1970 UTC.
        detected_us: end of the window in which the alarm was raised.
        ended_us: end of the last window that was high; None while it lasts.
        observed, expected: mean per window from its begin to the end, in the signal's unit.
        score: the highest of its windows.
        window_us: length of a window, microseconds.
        page: within the installation's budget.
        settled: closed because it lasted, not because it ended.
        severity: `info`, `warning` or `critical`.
        calendar: name of the planned time that it belongs to, for which it does not page.
        services_known: among which the installation's budget was divided; None before that.
    """

    id: str
    service: str
    signal: str
    started_us: int
    detected_us: int
    ended_us: int | None
    observed: float
    expected: float
    score: float
    window_us: int
    page: bool = False
    settled: bool = False
    severity: str = "info"
    calendar: str | None = None
    services_known: int | None = None

    @property
    def factor(self) -> float:
        """How many times what was expected; below 1 for a fall."""
        return self.observed / self.expected if self.expected > 0 else float("inf")

    @property
    def around(self) -> tuple[int, int]:
        """Begin and end of the time to show it in: as long before and after as it lasted, two hours at least."""
        last = self.detected_us if self.ended_us is None else self.ended_us
        margin = max(last - self.started_us, LEAST_MARGIN_US)
        return self.started_us - margin, last + (DAY_US if self.ended_us is None else margin)


@dataclass(slots=True)
class InputSummary:
    """What was read and what was not.

    Attributes:
        files: read, at least in part.
        bytes_read: after decompression.
        lines_read, lines_parsed: physical lines; those of records.
        lines_unparsed: the others, by reason.
        formats: physical lines of records by format.
        passed_over: files not read, by reason, that are no fault.
        repaired: what the reader mended or cut, by reason.
        faults: trouble with single sources.
    """

    files: int = 0
    bytes_read: int = 0
    lines_read: int = 0
    lines_parsed: int = 0
    lines_unparsed: dict[str, int] = field(default_factory=dict)
    formats: dict[str, int] = field(default_factory=dict)
    passed_over: dict[str, int] = field(default_factory=dict)
    repaired: dict[str, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)


@dataclass(slots=True)
class ScanResult:
    """The answer of a scan.

    Attributes:
        input: what was read.
        window_seconds: length of a window of logs, else of the first counts table; each incident tells its own.
        from_us, to_us: begin of the first and end of the last window, microseconds since 1970 UTC; None without any.
        services: how many.
        incidents: sorted by start, then service.
        causes: by id of the incident.
        notes: what the user should know, one sentence each.
        windows: the table VERDICTS if it was asked for, of all windows or of those around incidents.
        overview: the table OVERVIEW, if either was asked for.
    """

    input: InputSummary
    window_seconds: float
    from_us: int | None
    to_us: int | None
    services: int
    incidents: list[Incident]
    causes: dict[str, Cause]
    notes: list[str]
    windows: pl.DataFrame | None = None
    overview: pl.DataFrame | None = None
