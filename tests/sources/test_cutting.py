"""Cutting a stream into whole lines: any way of cutting gives the same lines, counts and places."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from detector.errors import Losses
from detector.sources.cutting import Cutter, Limits, Piece, cutting_limits, fit, leap
from detector.sources.lines import clean
from detector.sources.streams import Raw, Utf16, utf16_bytes
from tests.sources.packing import Trickle, lines_of
from tests.sources.test_lines import LIMIT, fragments

texts = st.lists(st.one_of(fragments, st.just(b"\0" * 40), st.binary(max_size=6)), max_size=60).map(b"".join)


def cut(text: bytes, capacity: int, step: int) -> tuple[list[Piece], dict[str, int]]:
    """The clean pieces of `text`, which comes `step` bytes at a time."""
    losses = Losses()
    limits = Limits(capacity, LIMIT)
    cutter = Cutter(Raw(Trickle(text, step), None), limits, losses)
    return [whole for piece in cutter.pieces() for whole in fit(piece, limits, losses)], losses.as_dict()


def physical_lines(text: bytes) -> list[bytes]:
    """The lines of `text`, each with LF; a last one without it gets one."""
    lines = text.split(b"\n")
    return [line + b"\n" for line in (lines if lines[-1] else lines[:-1])]


@given(text=texts, capacity=st.integers(2 * (LIMIT + 8), 300), step=st.integers(1, 100))
@example(text=b"\0" * 500 + b"end", capacity=48, step=100)
@example(text=b"\0" * 480, capacity=48, step=100)
@example(text=b"x" * 500 + b"\0\nend\n", capacity=48, step=7)
@example(text=b"\xff" * 40 + b"\n" + b"\xff" * 8 + b"\n", capacity=48, step=100)
def test_any_cut_gives_the_same(text: bytes, capacity: int, step: int) -> None:
    """Bytes and counts are those of cleaning each line alone, whatever the size of blocks and reads."""
    losses = Losses()
    expected = b"".join(clean(line, losses, LIMIT) for line in physical_lines(text))
    pieces, found = cut(text, capacity, step)
    assert expected == b"".join(piece.data for piece in pieces)
    assert losses.as_dict() == found
    assert all(len(piece.data) <= capacity and piece.data.endswith(b"\n") for piece in pieces)


@given(text=texts, capacity=st.integers(2 * (LIMIT + 8), 300), step=st.integers(1, 100))
def test_offsets(text: bytes, capacity: int, step: int) -> None:
    """A piece's offset is where its first line begins in the stream, before any repair."""
    starts = [0]
    for line in physical_lines(text):
        starts.append(starts[-1] + len(line))
    number = 0
    for piece in cut(text, capacity, step)[0]:
        assert starts[number] == piece.offset_bytes
        number += piece.data.count(b"\n")


def test_a_long_line_takes_no_memory() -> None:
    """The rest of a line that is too long is read and forgotten: pieces stay small, and the next line is found."""
    text = b"first\n" + b"x" * 1_000_000 + b"\nlast\n"
    pieces, losses = cut(text, 1000, 10_000)
    assert b"first\n" + b"x" * LIMIT + b"\nlast\n" == b"".join(piece.data for piece in pieces)
    assert {"line_too_long": 1} == losses


@pytest.fixture(scope="module")
def log_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of a few blocks, without a line end at its end."""
    path = tmp_path_factory.mktemp("leap") / "app.log"
    path.write_bytes(b"".join(lines_of(40_000)) + b"no end")
    return path


@given(size=st.integers(65_537, 300_000))
def test_leap(log_file: Path, size: int) -> None:
    """Leaping over a plain file gives whole lines, in order and without gaps, until near the file's end."""
    text = log_file.read_bytes()
    with io.FileIO(log_file) as file:
        pieces = list(leap(file, size))
    joined = b"".join(piece.data for piece in pieces)
    assert text[: len(joined)] == joined
    assert len(joined) > len(text) - size - 65_536
    assert all(piece.data.endswith(b"\n") and len(piece.data) <= size for piece in pieces)
    assert [piece.offset_bytes + len(piece.data) for piece in pieces[:-1]] == [
        piece.offset_bytes for piece in pieces[1:]
    ]


@pytest.mark.parametrize("text", [b"x" * 1_000_000, b"x\n" * 40_000 + b"y" * 200_000 + b"\nz\n" * 99])
def test_leap_stops_at_a_long_line(tmp_path: Path, text: bytes) -> None:
    """Where no line ends near the end of a piece, leaping stops before it, at the end of a line."""
    (tmp_path / "long.log").write_bytes(text)
    with io.FileIO(tmp_path / "long.log") as file:
        joined = b"".join(piece.data for piece in leap(file, 100_000))
    assert text.startswith(joined)
    assert joined[-1:] in (b"", b"\n")
    assert b"y" not in joined


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@given(lines=st.lists(st.text(st.characters(), max_size=12), min_size=1), step=st.integers(1, 50))
@example(lines=["\ud83d", "\ude00", "😀" * 9], step=1)
def test_utf16_places(encoding: str, lines: list[str], step: int) -> None:
    """UTF-16 becomes UTF-8 however it is cut, and offsets still count bytes of the stream as it was."""
    raw = "".join(line.replace("\n", " ") + "\n" for line in lines).encode(encoding, "surrogatepass")
    text = raw.decode(encoding, "surrogatepass")
    stream = Utf16(Raw(Trickle(raw, step), None), encoding)
    pieces = list(Cutter(stream, cutting_limits(0, LIMIT), Losses(), utf16_bytes).pieces())
    assert text.encode("utf-8", "surrogatepass").replace(b"\0", b"") == b"".join(
        piece.data.replace(b"\0", b"") for piece in pieces
    )
    for piece in pieces:
        expected = raw[piece.offset_bytes :].decode(encoding, "surrogatepass").encode("utf-8", "surrogatepass")
        assert expected.startswith(piece.data) or piece.dropped_bytes


def test_utf16_that_ends_within_a_character() -> None:
    """An odd last byte becomes a byte that is no UTF-8, to be counted as repaired."""
    stream = Utf16(Raw(io.BytesIO("ab".encode("utf-16-le") + b"c"), None), "utf-16-le")
    assert [b"ab\xff\n"] == [
        piece.data for piece in Cutter(stream, cutting_limits(0, LIMIT), Losses(), utf16_bytes).pieces()
    ]
