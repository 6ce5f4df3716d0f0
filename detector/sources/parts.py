"""A large plain file in parts that can be read at the same time: each begins and ends between two lines."""

from __future__ import annotations

import io
import os
import stat
from dataclasses import dataclass
from typing import NamedTuple

from detector.sources import kinds
from detector.sources.splitting import holds_lines

PROBE_BYTES = 64 * 1024


class Identity(NamedTuple):
    """Which file it is, however it is named by now."""

    device: int
    inode: int


class Part(NamedTuple):
    """Bytes of a file from `begin` up to `end`; None: to wherever the file ends by then."""

    begin: int
    end: int | None


@dataclass(frozen=True, slots=True)
class Divided:
    """A file kept open, and its parts in order.

    Attributes:
        file: by which it is read even after it was renamed or removed.
        identity: by which another process knows that a file of that name is still this one.
        parts: two at least.
    """

    file: io.FileIO
    identity: Identity
    parts: tuple[Part, ...]


def divide(path: str, part_bytes: int) -> Divided | None:
    """The parts of a plain file of lines; None for any other, for a small one, and for what cannot be opened."""
    try:
        file = io.FileIO(path)
    except OSError:
        return None
    found = _parts(file, part_bytes)
    if len(found) > 1:
        return Divided(file, identity_of(file), tuple(found))
    file.close()
    return None


def identity_of(file: io.FileIO) -> Identity:
    """Which file this open one is."""
    status = os.fstat(file.fileno())
    return Identity(status.st_dev, status.st_ino)


def identity_at(path: str) -> Identity | None:
    """Which file has this name now; None if there is none, or it is no file that can be read again."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return Identity(status.st_dev, status.st_ino) if stat.S_ISREG(status.st_mode) else None


def open_plain(path: str) -> io.FileIO | None:
    """A plain file of lines, opened; None for any other, and for what cannot be opened."""
    try:
        file = io.FileIO(path)
        if _is_plain(os.pread(file.fileno(), PROBE_BYTES, 0)):
            return file
    except OSError:
        return None
    file.close()
    return None


class Window:
    """A part of an open file as a file of its own, whose position nobody shares; offsets stay those of the file."""

    def __init__(self, file: io.FileIO, part: Part) -> None:
        self._file = file
        self._position = part.begin
        self._end = part.end

    def fileno(self) -> int:
        """As in `streams.Readable`."""
        return self._file.fileno()

    def seek(self, offset: int) -> None:
        """Go on reading at this byte of the file."""
        self._position = offset

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; fewer only at the end."""
        if self._end is not None:
            size = min(size, self._end - self._position)
        data = os.pread(self.fileno(), size, self._position) if size > 0 else b""
        self._position += len(data)
        return data

    def readinto(self, view: memoryview) -> int:
        """As in `streams.Readable`."""
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)


def _parts(file: io.FileIO, part_bytes: int) -> list[Part]:
    try:
        size = os.fstat(file.fileno()).st_size
        if size < 2 * part_bytes or not _is_plain(os.pread(file.fileno(), PROBE_BYTES, 0)):
            return []
        begins = [0]
        for near in range(part_bytes, size - part_bytes // 2, part_bytes):
            begin = _line_begin(file, max(near, begins[-1]))
            if begin is None:
                break
            begins.append(begin)
    except OSError:
        return []
    return [Part(begin, end) for begin, end in zip(begins, [*begins[1:], None], strict=True) if begin != end]


def _is_plain(head: bytes) -> bool:
    odd = kinds.codec(head) or kinds.refusal(head) or kinds.utf16(head)
    return not odd and holds_lines(head)


def _line_begin(file: io.FileIO, near: int) -> int | None:
    """Where the first line begins that lies behind this byte; None if none does."""
    while probe := os.pread(file.fileno(), PROBE_BYTES, near):
        cut = probe.find(b"\n") + 1
        if cut:
            return near + cut
        near += len(probe)
    return None
