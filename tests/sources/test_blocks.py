"""Reading a source from end to end: the same lines, whatever they are wrapped in, in bounded memory."""

from __future__ import annotations

import functools
import io
import os
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.errors import Fault, Losses
from detector.sources.blocks import head, read_blocks
from detector.sources.files import SourceFile, find
from detector.sources.lines import REASONS
from tests.sources.packing import PACKERS, Outcome, Trickle, lines_of, read_file, run_python
from tests.sources.test_cutting import physical_lines
from tests.sources.test_lines import fragments

LOG = b"".join(lines_of(200_000))
STDIN = SourceFile("-", None, None, "stdin")
# A beginning long enough to be known as text, whatever follows.
PLAIN = b"".join(lines_of(200))
every_wrapping = pytest.mark.parametrize("wrapping", [*PACKERS, "plain"])


@functools.cache
def wrap(wrapping: str, data: bytes) -> bytes:
    """`data` as it lies on disk."""
    return PACKERS[wrapping](data) if wrapping in PACKERS else data


def read_stream(stream: io.BufferedIOBase, **options: int) -> Outcome:
    """Read what comes through standard input to its end."""
    losses, faults = Losses(), list[Fault]()
    blocks = read_blocks(STDIN, losses, faults, stdin=stream, **options)  # type: ignore[arg-type]  # only sizes are given
    return Outcome(list(blocks), losses.as_dict(), faults)


@every_wrapping
def test_a_file(tmp_path: Path, wrapping: str) -> None:
    """Blocks are at most 4 MiB of whole lines, with their place and the number of their first line."""
    (tmp_path / "app.log").write_bytes(wrap(wrapping, LOG))
    outcome = read_file(tmp_path / "app.log")
    assert LOG == outcome.data
    assert ({}, []) == (outcome.losses, outcome.faults)
    offset, line = 0, 1
    for block in outcome.blocks:
        assert (str(tmp_path / "app.log"), offset, line) == (block.source, block.offset_bytes, block.first_line)
        assert len(block.data) <= 4 << 20
        assert (None, None) == (block.received_at_us, block.line_numbers)
        offset += len(block.data)
        line += block.data.count(b"\n")
    assert len(outcome.blocks) > 1


@every_wrapping
def test_standard_input(wrapping: str) -> None:
    """What comes through a pipe is unwrapped just as a file is."""
    outcome = read_stream(io.BufferedReader(Trickle(wrap(wrapping, PLAIN), 4321)))
    assert PLAIN == outcome.data
    assert "-" == outcome.blocks[0].source


@every_wrapping
@settings(max_examples=40)
@given(parts=st.lists(st.one_of(fragments, st.binary(max_size=6)), max_size=30), block_bytes=st.integers(1, 20_000))
def test_any_block_size_gives_the_same(wrapping: str, parts: list[bytes], block_bytes: int) -> None:
    """Size of blocks and wrapping change neither lines nor losses, and places stay true to the stream."""
    text = PLAIN + b"".join(parts)
    expected = read_stream(io.BytesIO(text), line_bytes=100)
    outcome = read_stream(io.BytesIO(wrap(wrapping, text)), line_bytes=100, block_bytes=block_bytes)
    assert expected.data == outcome.data
    assert expected.losses == outcome.losses
    assert outcome.losses.keys() <= REASONS.keys()
    lines = physical_lines(text)
    for block in outcome.blocks:
        assert sum(map(len, lines[: block.first_line - 1])) == block.offset_bytes
    assert len(lines) == outcome.data.count(b"\n")


@every_wrapping
def test_truncated_file(tmp_path: Path, wrapping: str) -> None:
    """Half a file gives its good half with the broken line at its end, one fault with the place, and no more."""
    packed = wrap(wrapping, LOG)
    (tmp_path / "app.log").write_bytes(packed[: len(packed) // 2])
    outcome = read_file(tmp_path / "app.log")
    size = len(outcome.data)
    assert LOG[: size - 1] == outcome.data[:-1]
    assert len(LOG) // 4 < size < len(LOG)
    if wrapping in PACKERS:
        (fault,) = outcome.faults
        assert "truncated" == fault.reason
        assert fault.offset_bytes in (size, size - 1)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("wrapping", ["plain", "lz4"])
def test_utf16(tmp_path: Path, wrapping: str, encoding: str) -> None:
    """UTF-16 is read as the same text, with a byte order mark or without, and counted once."""
    (tmp_path / "app.log").write_bytes(wrap(wrapping, LOG.decode().replace("\n", "\r\n").encode(encoding)))
    outcome = read_file(tmp_path / "app.log")
    assert LOG == outcome.data
    assert {"utf16": 1} == outcome.losses
    mark = 2 * (encoding == "utf-16")
    for block in outcome.blocks[1:]:
        before = LOG[: LOG.index(block.data[:100])]
        assert mark + 2 * (len(before) + before.count(b"\n")) == block.offset_bytes


def test_marks_and_line_ends(tmp_path: Path) -> None:
    """Windows line ends and byte order marks, also those of files put together, leave no trace."""
    (tmp_path / "app.log").write_bytes(b"\xef\xbb\xbfone\r\ntwo\r\n" + b"\xef\xbb\xbfthree")
    assert b"one\ntwo\nthree\n" == read_file(tmp_path / "app.log").data


@pytest.mark.parametrize("content", [b"\x7fELF" + bytes(99), PACKERS["gz"](PACKERS["gz"](PLAIN)), b"PAR1\x15\x04"])
def test_no_log_on_standard_input(content: bytes) -> None:
    """What is no text is refused with its kind, and not read as lines."""
    outcome = read_stream(io.BytesIO(content))
    assert ([], ["unreadable"]) == (outcome.blocks, outcome.reasons)


def test_a_file_that_vanished() -> None:
    """A file that is gone when it is its turn is told."""
    losses, faults = Losses(), list[Fault]()
    assert [] == list(read_blocks(SourceFile("/none/x.log", 0, 5, "x"), losses, faults))
    assert ["/none/x.log: cannot be opened: No such file or directory"] == list(map(str, faults))
    assert "missing" == faults[0].reason


def test_a_named_pipe(tmp_path: Path) -> None:
    """A pipe that was named is read like a stream, to its end."""
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(PACKERS["gz"](LOG),))
    writer.start()
    outcome = read_file(tmp_path / "pipe")
    writer.join()
    assert LOG == outcome.data


@every_wrapping
def test_progress(tmp_path: Path, wrapping: str) -> None:
    """What progress is told adds up to the size on disk, in many steps."""
    path = tmp_path / "app.log"
    path.write_bytes(wrap(wrapping, LOG))
    told: list[int] = []
    (file,) = find([str(path)]).files
    for _ in read_blocks(file, Losses(), [], block_bytes=1 << 20, progress=told.append):
        pass
    assert file.size_bytes == sum(told)
    assert min(told) > 0


def test_stopping_early_closes_the_file(tmp_path: Path) -> None:
    """A reader that is dropped half way holds no file open."""
    (tmp_path / "app.log").write_bytes(LOG)
    before = os.listdir("/proc/self/fd") if os.path.isdir("/proc/self/fd") else []
    blocks = read_blocks(find([str(tmp_path)]).files[0], Losses(), [])
    next(blocks)
    del blocks
    assert before == (os.listdir("/proc/self/fd") if before else [])


def test_head(tmp_path: Path) -> None:
    """The head is the first lines, clean; all there are, if there are fewer; none of what cannot be read."""
    (tmp_path / "app.log").write_bytes(PACKERS["zst"](LOG))
    (tmp_path / "short.log").write_bytes(b"one\r\ntwo")
    app, short = find([str(tmp_path)]).files
    assert LOG[: len(b"".join(lines_of(1000)))] == head(app)
    assert b"".join(lines_of(20_000)) == head(app, 20_000)
    assert b"one\ntwo\n" == head(short)
    assert b"one\n" == head(short, 1)
    assert b"" == head(SourceFile("/none", 0, 1, "none"))


# Reads a file in a process of its own and prints by how many MiB its peak memory grew, and the lines and bytes read.
MEASURE = """
import sys
import numpy, pyarrow
from detector.errors import Losses
from detector.sources.blocks import read_blocks
from detector.sources.files import find
def peak(): return next(int(line.split()[1]) // 1024 for line in open("/proc/self/status") if line.startswith("VmHWM"))
before, lines, size = peak(), 0, 0
for block in read_blocks(find(sys.argv[1:]).files[0], Losses(), []):
    lines += block.data.count(b"\\n"); size += len(block.data)
print(peak() - before, lines, size)
"""


def measure(path: Path) -> list[int]:
    """How many KiB reading `path` took at its peak, and the lines and bytes that came."""
    if not Path("/proc/self/status").exists():
        pytest.skip("peak memory is read from /proc")
    run = run_python(MEASURE, path)
    assert "" == run.stderr
    return [int(number) for number in run.stdout.split()]


FLOOD = b"2021-11-19 10:00:00 ERROR retry\n" * (1 << 20)


@pytest.mark.parametrize("wrapping", ["gz", "zst", "lz4", "xz"])
def test_a_flood(tmp_path: Path, wrapping: str) -> None:
    """A gibibyte of one line from a file of a few megabytes at most takes less than 64 MiB."""
    times = 8 if wrapping == "xz" else 32
    path = tmp_path / "flood.log"
    path.write_bytes(PACKERS[wrapping](FLOOD) * times)
    growth, lines, size = measure(path)
    assert (times << 20, times * len(FLOOD)) == (lines, size)
    assert growth < 64


@pytest.mark.parametrize("wrapping", ["gz", "zst"])
def test_a_line_without_end(tmp_path: Path, wrapping: str) -> None:
    """A line of a gibibyte is cut to 256 KiB, and takes no more memory than that."""
    path = tmp_path / "endless.log"
    path.write_bytes(PACKERS[wrapping](b"x" * (1 << 25)) * 32)
    growth, lines, size = measure(path)
    assert (1, (256 << 10) + 1) == (lines, size)
    assert growth < 64


def test_a_hole(tmp_path: Path) -> None:
    """The hole that logrotate's copytruncate leaves is dropped and counted, and the line behind it is whole."""
    path = tmp_path / "app.log"
    with path.open("wb") as file:
        file.seek(200 << 20)
        file.write(b"after the hole\nlast\n")
    outcome = read_file(path)
    assert b"after the hole\nlast\n" == outcome.data
    assert {"nul_bytes": 200 << 20} == outcome.losses
