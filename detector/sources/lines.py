"""The byte rules: what a line is allowed to be before anything else sees it.

Each rule looks at one line alone, so that no way of cutting a stream into blocks changes what comes out. In this order:
NUL bytes are dropped, a byte order mark before the line and a CR at its end are dropped, a line that is too long is cut
between two characters, and what is no UTF-8 is repaired. A cheap look at the whole block tells whether a rule has work.
"""

from __future__ import annotations

from operator import ne
from typing import NamedTuple

from detector.errors import Losses

LINE_BYTES = 256 * 1024

REASONS = {
    "nul_bytes": "NUL bytes dropped",
    "line_too_long": "lines cut to 256 KiB",
    "invalid_utf8": "lines with bytes that are no UTF-8, which became U+FFFD",
    "utf16": "sources read as UTF-16",
    "document_bytes": "bytes of JSON documents that belong to no whole element",
}
"""All that this room counts in `Losses`, and the unit of each count."""

_MARK = b"\xef\xbb\xbf"
# A prefix of a line that decides all rules: the line limit, a mark, a CR, and one character more.
PREFIX_SPARE_BYTES = 8


class Survey(NamedTuple):
    """What a cheap look at lines tells: which byte rules may have work."""

    has_nul: bool
    has_cr: bool
    is_ascii: bool


def survey(data: bytes) -> Survey:
    """Look at the bytes; the slow looks are few and let other threads run, which wait for no more than that."""
    import numpy as np  # not needed to show --help, and slow to load

    most = int(np.frombuffer(data, np.uint8).max(initial=0))  # first, since it brings the bytes near
    return Survey(b"\0" in data, b"\r" in data, most < _NOT_ASCII)


def count_lines(data: bytes) -> int:
    """How many line breaks there are, four times as fast as bytes.count."""
    import numpy as np

    return int(np.count_nonzero(np.frombuffer(data, np.uint8) == _LF))


_LF, _NOT_ASCII = 10, 128


def clean(data: bytes, losses: Losses, line_bytes: int = LINE_BYTES) -> bytes:
    """Apply the byte rules to `data`, whole lines each ended by LF; the number of lines stays.

    Args:
        data: the lines as they are in the stream.
        losses: where what was repaired is counted, by the reasons in `REASONS`.
        line_bytes: the longest line left whole, without its LF; 4 or more.
    """
    seen = survey(data)
    if seen.has_nul:
        size = len(data)
        data = data.translate(None, b"\0")
        losses.add("nul_bytes", size - len(data))
    if not seen.is_ascii and _MARK in data:
        data = data.removeprefix(_MARK).replace(b"\n" + _MARK, b"\n")
    if seen.has_cr:
        data = data.replace(b"\r\n", b"\n")
    if _all_fit(data, line_bytes):
        if seen.is_ascii or is_utf8(data):
            return data
        # What is no UTF-8 never reaches over a line end, so that the whole block can be repaired at once.
        repaired = _repair(data)
        if _all_fit(repaired, line_bytes):
            losses.add("invalid_utf8", sum(map(ne, data.split(b"\n"), repaired.split(b"\n"))))
            return repaired
    lines = [_mend(line, losses, line_bytes) for line in data.split(b"\n")]
    return b"\n".join(lines)


def _all_fit(data: bytes, line_bytes: int) -> bool:
    # From line end to line end in steps as long as a line may be: a few looks for a block of many lines.
    start = 0
    while start < len(data):
        end = data.rfind(b"\n", start, start + line_bytes + 1)
        if end < 0:
            return False
        start = end + 1
    return True


def is_utf8(data: bytes) -> bool:
    """Whether `data` is whole, valid UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _repair(data: bytes) -> bytes:
    return data.decode("utf-8", "replace").encode()


def _mend(line: bytes, losses: Losses, line_bytes: int) -> bytes:
    kept = _cut(line, line_bytes)
    if not kept.isascii():
        repaired = _repair(kept)
        losses.add("invalid_utf8", int(repaired != kept))
        kept = repaired
    losses.add("line_too_long", int(max(len(line), len(kept)) > line_bytes))
    return _cut(kept, line_bytes)


def _cut(line: bytes, line_bytes: int) -> bytes:
    if len(line) <= line_bytes:
        return line
    end = line_bytes
    # The first byte left out must begin a character; no character has more than three bytes after its first.
    while end > line_bytes - 4 and line[end] & 0xC0 == 0x80:
        end -= 1
    return line[:end].rstrip(b"\r")
