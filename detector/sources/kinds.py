"""What a stream is, told by its beginning and never by its suffix.

Magic numbers are those of the formats' own specifications (RFC 1952, RFC 8878, the xz, bzip2 and LZ4 frame formats)
and, for what is no log, of file(1).
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from detector.sources.lines import is_utf8

PEEK_BYTES = 64 * 1024
"""As much of a stream is judged: one line of an attack may be 32 KiB of machine code, the lines around it are a log."""

_CODECS = (
    ("gz", re.compile(rb"\x1f\x8b\x08")),
    ("zst", re.compile(rb"\x28\xb5\x2f\xfd")),
    ("bz2", re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)")),
    ("xz", re.compile(rb"\xfd7zXZ\x00")),
    ("lz4", re.compile(rb"\x04\x22\x4d\x18")),
)
_SKIPPABLE = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18(.{4})", re.DOTALL)

Table = Literal["parquet", "arrow", "arrow_stream"]
_TABLES: tuple[tuple[Table, re.Pattern[bytes]], ...] = (
    ("parquet", re.compile(rb"PAR1")),
    ("arrow", re.compile(rb"ARROW1\0\0")),
    ("arrow_stream", re.compile(rb"\xff\xff\xff\xff..[\0-\x0f]\0[\x08-\x20]\0\0\0", re.DOTALL)),
)

_ARCHIVES = (
    ("a zip archive", re.compile(rb"PK(?:\x03\x04|\x05\x06)")),
    ("a 7z archive", re.compile(rb"7z\xbc\xaf\x27\x1c")),
    ("a rar archive", re.compile(rb"Rar!\x1a\x07")),
    ("a tar archive", re.compile(rb"(?=[^\0]{1,100}\0).{257}ustar", re.DOTALL)),
    ("a compress (.Z) file", re.compile(rb"\x1f\x9d")),
    ("a legacy lz4 file", re.compile(rb"\x02\x21\x4c\x18")),
    ("an ar archive", re.compile(rb"!<arch>\n")),
)
_BINARIES = (
    ("a systemd journal", re.compile(rb"LPKSHHRH")),
    ("a Windows event log", re.compile(rb"ElfFile\0")),
    ("a program", re.compile(rb"\x7fELF|MZ(?=.{0,58}\0)|\xcf\xfa\xed\xfe|\xca\xfe\xba\xbe", re.DOTALL)),
    ("a SQLite database", re.compile(rb"SQLite format 3\0")),
    ("a packet capture", re.compile(rb"\xd4\xc3\xb2\xa1|\xa1\xb2[\xc3\x3c][\xd4\x4d]|\x4d\x3c\xb2\xa1|\n\r\r\n")),
    ("an image", re.compile(rb"\x89PNG\r\n|\xff\xd8\xff|GIF8[79]a|RIFF.{4}WEBP|BM.{4}\0{4}", re.DOTALL)),
    ("a PDF", re.compile(rb"%PDF-")),
    ("an Avro file", re.compile(rb"Obj\x01")),
    ("compiled Python", re.compile(rb"..\r\n[\0-\3]\0\0\0", re.DOTALL)),
)

# SOH, BS, tab to CR, ESC, RS and US are met in logs: FIX fields, terminal colours, RFC 7464 records.
_CONTROL = bytes(set(range(32)) - {1, 8, 9, 10, 11, 12, 13, 27, 30, 31}) + b"\x7f"
_HOLE = re.compile(rb"\0{16,}")
_UTF16_BYTES = 4096
# A line of a log begins with a time, an address or a level; what a client sent comes behind.
_START_BYTES = 32


def codec(head: bytes) -> str | None:
    """The compression of a stream that begins with `head`: gz, zst, bz2, xz, lz4, or None.

    Skippable frames, which zst and lz4 share, are stepped over; one that fills the whole head is taken as zst.
    """
    while skippable := _SKIPPABLE.match(head):
        rest = head[8 + int.from_bytes(skippable[1], "little") :]
        if not rest:
            return "zst"
        head = rest
    return next((name for name, magic in _CODECS if magic.match(head)), None)


def table(head: bytes) -> Table | None:
    """`parquet`, `arrow` or `arrow_stream` if `head` begins such a file, which may hold counts or records."""
    return next((name for name, magic in _TABLES if magic.match(head)), None)


def archive(head: bytes) -> str | None:
    """The kind of archive that `head` begins, in words: what is inside may be logs, once it is unpacked."""
    return _name(_ARCHIVES, head)


def binary(head: bytes) -> str | None:
    """What `head` begins, in words, if that is known or clearly seen to be no text; None for text.

    Bytes above 127 say nothing: text has them in many encodings, and so has an attack that a server wrote down. Control
    characters say something only where a line begins, unless NULs are everywhere. A hole of NUL bytes is text:
    logrotate's copytruncate leaves such holes before the lines.
    """
    known = _name(_BINARIES, head)
    if known or utf16(head):
        return known
    body = _HOLE.sub(b"", head)
    return "a binary file" if _is_garbled(body) and _is_garbled_throughout(body) else None


class Refusal(NamedTuple):
    """Why a stream cannot be read as lines: `reason` is archive, binary, nested or table; `words` end a sentence."""

    reason: str
    words: str


def refusal(head: bytes, outer_codec: str | None = None) -> Refusal | None:
    """Why a stream that begins with `head` cannot be read as lines; None if it can.

    Args:
        head: the decompressed beginning.
        outer_codec: how the stream was compressed, if it was.
    """
    if (inner := codec(head)) and outer_codec:
        return Refusal("nested", f"is compressed twice ({inner} inside {outer_codec}): unpack it once")
    if columns := table(head):
        return Refusal("table", f"looks like {columns} data, not lines: give it by its path, uncompressed")
    if packed := archive(head):
        return Refusal("archive", f"looks like {packed}: unpack it first")
    if other := binary(head):
        return Refusal("binary", f"looks like {other}, not a log")
    return None


def utf16(head: bytes) -> str | None:
    """`utf-16-le` or `utf-16-be` by byte order mark, or by a NUL in every other byte; None for anything else."""
    if head.startswith(b"\xff\xfe"):
        return "utf-16-le"
    if head.startswith(b"\xfe\xff"):
        return "utf-16-be"
    even, odd = head[:_UTF16_BYTES:2], head[1:_UTF16_BYTES:2]
    for name, text, nulls in (("utf-16-le", even, odd), ("utf-16-be", odd, even)):
        if len(nulls) > 3 and nulls.count(0) > 0.9 * len(nulls) and not text.translate(None, _PRINTABLE):
            return name
    return None


_PRINTABLE = bytes(range(32, 127)) + b"\t\r\n"


def _is_garbled(text: bytes) -> bool:
    """Has it more control characters than text may have?"""
    control = len(text) - len(text.translate(None, _CONTROL))
    return bool(control) and control > (0.1 if _is_utf8(text) else 0.03) * len(text)


def _is_garbled_throughout(body: bytes) -> bool:
    """Whether it is so where lines begin, in most of the text, or holds NULs in most lines or from its first line on.

    Measured: of 77,000 binary files of a Linux system 99.7 % are told; 30 logs full of attacks (Honeynet) are read.
    """
    lines = body.split(b"\n")
    if sum(len(line) for line in lines if _is_garbled(line[:_START_BYTES])) > 0.5 * len(body):
        return True
    nuls = body.count(0)
    if nuls > 0.05 * len(body) and 2 * sum(b"\0" in line for line in lines) > len(lines):
        return True
    return nuls > 0.03 * len(body) and _is_garbled(body[:_START_BYTES])


def _is_utf8(text: bytes) -> bool:
    # It may end within a character, so its last three bytes are forgiven.
    return any(is_utf8(text[: len(text) - cut]) for cut in range(4))


def _name(table: tuple[tuple[str, re.Pattern[bytes]], ...], head: bytes) -> str | None:
    return next((name for name, magic in table if magic.match(head)), None)
