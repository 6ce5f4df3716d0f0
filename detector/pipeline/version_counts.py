"""The records of a block to lines per client and version: only those of clients in the sample are looked at again."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detector.explain.agents import reduce_agents
from detector.formats.lines import Lines
from detector.formats.records import Recipe, read_records
from detector.windows.versions import TILE_US, VersionCounts, is_sampled, level_of

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


def count_versions(
    frame: pl.DataFrame, lines: Lines, recipe: Recipe, stem: str, agents: Agents
) -> VersionCounts | None:
    """Count one block.

    Args:
        frame: n rows in the order of the lines: `timestamp`, `client_hash`, and any of `service`, `repeats`, HASH.
        lines: n physical lines.
        recipe: how they were read.
        stem: the service of lines that do not say whose they are.
        agents: brought up to date.

    Returns:
        None where the format says nothing of clients or versions.
    """
    if "client_hash" not in frame.columns or "version" not in recipe.fields:
        return None
    known = (frame["timestamp"].is_not_null() & frame["client_hash"].is_not_null()).to_numpy()
    rows = np.flatnonzero(known)
    if not len(rows):
        return None
    taken = frame if len(rows) == len(frame) else frame[rows]
    tile = taken["timestamp"].to_physical().to_numpy() // TILE_US
    service, names = _services(taken, stem)
    weight = _weights(taken)
    base, width = int(tile.min()), len(names)
    cells, place = np.unique((tile - base) * width + service, return_inverse=True)
    total = np.bincount(place, weight, len(cells)).astype(np.int64)
    clients = taken["client_hash"].to_numpy()
    chosen = _sample(clients, level_of(total), place)
    agents.sparse = len(chosen) > MOSTLY * len(rows)
    hashes = taken[HASH][chosen] if HASH in taken.columns else _hashes(lines, rows[chosen], recipe)
    version, versions = _versions(hashes, lines, rows[chosen], recipe, agents)
    row, slot, number = _sum(place[chosen] * len(versions) + version, clients[chosen], weight, chosen)
    cell = cells[row // len(versions)]
    return VersionCounts(
        names, versions, cells // width + base, cells % width, total,
        cell // width + base, cell % width, row % len(versions), slot, number,
    )  # fmt: skip


def _services(frame: pl.DataFrame, stem: str) -> tuple[Numbers, list[str]]:
    """Service of every row as an index into the distinct names."""
    if "service" not in frame.columns:
        return np.zeros(len(frame), np.int64), [stem]
    codes = frame["service"].fill_null(stem).rank("dense").to_numpy().astype(np.int64) - 1
    return codes, frame["service"].fill_null(stem).unique().sort().to_list()


def _weights(frame: pl.DataFrame) -> Numbers | None:
    """How many records each row stands for; None: one each."""
    if "repeats" not in frame.columns or frame["repeats"].null_count() == len(frame):
        return None
    return 1 + frame["repeats"].fill_null(0).to_numpy()


def _sample(clients: Words, level: Numbers, place: Numbers) -> Numbers:
    """The rows whose clients are in the sample of their cell; the block alone can only show that it is smaller."""
    if not level.any():
        return np.arange(len(clients))
    return np.flatnonzero(is_sampled(clients, level[place]))


def _hashes(lines: Lines, rows: Numbers, recipe: Recipe) -> pl.Series:
    """Of the versions of some lines, null where there is none."""
    some = Lines(lines.bytes, lines.begins[rows], lines.ends[rows])
    frame = read_records(some, recipe.bare, frozenset({HASH})).frame
    return frame[HASH] if HASH in frame.columns else pl.repeat(None, len(rows), dtype=pl.UInt64, eager=True)


def _versions(
    hashes: pl.Series, lines: Lines, rows: Numbers, recipe: Recipe, agents: Agents
) -> tuple[Numbers, list[str]]:
    """Version of every row as an index into the distinct names; the empty one stands for none."""
    known = hashes.fill_null(0).to_numpy()
    distinct, first, code = np.unique(known, return_index=True, return_inverse=True)
    if len(agents.names) > MOST_KNOWN:
        agents.names.clear()
    found = dict(agents.names)  # another thread may clear it
    new = [place for place, key in enumerate(distinct.tolist()) if key and key not in found]
    if new:
        at = rows[first[new]]
        told = read_records(Lines(lines.bytes, lines.begins[at], lines.ends[at]), recipe.bare, frozenset({"version"}))
        names = reduce_agents(told.frame["version"]).fill_null("").to_list()
        found |= dict(zip(distinct[new].tolist(), names, strict=True))
        agents.names.update(found)
    each = [found[key] if key else "" for key in distinct.tolist()]
    versions = sorted(set(each))
    numbers = {name: number for number, name in enumerate(versions)}
    return np.array([numbers[name] for name in each], np.int64)[code], versions


def _sum(
    row: Numbers, clients: Words, weight: Numbers | None, chosen: Numbers
) -> tuple[Numbers, NDArray[np.uint32], NDArray[np.int32]]:
    """Lines of each row and client: the row, the low half of the client's hash, the lines."""
    key = row.astype(np.uint64) << np.uint64(32) | clients & np.uint64(0xFFFFFFFF)
    if weight is None:
        distinct, number = np.unique(key, return_counts=True)
    else:
        distinct, place = np.unique(key, return_inverse=True)
        number = np.bincount(place, weight[chosen], len(distinct))
    return (distinct >> np.uint64(32)).astype(np.int64), distinct.astype(np.uint32), number.astype(np.int32)
