"""Lines per client and version: what is kept does not depend on how the input was cut, and its size is bounded."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.windows.counting import Partial
from detector.windows.totals import Totals
from detector.windows.versions import (
    MOST_LINES,
    TILE_US,
    TILES_PER_DAY,
    Levels,
    VersionCounts,
    VersionTotals,
    is_sampled,
    level_of,
    sort_rows,
)

NAMES = ["app/1.0", "app/2.0"]
FIRST = 19_000 * TILES_PER_DAY


def add(found: VersionTotals, tile: np.ndarray, version: np.ndarray, client: np.ndarray) -> None:
    """One line for each entry, as a block of a service gives them: what the block shows to be left out is left out."""
    each, place = np.unique(tile + FIRST, return_inverse=True)
    number = np.bincount(place)
    zeros = np.zeros(len(each), np.int64)
    found.totals.add(Partial(["api"], each, zeros, np.stack([number, number, zeros, zeros])), "api")
    levels = Levels.of(each, zeros, number, TILE_US)
    kept = is_sampled(client.astype(np.uint64), levels.at((tile + FIRST) * TILE_US, 0))
    key, lines = np.unique(np.stack([tile, version, client])[:, kept], axis=1, return_counts=True)
    places = (key[0] + FIRST).astype(np.int32), np.zeros(key.shape[1], np.int32), key[1].astype(np.int32)
    found.add(VersionCounts(["api"], NAMES, *places, key[2].astype(np.uint32), lines.astype(np.int32)))


def hashes(number: int) -> np.ndarray:
    """Of clients."""
    return np.random.default_rng(5).integers(0, 1 << 32, number)


@settings(max_examples=30, deadline=None)
@given(cuts=st.lists(st.integers(1, 29_999), max_size=6), busy=st.integers(1, 3))
def test_any_cut_keeps_the_same_clients(cuts: list[int], busy: int) -> None:
    """Blocks that are too small to show that a tile is dense keep more, and it is dropped when they are merged."""
    rng = np.random.default_rng(busy)
    size = 30_000
    tile = np.sort(rng.integers(0, 3, size) ** busy)
    version, client = rng.integers(0, 2, size), hashes(900)[rng.integers(0, 900, size)]
    whole, parts = VersionTotals(Totals(TILE_US)), VersionTotals(Totals(TILE_US))
    add(whole, tile, version, client)
    for begin, end in pairwise(sorted({0, *cuts, size})):
        add(parts, tile[begin:end], version[begin:end], client[begin:end])
    day = FIRST // TILES_PER_DAY
    for expected, found in zip(whole.rows(day), parts.rows(day), strict=True):
        np.testing.assert_array_equal(expected, found)


def test_levels_leave_an_eighth_to_all_of_the_lines() -> None:
    """However many lines there are, what is left is about as much."""
    lines = np.array([1, MOST_LINES, MOST_LINES + 1, 8 * MOST_LINES, 8 * MOST_LINES + 1, 10**9])
    levels = level_of(lines)
    assert [0, 0, 1, 1, 2] == levels[:5].tolist()
    left = lines / 8.0**levels
    assert (left <= MOST_LINES).all()
    assert (left[2:] >= MOST_LINES / 8).all()


def test_a_sample_is_part_of_every_larger_one() -> None:
    """So what a block leaves out, all blocks together leave out too."""
    some = hashes(100_000).astype(np.uint64)
    samples = [is_sampled(some, np.array(level)) for level in range(4)]
    for larger, smaller in pairwise(samples):
        assert not (smaller & ~larger).any()
        assert abs(smaller.sum() / larger.sum() - 1 / 8) < 0.05


def test_the_lines_of_tiles_are_those_of_their_windows() -> None:
    """Shorter windows are added up, longer ones are spread."""
    for width_us in (60_000_000, 600_000_000):
        totals = Totals(width_us)
        first = FIRST * TILE_US // width_us
        number = np.array([10, 20, 30])
        zeros = np.zeros(3, np.int64)
        totals.add(Partial(["api"], first + np.arange(3), zeros, np.stack([number, number, zeros, zeros])), "api")
        series = VersionTotals(totals).series(0, FIRST, FIRST + 4)
        assert ([60, 0, 0, 0] if width_us < TILE_US else [5, 5, 10, 10]) == series.tolist()


@given(cells=st.sets(st.tuples(st.integers(0, 3000), st.integers(0, 5)), min_size=1, max_size=20))
def test_the_level_of_a_row_is_that_of_its_tile_and_service(cells: set[tuple[int, int]]) -> None:
    """Whether the tiles lie close together or far apart."""
    tile, service = np.array(sorted(cells)).T
    lines = MOST_LINES * (1 + tile % 9 * service)
    levels = Levels.of(tile, service, lines, TILE_US)
    np.testing.assert_array_equal(level_of(lines), levels.at(tile * TILE_US + 17, service))


@given(
    rows=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 9), st.integers(0, 2**32 - 1)), min_size=1),
    most=st.sampled_from([1, 300, 2**31 - 1]),
    far=st.booleans(),
)
def test_rows_are_sorted_by_cell_and_client(rows: list[tuple[int, int, int]], most: int, far: bool) -> None:
    """Also where services, versions, clients and lines do not fit in one word."""
    place, version, slot = np.array(rows, np.uint64).T
    cell = (place << np.uint64(30 if far else 0)) << np.uint64(24) | version
    lines = most - np.arange(len(rows)) % most
    found = sort_rows(cell, slot.astype(np.uint32), lines.astype(np.int32))
    expected = sorted(zip(cell.tolist(), slot.tolist(), lines.tolist(), strict=True))
    assert expected == sorted(zip(*(column.tolist() for column in found), strict=True))
    assert [row[:2] for row in expected] == list(zip(*(column.tolist() for column in found[:2]), strict=True))
