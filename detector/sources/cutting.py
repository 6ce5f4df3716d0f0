"""A stream cut into runs of whole lines, in memory that no line length can raise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

from detector.errors import Losses
from detector.sources.lines import PREFIX_SPARE_BYTES, clean
from detector.sources.streams import Stream

_PROBE_BYTES = 64 * 1024


class Limits(NamedTuple):
    """How many bytes a block and a line may have; `cutting_limits` makes a pair that fits together."""

    block_bytes: int
    line_bytes: int


def cutting_limits(block_bytes: int, line_bytes: int) -> Limits:
    """A block has room for two lines at least, so that a line which fills it is known to be too long."""
    return Limits(max(block_bytes, 2 * (line_bytes + PREFIX_SPARE_BYTES)), line_bytes)


class Piece(NamedTuple):
    """Whole lines as they are in the stream.

    Attributes:
        offset_bytes: where the first line begins in the stream.
        data: the lines, each with its LF.
        dropped_bytes: how much of the first line is left out of `data`.
    """

    offset_bytes: int
    data: bytes
    dropped_bytes: int = 0


class Cutter:
    """Cuts one stream.

    Args:
        stream: the bytes.
        limits: how much one piece holds, and the longest line that is needed whole.
        losses: where NUL bytes are counted that are dropped to make room.
        measure: how many bytes a part of the stream takes in the stream that offsets count in.
        start_bytes: the offset of the stream's first byte.
    """

    def __init__(
        self,
        stream: Stream,
        limits: Limits,
        losses: Losses,
        measure: Callable[[bytes], int] = len,
        start_bytes: int = 0,
    ) -> None:
        self._stream = stream
        self._losses = losses
        self._measure = measure
        self._prefix = limits.line_bytes + PREFIX_SPARE_BYTES
        self._buffer = bytearray(limits.block_bytes)
        self._view = memoryview(self._buffer)
        self._fill = 0
        self._offset = start_bytes
        self._dropped = 0

    def pieces(self) -> Iterator[Piece]:
        """The stream's lines in order; a last line without LF gets one."""
        while self._refill():
            cut = self._buffer.rfind(b"\n") + 1
            if cut:
                yield self._take(cut)
            else:
                self._make_room()
        if self._fill or self._dropped:
            if not self._buffer.endswith(b"\n", 0, self._fill):
                self._buffer[self._fill] = ord("\n")
                self._fill += 1
            yield self._take(self._fill)

    def _refill(self) -> bool:
        """Fill the buffer; False if the stream ended before it was full."""
        while self._fill < len(self._buffer):
            count = self._stream.readinto(self._view[self._fill :])
            if not count:
                return False
            self._fill += count
        return True

    def _take(self, cut: int) -> Piece:
        piece = Piece(self._offset, bytes(self._view[:cut]), self._dropped)
        self._offset += self._measure(piece.data) + self._dropped
        self._dropped = 0
        rest = self._buffer[cut : self._fill]
        self._buffer[: len(rest)] = rest
        self._fill = len(rest)
        return piece

    def _make_room(self) -> None:
        """The buffer is full of one unfinished line: drop its NUL bytes, and if that is too little, its rest."""
        line = self._buffer.translate(None, b"\0")
        self._drop_nuls(self._fill - len(line))
        self._dropped += self._measure(bytes(line[self._prefix :]))
        self._fill = min(len(line), self._prefix)
        self._buffer[: self._fill] = line[: self._fill]
        if self._fill == self._prefix:
            self._skip_line()

    def _skip_line(self) -> None:
        """Read on to the end of a line whose prefix fills the buffer's beginning."""
        start = self._prefix
        while count := self._stream.readinto(self._view[start:]):
            found = self._buffer.find(b"\n", start, start + count)
            end = start + count if found < 0 else found
            skipped = bytes(self._view[start:end])
            kept = skipped.translate(None, b"\0")
            self._drop_nuls(len(skipped) - len(kept))
            self._dropped += self._measure(kept)
            if found >= 0:
                rest = self._buffer[end : start + count]
                self._fill = start + len(rest)
                self._buffer[start : self._fill] = rest
                return

    def _drop_nuls(self, count: int) -> None:
        self._losses.add("nul_bytes", count)
        self._dropped += self._measure(bytes(count))


class Seekable(Protocol):
    """What an unbuffered file and a part of one have in common."""

    def seek(self, offset: int, /) -> object:
        """Go on reading at this byte."""

    def read(self, size: int, /) -> bytes | None:
        """Up to `size` bytes; fewer only at the end."""


def leap(file: Seekable, piece_bytes: int, start_bytes: int = 0) -> Iterator[Piece]:
    """Pieces of a plain file without a copy: a look ahead says where the last line of the next piece ends.

    It ends before the file does, near its end or where a line is long: a `Cutter` has to go on there.
    """
    offset = start_bytes
    ahead = piece_bytes - _PROBE_BYTES
    while ahead > 0:
        try:
            file.seek(offset + ahead)
            probe = file.read(_PROBE_BYTES) or b""
            cut = probe.rfind(b"\n") + 1
            if not cut or len(probe) < _PROBE_BYTES:
                return
            file.seek(offset)
            data = file.read(ahead + cut) or b""
        except OSError:
            return
        if len(data) < ahead + cut or not data.endswith(b"\n"):
            return
        yield Piece(offset, data)
        offset += len(data)


def fit(piece: Piece, limits: Limits, losses: Losses, measure: Callable[[bytes], int] = len) -> Iterator[Piece]:
    """The clean lines of `piece`; in several pieces where repair made them too many bytes for one."""
    found = Losses()
    data = clean(piece.data, found, limits.line_bytes)
    middle = piece.data.rfind(b"\n", 0, len(piece.data) // 2) + 1 or piece.data.find(b"\n") + 1
    if len(data) <= limits.block_bytes or middle == len(piece.data):
        losses.merge(found)
        yield Piece(piece.offset_bytes, data)
        return
    first = piece.data[:middle]
    yield from fit(piece._replace(data=first), limits, losses, measure)
    after = piece.offset_bytes + piece.dropped_bytes + measure(first)
    yield from fit(Piece(after, piece.data[middle:]), limits, losses, measure)
