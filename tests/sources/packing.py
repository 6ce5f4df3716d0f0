"""What the tests of this room share: compressors, a stream that comes in small pieces, and short names for reading."""

from __future__ import annotations

import bz2
import gzip
import importlib
import io
import lzma
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from detector.errors import Fault, Losses
from detector.schemas import Block
from detector.sources import kinds
from detector.sources.archives import decompress
from detector.sources.blocks import read_blocks
from detector.sources.files import find
from detector.sources.streams import Damage, Peeked, Raw

pyarrow: Any = importlib.import_module("pyarrow")  # it ships no types


def _by_arrow(codec: str) -> Callable[[bytes], bytes]:
    def pack(data: bytes) -> bytes:
        sink = pyarrow.BufferOutputStream()
        with pyarrow.CompressedOutputStream(sink, codec) as stream:
            stream.write(data)
        return bytes(sink.getvalue())

    return pack


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": lambda data: gzip.compress(data, 1, mtime=0),
    "bz2": bz2.compress,
    "xz": lambda data: lzma.compress(data, preset=0),
    "zst": _by_arrow("zstd"),
    "lz4": _by_arrow("lz4"),
}


class Trickle(io.BytesIO):
    """A file that gives at most `step` bytes at once, as a pipe may."""

    def __init__(self, data: bytes, step: int) -> None:
        super().__init__(data)
        self._step = step

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]  # io's own type is wider
        """As in `io.BytesIO`, of fewer bytes."""
        return super().readinto(buffer[: self._step])


def unpack(data: bytes, view_bytes: int = 1000) -> tuple[bytes, Damage | None]:
    """What `data` decompresses to through views of `view_bytes`, and what was wrong with it."""
    disk = Peeked(Raw(io.BytesIO(data), None))
    stream = decompress(disk, kinds.codec(disk.peek(kinds.PEEK_BYTES)))
    view = memoryview(bytearray(view_bytes))
    out = b"".join(bytes(view[:count]) for count in iter(lambda: stream.readinto(view), 0))
    return out, stream.damage


class Outcome(NamedTuple):
    """All that came of reading one file."""

    blocks: list[Block]
    losses: dict[str, int]
    faults: list[Fault]

    @property
    def data(self) -> bytes:
        """All lines that were read."""
        return b"".join(block.data for block in self.blocks)

    @property
    def reasons(self) -> list[str]:
        """Why something was not read."""
        return [fault.reason for fault in self.faults]


def read_file(path: Path, **options: int) -> Outcome:
    """Find `path` and read it to the end."""
    losses, faults = Losses(), list[Fault]()
    (file,) = find([str(path)]).files
    blocks = list(read_blocks(file, losses, faults, **options))  # type: ignore[arg-type]  # only sizes are given
    return Outcome(blocks, losses.as_dict(), faults)


def run_python(code: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run `code` in a process of its own, which finds this checkout wherever the tests are started."""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, env=environment)


def lines_of(count: int) -> Iterator[bytes]:
    """`count` different lines as a web server writes them."""
    return (b"10.0.%d.%d GET /api/%d 200\n" % (n // 256 % 256, n % 256, n * 7919) for n in range(count))
