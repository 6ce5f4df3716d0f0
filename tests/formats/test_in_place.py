"""Looking at the bytes of a block where they lie gives what looking at each text alone gives."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.formats.fixed_times import fixed_in_place, layout
from detector.formats.lines import cut_lines, first_of, run_begins, windows_at

WAYS = ("%d/%b/%Y:%H:%M:%S %z", "%Y-%m-%d %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%Y%m%dT%H%M%S")
blocks = st.lists(st.binary(max_size=90).map(lambda text: text.replace(b"\n", b"")), min_size=1, max_size=12)


@settings(max_examples=80)
@given(texts=blocks, size=st.sampled_from([8, 16, 24, 64]))
def test_windows_are_the_bytes_that_follow(texts: list[bytes], size: int) -> None:
    """Each window is what a slice gives, zeros after the end of the block."""
    lines = cut_lines(b"\n".join(texts) + b"\n")
    data = bytes(lines.bytes)
    expected = [data[begin : begin + size].ljust(size, b"\0") for begin in lines.ends.tolist()]
    assert expected == [bytes(row) for row in windows_at(lines.bytes, lines.ends, size)]


@settings(max_examples=120)
@given(texts=blocks, near=st.sampled_from([8, 16, 64]), characters=st.sampled_from(['"', " ", '"\\', ",}] e"]))
def test_first_of_finds_what_find_finds(texts: list[bytes], near: int, characters: str) -> None:
    """The first of the characters, or the end of the text."""
    lines = cut_lines(b"\n".join(texts) + b"\n")
    found = first_of(lines.bytes, lines.begins, lines.ends, characters, near=near)
    sought = characters.encode()
    expected = [next((at for at, byte in enumerate(text) if byte in sought), len(text)) for text in texts]
    assert expected == (found - lines.begins).tolist()


def test_what_is_too_far_is_not_said() -> None:
    """After so many bytes without the character the answer is that there is none to give."""
    lines = cut_lines(b"x" * 1000 + b'"\n' + b"x" * 100 + b'"\n')
    assert [-1, 100] == [
        place if place < 0 else place - begin
        for place, begin in zip(first_of(lines.bytes, lines.begins, lines.ends, '"').tolist(), lines.begins.tolist(),
                                strict=True)
    ]  # fmt: skip


@settings(max_examples=60)
@given(st.lists(st.text("ab", min_size=11, max_size=11), min_size=1, max_size=9), st.integers(0, 11))
def test_runs_begin_where_the_text_changes(texts: list[str], skipped: int) -> None:
    """A row begins a run if what counts of its text differs from that of the row before."""
    lines = cut_lines(("\n".join(texts) + "\n").encode())
    kept = [text[:2] + text[2 + skipped :] for text in texts]
    expected = [row for row, text in enumerate(kept) if row == 0 or text != kept[row - 1]]
    assert expected == run_begins(lines.bytes, lines.begins, 11, (2, min(2 + skipped, 11))).tolist()


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=60)
@given(st.lists(st.integers(0, 4_000_000_000), min_size=1, max_size=5), st.data())
def test_times_of_fixed_layout_are_what_was_written(way: str, seconds: list[int], data: st.DataObject) -> None:
    """Instants are those that Python wrote, and one text that is no time gives none at all."""
    hours = data.draw(st.integers(-12, 14)) if "%z" in way else 0
    texts = [datetime.fromtimestamp(one, timezone(timedelta(hours=hours))).strftime(way) for one in seconds]
    width = len(texts[0])
    block = np.frombuffer("".join(texts).encode() + bytes(8), np.uint8)
    found = fixed_in_place(block, width * np.arange(len(texts)), width, way, "UTC")
    assert found is not None
    assert [one * 10**6 for one in seconds] == found.tolist()
    broken = block.copy()
    broken[data.draw(st.integers(0, width - 1))] = ord("x")
    assert fixed_in_place(broken, width * np.arange(len(texts)), width, way, "UTC") is None


def test_a_day_that_no_month_has_is_no_time() -> None:
    """29 February of a common year is left to the slow way, which says that it is none."""
    block = np.frombuffer(b"2023-02-29 00:00:00" + bytes(8), np.uint8)
    assert fixed_in_place(block, np.array([0]), 19, "%Y-%m-%d %H:%M:%S", "UTC") is None
    assert fixed_in_place(block, np.array([0]), 19, "%Y-%m-%d %H:%M:%S", "Europe/Berlin") is None
    assert layout("%b %d %H:%M:%S") is None
    assert layout("%d/%b/%Y:%H:%M:%S%.f %z") is None
