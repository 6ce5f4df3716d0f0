"""Names as 64-bit hashes, for counting how many differ: the same in every version and on every machine."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detector.formats.lines import LOW_BYTES, WORD, Positions, Words, lines_of, words_at

MAX_NAME_BYTES = 64
"""A longer name is known by its first 64 bytes."""
GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def hash_at(data: NDArray[np.uint8], begins: Positions, ends: Positions) -> Words:
    """Hashes of n texts where they lie in `data`, at least eight bytes.

    Eight bytes at a time, each mixed in with the finaliser of MurmurHash3 (Appleby, public domain).
    """
    sizes = np.minimum(ends - begins, MAX_NAME_BYTES)
    state: Words = sizes.astype(np.uint64)
    for done in range(0, int(sizes.max(initial=0)), WORD):
        longer = sizes > done
        rows = slice(None) if longer.all() else np.flatnonzero(longer)
        word = words_at(data, begins[rows] + done) & LOW_BYTES[np.minimum(sizes[rows] - done, WORD)]
        state[rows] = _mix((state[rows] ^ word) * GOLDEN)
    return state


def hash_texts(texts: pl.Series) -> pl.Series:
    """Hashes of n texts, UInt64; null for null."""
    lines = lines_of(texts)
    return pl.Series("client_hash", hash_at(lines.bytes, lines.begins, lines.ends)).set(texts.is_null(), None)


def _mix(value: Words) -> Words:
    """The 64-bit finaliser of MurmurHash3: every bit of the input touches every bit of the output."""
    value = (value ^ (value >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    value = (value ^ (value >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return np.asarray(value ^ (value >> np.uint64(33)))
