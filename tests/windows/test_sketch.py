"""The sketch of distinct clients: how far off it is, and that it merges."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.formats.hashing import hash_texts
from detector.windows.sketch import ENTRY_BITS, FEW_REGISTERS, REQUESTS, entries, estimate, merge

SEEDS = range(5)
pairs = st.lists(st.tuples(st.integers(0, 3), st.text(max_size=3)), max_size=30)


def sketch_of(rows: list[tuple[int, str]]) -> np.ndarray:
    """The sketch of (cell, client) pairs."""
    cells = np.array([cell for cell, _ in rows], np.int64)
    return entries(cells, hash_texts(pl.Series([client for _, client in rows], dtype=pl.String)).to_numpy())


def estimate_of(clients: int, seed: int) -> int:
    """Estimated number of so many clients in one cell."""
    names = pl.select(pl.format(f"{seed}-{{}}", pl.int_range(clients))).to_series()
    return int(estimate(entries(np.zeros(clients, np.int64), hash_texts(names).to_numpy()))[-1][0])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("clients", "tolerance"),
    [
        (1, 0),
        (2, 0),
        (10, 0.1),
        (100, 0.03),
        (1_000, 0.03),
        (5_000, 0.04),
        (10_000, 0.05),
        (20_000, 0.05),
        (100_000, 0.04),
    ],
)
def test_the_estimate_is_near(clients, tolerance, seed):
    """A few clients are counted exactly, a hundred thousand to 4 % (2.5 standard errors)."""
    assert tolerance >= abs(estimate_of(clients, seed) - clients) / clients


@pytest.mark.parametrize("requests", [1, 10, 100, 250, 1_000, 100_000])
def test_requests_are_counted_in_less_room(requests):
    """With 256 registers: a mean of twenty sets is near, and no set takes more."""
    found = []
    for seed in range(20):
        names = pl.select(pl.format(f"{seed}-{{}}", pl.int_range(requests))).to_series()
        whole = entries(np.zeros(requests, np.int64), hash_texts(names).to_numpy(), REQUESTS)
        cells, kinds, number = estimate(whole)
        assert ([0], [REQUESTS]) == (cells.tolist(), kinds.tolist())
        assert len(whole) <= FEW_REGISTERS
        found.append(int(number[0]))
    assert pytest.approx(requests, rel=0.05) == np.mean(found)


@pytest.mark.parametrize(("clients", "tolerance"), [(1_000, 0.01), (10_000, 0.03), (100_000, 0.015)])
def test_the_estimate_has_hardly_any_bias(clients, tolerance):
    """The mean of twenty sets is near; at 10,000, where two ways to estimate meet, the method itself is 2 % high."""
    found = [estimate_of(clients, seed) for seed in range(100, 120)]
    assert tolerance >= abs(np.mean(found) / clients - 1)


@given(pairs, pairs)
def test_merging_is_commutative(first, second):
    """Which sketch comes first makes no difference."""
    a, b = sketch_of(first), sketch_of(second)
    assert merge([a, b]).tolist() == merge([b, a]).tolist()


@given(pairs, pairs, pairs)
def test_merging_is_associative(first, second, third):
    """In which groups sketches are merged makes no difference."""
    a, b, c = sketch_of(first), sketch_of(second), sketch_of(third)
    assert merge([merge([a, b]), c]).tolist() == merge([a, merge([b, c])]).tolist()


@given(pairs)
def test_merging_is_idempotent(rows):
    """A sketch merged with itself is itself."""
    sketch = sketch_of(rows)
    assert sketch.tolist() == merge([sketch, sketch]).tolist()


@given(pairs, st.lists(st.integers(0, 2), min_size=30, max_size=30), st.randoms(use_true_random=False))
def test_any_split_gives_the_same_entries(rows, part_of, chance):
    """The same pairs in any order, in any three parts, give the same entries."""
    whole = sketch_of(rows)
    shuffled = chance.sample(rows, len(rows))
    parts = [[row for row, number in zip(shuffled, part_of, strict=False) if number == part] for part in range(3)]
    assert whole.tolist() == merge([sketch_of(part) for part in parts]).tolist()


@given(pairs)
def test_cells_do_not_mix(rows):
    """Every cell with a client has an estimate, and it is what the cell has alone."""
    cells, _, clients = estimate(sketch_of(rows))
    alone = {cell: int(estimate(sketch_of([row for row in rows if row[0] == cell]))[-1][0]) for cell, _ in rows}
    assert alone == dict(zip(cells.tolist(), clients.tolist(), strict=True))


def test_entries_are_sorted_and_each_register_is_there_once():
    """A sketch is sorted, has one entry for a register, and that has the highest rank."""
    cells = np.array([1, 0, 1, 1], np.int64)
    hashes = np.array([(5 << 52) | 1, 7 << 52, (5 << 52) | (1 << 51), (5 << 52) | 1], np.uint64)
    expected = [(7 << 6) | 53, (1 << ENTRY_BITS) | (5 << 6) | 52]
    assert expected == entries(cells, hashes).tolist()


def test_no_clients_no_estimate():
    """An empty sketch has no cells, and nothing can be merged into one."""
    assert ([], [], []) == tuple(part.tolist() for part in estimate(merge([])))
    assert [] == sketch_of([]).tolist()
