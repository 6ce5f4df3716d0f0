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
    wanted = dict.fromkeys(os.path.normpath(path) for pattern in patterns for path in _matches(pattern))
    logs = {log_of(path)[0] for path in wanted}
    beside = [path for folder in {folder for folder, _ in logs} for path in _names(folder) if log_of(path)[0] in logs]
    found: dict[Identity, Found] = {}
    for path in (*wanted, *beside):
        if (one := _status(path, is_wanted=path in wanted)) is not None:
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
    """The log that a path is a part of, and where it stands in it."""
    folder, name = os.path.split(path)
    parts = _rotation(name)
    return (folder, parts.key), parts


def _names(folder: str) -> list[str]:
    try:
        return [os.path.join(folder, name) for name in os.listdir(folder or os.curdir)]
    except OSError:
        return []


def _status(path: str, *, is_wanted: bool) -> Found | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    log, parts = log_of(path)
    identity = Identity(status.st_dev, status.st_ino)
    return Found(path, identity, log, parts.age, is_wanted, status.st_size, status.st_mtime_ns // 1000)


def is_rotated(path: str) -> bool:
    """Whether the name says that the file is not written to any more."""
    return log_of(path)[1].age[0] != _LIVE
