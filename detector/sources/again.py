"""Reading parts of a source once more: a plain file where they lie, any other from its beginning."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from detector.errors import Losses
from detector.schemas import Block
from detector.sources.blocks import read_blocks, read_part
from detector.sources.files import SourceFile
from detector.sources.parts import Identity, Part, identity_at, open_plain


def is_plain(file: SourceFile) -> bool:
    """Can parts of it be read without all that lies before them?"""
    opened = open_plain(file.path)
    if opened is not None:
        opened.close()
    return opened is not None


def find_again(path: str, identity: Identity) -> str | None:
    """The name that a file has by now, if it was only renamed within its folder; None if it is gone."""
    if identity_at(path) == identity:
        return path
    try:
        with os.scandir(os.path.dirname(path) or ".") as entries:
            found = next((one.path for one in entries if one.inode() == identity.inode), None)
    except OSError:
        return None
    return found if found is not None and identity_at(found) == identity else None


def read_again(file: SourceFile, identity: Identity, parts: Sequence[Part]) -> Iterator[Block]:
    """Yield the lines of these parts of the decompressed stream, in their order.

    Trouble was told when the source was read first; now it ends the source early, without a word. Nothing is read
    if another file has its name by now, or if it became shorter.

    Args:
        file: what `find` found.
        identity: which file it was.
        parts: that begin and end where blocks of the first reading do, in order.
    """
    if identity_at(file.path) != identity or not parts:
        return
    opened = open_plain(file.path)
    if opened is not None:
        with opened:
            for part in parts:
                yield from read_part(file.path, opened, part, Losses(), [])
        return
    last = parts[-1].end
    for block in read_blocks(file, Losses(), [], numbered=False):
        if last is not None and block.offset_bytes >= last:
            return
        if any(begin <= block.offset_bytes and (end is None or block.offset_bytes < end) for begin, end in parts):
            yield block
