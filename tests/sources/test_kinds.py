"""What a file is, by its first bytes."""

from __future__ import annotations

import os
import random
import sqlite3
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.sources import kinds
from detector.sources.files import find
from tests.sources.packing import PACKERS, lines_of, read_file

LOG = b"".join(lines_of(100))
HONEYNET = Path(os.environ.get("DETECTOR_CORPUS", "")) / "access" / "honeynet"
WORM = b'61.32.7.9 - - [12/Mar/2005:04:11:02 +0000] "SEARCH /\x90' + b"\x02\xb1" * 1075 + b"\x90" * 29000 + b'" 414 -\n'
"""A request as a server before 2.0.49 wrote it down, byte by byte: 32 KiB in one line."""


def noise(size: int) -> bytes:
    """Bytes of chance, always the same."""
    return random.Random(7).randbytes(size)


def login_records(count: int) -> bytes:
    """`count` records of wtmp, as utmp(5) draws them."""
    layout = "hxxi32s4s32s256shhiii4i20x"
    record = (7, 4711, b"pts/0", b"ts/0", b"alice", b"10.0.0.7", 0, 0, 0, 1_110_600_000, 9, 0x0A000007, 0, 0, 0)
    return struct.pack(layout, *record) * count


@pytest.mark.parametrize("codec", PACKERS)
def test_codec(codec: str) -> None:
    """Every codec is told by its magic bytes, also behind frames that are to be skipped."""
    head = PACKERS[codec](LOG)[: kinds.PEEK_BYTES]
    assert codec == kinds.codec(head)
    if codec in ("zst", "lz4"):
        assert codec == kinds.codec(b"\x50\x2a\x4d\x18\x02\0\0\0ab" + head)


@pytest.mark.parametrize(
    "head",
    [
        LOG,
        b"",
        b"\0" * 4096,
        b"\0" * 4000 + LOG[:96],
        "é漢😀\n".encode() * 9,
        "é漢😀\n".encode()[:-2],
        "Fehler beim Öffnen\n".encode("latin-1") * 9,
        "ログを開けません\n".encode("shift-jis") * 9,
        "\ufeffINFO start\n".encode("utf-16"),
        "INFO start\n".encode("utf-16-be"),
        b"8=FIX.4.4\x019=65\x0135=A\x0149=SERVER\x0156=CLIENT\x0134=177\x01\n" * 9,
        b"\x1b[32mINFO\x1b[0m started\n" * 9,
        b"\x1e" + b'{"a":1}\n',
        b"BZh is how bzip2 files begin\n",
        b"MZ is how programs begin, and this line is longer than sixty characters\n",
        WORM,
        WORM[:4096],
        WORM * 3,
        LOG[:2000] + WORM[:2096],
        LOG[:2000] + WORM[: -len(LOG)] + LOG,
        WORM[1000:] + LOG,
        LOG[:2000].removesuffix(b"\n") + b"payload: " + noise(2000) + b"\n",
        LOG[:2000] + b'10.0.0.1 - - "GET /' + "\u9090".join("shellcode" * 99).encode("utf-16-le") + b'"\n',
        b"\0" * 5000 + WORM + LOG,
    ],
)
def test_logs_are_text(head: bytes) -> None:
    """Text of any encoding, with holes, colours or field separators in it, is read."""
    assert None is kinds.refusal(head)
    assert None is kinds.codec(head)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"LPKSHHRH" + bytes(200), "binary"),
        (b"\x7fELF\x02\x01\x01" + bytes(200), "binary"),
        (b"MZ\x90\0\x03" + bytes(200), "binary"),
        (b"\x89PNG\r\n\x1a\n" + bytes(20), "binary"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "binary"),
        (b"SQLite format 3\0", "binary"),
        (b"\xd4\xc3\xb2\xa1\x02\0\x04\0", "binary"),
        (b"\n\r\r\n\x1c\0\0\0", "binary"),
        (bytes(n * 7919 % 251 for n in range(4096)), "binary"),
        (noise(100), "binary"),
        (noise(4096), "binary"),
        (noise(kinds.PEEK_BYTES), "binary"),
        (bytes(16) + noise(4096), "binary"),
        (struct.pack("<500d", *map(float, range(500))), "binary"),
        (struct.pack("<500i", *range(500)), "binary"),
        (login_records(1), "binary"),
        (login_records(100), "binary"),
        (b"\xa7\r\r\n" + bytes(4) + noise(8) + b"a long text in a module\n" * 99, "binary"),
        (b"!<arch>\n", "archive"),
        (b"PK\x03\x04\x14\0", "archive"),
        (b"logs/app.log".ljust(257, b"\0") + b"ustar\0", "archive"),
        (b"PAR1\x15\x04", "table"),
        (b"ARROW1\0\0\xff", "table"),
    ],
)
def test_what_is_no_log(head: bytes, expected: str) -> None:
    """Programs, images, databases, captures, archives and tables are told from text, and from each other."""
    refusal = kinds.refusal(head)
    assert refusal is not None
    assert expected == refusal.reason


def test_compressed_twice() -> None:
    """An archive in an archive is refused, with both names."""
    refusal = kinds.refusal(PACKERS["gz"](LOG), "zst")
    assert refusal is not None
    assert ("nested", True) == (refusal.reason, "gz inside zst" in refusal.words)


def test_a_database(tmp_path: Path) -> None:
    """A database is told from a log, whatever text is in it."""
    with sqlite3.connect(tmp_path / "log") as base:
        base.execute("create table log (line text)")
        base.executemany("insert into log values (?)", [(line.decode(),) for line in lines_of(999)])
    base.close()
    refusal = kinds.refusal((tmp_path / "log").read_bytes())
    assert refusal is not None
    assert "looks like a SQLite database, not a log" == refusal.words


def test_a_log_of_attacks_is_read(tmp_path: Path) -> None:
    """A log whose first 4 KiB are half machine code keeps every line, and says how many it had to repair."""
    (tmp_path / "access.log").write_bytes(LOG[:2000] + WORM * 2 + LOG)
    outcome = read_file(tmp_path / "access.log")
    assert [] == outcome.reasons
    assert (LOG[:2000] + WORM * 2 + LOG).count(b"\n") == outcome.data.count(b"\n")
    assert {"invalid_utf8": 2} == outcome.losses


@pytest.mark.skipif(not HONEYNET.is_dir(), reason="DETECTOR_CORPUS names no folder of real files")
def test_real_logs_of_attacks() -> None:
    """Every log of a honeynet is found, three of them with nothing but an empty line."""
    found = find([str(HONEYNET / "access_log*")])
    assert (26, 0, []) == (len(found.files), found.passed_over.total(), found.faults)


@st.composite
def hostile_lines(draw: st.DrawFn) -> bytes:
    """A line that begins as a log's does and then holds up to 60 % bytes above 127, and a few of any kind but NUL."""
    text = draw(st.binary(min_size=10, max_size=300).map(lambda data: bytes(32 + byte % 95 for byte in data)))
    high = draw(st.binary(max_size=len(text) * 3 // 2).map(lambda data: bytes(128 | byte for byte in data)))
    anything = draw(st.binary(max_size=40)).translate(None, b"\n\0")
    mixed = bytearray(text + high)
    draw(st.randoms(use_true_random=False)).shuffle(mixed)
    return b"2005-03-12T04:11:02Z INFO client: " + bytes(mixed) + anything + b"\n"


@given(lines=st.lists(hostile_lines(), max_size=30), end=st.integers(0, 9))
def test_hostile_lines_are_text(lines: list[bytes], end: int) -> None:
    """No run of lines that begin as text is taken for binary, whatever stands in them and wherever it is cut."""
    data = b"".join(lines)
    assert None is kinds.binary(data[: len(data) - end])


@given(text=st.text(st.characters(exclude_categories=["Cc", "Cs"])), cut=st.integers(0, 3))
def test_any_text_is_text(text: str, cut: int) -> None:
    """No text without control characters is taken for binary, even cut within its last character."""
    data = text.encode()
    assert None is kinds.binary(data[: len(data) - cut])
