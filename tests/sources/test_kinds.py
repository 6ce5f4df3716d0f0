"""What a file is, by its first bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.sources import kinds

from .packing import PACKERS, lines_of

LOG = b"".join(lines_of(100))[: kinds.PEEK_BYTES]


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


@given(text=st.text(st.characters(exclude_categories=["Cc", "Cs"])), cut=st.integers(0, 3))
def test_any_text_is_text(text: str, cut: int) -> None:
    """No text without control characters is taken for binary, even cut within its last character."""
    data = text.encode()
    assert None is kinds.binary(data[: len(data) - cut])
