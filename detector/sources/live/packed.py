"""What a compressed file holds behind the place up to which its original was read."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace

from detector.sources.archives import decompress
from detector.sources.kinds import PEEK_BYTES, codec
from detector.sources.live.fingerprints import HEAD_BYTES
from detector.sources.live.following import Place
from detector.sources.live.live import BLOCK_BYTES
from detector.sources.live.taking import take
from detector.sources.streams import READ_BYTES, Peeked, Raw, read


def head_within(path: str) -> bytes:
    """What the content begins with; less where it is damaged."""
    try:
        with io.FileIO(path) as file:
            return _content(file).peek(HEAD_BYTES)[:HEAD_BYTES]
    except OSError:
        return b""


def rest_of(path: str, place: Place) -> Iterator[tuple[bytes, Place]]:
    """Whole lines from `place` on, as they are, at most `BLOCK_BYTES`, each time with the place behind them.

    Raises:
        OSError: the file cannot be read.
    """
    with io.FileIO(path) as file:
        content = _content(file)
        skipped = 0
        while skipped < place.offset:
            skipped += (count := len(read(content, min(READ_BYTES, place.offset - skipped))))
            if not count:
                return
        waiting, ended = b"", False
        while not ended:
            chunk = read(content, READ_BYTES)
            ended = not chunk
            waiting += chunk
            if len(waiting) < BLOCK_BYTES - READ_BYTES and not ended:
                continue
            taken = take(waiting, place.inside, flush=ended)
            waiting = waiting[taken.size :]
            place = replace(place, offset=place.offset + taken.size, inside=taken.inside)
            if taken.lines:
                yield taken.lines, place
            if ended and waiting:  # lines were taken first, the unfinished one is still there
                last = take(waiting, place.inside, flush=True)
                yield last.lines, replace(place, offset=place.offset + last.size, inside=last.inside)


def _content(file: io.FileIO) -> Peeked:
    disk = Peeked(Raw(file, None))
    return Peeked(decompress(disk, codec(disk.peek(PEEK_BYTES))))
