"""A large file in parts: together they are the file, and none of them cuts a line."""

from __future__ import annotations

import gzip
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.errors import Losses
from detector.sources.blocks import read_blocks, read_part
from detector.sources.files import SourceFile
from detector.sources.parts import divide

LINES = st.lists(st.integers(0, 200).map(lambda size: b"x" * size), min_size=1, max_size=60)


@settings(max_examples=60, deadline=None)
@given(lines=LINES, part_bytes=st.integers(1, 900), ends=st.booleans())
def test_parts_make_up_the_file(tmp_path_factory, lines: list[bytes], part_bytes: int, ends: bool) -> None:
    """The parts follow each other without a gap, begin where lines begin, and give the lines of the file."""
    path = tmp_path_factory.mktemp("parts") / "a.log"
    data = b"2026-03-01 begin\n" + b"\n".join(lines) + b"\n" * ends
    path.write_bytes(data)
    divided = divide(str(path), part_bytes)
    if divided is None:
        return
    with divided.file:
        assert divided.parts[0].begin == 0
        assert divided.parts[-1].end is None
        for one, other in pairwise(divided.parts):
            assert one.end == other.begin
            assert data[other.begin - 1 : other.begin] == b"\n"
        losses = Losses()
        found = [
            block.data
            for part in divided.parts
            for block in read_part(str(path), divided.file, part, losses, [], block_bytes=64, line_bytes=40)
        ]
    whole = Losses()
    blocks = read_blocks(SourceFile(str(path), None, len(data), "a"), whole, [], block_bytes=64, line_bytes=40)
    assert b"".join(found) == b"".join(block.data for block in blocks)
    assert losses == whole


@pytest.mark.parametrize(
    "data",
    [gzip.compress(b"a line\n" * 9000), b'[{"a": 1},\n' + b'{"a": 2},\n' * 900 + b"{}]", ("a\n" * 900).encode("utf-16"),
     b"\0\1\2" * 900],
)  # fmt: skip
def test_what_is_no_plain_text_is_not_divided(tmp_path: Path, data: bytes) -> None:
    """Compressed files, documents, UTF-16 and binary files are read from their beginning."""
    (tmp_path / "a.log").write_bytes(data)
    assert divide(str(tmp_path / "a.log"), 10) is None


def test_missing_files_and_small_ones_are_not_divided(tmp_path: Path) -> None:
    """Whoever reads them tells what is wrong."""
    (tmp_path / "a.log").write_bytes(b"one\ntwo\n")
    assert divide(str(tmp_path / "a.log"), 10) is None
    assert divide(str(tmp_path / "b.log"), 10) is None


def test_a_renamed_file_is_still_read(tmp_path: Path) -> None:
    """The open file counts, not what has its name by now."""
    path = tmp_path / "a.log"
    path.write_bytes(b"old line\n" * 100)
    divided = divide(str(path), 100)
    assert divided is not None
    path.rename(tmp_path / "a.log.1")
    path.write_bytes(b"new\n")
    with divided.file:
        data = [
            block.data
            for part in divided.parts
            for block in read_part("a.log", divided.file, part, Losses(), [])
        ]
    assert b"".join(data) == b"old line\n" * 100
