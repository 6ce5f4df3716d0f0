"""The last line of a file, without reading the rest where that can be helped."""

from __future__ import annotations

import io
import os

from detector.errors import Losses
from detector.sources import kinds
from detector.sources.blocks import DOCUMENT_PEEK_BYTES, read_blocks
from detector.sources.files import SourceFile
from detector.sources.lines import LINE_BYTES, clean
from detector.sources.splitting import holds_lines

_STEP_BYTES = 256 * 1024
_BLANK = b" \t\n\r\x0b\x0c\0"


def last_line(file: SourceFile, *, line_bytes: int = LINE_BYTES) -> bytes | None:
    """The last line of `file` with anything but white space in it, clean, without its end and trailing white space.

    A plain file is read near its end; anything else is read through in bounded memory. None if there is no such line,
    the file cannot be read, or it is a stream that could not be read again.
    """
    if file.size_bytes is None:
        return None
    try:
        found = _near_end(file.path, line_bytes)
    except OSError:
        return None
    return found or _read_through(file, line_bytes)


def _near_end(path: str, line_bytes: int) -> bytes | None:
    """None if the file is not plain lines, or its last one is too long or strange to be told from here."""
    with io.FileIO(path) as file:
        head = file.read(DOCUMENT_PEEK_BYTES)
        if kinds.codec(head) or kinds.refusal(head) or kinds.utf16(head) or not holds_lines(head):
            return None
        end = _end_of_text(file)
        start = max(0, end - line_bytes - _STEP_BYTES)
        file.seek(start)
        text = file.read(end - start)
    line_start = text.rfind(b"\n") + 1
    if start and not line_start:
        return None
    return clean(text[line_start:] + b"\n", Losses(), line_bytes).rstrip(_BLANK)


def _end_of_text(file: io.FileIO) -> int:
    """Where the last byte ends that is no white space and no NUL."""
    end = file.seek(0, os.SEEK_END)
    while end:
        start = max(0, end - _STEP_BYTES)
        file.seek(start)
        text = file.read(end - start).rstrip(_BLANK)
        if text:
            return start + len(text)
        end = start
    return 0


def _read_through(file: SourceFile, line_bytes: int) -> bytes | None:
    found = None
    for block in read_blocks(file, Losses(), [], line_bytes=line_bytes):
        text = block.data.rstrip(_BLANK)
        found = text[text.rfind(b"\n") + 1 :] or found
    return found
