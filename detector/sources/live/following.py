"""One file that grows, is renamed, truncated or replaced: what was read of it, and what comes next."""

from __future__ import annotations

import os
from dataclasses import dataclass

from detector.sources.lines import LINE_BYTES
from detector.sources.live.fingerprints import HEAD_BYTES, NOTHING, Fingerprint, fingerprint, head_of
from detector.sources.live.live import BLOCK_BYTES, Position
from detector.sources.live.looking import Found
from detector.sources.live.taking import Inside, take
from detector.sources.parts import Identity


@dataclass(frozen=True, slots=True)
class Place:
    """How far a file was read, and how the file is known again.

    Attributes:
        offset: of the next byte.
        inside: where in a line that byte lies.
        begins: what the file begins with.
    """

    offset: int = 0
    inside: Inside = Inside.BEGIN
    begins: Fingerprint = NOTHING

    def position(self, path: str, identity: Identity, read_us: int) -> Position:
        """What is stored of it."""
        return {
            "path": path, "device": identity.device, "inode": identity.inode, "offset": self.offset,
            "inside": self.inside.value, "fingerprint": self.begins.digest, "fingerprint_bytes": self.begins.size,
            "read_us": read_us,
        }  # fmt: skip

    @classmethod
    def stored(cls, position: Position) -> Place:
        """The inverse of `position`."""
        begins = Fingerprint(int(position["fingerprint_bytes"]), str(position["fingerprint"]))
        return cls(int(position["offset"]), Inside(position["inside"]), begins)


@dataclass(slots=True)
class Followed:
    """A file that is followed; it is open only while something is expected of it.

    Attributes:
        found: as the last look found it.
        key: under which its position is stored; not made of the identity alone, which may be given to another file
            while the position is still of use.
        place: how far it was read.
        grown_us: when it was last seen to have grown, or was begun with.
        size: when last looked at.
        looked_bytes: how far the lines in it were looked at, beyond `place` where the last is unfinished.
        caught_up_us: when nothing was unread last.
        seen_us: when a look found it last.
        is_present: whether the last look found it.
    """

    found: Found
    key: str
    place: Place
    grown_us: int
    size: int = 0
    looked_bytes: int = 0
    caught_up_us: int = 0
    seen_us: int = 0
    is_present: bool = True
    _descriptor: int | None = None
    _written_ns: int = -1

    @property
    def path(self) -> str:
        """Its last known name."""
        return self.found.path

    @property
    def unread_bytes(self) -> int:
        """What was there at the last look and was not looked at."""
        return max(0, self.size - self.looked_bytes)

    @property
    def has_unfinished(self) -> bool:
        """Whether a line without its end waits."""
        return self.size > self.place.offset and not self.unread_bytes

    @property
    def is_open(self) -> bool:
        """Whether a descriptor is held."""
        return self._descriptor is not None

    def may_have_grown(self) -> bool:
        """Whether the file of that name, which is not open, was written to since."""
        try:
            status = os.stat(self.path)
        except OSError:
            return False
        return (status.st_size, status.st_mtime_ns) != (self.size, self._written_ns)

    def open(self) -> bool:
        """Make sure that it is open; False if that name is no longer this file.

        Raises:
            OSError: it cannot be opened, for another reason than that it is gone.
        """
        if self._descriptor is not None:
            return True
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            return False
        status = os.fstat(descriptor)
        if self.found.identity != (status.st_dev, status.st_ino):
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def close(self) -> None:
        """Let go of the descriptor."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def notice(self, now_us: int) -> bool:
        """See how long the open file is now, and whether it begins as it did; False if it was started anew.

        A file that is shorter than what was read of it, or begins with something else, was truncated or replaced.
        `place` stays as it was, so that a copy made before can be read on from there; then call `restart`.
        """
        status = os.fstat(self._opened())
        if status.st_size != self.size:
            self.grown_us, self.size = now_us, status.st_size
        if self.size < self.place.offset:
            return False
        was_written = status.st_mtime_ns != self._written_ns
        self._written_ns = status.st_mtime_ns
        return not was_written or self.place.begins.matches(head_of(self._opened()))

    def restart(self) -> None:
        """Begin anew, behind the hole that a writer leaves who goes on where it was before the file was truncated."""
        begin = 0
        if hasattr(os, "SEEK_DATA") and self.size:
            try:
                begin = os.lseek(self._opened(), 0, os.SEEK_DATA)
            except OSError:  # nothing but a hole, or a file system that has none
                begin = 0
        self.place, self.looked_bytes = Place(begin), begin

    def skip_to_end(self) -> None:
        """Begin with the line that is being written now."""
        descriptor = self._opened()
        self.size = os.fstat(descriptor).st_size
        start = max(0, self.size - LINE_BYTES)
        last = start + os.pread(descriptor, self.size - start, start).rfind(b"\n") + 1
        inside = Inside.CUT if last == start > 0 else Inside.BEGIN
        self.place = Place(last, inside, self._begins())
        self.looked_bytes = last

    def read(self, *, flush: bool) -> bytes:
        """The next whole lines as they are, at most `BLOCK_BYTES`; `place` is behind them then.

        Args:
            flush: take an unfinished last line too.
        """
        wanted = min(BLOCK_BYTES, self.size - self.place.offset)
        begins = self._begins()  # before the lines, so that it is of the same file if that is truncated now
        data = os.pread(self._opened(), wanted, self.place.offset)
        if len(data) < wanted:  # truncated since it was looked at, which the next look will see
            return b""
        self.looked_bytes = self.place.offset + len(data)
        taken = take(data, self.place.inside, flush=flush and self.looked_bytes >= self.size)
        self.place = Place(self.place.offset + taken.size, taken.inside, begins)
        return taken.lines

    def _begins(self) -> Fingerprint:
        known = self.place.begins
        if known.size >= HEAD_BYTES:
            return known
        return fingerprint(head_of(self._opened())[: self.size])

    def _opened(self) -> int:
        if self._descriptor is None:
            raise ValueError(f"{self.path} is not open")
        return self._descriptor
