"""Clients of versions, drawn from a seed, as what their service counts: for tests of the signal `version`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from detector.pipeline.versions import Found, Judge, Limits
from detector.windows.counting import Partial
from detector.windows.totals import Totals
from detector.windows.versions import TILE_US, TILES_PER_DAY, VersionCounts, VersionTotals

FIRST = 20_500 * TILES_PER_DAY


@dataclass(frozen=True, slots=True)
class Fleet:
    """Clients who talk in sessions.

    Attributes:
        clients: how many there are.
        lines: an hour of one of them, on average.
        unequal: standard deviation (ln) of what one sends, as against another.
        session: tiles of a session, about.
        idle: tiles between sessions, about.
    """

    clients: int = 400
    lines: float = 60.0
    unequal: float = 0.8
    session: int = 3
    idle: int = 40


Shares = Mapping[str, Sequence[tuple[float, float]]]
"""Version -> (day, share of the clients that have it) in steps, straight lines between."""


def draw(fleet: Fleet, shares: Shares, ratios: Mapping[str, float], days: int, seed: int) -> VersionTotals:
    """What a service counts whose versions differ by `ratios`."""
    rng = np.random.default_rng(seed)
    tiles = days * TILES_PER_DAY
    talks = _talks(rng, fleet, tiles)
    client, tile = np.nonzero(talks)
    names = sorted(shares)
    at = tile / TILES_PER_DAY
    steps = [np.array(shares[name]).T for name in names]
    edges = np.cumsum([np.interp(at, when, share) for when, share in steps], axis=0)
    turn = rng.random(fleet.clients)[client]
    version = (turn * edges[-1] >= edges).sum(axis=0).clip(max=len(names) - 1)
    rate = fleet.lines / 12 * np.exp(rng.normal(-(fleet.unequal**2) / 2, fleet.unequal, fleet.clients))
    lines = rng.poisson(rate[client] * np.array([ratios.get(name, 1.0) for name in names])[version])
    kept = lines > 0
    return _totals(tile[kept], client[kept], version[kept], lines[kept], names)


def _talks(rng: np.random.Generator, fleet: Fleet, tiles: int) -> np.ndarray:
    """Who talks when, clients x tiles: in sessions that begin and end by chance."""
    draws = rng.random((fleet.clients, tiles))
    talks = np.zeros((fleet.clients, tiles), bool)
    now = rng.random(fleet.clients) < fleet.session / (fleet.session + fleet.idle)
    for tile in range(tiles):
        now = np.where(now, draws[:, tile] > 1 / fleet.session, draws[:, tile] < 1 / fleet.idle)
        talks[:, tile] = now
    return talks


def _totals(
    tile: np.ndarray, client: np.ndarray, version: np.ndarray, lines: np.ndarray, names: list[str]
) -> VersionTotals:
    """As if read in one block."""
    totals = Totals(TILE_US)
    each, place = np.unique(tile, return_inverse=True)
    number = np.bincount(place, lines).astype(np.int64)
    sums = np.stack([number, number, 0 * number, 0 * number])
    totals.add(Partial(["api"], each + FIRST, np.zeros(len(each), np.int64), sums), "api")
    found = VersionTotals(totals)
    hashes = np.random.default_rng(1).integers(0, 1 << 32, int(client.max()) + 1)[client]
    service = np.zeros(len(tile), np.int32)
    found.add(VersionCounts(["api"], names, (tile + FIRST).astype(np.int32), service, version.astype(np.int32),
                            hashes.astype(np.uint32), lines.astype(np.int32)))  # fmt: skip
    return found


def judged(
    totals: VersionTotals, open_at: float = 0.73, days: int | None = None, step: int = TILES_PER_DAY
) -> list[Found]:
    """What is raised, at one false alarm a month if nothing else is said; judged so many tiles at a time."""
    judge = Judge(totals, 60_000_000, {"api": Limits(open_at, 10.0, 1.25, 12.0)})
    found: list[Found] = []
    for day in sorted(totals.days)[:days]:
        for first in range(day * TILES_PER_DAY, (day + 1) * TILES_PER_DAY, step):
            found += judge.advance(first, first + step)
    return found + judge.still_open()
