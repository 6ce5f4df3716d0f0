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
from detector.windows.counting import Partial
from detector.windows.versions import TILE_US, Levels, VersionCounts, is_sampled

MOST_KNOWN = 100_000
"""Names of versions that are kept by their hashes, so that they are not made of the same text again and again."""
MOSTLY = 0.5
Numbers = NDArray[np.int64]
Words = NDArray[np.uint64]
HASH = "version_hash"


@dataclass(slots=True)
class Agents:
    """What was learned of the versions of a source; it makes the next block faster, and changes no count.

    Attributes:
        names: hash -> family and version.
        sparse: most lines of the last block were in the sample, so they are likely to be in the next one too.
    """

    names: dict[int, str] = field(default_factory=dict)
    sparse: bool = False


class Told(Protocol):
    """What records say of their versions."""

    def hashes(self, rows: Numbers) -> pl.Series:
        """Hashes of the versions in these rows, UInt64; null where there is none."""

    def texts(self, rows: Numbers) -> pl.Series:
        """The versions in these rows."""


@dataclass(frozen=True, slots=True)
class InLines:
    """Versions that are read from lines."""

    lines: Lines
    recipe: Recipe

    def hashes(self, rows: Numbers) -> pl.Series:
        """As in `Told`."""
        return version_hashes(self._only(rows), self.recipe)

    def texts(self, rows: Numbers) -> pl.Series:
        """As in `Told`."""
        frame = read_records(self._only(rows), self.recipe.bare, frozenset({"version"})).frame
        known = "version" in frame.columns
        return frame["version"] if known else pl.repeat(None, len(frame), dtype=pl.String, eager=True)

    def _only(self, rows: Numbers) -> Lines:
        return Lines(self.lines.bytes, self.lines.begins[rows], self.lines.ends[rows])


@dataclass(frozen=True, slots=True)
class InColumn:
    """Versions of records that were read before."""

    column: pl.Series

    def hashes(self, rows: Numbers) -> pl.Series:
        """As in `Told`."""
        return hash_texts(self.column.gather(rows))

    def texts(self, rows: Numbers) -> pl.Series:
        """As in `Told`."""
        return self.column.gather(rows)


def count_versions(frame: pl.DataFrame, partial: Partial, told: Told, width_us: int, agents: Agents) -> VersionCounts:
    """Count one block.

    Args:
        frame: n rows in the order of the lines: `timestamp`, `client_hash`, and any of `service`, `repeats`, HASH.
        partial: its counts, which say how dense the sample has to be at most.
        told: the versions of the rows.
        width_us: length of a window.
        agents: brought up to date.
    """
    levels = Levels.of(partial.window, partial.service, partial.measures[0], width_us)
    rows = _rows(frame, int(levels.level.min()))
    service, names = _services(frame, rows, partial)
    micros, clients = _at(frame["timestamp"].to_physical(), rows), _at(frame["client_hash"], rows)
    if levels.level.any():
        sampled = np.flatnonzero(is_sampled(clients, levels.at(micros, service)))
        rows, service, micros, clients = rows[sampled], service[sampled], micros[sampled], clients[sampled]
    agents.sparse = len(rows) > MOSTLY * len(frame)
    hashes = frame[HASH][rows] if HASH in frame.columns else told.hashes(rows)
    version, versions = _versions(hashes, rows, told, agents)
    tile = micros // TILE_US
    base = int(tile.min(initial=np.iinfo(np.int64).max))
    cells, place = _cells(((tile - base) * len(names) + service) * len(versions) + version)
    row, slot, number = _sum(place, clients, _weights(frame, rows))
    cell, version = np.divmod(cells[row], len(versions))
    tiles, services = np.divmod(cell, len(names))
    columns = ((tiles + base).astype(np.int32), services.astype(np.int32), version.astype(np.int32))
    return VersionCounts(names, versions, *columns, slot, number)


def _at(column: pl.Series, rows: Numbers) -> NDArray[Any]:
    """The values in rows that have one."""
    return column.gather(rows).to_numpy() if column.null_count() else column.to_numpy()[rows]


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


def _cells(key: Numbers) -> tuple[Numbers, Numbers]:
    """The distinct keys, sorted, and the place of each row among them; by counting where they lie close together."""
    if int(key.max(initial=0)) > 8 * len(key) + 1024:
        return np.unique(key, return_inverse=True)
    there = np.zeros(int(key.max(initial=0)) + 1, bool)
    there[key] = True
    cells = np.flatnonzero(there)
    places = np.empty(len(there), np.int64)
    places[cells] = np.arange(len(cells))
    return cells, places[key]


def _versions(hashes: pl.Series, rows: Numbers, told: Told, agents: Agents) -> tuple[Numbers, list[str]]:
    """Version of every row as an index into the distinct names; the empty one stands for none."""
    known = (hashes.fill_null(0) if hashes.null_count() else hashes).to_numpy()
    distinct = np.unique(known)
    each = [agents.names.get(key) if key else "" for key in distinct.tolist()]
    code = _codes(known, distinct)
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


def _codes(known: Words, distinct: Words) -> Numbers:
    """The place of each hash among the distinct ones; by 16 of its bits, where these tell them apart."""
    low = (distinct & np.uint64(0xFFFF)).astype(np.int64)
    if len(np.unique(low)) < len(low):
        return np.searchsorted(distinct, known)
    places = np.zeros(1 << 16, np.int64)
    places[low] = np.arange(len(low))
    return places[(known & np.uint64(0xFFFF)).astype(np.int64)]


def _sum(
    cell: Numbers, clients: Words, weight: Numbers | None
) -> tuple[Numbers, NDArray[np.uint32], NDArray[np.int32]]:
    """Lines of each cell and client: the cell, the low half of the client's hash, the lines."""
    key = cell.astype(np.uint64) << np.uint64(32) | clients & np.uint64(0xFFFFFFFF)
    if weight is None:
        distinct, number = np.unique(key, return_counts=True)
    else:
        distinct, place = np.unique(key, return_inverse=True)
        number = np.bincount(place, weight, len(distinct))
    return (distinct >> np.uint64(32)).astype(np.int64), distinct.astype(np.uint32), number.astype(np.int32)
