"""How many lines each client of each version sent, per service and five minutes, of a sample of the clients.

Where a service writes few lines all its clients are counted; where it writes more than `MOST_LINES` in five minutes,
one in 8, 64, 512 and so on of them, so that an eighth of `MOST_LINES` to all of it is left. A client is in the sample
or not by its hash: lines per client stay what they are, however chatty a version is, and every way of cutting the
input takes the same sample (Duffield & Grossglauser 2001, "Trajectory sampling"). So memory and time per service and
five minutes are bounded, however many lines, clients and versions there are.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

DAY_US = 86_400_000_000
TILE_US = 300_000_000
"""Long enough that most who talk are seen, whatever the windows are."""
TILES_PER_DAY = DAY_US // TILE_US
MOST_LINES = 1500
"""Lines in five minutes from which on clients are sampled."""
RATE_BITS, LEVELS = 3, 8
"""One in 2^3 clients is left at each level; there are no more than eight."""
VERSION_BITS = 24
"""Of the number of a version."""
MERGE_ROWS = 200_000
Numbers = NDArray[np.int64]
Words = NDArray[np.uint64]
ROWS = pl.Schema({"cell": pl.UInt64(), "slot": pl.UInt32(), "lines": pl.Int64()})


def level_of(lines: Numbers) -> Numbers:
    """How often an eighth is taken of the clients of services that write so many lines in a tile, n."""
    edges = MOST_LINES * (1 << RATE_BITS) ** np.arange(LEVELS)
    return np.searchsorted(edges, lines, side="left")


def is_sampled(hashes: Words, levels: Numbers) -> NDArray[np.bool_]:
    """Whether clients with these hashes (their low 32 bits are enough) are in the samples of these levels, n."""
    masks = (np.uint64(1) << (RATE_BITS * levels).astype(np.uint64)) - np.uint64(1)
    return np.asarray((hashes & masks) == 0)


@dataclass(frozen=True, slots=True)
class VersionCounts:
    """Counts of one block.

    Attributes:
        services, versions: the names that the cells point into; a version is empty where none was told.
        tile, service, total: of each service and tile, how many lines it has in this block, sampled or not; n.
        row_tile, row_service, row_version, slot, lines: of each client of each version in the sample, m.
    """

    services: list[str]
    versions: list[str]
    tile: Numbers
    service: Numbers
    total: Numbers
    row_tile: Numbers
    row_service: Numbers
    row_version: Numbers
    slot: NDArray[np.uint32]
    lines: NDArray[np.int32]


@dataclass(slots=True)
class VersionDay:
    """One day, in parts that are merged when as much waits as is stored.

    Attributes:
        parts: columns as `ROWS`; a cell is (service, tile of the day, version) packed.
        totals: service * tiles of a day + tile of the day -> lines.
        waiting: rows that came in since they were merged.
    """

    parts: list[pl.DataFrame] = field(default_factory=list)
    totals: dict[int, int] = field(default_factory=dict)
    waiting: int = 0


@dataclass(slots=True)
class VersionTotals:
    """Counts of everything read so far.

    Attributes:
        services, versions: name -> number, in order of arrival (sort before use).
        days: number of the day since 1970 -> its counts.
    """

    services: dict[str, int] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    days: dict[int, VersionDay] = field(default_factory=dict)

    def add(self, counts: VersionCounts) -> None:
        """Merge the counts of one block."""
        service = np.array([self.services.setdefault(name, len(self.services)) for name in counts.services], np.int64)
        version = np.array([self.versions.setdefault(name, len(self.versions)) for name in counts.versions], np.int64)
        places = service[counts.service] * TILES_PER_DAY + counts.tile % TILES_PER_DAY
        days = (counts.tile // TILES_PER_DAY).tolist()
        for day, place, lines in zip(days, places.tolist(), counts.total.tolist(), strict=True):
            totals = self.days.setdefault(day, VersionDay()).totals
            totals[place] = totals.get(place, 0) + lines
        if not len(counts.slot):
            return
        cell = service[counts.row_service] * TILES_PER_DAY + counts.row_tile % TILES_PER_DAY
        packed = (cell << VERSION_BITS | version[counts.row_version]).astype(np.uint64)
        rows = pl.DataFrame({"cell": packed, "slot": counts.slot, "lines": counts.lines}, schema=ROWS)
        of_day = counts.row_tile // TILES_PER_DAY
        for number in np.unique(of_day).tolist():
            day = self.days[number]
            day.parts.append(rows.filter(pl.Series(of_day == number)) if of_day.min() != of_day.max() else rows)
            day.waiting += len(day.parts[-1])
            if day.waiting > 2 * len(day.parts[0]) + MERGE_ROWS:
                self._merge(day)

    def _merge(self, day: VersionDay) -> None:
        """Bring the parts of a day together, and leave only the clients that its totals so far leave in the sample."""
        rows = pl.concat(day.parts).group_by("cell", "slot").agg(pl.col("lines").sum())
        place = (rows["cell"].to_numpy() >> np.uint64(VERSION_BITS)).astype(np.int64)
        known = np.fromiter(day.totals, np.int64, len(day.totals))
        order = np.argsort(known)
        totals = np.fromiter(day.totals.values(), np.int64, len(day.totals))[order]
        level = level_of(totals)[np.searchsorted(known[order], place)]
        kept = is_sampled(rows["slot"].to_numpy().astype(np.uint64), level)
        day.parts = [rows.filter(pl.Series(kept)).sort("cell", "slot")]
        day.waiting = 0

    def rows(self, number: int) -> tuple[Numbers, Numbers, Numbers, Numbers, Numbers]:
        """One day: service, tile (since 1970), version, slot and lines of each client, sorted by the first four.

        The services and versions are numbers.
        """
        day = self.days.get(number)
        if day is None or not day.parts:
            return (np.empty(0, np.int64),) * 5
        if day.waiting or len(day.parts) > 1:
            self._merge(day)
        rows = day.parts[0]
        cell, slot, lines = (rows[name].to_numpy().astype(np.int64) for name in rows.columns)
        place, version = cell >> VERSION_BITS, cell & ((1 << VERSION_BITS) - 1)
        tile = number * TILES_PER_DAY + place % TILES_PER_DAY
        return place // TILES_PER_DAY, tile, version, slot, lines

    def total(self, number: int, service: int, tile: int) -> int:
        """Lines of a service in a tile of a day, sampled or not."""
        place = service * TILES_PER_DAY + tile % TILES_PER_DAY
        return self.days[number].totals.get(place, 0) if number in self.days else 0
