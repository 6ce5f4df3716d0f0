"""Lines as bytes: cutting, reading numbers, words and runs in place, held against plain Python."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from detector.formats.levels import LEVELS, from_leading_word
from detector.formats.lines import (
    LONGEST,
    WORD,
    cut_lines,
    first_of,
    leading_number,
    leading_word,
    lines_of,
    run_begins,
    texts_at,
    words_at,
)

LINE_TEXTS = st.lists(st.text(st.characters(exclude_characters="\n", codec="utf-8"), max_size=30), max_size=8)
BYTES = st.binary(min_size=WORD, max_size=60)


@given(LINE_TEXTS, st.booleans())
def test_cutting_gives_the_lines(texts: list[str], ended: bool) -> None:
    """Every line is one row with its text, and its bytes lie where it says; a last line without LF counts too."""
    data = "\n".join(texts).encode() + b"\n" * (ended and bool(texts))
    expected = data.decode().split("\n")
    if expected[-1] == "":
        expected.pop()
    lines = cut_lines(data)
    assert expected == lines.text.to_list()
    assert expected == [bytes(lines.bytes[b:e]).decode() for b, e in zip(lines.begins, lines.ends, strict=True)]


@given(LINE_TEXTS)
def test_texts_as_lines(texts: list[str]) -> None:
    """Texts that are no longer lines of a block can be read in place all the same."""
    lines = lines_of(cut_lines(b"").text.extend(cut_lines("\n".join(texts).encode()).text))
    assert lines.text.to_list() == [
        bytes(lines.bytes[b:e]).decode() for b, e in zip(lines.begins, lines.ends, strict=True)
    ]


@given(st.text(max_size=30), st.data())
def test_pieces_of_text(text: str, data: st.DataObject) -> None:
    """A piece is the text between two bytes, null if that cuts a character in two."""
    raw = text.encode("utf-8", "ignore") + bytes(WORD)
    begin = data.draw(st.integers(0, len(raw) - WORD))
    end = data.draw(st.integers(begin, len(raw) - WORD))
    try:
        expected: str | None = raw[begin:end].decode()
    except UnicodeDecodeError:
        expected = None
    assert [expected] == texts_at(np.frombuffer(raw, np.uint8), np.array([begin]), np.array([end])).to_list()


@given(BYTES, st.data())
def test_eight_bytes_anywhere(raw: bytes, data: st.DataObject) -> None:
    """Eight bytes from any position, zeros after the end."""
    places = data.draw(st.lists(st.integers(0, len(raw)), min_size=1))
    expected = [int.from_bytes((raw + bytes(WORD))[place : place + WORD], "little") for place in places]
    assert expected == words_at(np.frombuffer(raw, np.uint8), np.array(places)).tolist()


@given(st.text("0123456789x- ", max_size=20), st.integers(0, 20))
def test_leading_numbers(text: str, length: int) -> None:
    """The digits with which a text begins, at most sixteen and at most its length."""
    raw = np.frombuffer(text.encode() + bytes(WORD), np.uint8)
    digits = re.match(r"\d{0,16}", text[:length])
    expected = digits[0] if digits else ""
    value, there = leading_number(raw, np.array([0]), np.array([min(length, len(text))]))
    assert (bool(expected), int(expected or 0)) == (bool(there[0]), int(value[0]) if there[0] else 0)


@given(st.binary(max_size=40), st.text("abz@[`{09 ", max_size=10))
def test_leading_words(raw: bytes, begin: str) -> None:
    """The letters with which a text begins, in lower case, at most eight."""
    text = begin.encode() + raw
    data = np.frombuffer(text + bytes(WORD), np.uint8)
    letters = re.match(rb"[A-Za-z]{0,8}", text)
    expected = int.from_bytes(letters[0].lower() if letters else b"", "little")
    assert [expected] == leading_word(data, np.array([0]), np.array([len(text)])).tolist()


def test_every_level_word_is_found_in_place() -> None:
    """In any case; a word that only begins like a level is none."""
    for word in [word for word in LEVELS if word.isalpha()]:
        for text in (word, word.upper(), word.title() + "]"):
            data = np.frombuffer(text.encode() + bytes(WORD), np.uint8)
            assert [LEVELS[word]] == from_leading_word(
                leading_word(data, np.array([0]), np.array([len(text)]))
            ).to_list()
    data = np.frombuffer(b"influx warned" + bytes(WORD), np.uint8)
    assert [None, None] == from_leading_word(leading_word(data, np.array([0, 7]), np.array([6, 13]))).to_list()


@given(st.binary(max_size=LONGEST + 20), st.sampled_from(["[", "[: ", '" ']))
def test_first_of_some_characters(raw: bytes, characters: str) -> None:
    """The first of the characters, else the end; -1 if that is too far to look."""
    places = [place for place, byte in enumerate(raw) if chr(byte) in characters]
    found = first_of(np.frombuffer(raw + bytes(WORD), np.uint8), np.array([0]), np.array([len(raw)]), characters)[0]
    expected = places[0] if places else len(raw)
    assert found == expected if expected < LONGEST - WORD else found in (-1, expected)


@given(st.lists(st.sampled_from([b"aaaaaaaaab", b"aaaaaaaaac", b"xxxxxxxxxb"]), min_size=1), st.integers(1, 10))
def test_runs_of_equal_text(texts: list[bytes], length: int) -> None:
    """A run begins where the text differs from the one before."""
    data = np.frombuffer(b"".join(texts) + bytes(WORD), np.uint8)
    pairs = pairwise(texts)
    expected = [0] + [row + 1 for row, (one, two) in enumerate(pairs) if one[:length] != two[:length]]
    assert expected == run_begins(data, np.arange(len(texts)) * 10, length).tolist()
