"""Formats that users describe in their settings, made into formats like all others, and held to their samples."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import polars as pl

from detector.formats.clock import Calendar
from detector.formats.format import LINE, Format
from detector.formats.grouped import by_groups
from detector.formats.lines import cut_lines
from detector.formats.records import Recipe, read_records
from detector.formats.sniff import USERS
from detector.schemas import TIME
from detector.userformats import UserFormat, UserSample

LATEST_US = 253_402_300_799_999_999
"""The end of the year 9999."""
PER_SECOND = {"epoch_s": 1, "epoch_ms": 10**3, "epoch_us": 10**6, "epoch_ns": 10**9}


@lru_cache(maxsize=64)
def compile_format(described: UserFormat) -> Format:
    """The format as the rest of the room knows it; nothing of its pattern is ever tried by Python's own engine."""
    fields: dict[str, pl.Expr] = {}
    pattern, clock = described.pattern.replace("(?<timestamp>", "(?<time>"), tuple(_ways(described))
    if described.time[0] in PER_SECOND:
        fields["time"] = from_unit(pl.col("time"), PER_SECOND[described.time[0]])
    if "(?<message>" not in pattern:
        fields["message"] = LINE
    known = by_groups(
        described.name, described.about, (), pattern, clock, fields, needs=("time",), priority=USERS, hint=""
    )
    return replace(known, continues=pl.lit(value=True)) if described.multiline else known


def _ways(described: UserFormat) -> Iterator[str]:
    """`%f` of strptime has any number of digits, of polars a stated one."""
    for way in described.time:
        if way in PER_SECOND:
            continue
        way = way.replace(".%f", "%.f")  # noqa: PLW2901  the same pattern in another spelling
        yield from (way.replace("%f", f"%{digits}f") for digits in ((3, 6, 9) if "%f" in way else (0,)))


def from_unit(text: pl.Expr, per_second: int) -> pl.Expr:
    """Digits, with or without a fraction, to a moment; null where there are none or it is beyond all dates."""
    whole = text.str.extract(r"^(\d{1,19})(?:\.\d*)?$").cast(pl.Int64, strict=False)
    digits = {1: 6, 10**3: 3}.get(per_second, 0)
    if not digits:
        micros = whole // (per_second // 10**6)
        return pl.when(micros <= LATEST_US).then(micros).cast(TIME)
    part = text.str.extract(rf"\.(\d{{1,{digits}}})").str.pad_end(digits, "0").cast(pl.Int64, strict=False)
    fits = whole <= LATEST_US // 10**digits
    return pl.when(fits).then(whole * 10**digits + part.fill_null(0)).cast(TIME)


def failures(described: UserFormat, zone: str) -> list[str]:
    """What its samples do not yield, one line each, with the number of the sample and the name of the group."""
    known, samples = compile_format(described), enumerate(described.samples, 1)
    return [fault for number, sample in samples for fault in _judge(number, sample, known, zone)]


def _judge(number: int, sample: UserSample, known: Format, zone: str) -> Iterator[str]:
    wanted = dict(sample.fields)
    moment = _moment(str(wanted["timestamp"]), zone) if "timestamp" in wanted else None
    calendar = Calendar(zone, moment + timedelta(seconds=1)) if moment else Calendar(zone)
    lines = cut_lines(sample.line.encode() + b"\n")
    frame = read_records(lines, Recipe((known,), calendar=calendar), frozenset(wanted) - {"timestamp"}).frame
    if frame["timestamp"][0] is None:
        yield _why_undated(number, lines.text, known)
        return
    for name, expected in wanted.items():
        if name == "timestamp" and moment is None:
            yield f"sample {number}: `timestamp`: {expected!r} is no time: write 2026-03-01T00:00:00Z"
            continue
        got, right = frame[name][0], moment if name == "timestamp" else expected
        if got != right and not (got is None and right == ""):
            yield f"sample {number}: `{name}` must be {_shown(right)}, but is {_shown(got)}"


def _why_undated(number: int, line: pl.Series, known: Format) -> str:
    """Either the pattern does not fit, or what it found is no time."""
    bare = Format(known.name, "", (), {name: known.fields[name] for name in ("matched",)}, locate=known.locate)
    found = read_records(cut_lines(line[0].encode() + b"\n"), Recipe((bare,)), frozenset()).kinds
    if found is not None:
        return f"sample {number}: the pattern does not fit the line"
    return f"sample {number}: `timestamp` is found, but it is not written as `time` says"


def _moment(text: str, zone: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def _shown(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else "nothing" if value is None else repr(value)
