"""Distinct clients, requests or hosts per cell (service and window) as mergeable HyperLogLog sketches, kept sparse.

Flajolet, Fusy, Gandouet, Meunier 2007, "HyperLogLog: the analysis of a near-optimal cardinality estimation
algorithm", with linear counting for small sets (Whang, Vander-Zanden, Taylor 1990). 2^12 registers: standard error
1.04 / sqrt(4096) = 1.6 %.

A sketch is a set of entries, one for every register that was hit; an entry is one unsigned integer, cell * 2^18 +
register * 2^6 + rank, so that the sketches of a whole day are one sorted array and merging is a union that keeps the
highest rank of every register. The highest bits of a cell say what is counted. No library in reach merges whole
columns of sketches that are so small.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

REGISTER_BITS, RANK_BITS = 12, 6
REGISTERS = 1 << REGISTER_BITS
ENTRY_BITS = REGISTER_BITS + RANK_BITS
CELL_BITS = 44
CELL = (1 << CELL_BITS) - 1
CLIENTS, REQUESTS, HOSTS = range(3)
"""What is counted; the first of them that is known of a service is what its lines are counted per."""
FEW_REGISTERS = 256
"""For requests, of which there may be as many as lines: 6.5 %, of other ones in each window."""
HALVES = np.ldexp(1.0, -np.arange(1 << RANK_BITS))
"""2^-rank."""
Entries = NDArray[np.uint64]


def entries(cells: NDArray[np.int64], hashes: NDArray[np.uint64], kind: int = CLIENTS) -> Entries:
    """Entries of n (cell, client) pairs, sorted and without repeats.

    Args:
        cells: numbers of cells, 0 <= cell < 2^44, n.
        hashes: of the clients, n.
        kind: what they are.
    """
    register = hashes >> np.uint64(64 - REGISTER_BITS)
    if kind == REQUESTS:
        register = register // np.uint64(REGISTERS // FEW_REGISTERS)
    low = (hashes & np.uint64((1 << 52) - 1)).astype(np.float64)
    rank = np.where(low > 0, 53 - np.frexp(low)[1], 53).astype(np.uint64)  # zeros before the first one, plus one
    cell = cells.astype(np.uint64) | np.uint64(kind << CELL_BITS)
    return merge([(cell << np.uint64(ENTRY_BITS)) | (register << np.uint64(RANK_BITS)) | rank])


def merge(parts: list[Entries]) -> Entries:
    """The union of sketches: sorted entries, the highest rank of every register of every cell."""
    packed = np.sort(np.concatenate(parts)) if parts else np.empty(0, np.uint64)
    register = packed >> np.uint64(RANK_BITS)
    last = np.ones(len(packed), bool)
    last[:-1] = register[1:] != register[:-1]
    return packed[last]


def moved(sketches: Entries, cells: NDArray[np.int64]) -> Entries:
    """The same entries in other cells, n; not sorted."""
    rest = np.uint64(~(CELL << ENTRY_BITS) & (2**64 - 1))
    return np.asarray((sketches & rest) | (cells.astype(np.uint64) << np.uint64(ENTRY_BITS)))


def cells_of(sketches: Entries) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The cell of each entry, and what is counted in it."""
    cell = (sketches >> np.uint64(ENTRY_BITS)).astype(np.int64)
    return cell & CELL, cell >> CELL_BITS


def telling(sketches: Entries) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cells with what lines may be counted per in them: clients, requests, or hosts if there are several."""
    cell = sketches >> np.uint64(ENTRY_BITS)
    same = cell[1:] == cell[:-1]
    hosts = np.searchsorted(cell, np.uint64(HOSTS << CELL_BITS))
    same[max(hosts - 1, 0) :] = ~same[max(hosts - 1, 0) :]  # of hosts those that another one is beside
    found = cell[1:][~same].astype(np.int64)
    if hosts:
        found = np.append(found, np.int64(cell[0]))
    return found & CELL, found >> CELL_BITS


def estimate(sketches: Entries) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Cells that have a sketch, what is counted in each, and the estimated number of distinct ones; sorted."""
    if not len(sketches):
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64)
    cell = (sketches >> np.uint64(ENTRY_BITS)).astype(np.int64)
    begin = np.flatnonzero(np.r_[True, cell[1:] != cell[:-1]])
    hit = np.diff(np.r_[begin, len(cell)])
    rank = (sketches & np.uint64((1 << RANK_BITS) - 1)).astype(np.int64)
    kind = cell[begin] >> CELL_BITS
    size = np.where(kind == REQUESTS, FEW_REGISTERS, REGISTERS)
    empty = size - hit
    # 2^-rank has at most 53 binary digits and the sum at most 13 more: exact in any order within a double's 53 bits
    # up to 2^-40, which is far below one client
    harmonic = np.add.reduceat(HALVES[rank], begin) + empty
    raw = 0.7213 / (1 + 1.079 / size) * size.astype(float) ** 2 / harmonic
    linear = size * np.log(size / np.maximum(empty, 1))
    small = (raw <= 2.5 * size) & (empty > 0)
    return cell[begin] & CELL, kind, np.rint(np.where(small, linear, raw)).astype(np.int64)
