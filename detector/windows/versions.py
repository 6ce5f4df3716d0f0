"""How many lines each client of each version sent, per service and five minutes, of a sample of the clients.

Where a service writes few lines all its clients are counted; where it writes more than `MOST_LINES` in five minutes,
one in 8, 64, 512 and so on of them, so that an eighth of `MOST_LINES` to all of it is left. A client is in the sample
or not by its hash: lines per client stay what they are, however chatty a version is, and every way of cutting the
input takes the same sample (Duffield & Grossglauser 2001, "Trajectory sampling"). So memory and time per service and
five minutes are bounded, however many lines, clients and versions there are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from detector.windows.totals import Totals

DAY_US = 86_400_000_000
TILE_US = 300_000_000
"""Long enough that most who talk are seen, whatever the windows are."""
TILES_PER_DAY = DAY_US // TILE_US
MOST_LINES = 1600
"""Lines in five minutes from which on clients are sampled."""
RATE_BITS, LEVELS = 3, 8
"""One in 2^3 clients is left at each level; there are no more than eight."""
MASKS = (np.uint64(1) << (RATE_BITS * np.arange(LEVELS + 1)).astype(np.uint64)) - np.uint64(1)
"""Bits of the hash that are zero for clients in the sample of each level."""
VERSION_BITS = 24
"""Of the number of a version."""
VERSIONS = np.uint64((1 << VERSION_BITS) - 1)
SERVICE_BITS = 24
MERGE_ROWS = 200_000
Numbers = NDArray[np.int64]
Words = NDArray[np.uint64]
Counts = TypeVar("Counts", NDArray[np.int32], NDArray[np.int64])


def level_of(lines: Numbers) -> Numbers:
    """How often an eighth is taken of the clients of services that write so many lines in a tile, n."""
    edges = MOST_LINES * (1 << RATE_BITS) ** np.arange(LEVELS)
    return np.asarray(np.searchsorted(edges, lines, side="left"), np.int64)


def is_sampled(hashes: Words, levels: Numbers) -> NDArray[np.bool_]:
    """Whether clients with these hashes (their low 32 bits are enough) are in the samples of these levels, n."""
    return np.asarray((hashes & MASKS[levels]) == 0)


@dataclass(frozen=True, slots=True)
class Levels:
    """Levels of the samples of services, in tiles, or in windows where these are longer.

    Attributes:
        span_us: length of a tile or window.
        key: number of the span and of the service, packed and sorted, n.
        level: n.
    """

    span_us: int
    key: Numbers
    level: Numbers

    @classmethod
    def of(cls, window: Numbers, service: Numbers, lines: Numbers, width_us: int) -> Levels:
        """From lines of windows and services, n; each adds to what is known, so levels only rise with more lines."""
        span_us = max(width_us, TILE_US)
        key, place = np.unique(window * width_us // span_us << SERVICE_BITS | service, return_inverse=True)
        total = np.bincount(place, lines, len(key)) * TILE_US // span_us
        return cls(span_us, key, level_of(total))

    def at(self, micros: Numbers, service: Numbers | int) -> Numbers:
        """The level at a time in a service that are among the spans, n."""
        span, known, services = micros // self.span_us, self.key >> SERVICE_BITS, self.key & ((1 << SERVICE_BITS) - 1)
        first, width = known[0], int(services.max()) + 1
        size = int(known[-1] - first + 1) * width
        if size > len(micros) + 1024:
            return self.level[np.searchsorted(self.key, span << SERVICE_BITS | service)]
        table: Numbers = np.zeros(size, np.int64)
        table[(known - first) * width + services] = self.level
        return np.asarray(table[(span - first) * width + service])


@dataclass(frozen=True, slots=True)
class VersionCounts:
    """Lines of each client of each version in the sample, in one block; n rows.

    Attributes:
        services, versions: the names that the rows point into; a version is empty where none was told.
        tile, service, version: of each row.
        slot: the low half of the hash of the client.
        lines: of the client.
    """

    services: list[str]
    versions: list[str]
    tile: NDArray[np.int32]
    service: NDArray[np.int32]
    version: NDArray[np.int32]
    slot: NDArray[np.uint32]
    lines: NDArray[np.int32]


@dataclass(slots=True)
class VersionDay:
    """One day, in parts that are merged when as much waits as is stored.

    Attributes:
        cells: parts of (service, tile of the day, version), packed.
        slots, lines: parts of clients and their lines.
        waiting: rows that came in since they were merged.
    """

    cells: list[Words] = field(default_factory=list)
    slots: list[NDArray[np.uint32]] = field(default_factory=list)
    lines: list[NDArray[np.int32]] = field(default_factory=list)
    waiting: int = 0


def _place(cell: Words) -> tuple[Numbers, Numbers]:
    """Service and tile of the day of each cell."""
    place = (cell >> np.uint64(VERSION_BITS)).astype(np.int64)
    service = place // TILES_PER_DAY
    return service, place - service * TILES_PER_DAY


def sort_with(key: Words, lines: Counts) -> tuple[Words, Counts]:
    """Keys in order, and the lines of each; in one word where both fit, which is much faster than to sort indices."""
    bits = int(lines.max(initial=0)).bit_length()
    if int(key.max(initial=0)).bit_length() + bits > 64:
        order = np.argsort(key)
        return key[order], lines[order]
    packed = key << np.uint64(bits)
    packed |= lines.astype(np.uint64)
    packed.sort()
    return packed >> np.uint64(bits), (packed & np.uint64((1 << bits) - 1)).astype(lines.dtype)


def sort_rows(
    cell: Words, slot: NDArray[np.uint32], lines: NDArray[np.int32]
) -> tuple[Words, NDArray[np.uint32], NDArray[np.int32]]:
    """Rows by cell and client."""
    version = cell & VERSIONS
    bits = np.uint64(int(version.max(initial=0)).bit_length())
    code = cell >> np.uint64(VERSION_BITS) << bits | version
    if int(code.max(initial=0)) >> 32:
        order = np.lexsort((slot, cell))
        return cell[order], slot[order], lines[order]
    key, lines = sort_with(code << np.uint64(32) | slot, lines)
    code = key >> np.uint64(32)
    version = code & ((np.uint64(1) << bits) - np.uint64(1))
    return code >> bits << np.uint64(VERSION_BITS) | version, key.astype(np.uint32), lines


def _levels_of(cell: Words, number: int, levels: Levels) -> Numbers:
    """The level of each sorted cell of a day, looked up once for those that are equal."""
    first = np.ones(len(cell), bool)
    first[1:] = cell[1:] != cell[:-1]
    begins = np.flatnonzero(first)
    service, tile = _place(cell[begins])
    level = levels.at((number * TILES_PER_DAY + tile) * TILE_US, service)
    return np.repeat(level, np.diff(begins, append=len(cell)))


@dataclass(slots=True)
class VersionTotals:
    """Counts of everything read so far.

    Attributes:
        totals: of the services, which say how dense the sample is; services have their numbers.
        versions: name -> number, in order of arrival (sort before use).
        days: number of the day since 1970 -> its counts.
    """

    totals: Totals
    versions: dict[str, int] = field(default_factory=dict)
    days: dict[int, VersionDay] = field(default_factory=dict)

    def add(self, counts: VersionCounts) -> None:
        """Merge the counts of one block, whose lines the totals have already."""
        if not len(counts.slot):
            return
        service = np.array([self.totals.number(name) for name in counts.services], np.int64)
        version = np.array([self.versions.setdefault(name, len(self.versions)) for name in counts.versions], np.int64)
        place = service[counts.service] * TILES_PER_DAY + counts.tile % TILES_PER_DAY
        cell = (place << VERSION_BITS | version[counts.version]).astype(np.uint64)
        of_day = counts.tile // TILES_PER_DAY
        for number in range(int(of_day.min()), int(of_day.max()) + 1):
            here = slice(None) if of_day.min() == of_day.max() else of_day == number
            if not len(cell[here]):
                continue
            day = self.days.setdefault(number, VersionDay())
            day.cells.append(cell[here])
            day.slots.append(counts.slot[here])
            day.lines.append(counts.lines[here])
            day.waiting += len(day.cells[-1])
            if day.waiting > 2 * len(day.cells[0]) + MERGE_ROWS:
                self._merge(number)

    def _merge(self, number: int) -> None:
        """Bring the parts of a day together, and leave only the clients that its lines so far leave in the sample."""
        day = self.days[number]
        cell, slot, lines = np.concatenate(day.cells), np.concatenate(day.slots), np.concatenate(day.lines)
        cell, slot, lines = sort_rows(cell, slot, lines)
        first = np.ones(len(cell), bool)
        first[1:] = (cell[1:] != cell[:-1]) | (slot[1:] != slot[:-1])
        if not first.all():
            begins = np.flatnonzero(first)
            cell, slot, lines = cell[begins], slot[begins], np.add.reduceat(lines, begins)
        levels = self._levels(number)
        if levels.level.any():
            kept = is_sampled(slot.astype(np.uint64), _levels_of(cell, number, levels))
            cell, slot, lines = cell[kept], slot[kept], lines[kept]
        day.cells, day.slots, day.lines, day.waiting = [cell], [slot], [lines], 0

    def _levels(self, number: int) -> Levels:
        """Of the services on a day."""
        day, per_day = self.totals.days[number], self.totals.windows_per_day
        cells, lines = np.concatenate(day.cells), np.concatenate([sums[0] for sums in day.sums])
        return Levels.of(number * per_day + cells % per_day, cells // per_day, lines, self.totals.width_us)

    def rows(self, number: int, since: int = 0) -> tuple[Numbers, Numbers, Numbers, Numbers, Numbers]:
        """One day from a tile on: number of the service, tile (since 1970), number of the version, client and lines.

        Sorted by the first four.
        """
        day = self.days.get(number)
        if day is None or number not in self.totals.days:
            return (np.empty(0, np.int64),) * 5
        if day.waiting:
            self._merge(number)
        cell, slot, lines = day.cells[0], day.slots[0], day.lines[0]
        if since > number * TILES_PER_DAY:
            tile = (cell >> np.uint64(VERSION_BITS)) % np.uint64(TILES_PER_DAY)
            late = np.flatnonzero(tile >= np.uint64(since - number * TILES_PER_DAY))
            cell, slot, lines = cell[late], slot[late], lines[late]
        service, at = _place(cell)
        at += number * TILES_PER_DAY
        return service, at, (cell & VERSIONS).view(np.int64), slot.astype(np.int64), lines.astype(np.int64)

    def series(self, service: int, first: int, end: int) -> NDArray[np.float64]:
        """Lines of a service in tiles first..end-1, sampled or not."""
        width_us = self.totals.width_us
        begin, stop = first * TILE_US // width_us, -(-end * TILE_US // width_us)
        lines = np.nan_to_num(self.totals.series(service, begin, stop, ("lines",))["lines"])
        if width_us > TILE_US:
            return lines[np.arange(first, end) * TILE_US // width_us - begin] * TILE_US / width_us
        tile = np.arange(begin, stop) * width_us // TILE_US - first
        return np.asarray(np.bincount(tile, lines, end - first)[: end - first], np.float64)
