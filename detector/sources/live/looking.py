"""Which files there are now: what the patterns match, and what was rotated away from it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from detector.sources.globs import expand
from detector.sources.parts import Identity
from detector.sources.rotations import Rotation, rotation

_LIVE = 3
Log = tuple[str, str]
"""Folder and name of a log, the same for all its rotated parts."""
_rotation = lru_cache(maxsize=65536)(rotation)


@dataclass(frozen=True, slots=True)
class Found:
    """A file as it is at the moment of the look.

    Attributes:
        path: its name now.
        identity: which file it is.
        log: what it is a part of.
        age: sorts the parts of a log, oldest first.
        is_wanted: whether a pattern matches it; else it was found beside one that a pattern matches.
        size: bytes.
        changed_us: when it was last written to, microseconds since 1970 UTC.
    """

    path: str
    identity: Identity
    log: Log
    age: tuple[int, str, int]
    is_wanted: bool
    size: int
    changed_us: int

    @property
    def is_rotated(self) -> bool:
        """Whether its name says that it is not written to any more."""
        return self.age[0] != _LIVE


def look(patterns: Iterable[str]) -> list[Found]:
    """All regular files that the patterns (files, folders with all below, globs) match, and their rotated parts.

    In the time order of each log. A file with several names comes once.
    """
    _real.cache_clear()
    wanted = dict.fromkeys(os.path.normpath(path) for pattern in patterns for path in _matches(pattern))
    parts = {path: log_of(path) for path in wanted}
    logs = {log for log, _ in parts.values()}
    for folder in {folder for folder, _ in logs}:
        for name in _names(folder):
            age = _rotation(name)
            if (folder, age.key) in logs:
                parts.setdefault(os.path.join(folder, name), ((folder, age.key), age))
    found: dict[Identity, Found] = {}
    for path, (log, age) in parts.items():
        if (one := _status(path, log, age, is_wanted=path in wanted)) is not None:
            found.setdefault(one.identity, one)
    return sorted(found.values(), key=lambda one: (one.log, one.age, one.path))


def _matches(pattern: str) -> Iterator[str]:
    for path in [pattern] if os.path.lexists(pattern) else expand(pattern):
        if os.path.isdir(path):
            for folder, folders, names in os.walk(path):
                folders[:] = [name for name in folders if not name.startswith(".")]
                yield from (os.path.join(folder, name) for name in names if not name.startswith("."))
        else:
            yield path


def log_of(path: str) -> tuple[Log, Rotation]:
    """The log that a path is a part of, behind symbolic links, and where it stands in it."""
    folder, name = os.path.split(os.path.realpath(path) if os.path.islink(path) else path)
    age = _rotation(name)
    return (_real(folder), age.key), age


@lru_cache(maxsize=65536)
def _real(folder: str) -> str:
    return os.path.realpath(folder)


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _status(path: str, log: Log, age: Rotation, *, is_wanted: bool) -> Found | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    identity = Identity(status.st_dev, status.st_ino)
    return Found(path, identity, log, age.age, is_wanted, status.st_size, status.st_mtime_ns // 1000)
