"""The lines of a block as bytes: cutting them, and reading numbers and runs of equal text where they lie.

Making a text of every field of every line costs more than all else, so fields that are only counted are read in
place, eight bytes of every line at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

Positions = NDArray[np.int64]
Words = NDArray[np.uint64]
LF = 10
WORD = 8
CACHE_BYTES = 256 * 1024
INLINE = 12
NEAR = 64
"""Bytes that are looked at together for a character: as many as a word has bits."""
LONGEST = 256
"""Bytes within which the end of a text is looked for: the longest name that is a name."""
LOW_BYTES = np.array([(1 << (8 * n)) - 1 for n in range(WORD)] + [2**64 - 1], np.uint64)
"""Masks that keep the first n of eight bytes."""
EACH_BYTE, HIGH_BITS = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)


@dataclass(frozen=True)
class Lines:
    """The n physical lines of a block.

    Attributes:
        bytes: all of them, at least eight.
        begins, ends: where each line lies, without its line break.
    """

    bytes: NDArray[np.uint8]
    begins: Positions
    ends: Positions

    def __len__(self) -> int:
        return len(self.begins)

    @cached_property
    def text(self) -> pl.Series:
        """String, n; made when it is first asked for, since much can be read without it."""
        return pl.Series(Views(_views(self.bytes, self.begins, self.ends, pa.string_view()))).alias("line")

    @property
    def sizes(self) -> Positions:
        """Bytes of each line, without its line break."""
        return self.ends - self.begins


def cut_lines(data: bytes) -> Lines:
    """Cut at LF; a last line without one counts too."""
    if len(data) < WORD or not data.endswith(b"\n"):
        data = data + b"\n" * (not data.endswith(b"\n")) * bool(data) + bytes(WORD)
    every = np.frombuffer(data, np.uint8)
    ends = _line_breaks(every)
    begins = np.zeros(len(ends), np.int64)
    begins[1:] = ends[:-1] + 1
    return Lines(every, begins, ends)


def _line_breaks(every: NDArray[np.uint8]) -> Positions:
    """Where LF stands, looked for in steps that stay in the processor's cache."""
    found = []
    hit = np.empty(min(len(every), CACHE_BYTES), bool)
    for begin in range(0, len(every), CACHE_BYTES):
        step = every[begin : begin + CACHE_BYTES]
        places = np.flatnonzero(np.equal(step, LF, out=hit[: len(step)]))
        places += begin
        found.append(places)
    return np.concatenate(found) if found else np.empty(0, np.int64)


def texts_at(data: NDArray[np.uint8], begins: Positions, ends: Positions) -> pl.Series:
    """Pieces of valid UTF-8 `data` as a String column that points there; null where a piece cuts a character in two."""
    binary = pl.Series(Views(_views(data, begins, ends, pa.binary_view())))
    try:
        return binary.cast(pl.String)
    except pl.exceptions.ComputeError:
        edge = np.minimum(np.stack([begins, ends]), len(data) - 1)
        cut = ((data[edge] & 0xC0) == 0x80).any(axis=0)  # a byte 10xxxxxx is never the first of a character
        whole = pl.Series(Views(_views(data, begins, np.where(cut, begins, ends), pa.binary_view())))
        return whole.cast(pl.String).set(pl.Series(cut), None)


@dataclass(frozen=True)
class Views:
    """A column by Arrow's C interface alone: for an array of pyarrow itself polars loads much that it does not need."""

    array: pa.Array

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]:
        """What polars takes it by."""
        schema, values = self.array.__arrow_c_array__(requested_schema)
        return schema, values


def _views(data: NDArray[np.uint8], begins: Positions, ends: Positions, kind: pa.DataType) -> pa.Array:
    """Arrow's Variable-size Binary View over `data`, nothing is copied.

    A view is the length, then up to 12 bytes in place, or 4 bytes, the number of the buffer and the offset in it
    (https://arrow.apache.org/docs/format/Columnar.html#variable-size-binary-view-layout).
    """
    sizes = (ends - begins).astype(np.uint64)
    views = np.empty((len(begins), 2), "<u8")
    first = words_at(data, begins)
    views[:, 0] = sizes | (first << np.uint64(32))
    views[:, 1] = begins.astype(np.uint64) << np.uint64(32)
    short = np.flatnonzero(sizes <= INLINE)
    if len(short):
        size = sizes[short].astype(np.int64)
        head = first[short] & LOW_BYTES[np.minimum(size, 4)]
        views[short, 0] = sizes[short] | (head << np.uint64(32))
        views[short, 1] = words_at(data, begins[short] + 4) & LOW_BYTES[np.clip(size - 4, 0, WORD)]
    return pa.Array.from_buffers(kind, len(begins), [None, pa.py_buffer(views), pa.py_buffer(data)])


def lines_of(texts: pl.Series) -> Lines:
    """The same for n texts that are no longer lines of a block; a line break inside them stays."""
    arrow = texts.cast(pl.Binary).to_arrow(compat_level=pl.CompatLevel.oldest())
    _, offset_buffer, byte_buffer = arrow.buffers()
    offsets = np.frombuffer(offset_buffer, np.int64)[arrow.offset : arrow.offset + len(arrow) + 1]
    data = np.concatenate([np.frombuffer(byte_buffer or b"", np.uint8), np.zeros(WORD, np.uint8)])
    return Lines(data, offsets[:-1], offsets[1:])


def windows_at(data: NDArray[np.uint8], begins: Positions, size: int) -> NDArray[np.uint8]:
    """The `size` bytes at each position, n x size, zeros after the end of `data`.

    To fetch many bytes at once costs hardly more than to fetch one: what is near a position is then looked at in the
    processor's cache.
    """
    last = len(data) - size
    if last >= 0 and begins.max(initial=0) <= last:
        every = np.ndarray((last + 1,), f"V{size}", data, strides=(1,))
        return every[begins].view(np.uint8).reshape(-1, size)
    if last < 0:
        return windows_at(np.concatenate([data, np.zeros(size, np.uint8)]), np.minimum(begins, len(data)), size)
    found = windows_at(data, np.minimum(begins, last), size)
    late = np.flatnonzero(begins > last)
    tail = np.concatenate([data[last:], np.zeros(size, np.uint8)])
    found[late] = windows_at(tail, np.minimum(begins[late] - last, size), size)
    return found


def words_at(data: NDArray[np.uint8], begins: Positions) -> Words:
    """The eight bytes at each position, first byte lowest, zeros after the end of `data` (at least eight bytes)."""
    every = np.ndarray((len(data) - WORD + 1,), "<u8", data, strides=(1,))
    if begins.max(initial=0) <= len(data) - WORD:
        return every[begins]
    over = begins - (len(data) - WORD)
    bits = 8 * np.clip(over, 0, WORD).astype(np.uint64)
    word = every[np.minimum(begins, len(data) - WORD)]
    return np.where(bits < 64, word >> np.minimum(bits, np.uint64(63)), np.uint64(0))


def leading_number(
    data: NDArray[np.uint8], begins: Positions, lengths: Positions
) -> tuple[Positions, NDArray[np.bool_]]:
    """The digits (at most 16) with which each text begins, as a number, and whether there are any.

    Eight digits at once by multiply and shift (Lemire, "Quickly parsing eight digits", 2018).
    """
    value, digits = _eight_digits(words_at(data, begins), np.minimum(lengths, WORD))
    long = np.flatnonzero(digits == WORD)
    if len(long):
        more, extra = _eight_digits(words_at(data, begins[long] + WORD), np.clip(lengths[long] - WORD, 0, WORD))
        value[long] = value[long] * 10**extra + more
    return value, digits > 0


def digits_at(data: NDArray[np.uint8], begins: Positions, limit: int | Positions) -> tuple[Positions, Positions]:
    """The number that the first digits at each position make, and how many these are, at most `limit` (up to eight)."""
    return _eight_digits(words_at(data, begins), np.broadcast_to(np.asarray(limit, np.int64), len(begins)))


def _eight_digits(words: Words, limit: Positions) -> tuple[Positions, Positions]:
    """The number that the first digits of each word make, and how many these are, at most `limit`."""
    digit = words ^ np.uint64(0x3030303030303030)
    other = ((digit + np.uint64(0x7676767676767676)) | digit) & np.uint64(0x8080808080808080)
    lowest = other & (~other + np.uint64(1))
    count = np.where(other == 0, WORD, np.bitwise_count(lowest - np.uint64(1)) >> 3).astype(np.int64)
    count = np.minimum(count, limit)
    shift = (8 * (WORD - count)).astype(np.uint64)
    aligned = np.where(count > 0, digit << np.minimum(shift, np.uint64(63)), np.uint64(0))
    aligned = (aligned & np.uint64(0x0F0F0F0F0F0F0F0F)) * np.uint64(2561) >> np.uint64(8)
    aligned = (aligned & np.uint64(0x00FF00FF00FF00FF)) * np.uint64(6553601) >> np.uint64(16)
    aligned = (aligned & np.uint64(0x0000FFFF0000FFFF)) * np.uint64(42949672960001) >> np.uint64(32)
    return aligned.astype(np.int64), count


def first_of(
    data: NDArray[np.uint8], begins: Positions, ends: Positions, characters: str, *, near: int = 16, far: int = LONGEST
) -> Positions:
    """Where the first of some ASCII characters lies in each text; its end if none does, -1 if it is too long to say.

    Args:
        near: 8, 16, 32 or 64 bytes are looked at first, as far as it usually is; then 64 again and again.
        far: so many bytes are looked at, about.
    """
    found = _first_here(data, begins, ends, characters, near)
    reach = begins + near
    rows = np.flatnonzero((found == reach) & (reach < ends))
    for _ in range(near, far, NEAR):
        if not len(rows):
            return found
        reach = found[rows]
        found[rows] = _first_here(data, reach, ends[rows], characters, NEAR)
        rows = rows[(found[rows] == reach + NEAR) & (found[rows] < ends[rows])]
    found[rows] = -1
    return found


def _first_here(data: NDArray[np.uint8], begins: Positions, ends: Positions, characters: str, size: int) -> Positions:
    """Where the first of the characters lies in the first bytes of each text, else their end or that of the text."""
    return np.asarray(np.minimum(begins + lowest_bit(marks_at(data, begins, size, characters)[0]), ends))


def marks_at(data: NDArray[np.uint8], begins: Positions, size: int, *each: str) -> list[NDArray[np.unsignedinteger]]:
    """A bit for each of the 8, 16, 32 or 64 bytes at n positions, the first one lowest: is it one of the characters?

    One word for each position and each of some sets of characters; made in steps that stay in the processor's cache.
    """
    found = [np.empty(len(begins), f"<u{size // WORD}") for _ in each]
    for begin in range(0, len(begins), CACHE_BYTES // size):
        rows = slice(begin, begin + CACHE_BYTES // size)
        windows = windows_at(data, begins[rows], size)
        for marks, characters in zip(found, each, strict=True):
            hits = windows == ord(characters[0])
            for character in characters[1:]:
                hits |= windows == ord(character)
            marks[rows] = np.packbits(hits.reshape(-1), bitorder="little").view(marks.dtype)
    return found


def lowest_bit(marks: NDArray[np.unsignedinteger]) -> NDArray[np.uint8]:
    """The number of the lowest bit set in each word, as many as it has bits where none is."""
    return np.bitwise_count((marks & (~marks + marks.dtype.type(1))) - marks.dtype.type(1))


def leading_word(data: NDArray[np.uint8], begins: Positions, ends: Positions) -> Words:
    """The ASCII letters (at most eight) with which each text begins, in lower case; 0 where it begins otherwise."""
    words = words_at(data, begins)
    lower = (words | (np.uint64(0x20) * EACH_BYTE)) & ~HIGH_BITS
    letter = (lower + np.uint64(0x80 - ord("a")) * EACH_BYTE) & ~(lower + np.uint64(0x7F - ord("z")) * EACH_BYTE)
    other = ~(letter & ~words) & HIGH_BITS
    lowest = other & (~other + np.uint64(1))
    count = np.where(other == 0, WORD, np.bitwise_count(lowest - np.uint64(1)) >> 3).astype(np.int64)
    kept: Words = lower & LOW_BYTES[np.clip(np.minimum(count, ends - begins), 0, WORD)]
    return kept


def run_begins(data: NDArray[np.uint8], begins: Positions, length: int, skip: tuple[int, int] = (0, 0)) -> Positions:
    """The rows whose text of `length` bytes differs from that of the row before, the first row always.

    Args:
        skip: bytes of the text, from and to, that do not count.
    """
    size = max(1, -(-length // WORD)) * WORD
    counts = np.ones(size, bool)
    counts[length:] = counts[slice(*skip)] = False
    masks = (counts * np.uint8(255)).view("<u8")
    words = windows_at(data, begins, size).view("<u8")
    differs = np.zeros(len(begins), bool)
    differs[:1] = True
    for number in np.flatnonzero(masks).tolist():
        word = words[:, number]
        changed = word[1:] ^ word[:-1]
        differs[1:] |= (changed & masks[number]) != 0
    return np.flatnonzero(differs)
