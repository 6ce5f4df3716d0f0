"""Which version of a client talks more than the others do at the same moment.

What clients of one version send in the last hour is compared with what those of the other versions of the same family
send in that hour: the load of the day, a holiday, a slow server move both. Clients differ, so the client is the unit:
the ratio's variance is that of a ratio estimator with clients as clusters (Cochran 1977, "Sampling techniques", 6.3),
and versions differ from each other for good, which is learned as a random effect (Robinson 1991, "That BLUP is a good
thing"). Sums over an hour accumulate; a share of the false alarms of its own pays for how often it is looked.

There are two measures of how many talk: clients in each five minutes, added up, which is exact for those that talk
without a break, and clients in the hour, for those that talk now and then.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HOUR = 12
"""Tiles that are compared together."""
LEAST_CLIENTS = 5
"""Of the version, and of the others, in the hour."""
MEASURES = 2
"""How many talk is measured as clients in five minutes, or in the hour."""
BROAD = 10.0
"""Clients by which the scatter between the others' clients counts for the version's own."""
LEAST_SCATTER = 0.25
"""Squared coefficient of variation between clients, at least."""
TESTS_PER_WEEK = 7 * 24 * MEASURES * 16
"""Independent looks: each hour, each measure, each of the largest versions."""
SHARE = 4.0
"""It may raise a quarter of the false alarms that all other signals together may raise."""
MOST_DECADES = 12.0
Real = NDArray[np.float64]
Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rows:
    """Clients of versions of one service in n tiles: m rows, sorted by tile.

    Attributes:
        tile: 0..n-1.
        version: number of the version, 0..v-1.
        client: who.
        lines: of the client in the tile.
    """

    tile: Numbers
    version: Numbers
    client: Numbers
    lines: Numbers

    def within(self, first: int, end: int) -> Rows:
        """Those of tiles first..end-1."""
        low, high = np.searchsorted(self.tile, (first, end))
        return Rows(self.tile[low:high], self.version[low:high], self.client[low:high], self.lines[low:high])

    def of(self, versions: Numbers) -> Rows:
        """Those of some versions."""
        mine = np.isin(self.version, versions)
        return Rows(self.tile[mine], self.version[mine], self.client[mine], self.lines[mine])


@dataclass(frozen=True, slots=True)
class Hours:
    """Sums of the last hour at the end of each of n tiles, v x n.

    Attributes:
        lines: of the hour.
        talking: 2 x v x n: clients of each tile, added up; clients of the hour.
        each: lines and clients of the tile alone, 2 x v x n.
    """

    lines: Real
    talking: Real
    each: Real


def sum_hours(rows: Rows, versions: int, tiles: int) -> Hours:
    """Sums of v versions over n tiles."""
    place = rows.version * tiles + rows.tile
    shape = versions, tiles
    lines = np.bincount(place, rows.lines, versions * tiles).reshape(shape).astype(np.float64)
    clients = np.bincount(place, minlength=versions * tiles).reshape(shape).astype(np.float64)
    talking = _trailing(clients)
    return Hours(_trailing(lines), np.stack([talking, talking - _again(rows, shape)]), np.stack([lines, clients]))


def _trailing(each: Real) -> Real:
    total = np.cumsum(np.pad(each, ((0, 0), (HOUR, 0))), axis=1)
    return np.asarray(np.round(total[:, HOUR:] - total[:, :-HOUR]))


def _again(rows: Rows, shape: tuple[int, int]) -> Real:
    """How often clients of each version talked before in the last hour, v x n.

    A row counts for an hour; where its client has one less than an hour later, both count until the first one ends.
    """
    width = shape[1] + HOUR
    bits = width.bit_length()
    # by version, client and tile; 32 bits for a client, and there are no more versions than rows in the sample
    packed = np.sort((rows.version << 32 | rows.client) << bits | rows.tile)
    soon = np.flatnonzero(packed[1:] - packed[:-1] < HOUR)
    before, after = packed[soon], packed[soon + 1]
    row, tiles = (before >> bits + 32) * width, (1 << bits) - 1
    change = np.bincount(row + (after & tiles), minlength=shape[0] * width)
    change -= np.bincount(row + (before & tiles) + HOUR, minlength=shape[0] * width)
    return np.cumsum(change.reshape(shape[0], width), axis=1)[:, : shape[1]].astype(np.float64)


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times as much a client of a version sends as one of the others.

    Attributes:
        log: ln of the ratio.
        variance: of it, by which clients happened to talk.
    """

    log: float
    variance: float


def compare(rows: Rows, version: int, others: Numbers, measure: int, *, spare: bool) -> Ratio | None:
    """The ratio in the tiles of the rows; None where too few talk.

    Args:
        rows: of an hour.
        version, others: which are compared.
        measure: 0: clients in five minutes, 1: in the hour.
        spare: without the version's client that sent most, since one client alone is no version.
    """
    mine, theirs = _clients(rows.of(np.array([version])), measure), _clients(rows.of(others), measure)
    if spare and len(mine[0]) > 1:
        mine = np.delete(mine, mine[0].argmax(), axis=1)
    if min(mine.shape[1], theirs.shape[1]) < LEAST_CLIENTS - spare:
        return None
    (log, scatter, number), (other_log, other_scatter, others_number) = _rate(mine), _rate(theirs)
    scatter = max(other_scatter, (number * scatter + BROAD * other_scatter) / (number + BROAD))
    spread = max(scatter, LEAST_SCATTER) / (number - 1) + max(other_scatter, LEAST_SCATTER) / others_number
    return Ratio(log - other_log, spread + 1 / mine[0].sum() + 1 / theirs[0].sum())


def _clients(rows: Rows, measure: int) -> Real:
    """Lines and exposure of each client, 2 x clients."""
    _, place = np.unique(rows.client, return_inverse=True)
    exposure = np.bincount(place).astype(np.float64)
    return np.stack([np.bincount(place, rows.lines, len(exposure)), np.ones(len(exposure)) if measure else exposure])


def _rate(clients: Real) -> tuple[float, float, int]:
    """ln of lines per exposure, its squared coefficient of variation between clients, how many these are."""
    lines, exposure = clients
    rate = lines.sum() / exposure.sum()
    number = len(lines)
    scatter = number * float(((lines - rate * exposure) ** 2).sum()) / float(lines.sum()) ** 2
    return math.log(rate), scatter, number


def score_of(deviation: float) -> float:
    """log10 of one plus the weeks between false alarms at a deviation of so many standard deviations."""
    chance = max(0.5 * math.erfc(deviation / math.sqrt(2)), 10.0**-MOST_DECADES)
    return math.log10(1 + 1 / (TESTS_PER_WEEK * SHARE * chance))


def times_to_look(suspect: NDArray[np.bool_], lines: Real, most: int) -> Iterator[tuple[int, int]]:
    """Tile and version of what is suspect (v x n), in order of time; of each tile the `most` with most lines."""
    for tile in np.flatnonzero(suspect.any(axis=0)).tolist():
        versions = np.flatnonzero(suspect[:, tile])
        largest = versions[np.argsort(-lines[versions, tile], kind="stable")][:most]
        yield from ((tile, version) for version in sorted(largest.tolist()))
