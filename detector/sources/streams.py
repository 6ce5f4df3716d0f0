"""Byte streams that never raise on trouble: they end early and say in `damage` what went wrong.

Each stream fills a buffer that the caller owns, so that memory stays bounded however much a stream yields.
"""

from __future__ import annotations

import codecs
import io
import os
import select
import stat
from collections.abc import Callable
from typing import NamedTuple, Protocol

READ_BYTES = 256 * 1024


class Damage(NamedTuple):
    """Why a stream ended early: `reason` as in `Fault`, `detail` in words."""

    reason: str
    detail: str


class Readable(Protocol):
    """What an unbuffered file, a buffered one and `io.BytesIO` have in common."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fill `buffer` from its start; the count of bytes, 0 at the end, None where nothing has come yet."""

    def fileno(self) -> int:
        """The descriptor to wait for."""


class Stream(Protocol):
    """Bytes in order; 0 from `readinto` is the end, good or bad."""

    @property
    def damage(self) -> Damage | None:
        """Why the stream ended early, None if it did not."""

    def readinto(self, view: memoryview) -> int:
        """Fill a non-empty `view` from its start and say how many bytes came."""


class Raw:
    """The bytes as they lie on disk or come through a pipe.

    Args:
        file: the open file.
        progress: is told how many bytes were consumed since it was last told.

    Attributes:
        position: how many bytes have come.
    """

    def __init__(self, file: Readable, progress: Callable[[int], None] | None) -> None:
        self.damage: Damage | None = None
        self._file: Readable = getattr(file, "raw", file)
        self._waits = _may_wait(self._file)
        self._progress = progress
        self.position = self._told = 0

    def readinto(self, view: memoryview) -> int:
        """As in `Stream`; an OSError in the midst ends the stream as `unreadable`."""
        try:
            if self._waits:  # polars' handler restarts a read that Ctrl-C breaks, but never a select
                select.select([self._file], [], [])
            while (count := self._file.readinto(view)) is None:
                select.select([self._file], [], [])
        except OSError as error:
            self.damage = Damage("unreadable", f"cannot be read on: {error.strerror or error}")
            return 0
        self.move(self.position + count)
        return count

    def move(self, position: int) -> None:
        """Go on counting at `position`, where the caller has put the file; what was told is not told again."""
        self.position = position
        if self._progress and position > self._told:
            self._progress(position - self._told)
            self._told = position


def _may_wait(file: Readable) -> bool:
    """Whether reading may wait for somebody: from a pipe, a terminal or a socket."""
    try:
        return isinstance(file, io.FileIO) and not stat.S_ISREG(os.fstat(file.fileno()).st_mode)
    except (OSError, ValueError):
        return False


class Peeked:
    """A stream whose beginning can be looked at before it is read.

    Attributes:
        position: how many bytes have come from the source.
    """

    def __init__(self, source: Stream) -> None:
        self.position = 0
        self._source = source
        self._head = b""

    @property
    def damage(self) -> Damage | None:
        """As in `Stream`."""
        return self._source.damage

    def peek(self, size: int) -> bytes:
        """The next `size` bytes, fewer only if the stream ends before."""
        while len(self._head) < size and (more := read(self._source, size - len(self._head))):
            self._head += more
            self.position += len(more)
        return self._head[:size]

    def readinto(self, view: memoryview) -> int:
        """As in `Stream`."""
        if not self._head:
            count = self._source.readinto(view)
            self.position += count
            return count
        piece, self._head = self._head[: len(view)], self._head[len(view) :]
        view[: len(piece)] = piece
        return len(piece)


class Utf16:
    """UTF-16 turned into UTF-8 as it flows; lone surrogates stay as bytes that are no UTF-8, to be repaired by line."""

    def __init__(self, source: Stream, encoding: str) -> None:
        self._source = source
        self._decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")
        self._ready = memoryview(b"")

    @property
    def damage(self) -> Damage | None:
        """As in `Stream`."""
        return self._source.damage

    def readinto(self, view: memoryview) -> int:
        """As in `Stream`."""
        while not self._ready:
            data = read(self._source, READ_BYTES)
            self._ready = memoryview(self._decoder.decode(data).encode("utf-8", "surrogatepass"))
            if not data:
                break
        if not self._ready and self._decoder.getstate()[0]:
            # The stream ends within a character.
            self._decoder.reset()
            self._ready = memoryview(b"\xff")
        count = min(len(view), len(self._ready))
        view[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count


def read(stream: Stream, size: int) -> bytes:
    """Up to `size` bytes as an object of their own; empty at the end."""
    buffer = bytearray(size)
    return bytes(memoryview(buffer)[: stream.readinto(memoryview(buffer))])


def utf16_bytes(data: bytes) -> int:
    """How many bytes `data`, made from UTF-16, or any part of it, was there: two for each character, four for the rare.

    Counting lead bytes only makes the sum over any cut of `data` the same.
    """
    leads = len(data.translate(None, _CONTINUATION))
    return 2 * (leads + len(data) - len(data.translate(None, _LEAD_OF_FOUR)))


_CONTINUATION = bytes(range(0x80, 0xC0))
_LEAD_OF_FOUR = bytes(range(0xF0, 0xF8))
