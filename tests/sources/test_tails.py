"""The last line of a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.errors import Losses
from detector.sources.blocks import read_blocks
from detector.sources.files import SourceFile, find
from detector.sources.tails import last_line
from tests.sources.packing import PACKERS, lines_of
from tests.sources.test_lines import fragments

LOG = b"".join(lines_of(50_000))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One place for all drawn files."""
    return tmp_path_factory.mktemp("tails") / "app.log"


def write(path: Path, data: bytes) -> SourceFile:
    """Write `data` and find it."""
    path.write_bytes(data)
    return find([str(path)]).files[0]


@given(parts=st.lists(st.one_of(fragments, st.sampled_from([b" ", b"\n\n", b"\0" * 20])), max_size=20))
def test_it_is_the_last_that_is_read(path: Path, parts: list[bytes]) -> None:
    """The last line told is the last one with anything in it that reading the whole file gives."""
    file = write(path, LOG[:5000] + b"".join(parts))
    whole = b"".join(block.data for block in read_blocks(file, Losses(), [], line_bytes=50))
    expected = [line.rstrip() for line in whole.split(b"\n") if line.strip()][-1]
    assert expected == last_line(file, line_bytes=50)


@pytest.mark.parametrize("codec", PACKERS)
def test_compressed(path: Path, codec: str) -> None:
    """A compressed file is read through, and a truncated one as far as it goes."""
    packed = 2 * PACKERS[codec](LOG)
    assert LOG.splitlines()[-1] == last_line(write(path, packed))
    found = last_line(write(path, packed[: len(packed) * 3 // 4]))
    assert found is not None
    assert found in LOG


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (LOG + b"last" + b"\n" * 2_000_000, b"last"),
        (LOG + b"last\n" + b"\0" * 2_000_000, b"last"),
        (LOG + b"\0" * 2_000_000 + b"last\n", b"last"),
        (LOG + b"y" * 2_000_000 + b"\n", b"y" * 256 * 1024),
        (b"only", b"only"),
        (b" \n\t\n", None),
        (LOG.decode().encode("utf-16"), LOG.splitlines()[-1]),
        (b'[{"a":1},\n {"a":\n2}\n]\n', b'{"a":2}'),
        (b"\x7fELF" + bytes(99), None),
    ],
)
def test_strange_ends(path: Path, data: bytes, expected: bytes | None) -> None:
    """Blank ends, holes, endless lines, other encodings and documents end in their last line too."""
    path.write_bytes(data)
    assert expected == last_line(SourceFile(str(path), 0, len(data), "app"))


def test_streams_have_no_last_line_yet() -> None:
    """What can be read only once is not read, and what is gone has no last line."""
    assert None is last_line(SourceFile("-", None, None, "stdin"))
    assert None is last_line(SourceFile("/none/x.log", 0, 1, "x"))
