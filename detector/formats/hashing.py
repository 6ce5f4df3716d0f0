"""Names as 64-bit hashes, for counting how many differ: the same in every version and on every machine."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detector.formats.lines import LOW_BYTES, NEAR, WORD, Positions, Words, lines_of, windows_at, words_at

MAX_NAME_BYTES = 64
"""A longer name is known by its first 64 bytes."""
MAX_WHOLE_BYTES = 1024
"""The same for texts that are hashed whole: user agents, which say last what tells them apart."""
GOLDEN = np.uint64(0x9E3779B97F4A7C15)
KEYS = np.cumprod(np.full(1 + MAX_WHOLE_BYTES // WORD, GOLDEN), dtype=np.uint64)[1:].reshape(-1, NEAR // WORD)
"""Odd multipliers, one for each word of a text; 64 bytes are mixed in at once."""
FIRST = LOW_BYTES[np.clip(np.arange(NEAR + 1)[:, None] - np.arange(0, NEAR, WORD), 0, WORD)]
"""Masks that keep the first n of 64 bytes."""


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


def hash_whole(data: NDArray[np.uint8], begins: Positions, ends: Positions) -> Words:
    """Hashes of n longer texts where they lie in `data`: multilinear in their words.

    Carter & Wegman 1979, "Universal classes of hash functions", with the finaliser of MurmurHash3.
    """
    sizes = np.minimum(ends - begins, MAX_WHOLE_BYTES)
    state = sizes.astype(np.uint64) * GOLDEN
    for done, keys in zip(range(0, int(sizes.max(initial=0)), NEAR), KEYS, strict=False):
        longer = sizes > done
        rows = slice(None) if longer.all() else np.flatnonzero(longer)
        size = sizes[rows]
        # the last 64 bytes of a long text overlap those before
        words = windows_at(data, begins[rows] + np.maximum(np.minimum(done, size - NEAR), 0), NEAR).view("<u8")
        short = np.flatnonzero(size < NEAR) if not done else ()
        if len(short):
            words[short] &= FIRST[size[short]]
        state[rows] += words @ keys
    return _mix(state)


def hash_texts(texts: pl.Series, *, whole: bool = False) -> pl.Series:
    """Hashes of n texts, UInt64; null for null; `whole`: of all of a long text too."""
    lines, hashed = lines_of(texts), hash_whole if whole else hash_at
    return pl.Series("client_hash", hashed(lines.bytes, lines.begins, lines.ends)).set(texts.is_null(), None)


def _mix(value: Words) -> Words:
    """The 64-bit finaliser of MurmurHash3: every bit of the input touches every bit of the output."""
    value = (value ^ (value >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    value = (value ^ (value >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return np.asarray(value ^ (value >> np.uint64(33)))
