"""Syslog messages are told apart in a stream, counted or ended by LF, wherever it is cut."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.errors import Losses
from detector.sources.live.frames import Frames, as_line

MESSAGES = st.tuples(
    st.booleans(), st.integers(0, 191), st.text(st.characters(exclude_characters="\n\r\0", codec="utf-8"), max_size=12)
)


def feed(stream: bytes, cuts: list[int], most_bytes: int = 1000) -> tuple[bytes, dict[str, int]]:
    """The lines of a stream that comes in pieces, and what was counted."""
    losses = Losses()
    frames = Frames(losses, most_bytes)
    places = sorted({0, len(stream), *(cut % (len(stream) + 1) for cut in cuts)})
    pieces = [stream[begin:end] for begin, end in pairwise(places)]
    return b"".join([*map(frames.feed, pieces), frames.end()]), losses.as_dict()


@given(st.lists(MESSAGES, max_size=8), st.lists(st.integers(0, 200), max_size=6))
def test_both_framings_may_be_mixed_and_cut_anywhere(messages, cuts):
    """Each message is a line, whichever way it was framed and however the stream was cut."""
    stream, expected = b"", b""
    for is_counted, priority, text in messages:
        message = f"<{priority}>{text}".encode()
        stream += b"%d %b" % (len(message), message) if is_counted else message + b"\n"
        expected += message + b"\n"
    assert (expected, {}) == feed(stream, cuts)


def test_line_breaks_within_a_message_are_escaped_and_counted():
    """One message is one line, as rsyslog writes it."""
    assert (b"<1>a#012b#012c\n<1>plain\n", {"newlines_escaped": 1}) == feed(b"8 <1>a\nb\nc10 <1>plain\n\0", [])
    assert b"<1>x\n" == as_line(b"<1>x\r\n\0", Losses())


@pytest.mark.parametrize("stream", [b"<1>%b\n<1>b\n", b"1003 <1>%b4 <1>b"], ids=["lines", "counted"])
@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_a_message_that_is_too_long_loses_its_end(stream: bytes, step: int):
    """Its begin is kept in bounded memory, and the next one is whole."""
    stream %= b"a" * 1000
    lines, _ = feed(stream, list(range(0, len(stream), step)), most_bytes=100)
    first, second = lines.splitlines()
    assert first.startswith(b"<1>aaa")
    assert 108 >= len(first) or len(first) == 1003
    assert b"<1>b" == second


def test_what_the_end_cuts_off_is_counted():
    """A counted message that never came whole is lost and counted; a line that lacks its LF is kept."""
    assert (b"", {"cut_off": 1}) == feed(b"50 <1>half", [])
    assert b"<1>half\n" == feed(b"<1>half", [])[0]
