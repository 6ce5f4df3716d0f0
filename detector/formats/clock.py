"""Written times to instants: each run of equal texts is parsed once, missing zones and years come from the caller.

A way to write a time is `iso` (RFC 3339 and its relatives), `epoch` (seconds to nanoseconds, by magnitude) or a
strptime pattern. A pattern without `%Y` or `%y` lacks the year; one without `%z` lacks the zone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detector.formats.epoch_times import epochs, from_epoch
from detector.formats.fixed_times import without_year
from detector.formats.iso_times import iso_in_place
from detector.formats.lines import Positions, digits_at, lines_of, run_begins, texts_at
from detector.schemas import TIME

YEAR = timedelta(days=365)
MOST_WIDTHS = 8
"""So many different lengths of times are read each at once: fractions without their last zeros."""
FRACTION = re.compile(r"[:.]\d\d[.,:](\d{3,8})(?!\d)")
"""The seconds and what comes after them."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """What a time without zone or year is completed with.

    Attributes:
        zone: IANA name, for times that carry none.
        latest: a time without year lies in the year before this moment (for a file its last line, for a stream the
            clock), give or take `slack`.
        whole_minutes: seconds do not matter to the caller, which saves reading most of the times.
        slack: how far after `latest` a line may still lie: files joined from several hosts are not in time order.
    """

    zone: str = "UTC"
    latest: datetime = datetime(2100, 1, 1, tzinfo=UTC)
    slack: timedelta = timedelta(days=1)
    whole_minutes: bool = False


def instants(times: pl.Series, clock: tuple[str, ...], calendar: Calendar) -> pl.Series:
    """Instants of written times.

    Args:
        times: text, numbers (epoch, unit by magnitude) or datetimes; n rows, nulls stay null.
        clock: the ways in which the format writes times, tried in order.
        calendar: completes what the text lacks.

    Returns:
        Datetime in microseconds UTC, n rows, null where no way fits.
    """
    if times.dtype == TIME:
        return times
    if isinstance(times.dtype, pl.Datetime):
        return _zoned(times.to_frame("time"), pl.col("time"), calendar)
    if times.dtype.is_numeric():
        return times.to_frame("time").select(from_epoch(pl.col("time"))).to_series()
    begins = np.flatnonzero((times != times.shift(1)).fill_null(value=True).to_numpy())
    if 2 * len(begins) > len(times):
        return parse_each(times, clock, calendar)
    return repeat_runs(parse_each(times.gather(begins), clock, calendar), begins, len(times))


def repeat_runs(values: pl.Series, begins: NDArray[np.int64], rows: int) -> pl.Series:
    """The value of each run for every row of it."""
    lengths = np.diff(begins, append=rows)
    if values.null_count():
        return values.gather(np.repeat(np.arange(len(begins)), lengths))
    return pl.Series(values.name, np.repeat(values.to_physical().to_numpy(), lengths)).cast(values.dtype)


def parse_each(texts: pl.Series, clock: tuple[str, ...], calendar: Calendar) -> pl.Series:
    """Parse every text; each way is tried on the texts that the ways before it could not read."""
    result = _one_way(texts, clock[0], calendar)
    for way in clock[1:]:
        if result.null_count() == texts.null_count():
            break
        missing = result.is_null() & texts.is_not_null()
        result = result.scatter(missing.arg_true(), _one_way(texts.filter(missing), way, calendar))
    return result


def seconds_place(way: str, width: int) -> tuple[int, int] | None:
    """Where a time of this width has its seconds, from and to; None if it has none or a fraction follows."""
    before, _, after = way.partition("%S")
    sample = datetime(2000, 12, 30, 12, 30, 30, tzinfo=UTC)
    first, rest = len(sample.strftime(before)), len(sample.strftime(after))
    return (first, first + 2) if "%S" in way and first + 2 + rest == width and "%f" not in after else None


def by_second(
    data: NDArray[np.uint8], begins: Positions, width: int, clock: tuple[str, ...], calendar: Calendar
) -> pl.Series | None:
    """Instants of times of one width that have a fraction at one place: each second is parsed once.

    Returns:
        None if there is no such fraction.
    """
    point = _fraction_place(data, begins[:100], width) if all("f" in way for way in clock) else None
    if point is None:
        return None
    place, size = point
    value, count = digits_at(data, begins + place, size)
    fits = np.flatnonzero((count == size) & np.isin(data[begins + place - 1], list(b".,:")))
    micros, own = (value * 10**6 // 10**size)[fits], begins[fits]
    before, after = run_begins(data, own, place), run_begins(data, own + place + size, width - place - size)
    runs = np.union1d(before, after)
    seconds = parse_each(texts_at(data, own[runs], own[runs] + width), clock, calendar).cast(pl.Int64) - pl.Series(
        micros[runs]
    )
    found = (repeat_runs(seconds, runs, len(own)) + pl.Series(micros)).cast(TIME)
    if len(own) == len(begins):
        return found
    odd = np.setdiff1d(np.arange(len(begins)), fits)
    rest = parse_each(texts_at(data, begins[odd], begins[odd] + width), clock, calendar)
    return pl.repeat(None, len(begins), dtype=TIME, eager=True).scatter(fits, found).scatter(odd, rest)


def _fraction_place(data: NDArray[np.uint8], begins: Positions, width: int) -> tuple[int, int] | None:
    """Where in these texts the fraction of a second begins and how many digits it has, as in the first that has one."""
    texts = (bytes(data[begin : begin + width]).decode("ascii", "replace") for begin in begins)
    point = next((match for match in map(FRACTION.search, texts) if match), None)
    return None if point is None else (point.start(1), len(point[1]))


def _one_way(texts: pl.Series, way: str, calendar: Calendar) -> pl.Series:
    frame, text = texts.to_frame("text"), pl.col("text")
    if way == "epoch":
        lines = lines_of(texts.fill_null(""))
        return epochs(lines.bytes, lines.begins, lines.ends)
    if way == "iso":
        return _iso(frame, calendar)
    if "%Y" not in way and "%y" not in way:
        return _yearless(frame, way, calendar)
    if way.endswith(" %z") and (found := _same_offset(texts, way)) is not None:
        return found
    if "%z" in way or way.endswith("Z"):
        parsed = text.str.to_datetime(way, time_unit="us", time_zone="UTC", strict=False)
        return frame.select(parsed).to_series()
    return _zoned(frame, text.str.to_datetime(way, time_unit="us", strict=False), calendar)


def _same_offset(texts: pl.Series, way: str) -> pl.Series | None:
    """Instants of texts that all end in the same ` +hhmm`, None if they do not: a zone costs as much as the rest."""
    zone = (texts[0] or "")[-6:] if len(texts) else ""
    match = re.fullmatch(r" ([+-])(\d\d)(\d\d)", zone)
    if match is None:
        return None
    ahead = int(match[1] + "1") * (60 * int(match[2]) + int(match[3]))
    naive = pl.col("text").str.head(-6).str.to_datetime(way[:-3], time_unit="us", strict=False)
    utc = (naive - pl.duration(minutes=ahead)).dt.replace_time_zone("UTC")
    found = texts.to_frame("text").select(time=utc, same=pl.col("text").str.ends_with(zone).all(ignore_nulls=False))
    return found["time"] if found["same"][0] else None


def _zoned(frame: pl.DataFrame, naive: pl.Expr, calendar: Calendar) -> pl.Series:
    """Local times to UTC; of a time that a clock change shows twice the earlier one is meant."""
    local = naive.dt.cast_time_unit("us").dt.replace_time_zone(calendar.zone, ambiguous="earliest", non_existent="null")
    return frame.select(local.dt.convert_time_zone("UTC").cast(TIME)).to_series()


def _iso(frame: pl.DataFrame, calendar: Calendar) -> pl.Series:
    """Texts of one width at once, those that differ or are no times piece by piece."""
    texts = frame["text"].rechunk()
    found = pl.repeat(None, len(texts), dtype=TIME, eager=True)
    sizes = texts.str.len_bytes()
    widths = sizes.drop_nulls().unique()
    for width in widths.to_list() if len(widths) <= MOST_WIDTHS else ():
        rows = (sizes == width).arg_true()
        lines = lines_of(texts if len(rows) == len(texts) else texts.gather(rows))
        some = iso_in_place(lines.bytes, lines.begins, width, calendar.zone)
        if some is not None:
            found = some if len(rows) == len(texts) else found.scatter(rows, some)
    missing = found.is_null() & texts.is_not_null()
    if not missing.any():
        return found
    return found.scatter(missing.arg_true(), _iso_pieces(frame.filter(missing), calendar))


def _iso_pieces(frame: pl.DataFrame, calendar: Calendar) -> pl.Series:
    """`YYYY-MM-DD` or `YYYY/MM/DD`, `T` or space, `.` or `,` before the fraction, zone as Z, +hh, +hhmm or +hh:mm."""
    text = pl.col("text").str.strip_chars()
    pieces = (
        r"^(?<date>\d{4}[-/]\d\d[-/]\d\d)[T ](?<clock>\d\d:\d\d(?::\d\d)?)(?:[.,](?<fraction>\d{1,9})\d*)?"
        r" ?(?<zone>Z|z|UTC|GMT|[+-]\d\d:?(?:\d\d)?)?$"
    )
    parts = frame.select(text.str.extract_groups(pieces).alias("p")).unnest("p")
    clock = pl.when(pl.col("clock").str.len_bytes() == 5).then(pl.col("clock") + ":00").otherwise(pl.col("clock"))
    joined = (
        pl.col("date").str.replace_all("/", "-", literal=True) + "T" + clock + "." + pl.col("fraction").fill_null("0")
    )
    naive = joined.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False)
    parts = parts.with_columns(naive=naive)
    local = _zoned(parts, pl.col("naive"), calendar)
    if parts["zone"].null_count() == len(parts):
        return local
    digits = pl.col("zone").str.extract(r"^[+-](\d\d)").cast(pl.Int64).fill_null(0)
    minutes = pl.col("zone").str.extract(r"^[+-]\d\d:?(\d\d)$").cast(pl.Int64).fill_null(0) + 60 * digits
    ahead = pl.when(pl.col("zone").str.starts_with("-")).then(-minutes).otherwise(minutes)
    shifted = (pl.col("naive") - pl.duration(minutes=ahead)).dt.cast_time_unit("us").dt.replace_time_zone("UTC")
    either = pl.when(pl.col("zone").is_null()).then(pl.col("local")).otherwise(shifted)
    return parts.with_columns(local=local).select(either.cast(TIME)).to_series()


def _yearless(frame: pl.DataFrame, way: str, calendar: Calendar) -> pl.Series:
    """Give each date the latest year that does not put it after `calendar.latest` plus its slack.

    A leap year is used for the first reading so that 29 February is read at all; it then gets the latest leap year.
    """
    late = calendar.latest + calendar.slack
    micros = _yearless_in_place(frame["text"], way, late) if calendar.zone == "UTC" else None
    if micros is not None:
        return pl.Series(micros).cast(TIME)
    leap = pl.concat_str(pl.lit("2000 "), pl.col("text").str.strip_chars()).str.replace_all("  ", " ", literal=True)
    parsed = frame.select(time=leap.str.to_datetime("%Y " + way, time_unit="us", strict=False))
    result = pl.repeat(None, len(parsed), dtype=TIME, eager=True)
    for back in range(9):
        missing = result.is_null() & parsed["time"].is_not_null()
        if not missing.any():
            break
        moved = parsed.filter(missing).select(_in_year(late.year - back))
        found = _zoned(moved, pl.col("t"), calendar).to_frame("t")
        fits = found.select(pl.when(pl.col("t") <= pl.lit(late, dtype=TIME)).then("t")).to_series()
        result = result.scatter(missing.arg_true(), fits)
    return result


def _yearless_in_place(texts: pl.Series, way: str, late: datetime) -> Positions | None:
    """The same for texts of one width, none of which is on 29 February; None for any others."""
    sizes = texts.str.len_bytes()
    if texts.null_count() or not len(texts) or sizes.min() != sizes.max():
        return None
    lines = lines_of(texts)
    return without_year(lines.bytes, lines.begins, int(sizes[0]), way, late)


def _in_year(year: int) -> pl.Expr:
    """The same day and clock in another year; 29 February is null in a common year."""
    time = pl.col("time")
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    exists = pl.lit(leap) | (time.dt.month() != 2) | (time.dt.day() != 29)
    return pl.when(exists).then(time).dt.replace(year=year).alias("t")
