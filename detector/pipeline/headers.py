"""Headers that stand where nobody looks for them: the `#Fields` of W3C logs may change within a file."""

from __future__ import annotations

import re
from collections.abc import Sequence

from detector.errors import Losses
from detector.formats.w3c import FIELDS
from detector.sources.blocks import read_blocks
from detector.sources.files import SourceFile

MARK = FIELDS.encode()
HEADER = re.compile(rb"\n(" + MARK + rb"[^\n]*)")
DATED = re.compile(r"\d{4}-\d\d-\d\d[ \t]\d\d:\d\d:\d\d[ \t]")
MOST = 50
"""As many different headers are kept; a server that is set up anew writes one."""


def later_headers(file: SourceFile, head: Sequence[str]) -> list[str]:
    """The `#Fields` lines after the head of a file, each once.

    A stream is left alone. A file that has one in its head is read to its end for them, at the speed of memory; of one
    whose lines might have columns the first block is.
    """
    named = any(line.startswith(FIELDS) for line in head)
    if file.path == "-" or file.size_bytes is None or not (named or (head and DATED.match(head[-1]))):
        return []
    found: dict[bytes, None] = {}
    for block in read_blocks(file, Losses(), [], numbered=False):
        found |= dict.fromkeys(_headers(block.data))
        if len(found) >= MOST or not (named or found):
            break
    return [line for line in (one.decode() for one in found) if line not in head][:MOST]


def _headers(data: bytes) -> list[bytes]:
    """The lines of a block that begin with the mark."""
    first = [data.partition(b"\n")[0]] if data.startswith(MARK) else []
    return first + HEADER.findall(data)
