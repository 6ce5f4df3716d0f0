"""Glob patterns, expanded without going round in a loop of symbolic links, as the standard library would."""

from __future__ import annotations

import fnmatch
import glob
import os
from collections.abc import Iterator


def has_magic(path: str) -> bool:
    """Whether `path` has any of `*?[`."""
    return glob.has_magic(path)


def expand(pattern: str) -> list[str]:
    """What matches `pattern`, sorted: `*`, `?` and `[]` within a name, `**` for any number of folders.

    Names that begin with a dot match only a pattern that does. Folders that cannot be read match nothing.
    """
    drive, rest = os.path.splitdrive(pattern)
    root = drive + os.sep if rest.startswith(os.sep) else drive
    found = [root]
    for part in filter(None, rest.split(os.sep)):
        found = list(dict.fromkeys(path for folder in found for path in _match(folder, part)))
    return sorted(found)


def _match(folder: str, part: str) -> Iterator[str]:
    if part == "**":
        yield from _folders(folder)
    elif glob.has_magic(part):
        names = fnmatch.filter(_names(folder), part)
        yield from (os.path.join(folder, name) for name in names if part.startswith(".") or not name.startswith("."))
    elif os.path.lexists(path := os.path.join(folder, part)):
        yield path


def _folders(folder: str) -> Iterator[str]:
    """`folder` and all visible ones below it, each once."""
    met = set()
    waiting = [folder]
    while waiting:
        folder = waiting.pop()
        real = os.path.realpath(folder)
        if real not in met:
            met.add(real)
            yield folder
            below = (os.path.join(folder, name) for name in _names(folder) if not name.startswith("."))
            waiting += [path for path in below if os.path.isdir(path)]


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder or os.curdir)
    except OSError:
        return []
