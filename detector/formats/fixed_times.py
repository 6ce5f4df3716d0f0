"""Times of one width read where they lie, by a strptime pattern such as `%d/%b/%Y:%H:%M:%S %z`."""

from __future__ import annotations

import re
from datetime import datetime
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from detector.formats.lines import Positions, windows_at

WIDTHS = {"Y": 4, "m": 2, "d": 2, "H": 2, "M": 2, "S": 2, "b": 3, "z": 5}
MONTHS = tuple(b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split())
MONTH_ORDER = np.argsort([int.from_bytes(name, "big") for name in MONTHS])
MONTH_WORDS = np.array(sorted(int.from_bytes(name, "big") for name in MONTHS), np.uint32)
LOWEST = {"m": 1, "d": 1}
HIGHEST = {"m": 12, "d": 31, "H": 23, "M": 59, "S": 59}
Bytes = NDArray[np.uint8]


@lru_cache(maxsize=64)
def layout(way: str) -> tuple[tuple[tuple[int, str], ...], int] | None:
    """Where each directive of a pattern begins and how long its texts are; None if that varies or a date is missing.

    Literals are the byte itself, directives a percent sign and a letter.
    """
    places, at = [], 0
    for piece in re.findall(r"%.|[^%]", way):
        if piece[0] == "%" and piece[1] not in WIDTHS:
            return None
        places.append((at, piece))
        at += WIDTHS[piece[1]] if piece[0] == "%" else 1
    told = {piece for _, piece in places}
    whole = {"%Y", "%d", "%H", "%M", "%S"} <= told and told & {"%b", "%m"} and way.isascii()
    return (tuple(places), at) if whole else None


def fixed_in_place(data: Bytes, begins: Positions, width: int, way: str, zone: str) -> Positions | None:
    """Microseconds since 1970 of n times; None if one of them is none, or its zone has to be looked up.

    Args:
        data: where they lie.
        begins: where each begins.
        width: of all of them.
        way: the strptime pattern.
        zone: of times that carry none.
    """
    known = layout(way)
    if known is None or known[1] != width or not len(begins) or ("%z" not in way and zone != "UTC"):
        return None
    texts = windows_at(data, begins, width)
    numbers: dict[str, Positions] = {}
    for at, piece in known[0]:
        found = _read(texts[:, at:], piece)
        if found is None:
            return None
        numbers[piece[1:]] = found
    return _instants(numbers)


def without_year(data: Bytes, begins: Positions, width: int, way: str, latest: datetime) -> Positions | None:
    """The same for times in UTC that lack the year: each gets the latest one that does not put it after `latest`.

    A day of one digit may have a space before it.
    """
    known = layout("%Y" + way)
    if known is None or known[1] - WIDTHS["Y"] != width or "z" in way or not len(begins):
        return None
    texts = windows_at(data, begins, width)
    numbers: dict[str, Positions] = {}
    for at, piece in known[0][1:]:
        some = texts[:, at - WIDTHS["Y"] :]
        if piece == "%d":
            some = np.where(some[:, :2] == ord(" "), np.uint8(ord("0")), some[:, :2])
        found = _read(some, piece)
        if found is None:
            return None
        numbers[piece[1:]] = found
    last, before = (_instants({**numbers, "Y": np.full(len(begins), latest.year - back)}) for back in (0, 1))
    if last is None or before is None:
        return None
    return np.asarray(np.where(last <= int(latest.timestamp() * 1e6), last, before))


def _read(texts: Bytes, piece: str) -> Positions | None:
    """What one directive says in each text; None if one of them does not say it."""
    letter = piece[1:]
    if not letter:
        return np.zeros(0, np.int64) if (texts[:, 0] == ord(piece)).all() else None
    if letter == "b":
        return _months(texts)
    if letter == "z":
        return _offsets(texts)
    digits = texts[:, : WIDTHS[letter]] - np.uint8(ord("0"))
    if (digits > 9).any():
        return None
    number = digits @ (10 ** np.arange(WIDTHS[letter] - 1, -1, -1))
    low, high = LOWEST.get(letter, 0), HIGHEST.get(letter, 9999)
    return number if low <= number.min() and number.max() <= high else None


def _months(texts: Bytes) -> Positions | None:
    words = texts[:, :3].astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    place = np.minimum(np.searchsorted(MONTH_WORDS, words), len(MONTHS) - 1)
    return MONTH_ORDER[place] + 1 if (MONTH_WORDS[place] == words).all() else None


def _offsets(texts: Bytes) -> Positions | None:
    """`+hhmm` in minutes."""
    sign, hours, minutes = texts[:, 0], _read(texts[:, 1:], "%H"), _read(texts[:, 3:], "%M")
    if hours is None or minutes is None or not np.isin(sign, (ord("+"), ord("-"))).all():
        return None
    return np.asarray(np.where(sign == ord("-"), -1, 1) * (60 * hours + minutes))


def _instants(numbers: dict[str, Positions]) -> Positions | None:
    month = numbers["b"] if "b" in numbers else numbers["m"]
    months = ((numbers["Y"] - 1970) * 12 + month - 1).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (numbers["d"] - 1)
    if (days.astype("datetime64[M]") != months).any():
        return None
    seconds = days.astype(np.int64) * 86_400 + numbers["H"] * 3600 + numbers["M"] * 60 + numbers["S"]
    if "z" in numbers:
        seconds -= numbers["z"] * 60
    return np.asarray(seconds * 1_000_000)
