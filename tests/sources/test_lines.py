"""The byte rules, one line at a time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.errors import Losses
from detector.sources.lines import REASONS, Survey, clean, count_lines, survey

LIMIT = 16
# What the rules are about, more often than chance would give it.
fragments = st.sampled_from(
    [b"\n", b"\r\n", b"\r", b"\0", b"\0\0\0", b"\xef\xbb\xbf", b"\xff", b"\xc3", "é漢😀".encode(), b"word ", b"x" * 17]
)
texts = st.lists(st.one_of(fragments, st.binary(max_size=4))).map(b"".join)


@pytest.mark.parametrize(
    ("line", "expected", "losses"),
    [
        (b"plain", b"plain", {}),
        (b"", b"", {}),
        (b"dos\r", b"dos", {}),
        (b"pro\rgress", b"pro\rgress", {}),
        (b"\xef\xbb\xbfmarked", b"marked", {}),
        (b"\0\0after a hole", b"after a hole", {"nul_bytes": 2}),
        (b"caf\xe9", "caf\ufffd".encode(), {"invalid_utf8": 1}),
        (b"\xe9 \xe8", "\ufffd \ufffd".encode(), {"invalid_utf8": 1}),
        (b"\xed\xa0\x80", "\ufffd\ufffd\ufffd".encode(), {"invalid_utf8": 1}),
        (b"0123456789abcdef", b"0123456789abcdef", {}),
        (b"0123456789abcdef\r", b"0123456789abcdef", {}),
        (b"0123456789abcdef+", b"0123456789abcdef", {"line_too_long": 1}),
        ("0123456789abcd漢".encode(), b"0123456789abcd", {"line_too_long": 1}),
        (b"\xff" * 6, "\ufffd".encode() * 5, {"invalid_utf8": 1, "line_too_long": 1}),
    ],
)
def test_rules(line: bytes, expected: bytes, losses: dict[str, int]) -> None:
    """Each rule does to a line, and counts, what it says; and leaves its neighbours alone."""
    found = Losses()
    assert b"before\n" + expected + b"\nafter\n" == clean(b"before\n" + line + b"\nafter\n", found, LIMIT)
    assert losses == found.as_dict()


@given(text=texts)
def test_what_comes_out(text: bytes) -> None:
    """Whatever goes in, as many lines come out, valid UTF-8, without NUL and CRLF, none too long."""
    losses = Losses()
    actual = clean(text + b"\n", losses, LIMIT)
    actual.decode()
    assert text.count(b"\n") + 1 == actual.count(b"\n")
    assert b"\0" not in actual
    assert b"\r\n" not in actual or b"\r\r" in text.replace(b"\0", b"")
    assert max(map(len, actual.split(b"\n"))) <= LIMIT
    assert losses.as_dict().keys() <= REASONS.keys()


@given(texts=st.lists(texts, min_size=1))
def test_each_line_is_alone(texts: list[bytes]) -> None:
    """Lines cleaned together and lines cleaned one by one give the same bytes and the same counts."""
    lines = [line + b"\n" for text in texts for line in text.split(b"\n")]
    together, apart = Losses(), Losses()
    expected = b"".join(clean(line, apart, LIMIT) for line in lines)
    assert expected == clean(b"".join(lines), together, LIMIT)
    assert apart.as_dict() == together.as_dict()


def test_clean_lines_are_not_copied() -> None:
    """A block that needs no repair comes back as the same object."""
    data = b"a plain line\n" * 1000
    assert clean(data, Losses()) is data


@given(data=st.binary(), times=st.sampled_from([1, 50_000]))
def test_survey(data: bytes, times: int) -> None:
    """One look at all bytes says what plain Python says."""
    text = data * times
    assert Survey(b"\0" in text, b"\r" in text, text.isascii()) == survey(text)
    assert text.count(b"\n") == count_lines(text)
