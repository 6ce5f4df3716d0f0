"""Epoch numbers, read where they lie if written as nearly all are, else as texts; the unit follows from the size."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detector.formats.lines import Positions, digits_at, leading_number, texts_at
from detector.schemas import TIME

UNITS = ((10, 10**6), (13, 10**3), (16, 1), (19, 1))
"""Digits -> factor that gives microseconds: s, ms, us, and ns, of which the first 16 digits are microseconds."""
MOST_DIGITS = 16


def epochs(data: NDArray[np.uint8], begins: Positions, ends: Positions) -> pl.Series:
    """Instants of epoch numbers, Datetime us UTC; null where there is none."""
    size = ends - begins
    number, _ = leading_number(data, begins, size)
    fits, micros = _with_fraction(data, begins, size, number)
    for digits, factor in UNITS:
        rows = (size == digits) & (number >= 10 ** (min(digits, MOST_DIGITS) - 1)) & ~fits
        if rows.any():
            micros = np.where(rows, number * factor, micros)
            fits |= rows
    found = pl.Series(micros).cast(TIME)
    if fits.all():
        return found
    rest = np.flatnonzero(~fits)
    texts = texts_at(data, begins[rest], ends[rest]).to_frame("text")
    return found.scatter(rest, texts.select(from_epoch(pl.col("text"))).to_series())


def _with_fraction(
    data: NDArray[np.uint8], begins: Positions, size: Positions, number: Positions
) -> tuple[NDArray[np.bool_], Positions]:
    """Which texts are seconds of ten digits with a fraction, and these as microseconds, rounded."""
    fits = (size > 11) & (number >= 10**9) & (data[np.minimum(begins + 10, len(data) - 1)] == ord("."))
    if not fits.any():
        return fits, number
    limit = np.clip(size - 11, 0, 8)
    value, count = digits_at(data, begins + 11, limit)
    fits &= count == limit
    return fits, number * 10**6 + (value * 10 ** (8 - count) + 50) // 100


def from_epoch(value: pl.Expr) -> pl.Expr:
    """Epoch number -> Datetime us UTC; the unit follows from the magnitude (1e11 s is the year 5138)."""
    number = value.cast(pl.Float64, strict=False)
    whole = value.cast(pl.Int64, strict=False)
    seconds, millis = (number * 1e6).round(), (number * 1e3).round()
    scaled = pl.when(number.abs() < 1e11).then(seconds).otherwise(millis).cast(pl.Int64, strict=False)
    exact = pl.when(number.abs() < 1e17).then(whole).otherwise(whole // 1000)
    micros = pl.when(number.abs() < 1e14).then(scaled).otherwise(exact)
    return micros.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
