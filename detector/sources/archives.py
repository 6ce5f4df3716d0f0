"""Decompression: every member or frame of a stream, in bounded steps, keeping what came before damage.

gz, bz2 and xz go through the standard library: it says where a member ends, so that padding and damage can be told
apart, and on log lines it is as fast as pyarrow (0.7 GB/s for gz). zst and lz4 go through pyarrow, which does not say:
there the input is fed in small pieces, and how it failed is read from its message.
"""

from __future__ import annotations

import bz2
import importlib
import lzma
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from detector.sources.streams import READ_BYTES, Damage, Peeked, Stream, read

PIECE_BYTES = 16 * 1024
# An archive that asks for more memory than this is refused; `xz -9` asks for 65 MiB.
_MEMORY_BYTES = 256 * 1024 * 1024
_NULS = bytes(64 * 1024)


class _Decoder(Protocol):
    """What bz2 and lzma decompressors have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def needs_input(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Gzip:
    """zlib in the manner of bz2 and lzma, exact to the byte where the input is damaged."""

    def __init__(self) -> None:
        self._zlib = zlib.decompressobj(31)
        self._broken: zlib.error | None = None
        self.needs_input = True

    @property
    def eof(self) -> bool:
        return self._zlib.eof

    @property
    def unused_data(self) -> bytes:
        return self._zlib.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        if self._broken:
            raise self._broken
        data = data or self._zlib.unconsumed_tail
        before = self._zlib.copy()
        try:
            out = self._zlib.decompress(data, max_length)
        except zlib.error as error:
            # zlib gives nothing of a call that failed: the same bytes once more, one by one.
            self._broken = error
            self.needs_input = False
            return self._salvage(before, data)[:max_length]
        self.needs_input = not self._zlib.unconsumed_tail and len(out) < max_length
        return out

    @staticmethod
    def _salvage(before: zlib._Decompress, data: bytes) -> bytes:
        out = bytearray()
        try:
            for index in range(len(data)):
                out += before.decompress(data[index : index + 1])
        except zlib.error:
            pass
        return bytes(out)


class _Codec(NamedTuple):
    """How to begin a member, and how much of it to ask for at once: a call that fails gives nothing."""

    begin: Callable[[], _Decoder]
    step_bytes: int


_CODECS = {
    "gz": _Codec(_Gzip, READ_BYTES),
    "bz2": _Codec(bz2.BZ2Decompressor, 2048),
    "xz": _Codec(lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, _MEMORY_BYTES), 2048),
}


class _Pieces:
    """The compressed input, read in large steps and handed out in small ones."""

    def __init__(self, source: Stream) -> None:
        self.source = source
        self._rest = memoryview(b"")

    def take(self, size: int = PIECE_BYTES) -> bytes:
        """The next piece; empty at the end."""
        if not self._rest:
            self._rest = memoryview(read(self.source, READ_BYTES))
        piece, self._rest = self._rest[:size], self._rest[size:]
        return bytes(piece)


class _Members:
    """gz, bz2 and xz: member after member; zero padding between and after them is nothing."""

    def __init__(self, source: Stream, codec: _Codec) -> None:
        self.damage: Damage | None = None
        self._pieces = _Pieces(source)
        self._codec = codec
        self._decoder = codec.begin()
        self._unused = b""
        self._ended = False

    def readinto(self, view: memoryview) -> int:
        """As in `Stream`."""
        out = b""
        while not (out or self._ended or self.damage):
            if self._decoder.eof:
                self._begin_next()
            else:
                out = self._step(min(len(view), self._codec.step_bytes))
        view[: len(out)] = out
        return len(out)

    def _step(self, size: int) -> bytes:
        piece = b""
        if self._decoder.needs_input:
            piece, self._unused = self._unused or self._pieces.take(), b""
            if not piece:
                self.damage = self._pieces.source.damage or Damage("truncated", "the compressed data ends too early")
                return b""
        try:
            return self._decoder.decompress(piece, size)
        except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
            self.damage = Damage("damaged", f"the compressed data is damaged: {error}")
            return b""

    def _begin_next(self) -> None:
        rest = self._decoder.unused_data
        while not (rest := rest.lstrip(b"\0")):
            rest = self._pieces.take()
            if not rest:
                self.damage = self._pieces.source.damage
                self._ended = True
                return
        self._unused = rest
        self._decoder = self._codec.begin()


class _Feed:
    """What pyarrow reads from. Zeros at the end of a piece are handed out apart, so that padding can be told."""

    closed = False

    def __init__(self, source: Stream) -> None:
        self._pieces = _Pieces(source)
        self._zeros = b""
        self.in_zeros = False

    def read(self, size: int) -> bytes:
        """The next piece, at most `size` bytes."""
        if self._zeros:
            piece, self._zeros = self._zeros[:size], self._zeros[size:]
        else:
            whole = self._pieces.take(min(size, PIECE_BYTES))
            piece = whole.rstrip(b"\0") or whole
            self._zeros = whole[len(piece) :]
        self.in_zeros = not piece.strip(b"\0")
        return piece

    def close(self) -> None:
        """pyarrow closes what it read from; the file is not its own."""

    def only_zeros_left(self) -> bool:
        """Whether nothing but zeros was handed out last and follows; reads to the end or to the first other byte."""
        while self.in_zeros and (piece := self._pieces.take()):
            self.in_zeros = not piece.strip(b"\0")
        return self.in_zeros


class _Frames:
    """zst and lz4: frame after frame, by pyarrow, which is loaded when the first such file is met.

    A read that fails fills the buffer up to the damage and does not say how far: the buffer is zeroed before, and what
    is not zero after was read. NUL bytes just before the damage are lost by that, which no log has to mourn.
    """

    _BETWEEN_FRAMES = ("Unknown frame descriptor", "frameType_unknown")

    def __init__(self, source: Stream, codec: str) -> None:
        self.damage: Damage | None = None
        # pyarrow ships no types, and most runs never need it.
        pyarrow: Any = importlib.import_module("pyarrow")
        self._source = source
        self._feed = _Feed(source)
        self._errors = (OSError, pyarrow.ArrowException)
        self._ended = False
        self._arrow = pyarrow.CompressedInputStream(pyarrow.PythonFile(self._feed, mode="r"), codec)

    def readinto(self, view: memoryview) -> int:
        """As in `Stream`."""
        if self._ended:
            return 0
        view = view[: len(_NULS)]
        view[:] = _NULS[: len(view)]
        try:
            count = int(self._arrow.readinto(view))
        except self._errors as error:
            self._ended = True
            self.damage = self._source.damage or self._judge(str(error))
            return len(bytes(view).rstrip(b"\0"))
        if not count:
            self._ended = True
            self.damage = self._source.damage
        return count

    def _judge(self, message: str) -> Damage | None:
        if any(words in message for words in self._BETWEEN_FRAMES) and self._feed.only_zeros_left():
            return None
        if "Truncated" in message:
            return Damage("truncated", "the compressed data ends too early")
        return Damage("damaged", f"the compressed data is damaged: {message}")


def decompress(source: Peeked, codec: str | None) -> Stream:
    """The stream inside `source`.

    Args:
        source: the stream as it lies on disk.
        codec: gz, zst, bz2, xz, lz4, or None for a plain stream.
    """
    if codec is None:
        return source
    if codec in _CODECS:
        return _Members(source, _CODECS[codec])
    return _Frames(source, {"zst": "zstd", "lz4": "lz4"}[codec])
