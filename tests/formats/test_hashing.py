"""Hashes of names: what they are never changes, wherever the names lie."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.formats.hashing import MAX_NAME_BYTES, hash_texts

WORD = (1 << 64) - 1
FROZEN = {"": 0x0, "192.0.2.17": 0x88C0BADE65095CB8, "Zürich 🚗 de:ad:be:ef:00:01": 0x6874CD4ED794465D}


def mixed(value: int) -> int:
    """The finaliser of MurmurHash3 on one number."""
    value = ((value ^ (value >> 33)) * 0xFF51AFD7ED558CCD) & WORD
    value = ((value ^ (value >> 33)) * 0xC4CEB9FE1A85EC53) & WORD
    return value ^ (value >> 33)


def reference(text: str) -> int:
    """The hash of one text, written out."""
    data = text.encode()[:64]
    state = len(data)
    for begin in range(0, len(data), 8):
        word = int.from_bytes(data[begin : begin + 8], "little")
        state = mixed(((state ^ word) * 0x9E3779B97F4A7C15) & WORD)
    return state


@settings(max_examples=100)
@given(st.lists(st.text(max_size=80), max_size=10))
def test_the_hash_is_that_of_the_reference(texts):
    """Whole columns are hashed as one text after the other would be, in plain Python."""
    assert [reference(text) for text in texts] == hash_texts(pl.Series(texts, dtype=pl.String)).to_list()


@given(st.lists(st.text(max_size=20), min_size=1, max_size=10), st.integers(0, 9), st.integers(0, 10))
def test_a_slice_or_a_column_in_chunks_hashes_the_same(texts, begin, length):
    """Where a column lies in memory makes no difference."""
    column = pl.Series(texts, dtype=pl.String)
    expected = [reference(text) for text in texts]
    assert expected[begin : begin + length] == hash_texts(column[begin : begin + length]).to_list()
    assert expected * 2 == hash_texts(pl.concat([column, column], rechunk=False)).to_list()


@pytest.mark.parametrize(("text", "expected"), FROZEN.items())
def test_the_hash_is_frozen(text, expected):
    """Sketches that were stored by another version merge with those of this one."""
    assert expected == int(hash_texts(pl.Series([text]))[0])


def test_a_long_name_is_known_by_its_first_64_bytes():
    """What comes after 64 bytes makes no difference, the 64th does."""
    base = "x" * (MAX_NAME_BYTES - 1)
    long, longer, other = hash_texts(pl.Series([base + "a", base + "a" + "z" * 500, base + "b"])).to_list()
    assert long == longer
    assert long != other


def test_texts_that_differ_by_zero_bytes_differ():
    """The length of a text is part of its hash: padding with zeros makes another client."""
    assert 4 == len(set(hash_texts(pl.Series(["a", "a\0", "a\0\0", "a\0\0\0\0\0\0\0\0"])).to_list()))
