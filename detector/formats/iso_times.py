"""ISO times read where they lie: all of one width, eight bytes of each at a time, without making texts of them."""

from __future__ import annotations

import re

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detector.formats.lines import Positions, Words, digits_at, run_begins, words_at
from detector.schemas import TIME

SECONDS_END = len("2026-03-01T00:00:00")


def iso_in_place(data: NDArray[np.uint8], begins: Positions, width: int, zone: str) -> pl.Series | None:
    """Instants of ISO times that all have `width` bytes and one layout; None if they have not, or one is no time.

    The date is parsed once per run of equal dates, the rest is arithmetic on the digits where they lie.
    """
    tail = begins + SECONDS_END
    if width < SECONDS_END or not len(begins):
        return None
    fraction = _fraction(data, tail, width - SECONDS_END)
    if fraction is None:
        return None
    micros, done = fraction
    written = bytes(data[tail[0] + done : begins[0] + width]).decode("ascii", "replace")
    offset = _offset_minutes(written or zone)
    seconds = _seconds_of_day(words_at(data, begins + 11))
    if offset is None or seconds is None or len(run_begins(data, tail + done, width - SECONDS_END - done)) > 1:
        return None
    runs = run_begins(data, begins, 11)
    days = _days(data, begins[runs])
    if days is None:
        return None
    each = np.repeat(days * 86400 - offset * 60, np.diff(runs, append=len(begins)))
    return pl.Series((each + seconds) * 1_000_000 + micros).cast(TIME)


def looks_iso(data: NDArray[np.uint8], begins: Positions) -> NDArray[np.bool_]:
    """Which texts have the separators of a date and of a clock where ISO times have them."""
    last = len(data) - 1
    date = data[np.minimum(begins + 4, last)]
    clock = data[np.minimum(begins + 13, last)] == ord(":")
    looks = ((date == ord("-")) | (date == ord("/"))) & (data[np.minimum(begins + 7, last)] == date) & clock
    return np.asarray(looks)


def _fraction(data: NDArray[np.uint8], begins: Positions, width: int) -> tuple[Positions, int] | None:
    """Microseconds after the seconds, and the bytes that they take; None if the layout varies."""
    point = data[begins]
    if not width or point[0] not in b".,":
        return np.zeros(len(begins), np.int64), 0
    digits = next((n for n in range(width - 1) if not 48 <= data[begins[0] + 1 + n] <= 57), width - 1)
    read = min(digits, 6)
    value, count = digits_at(data, begins + 1, read)
    if not read or (point != point[0]).any() or (count != read).any():
        return None
    return value * 10 ** (6 - read), digits + 1


def _days(data: NDArray[np.uint8], begins: Positions) -> Positions | None:
    """`yyyy-mm-dd` and `T` or a space -> days since 1970; None if one is no date."""
    head = _two_digits(words_at(data, begins), b"0000-00-")
    last = _two_digits(words_at(data, begins + 8) & np.uint64(0xFFFF), b"00")
    if head is None or last is None or not np.isin(data[begins + 10], (ord("T"), ord(" "))).all():
        return None
    year, month, day = 100 * _byte(head, 0) + _byte(head, 2), _byte(head, 5), _byte(last, 0)
    months = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (day - 1)
    real = (month >= 1) & (month <= 12) & (day >= 1) & (days.astype("datetime64[M]") == months)
    return days.astype(np.int64) if real.all() else None


def _seconds_of_day(clock: Words) -> Positions | None:
    """`hh:mm:ss` as eight bytes -> seconds; None if one is none (a leap second is none here)."""
    pairs = _two_digits(clock, b"00:00:00")
    if pairs is None:
        return None
    hours, minutes, seconds = _byte(pairs, 0), _byte(pairs, 3), _byte(pairs, 6)
    if hours.max() > 23 or minutes.max() > 59 or seconds.max() > 59:
        return None
    return hours * 3600 + minutes * 60 + seconds


def _two_digits(words: Words, layout: bytes) -> Words | None:
    """In each byte the number that its digit makes with the next; None if a word has not the layout, `0` for digits."""
    digit = words ^ np.uint64(int.from_bytes(layout, "little"))
    may_be = int.from_bytes(bytes(0x76 if byte == ord("0") else 0 for byte in layout), "little")
    must_not = int.from_bytes(bytes(0x80 if byte == ord("0") else 0xFF for byte in layout), "little")
    if (((digit + np.uint64(may_be)) | digit) & np.uint64(must_not)).any():
        return None
    return digit * np.uint64(10) + (digit >> np.uint64(8))


def _byte(words: Words, number: int) -> Positions:
    return ((words >> np.uint64(8 * number)) & np.uint64(0xFF)).astype(np.int64)


def _offset_minutes(zone: str) -> int | None:
    """How far the clock was ahead of UTC; None where that depends on the moment."""
    if zone.lstrip(" ") in ("Z", "z", "UTC", "GMT"):
        return 0
    parts = re.fullmatch(r" ?([+-])(\d\d):?(\d\d)?", zone)
    if parts is None:
        return None
    minutes = int(parts[2]) * 60 + int(parts[3] or 0)
    return -minutes if parts[1] == "-" else minutes
