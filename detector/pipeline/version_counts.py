"""The records of a block to lines per client and version: only those of clients in the sample are looked at again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detector.explain.agents import reduce_agents
from detector.formats.hashing import hash_texts
from detector.formats.lines import Lines
from detector.formats.records import Recipe, read_records, version_hashes
from detector.formats.spans import MISSING
from detector.windows.counting import Partial
from detector.windows.versions import TILE_US, Levels, VersionCounts, is_sampled

MOST_KNOWN = 100_000
"""Names of versions that are kept by their hashes, so that they are not made of the same text again and again."""
MOSTLY = 0.5
Numbers = NDArray[np.int64]
Words = NDArray[np.uint64]
HASH, NEAR = "version_hash", "version_near"


@dataclass(slots=True)
class Agents:
    """What was learned of the versions of a source; it makes the next block faster, and changes no count.

    Attributes:
        names: hash -> family and version.
        sparse: most lines of the last block were in the sample, so they are likely to be in the next one too.
    """

    names: dict[int, str] = field(default_factory=dict)
    sparse: bool = False


def versions_from(recipe: Recipe, agents: Agents) -> frozenset[str]:
    """The columns that are read of all lines for the sake of versions."""
    if not recipe.tells_versions:
        return frozenset()
    return frozenset({NEAR} if recipe.finds_versions else {HASH} if agents.sparse else ())


class Told(Protocol):
    """What records say of their versions."""

    def hashes(self, rows: Numbers) -> Words:
        """Hashes of the versions in these rows; 0 where there is none."""

    def texts(self, rows: Numbers) -> pl.Series:
        """The versions in these rows."""


@dataclass(frozen=True, slots=True)
class InLines:
    """Versions that are read from lines.

    Attributes:
        lines: n physical lines.
        recipe: how they were read.
        frame: what was read of them, with the columns of `versions_from`.
    """

    lines: Lines
    recipe: Recipe
    frame: pl.DataFrame

    def hashes(self, rows: Numbers) -> Words:
        """As in `Told`."""
        if HASH in self.frame.columns:
            return _filled(self.frame[HASH], 0)[rows]
        near = _some(_filled(self.frame[NEAR], MISSING), rows) if NEAR in self.frame.columns else None
        return version_hashes(self._only(rows), near, self.recipe)

    def texts(self, rows: Numbers) -> pl.Series:
        """As in `Told`."""
        frame = read_records(self._only(rows), self.recipe.bare, frozenset({"version"})).frame
        known = "version" in frame.columns
        return frame["version"] if known else pl.repeat(None, len(frame), dtype=pl.String, eager=True)

    def _only(self, rows: Numbers) -> Lines:
        return Lines(self.lines.bytes, _some(self.lines.begins, rows), _some(self.lines.ends, rows))


@dataclass(frozen=True, slots=True)
class InColumn:
    """Versions of records that were read before."""

    column: pl.Series

    def hashes(self, rows: Numbers) -> Words:
        """As in `Told`."""
        return _filled(hash_texts(self.column.gather(rows)), 0)

    def texts(self, rows: Numbers) -> pl.Series:
        """As in `Told`."""
        return self.column.gather(rows)


def count_versions(frame: pl.DataFrame, partial: Partial, told: Told, width_us: int, agents: Agents) -> VersionCounts:
    """Count one block.

    Args:
        frame: n rows in the order of the lines: `timestamp`, `client_hash`, and any of `service`, `repeats`.
        partial: its counts, which say how dense the sample has to be at most.
        told: the versions of the rows.
        width_us: length of a window.
        agents: brought up to date.
    """
    levels = Levels.of(partial.window, partial.service, partial.measures[0], width_us)
    rows = _rows(frame, int(levels.level.min()))
    service, names = _services(frame, rows, partial)
    micros, clients = _at(frame["timestamp"].cast(pl.Int64), rows), _at(frame["client_hash"], rows)
    if levels.level.any():
        sampled = np.flatnonzero(is_sampled(clients, levels.at(micros, service)))
        rows, service, micros, clients = rows[sampled], service[sampled], micros[sampled], clients[sampled]
    agents.sparse = len(rows) > MOSTLY * len(frame)
    version, versions = _versions(told.hashes(rows), rows, told, agents)
    tile = micros // TILE_US
    base = int(tile.min(initial=np.iinfo(np.int64).max))
    cell = ((tile - base) * len(names) + service) * len(versions) + version
    cell, slot, number = _sum(cell, clients, _weights(frame, rows))
    place = cell // len(versions)
    tiles = place // len(names)
    tile, service, version = tiles + base, place - tiles * len(names), cell - place * len(versions)
    columns = tile.astype(np.int32), service.astype(np.int32), version.astype(np.int32)
    return VersionCounts(names, versions, *columns, slot, number)


def _filled(column: pl.Series, missing: int) -> NDArray[Any]:
    return (column.fill_null(missing) if column.null_count() else column).to_numpy()


def _at(column: pl.Series, rows: Numbers) -> NDArray[Any]:
    """The values in rows that have one."""
    return column.gather(rows).to_numpy() if column.null_count() else _some(column.to_numpy(), rows)


def _some(column: NDArray[Any], rows: Numbers) -> NDArray[Any]:
    """The values in rows, which are all different and in order."""
    return column if len(rows) == len(column) else column[rows]


def _rows(frame: pl.DataFrame, least: int) -> Numbers:
    """The rows with a time and a client that may be in a sample of at least this level."""
    clients = frame["client_hash"]
    known = None
    if frame["timestamp"].null_count() or clients.null_count():
        known = (frame["timestamp"].is_not_null() & clients.is_not_null()).to_numpy()
        clients = clients.fill_null(0)
    if not least:
        return np.arange(len(frame)) if known is None else np.flatnonzero(known)
    sampled = is_sampled(clients.to_numpy(), np.array(least))
    return np.flatnonzero(sampled if known is None else sampled & known)


def _services(frame: pl.DataFrame, rows: Numbers, partial: Partial) -> tuple[Numbers, list[str]]:
    """Service of every row as an index into the names of the partial counts."""
    names = [name or "" for name in partial.services]
    if len(names) == 1 or "service" not in frame.columns:
        return np.zeros(len(rows), np.int64), names
    numbers = {name: number for number, name in enumerate(partial.services) if name is not None}
    return frame["service"][rows].replace_strict(numbers, default=0, return_dtype=pl.Int64).to_numpy(), names


def _weights(frame: pl.DataFrame, rows: Numbers) -> Numbers | None:
    """How many records each row stands for; None: one each."""
    if "repeats" not in frame.columns or frame["repeats"].null_count() == len(frame):
        return None
    return 1 + frame["repeats"].fill_null(0).to_numpy()[rows]


def _versions(hashes: Words, rows: Numbers, told: Told, agents: Agents) -> tuple[Numbers, list[str]]:
    """Version of every row as an index into the distinct names; the empty one stands for none."""
    distinct, code = _distinct(hashes)
    each = [agents.names.get(key) if key else "" for key in distinct.tolist()]
    new = [place for place, name in enumerate(each) if name is None]
    if new:
        first = np.zeros(len(distinct), np.int64)
        first[code[::-1]] = np.arange(len(code))[::-1]
        texts = told.texts(rows[first[new]])
        if len(agents.names) > MOST_KNOWN:
            agents.names.clear()
        for place, name in zip(new, reduce_agents(texts).fill_null("").to_list(), strict=True):
            each[place] = agents.names[int(distinct[place])] = name
    versions = sorted({name or "" for name in each})
    numbers = {name: number for number, name in enumerate(versions)}
    return np.array([numbers[name or ""] for name in each], np.int64)[code], versions or [""]


def _distinct(hashes: Words) -> tuple[Words, Numbers]:
    """The distinct hashes, and the place of each among them; by 16 of their bits, where these tell them apart."""
    low = (hashes & np.uint64(0xFFFF)).astype(np.int64)
    with_bits = np.zeros(1 << 16, np.uint64)
    with_bits[low] = hashes
    if (with_bits[low] != hashes).any():
        return np.unique(hashes, return_inverse=True)
    there = np.zeros(1 << 16, bool)
    there[low] = True
    bits = np.flatnonzero(there)
    places = np.empty(1 << 16, np.int64)
    places[bits] = np.arange(len(bits))
    return with_bits[bits], places[low]


def _sum(
    cell: Numbers, clients: Words, weight: Numbers | None
) -> tuple[Numbers, NDArray[np.uint32], NDArray[np.int32]]:
    """Lines of each cell and client: the cell, the low half of the client's hash, the lines."""
    cells = None
    if int(cell.max(initial=0)) >= 1 << 32:
        cells, cell = np.unique(cell, return_inverse=True)
    key = cell.astype(np.uint64) << np.uint64(32) | clients & np.uint64(0xFFFFFFFF)
    if weight is None:
        key.sort()
        first = np.flatnonzero(np.r_[True, key[1:] != key[:-1]][: len(key)])
        distinct, number = key[first], np.diff(first, append=len(key))
    else:
        distinct, place = np.unique(key, return_inverse=True)
        number = np.bincount(place, weight, len(distinct))
    row = (distinct >> np.uint64(32)).astype(np.int64)
    return row if cells is None else cells[row], distinct.astype(np.uint32), number.astype(np.int32)
