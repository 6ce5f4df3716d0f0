"""What a file begins with, so that a name or an inode that was given to another file is noticed."""

from __future__ import annotations

import hashlib
import os
from typing import NamedTuple

HEAD_BYTES = 1024


class Fingerprint(NamedTuple):
    """A hash of the first `size` bytes, at most `HEAD_BYTES`; of no bytes it matches everything."""

    size: int = 0
    digest: str = ""

    def matches(self, head: bytes) -> bool:
        """Whether a file with these first bytes begins as this says."""
        return len(head) >= self.size and self == fingerprint(head[: self.size])


NOTHING = Fingerprint()


def fingerprint(head: bytes) -> Fingerprint:
    """Of the first bytes of a file."""
    kept = head[:HEAD_BYTES]
    digest = hashlib.blake2b(kept, digest_size=16).hexdigest() if kept else ""
    return Fingerprint(len(kept), digest)


def head_of(descriptor: int) -> bytes:
    """The first bytes of an open file."""
    return os.pread(descriptor, HEAD_BYTES, 0)


def head_at(path: str) -> bytes | None:
    """The first bytes of the file at `path`; None if there is none any more.

    Raises:
        OSError: it cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    try:
        return head_of(descriptor)
    finally:
        os.close(descriptor)
