"""Times of a fixed width, compared where they lie: only the first of each run becomes a text."""

from __future__ import annotations

import numpy as np
import polars as pl

from detector.formats.clock import Calendar, by_second, instants, parse_each, repeat_runs, seconds_place
from detector.formats.epoch_times import epochs
from detector.formats.fixed_times import fixed_in_place
from detector.formats.iso_times import iso_in_place, looks_iso
from detector.formats.lines import WORD, Lines, Positions, run_begins, texts_at, windows_at
from detector.schemas import TIME

ASCII = 127


def times_in_place(lines: Lines, begins: Positions, ends: Positions, length: object, clock: tuple[str, ...],
                   calendar: Calendar) -> pl.Series:  # fmt: skip
    """Instants of n written times, null where one is none; `length` is their width in bytes, if they have one."""
    if clock == ("epoch",):
        return epochs(lines.bytes, begins, ends)
    if not isinstance(length, int):
        return instants(texts_at(lines.bytes, begins, ends), clock, calendar)
    fits = ends - begins == length
    if clock == ("iso",):
        fits &= looks_iso(lines.bytes, begins)
    if not fits.all():
        rows, empty = np.flatnonzero(fits), pl.repeat(None, len(begins), dtype=TIME, eager=True)
        if not len(rows):
            return empty
        return empty.scatter(rows, times_in_place(lines, begins[rows], ends[rows], length, clock, calendar))
    if calendar.whole_minutes and len(clock) == 1 and (seconds := seconds_place(clock[0], length)):
        return _minutes(lines, begins, length, seconds, clock, calendar)
    if clock == ("iso",):
        found = iso_in_place(lines.bytes, begins, length, calendar.zone)
    else:
        found = by_second(lines.bytes, begins, length, clock, calendar)
    if found is not None:
        return found
    runs = run_begins(lines.bytes, begins, length)
    return repeat_runs(parse_each(texts_at(lines.bytes, begins[runs], ends[runs]), clock, calendar), runs, len(begins))


def _minutes(lines: Lines, begins: Positions, length: int, seconds: tuple[int, int], clock: tuple[str, ...],
             calendar: Calendar) -> pl.Series:  # fmt: skip
    """Times cut to the minute: only the first of each run of lines of the same minute is read."""
    runs = run_begins(lines.bytes, begins, length, seconds)
    texts = windows_at(lines.bytes, begins[runs], length)
    texts[:, slice(*seconds)] = ord("0")
    texts[texts > ASCII] = ord("?")  # a time that ends within a character is none
    data, places = np.concatenate([texts.reshape(-1), np.zeros(WORD, np.uint8)]), length * np.arange(len(runs))
    micros = fixed_in_place(data, places, length, clock[0], calendar.zone)
    if micros is not None:
        return pl.Series(np.repeat(micros, np.diff(runs, append=len(begins)))).cast(TIME)
    return repeat_runs(parse_each(texts_at(data, places, places + length), clock, calendar), runs, len(begins))
