"""The records of one block to counts per service and window.

A record that says that others were suppressed or repeated counts for these too; none of them is in the bytes.

A line without a time of its own (a further line of a record, a line that no format understands, a record without a
time) is placed with the nearest known time: that of the record before it. What stands before the first known time of
a block waits in `Partial.head` for the block before; so every way of cutting the input gives the same totals.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detector.schemas import MOST_REPEATS
from detector.windows import sketch

RECORD, CONTINUATION = 0, 1
MEASURES = ("lines", "bytes", "errors", "debug")
SKETCHED = ("client_hash", "request_hash", "host_hash")
"""Columns of hashes of which the distinct ones are counted, by kind of `sketch.py`."""
TOLD = ("status", "payload_bytes")
"""Whether a service states them changes what its errors and bytes mean."""
Numbers = NDArray[np.int64]
NONE = np.empty(0, np.int64)


@dataclass(slots=True)
class Partial:
    """Counts of one block, before they are merged.

    Attributes:
        services: the names that `service` points into.
        window: number of the window since 1970 (start = window * width), of each of n cells.
        service: index into `services`, of each cell.
        measures: lines, bytes, errors and debug of each cell, 4 x n.
        sketches: entries of `sketch.py`; their cell is the row, 0..n-1; kinds in order.
        head: lines before the first known time: service (None: that of the record before) -> four measures.
        first, last: window and service of the first and the last line with a known time, None if there is none.
        first_us, last_us: the earliest and latest time, None without any.
        end: service of the last line, with or without a time; None where that is not known.
        told: column of `TOLD` -> services of which a record states it.
        cut_repeats: records that say that they stand for `MOST_REPEATS` or more, and count for so many.
    """

    services: list[str | None]
    window: Numbers = field(default_factory=NONE.copy)
    service: Numbers = field(default_factory=NONE.copy)
    measures: Numbers = field(default_factory=lambda: np.empty((4, 0), np.int64))
    sketches: sketch.Entries = field(default_factory=lambda: np.empty(0, np.uint64))
    head: dict[str | None, Numbers] = field(default_factory=dict)
    first: tuple[int, str] | None = None
    last: tuple[int, str] | None = None
    first_us: int | None = None
    last_us: int | None = None
    end: str | None = None
    told: dict[str, set[str]] = field(default_factory=dict)
    cut_repeats: int = 0


def count(records: pl.DataFrame, kinds: pl.Series | None, sizes: Numbers, width_us: int, stem: str) -> Partial:
    """Count one block.

    Args:
        records: n rows in the order of the lines: `timestamp` and any of `service`, `SKETCHED` (UInt64), `level`,
            `status`, `payload_bytes`, `repeats`.
        kinds: what each line is (see `RECORD`, `CONTINUATION`; anything else is a line of its own); None: all RECORD.
        sizes: of each line in bytes.
        width_us: length of a window in microseconds.
        stem: the service of lines that do not say whose they are.
    """
    times = records["timestamp"]
    if times.null_count():
        times = times.forward_fill()
    codes, services = _services(records, kinds, stem)
    measures = _measures(records, kinds, sizes)
    begin = _first_known(times, codes, services)
    partial = Partial(services, head=_head(codes[:begin], services, [m[:begin] for m in measures]))
    partial.end = services[codes[-1]] if len(codes) else None
    partial.told = {name: _told(records[name], codes, services) for name in TOLD if name in records.columns}
    if "repeats" in records.columns:
        partial.cut_repeats = int((records["repeats"] >= MOST_REPEATS).sum())
    if begin < len(times):
        micros = times.cast(pl.Int64)[begin:].to_numpy()
        _add_cells(partial, micros, width_us, codes[begin:], [m[begin:] for m in measures], _hashes(records, begin))
    return partial


def _hashes(records: pl.DataFrame, begin: int) -> list[tuple[int, pl.Series]]:
    """Clients, requests, hosts from a row on; one without a time of its own counts not, else a cut would show."""
    names = [name for name in SKETCHED if name in records.columns]
    if names and records["timestamp"].null_count():
        records = records.select(pl.when(pl.col("timestamp").is_not_null()).then(name).alias(name) for name in names)
    return [(SKETCHED.index(name), records[name][begin:]) for name in names]


def _services(records: pl.DataFrame, kinds: pl.Series | None, stem: str) -> tuple[Numbers, list[str | None]]:
    """Service of every line as an index into the distinct names; None only before the first record."""
    continued = kinds is not None and bool((kinds == CONTINUATION).any())
    if "service" not in records.columns and not continued:
        return np.zeros(len(records), np.int64), [stem]
    names = records["service"] if "service" in records.columns else pl.Series([None] * len(records), dtype=pl.String)
    names = names.fill_null(stem).alias("name")
    if continued:
        own = pl.when(kinds != CONTINUATION).then("name").forward_fill()
        names = names.to_frame().select(own).to_series()
    distinct = names.unique(maintain_order=True)
    table = pl.DataFrame({"name": distinct, "code": np.arange(len(distinct))})
    joined = names.to_frame().join(table, on="name", how="left", nulls_equal=True, maintain_order="left")
    return joined["code"].to_numpy(), distinct.to_list()


def _told(column: pl.Series, codes: Numbers, services: list[str | None]) -> set[str]:
    """The services of the rows that have a value."""
    missing = column.null_count()
    if missing == len(column):
        return set()
    stated = np.unique(codes[column.is_not_null().to_numpy()]) if missing else np.arange(len(services))
    return {name for name in (services[code] for code in stated.tolist()) if name is not None}


def _measures(records: pl.DataFrame, kinds: pl.Series | None, sizes: Numbers) -> list[Numbers]:
    """lines, bytes, errors and debug of every line."""
    lines: Numbers = np.ones(len(records), np.int64)
    if kinds is not None:
        lines = (kinds != CONTINUATION).cast(pl.Int64).to_numpy()
    if "repeats" in records.columns and records["repeats"].null_count() < len(records):
        lines = lines + np.clip(_whole(records["repeats"]), 0, MOST_REPEATS)
    size = _whole(records["payload_bytes"]) if "payload_bytes" in records.columns else sizes
    failed = debug = np.zeros(len(records), bool)
    if "level" in records.columns:
        failed = records["level"].is_in(["error", "critical"]).fill_null(value=False).to_numpy()
        debug = records["level"].is_in(["debug", "trace"]).fill_null(value=False).to_numpy()
    if "status" in records.columns:
        status = _whole(records["status"])
        failed = failed | ((status >= 500) & (status < 600))
    return [lines, size, failed.astype(np.int64), debug.astype(np.int64)]


def _whole(column: pl.Series) -> Numbers:
    """Numbers with 0 for null."""
    return (column.fill_null(0) if column.null_count() else column).to_numpy()


def _first_known(times: pl.Series, codes: Numbers, services: list[str | None]) -> int:
    """The first row whose time and service are both known; all later ones are filled forward."""
    unknown = times.null_count()
    if None in services:
        unknown = max(unknown, int(np.count_nonzero(codes == services.index(None))))
    return unknown


def _head(codes: Numbers, services: list[str | None], measures: list[Numbers]) -> dict[str | None, Numbers]:
    return {services[code]: np.array([m[codes == code].sum() for m in measures]) for code in np.unique(codes)}


def _add_cells(partial: Partial, micros: Numbers, width_us: int, codes: Numbers, measures: list[Numbers],
               hashed: list[tuple[int, pl.Series]]) -> None:  # fmt: skip
    """Sum the rows of each (window, service) into `partial`."""
    window = micros // width_us
    base, width = int(window.min()), len(partial.services)
    key = (window - base) * width + codes
    if int(key.max()) < 8 * len(key) + 1024:
        rows_of = np.bincount(key)
        cells = np.flatnonzero(rows_of)
        places = np.zeros(len(rows_of), np.int64)
        places[cells] = np.arange(len(cells))
        row = places[key]
    else:
        cells, row = np.unique(key, return_inverse=True)
    partial.window, partial.service = cells // width + base, cells % width
    partial.measures = np.stack([_sums(row, m, len(cells)) for m in measures])
    partial.first = (int(window[0]), str(partial.services[codes[0]]))
    partial.last = (int(window[-1]), str(partial.services[codes[-1]]))
    partial.first_us, partial.last_us = int(micros.min()), int(micros.max())
    partial.sketches = np.concatenate([_entries(row, *each) for each in hashed] or [partial.sketches])


def _entries(row: Numbers, kind: int, hashes: pl.Series) -> sketch.Entries:
    """Those of one kind; null: there is none."""
    if hashes.null_count():
        known = hashes.is_not_null()
        row, hashes = row[known.to_numpy()], hashes.filter(known)
    return sketch.entries(row, hashes.to_numpy(), kind)


def _sums(row: Numbers, measure: Numbers, cells: int) -> Numbers:
    """Sum of a measure over the rows of each cell; exact, since sums of whole numbers below 2^53 are so in a double."""
    most = int(measure.max(initial=0))
    if most <= 1:
        return np.bincount(row if most and measure.all() else row[measure > 0], minlength=cells)
    return np.bincount(row, measure, cells).astype(np.int64)
