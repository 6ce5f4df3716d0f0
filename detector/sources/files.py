"""Finding what to read: paths, folders, globs and `-` become files in the order in which to read them."""

from __future__ import annotations

import io
import os
import stat
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from detector.errors import Fault
from detector.sources import kinds
from detector.sources.archives import decompress
from detector.sources.globs import expand, has_magic
from detector.sources.rotations import printable, rotation, stem
from detector.sources.streams import Peeked, Raw

Kind = Literal["text", kinds.Table]

PASSED_OVER = {
    "archive": "archives (tar, zip, ...) in a folder; what is in them has to be unpacked first",
    "binary": "files in a folder that are known to be no text",
    "broken_link": "symbolic links in a folder that lead nowhere",
    "duplicate": "files and folders reached a second time",
    "empty": "files without a byte",
    "hidden": "files and folders in a folder whose name begins with a dot",
    "special": "pipes, sockets and devices in a folder",
    "unreadable": "files and folders that could not be opened, each with its `Fault`",
}
"""Why something was not read: the closed list of reasons counted in `Found.passed_over`."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One input found, not opened yet.

    Attributes:
        path: as the user would type it; `-` for standard input.
        modified_us: when it was last written, microseconds since 1970 UTC; None for `-` and pipes.
        size_bytes: its size on disk; None for `-` and pipes.
        stem: its name without folders, extension, compression and rotation suffixes; `stdin` for `-`.
        kind: `text` is read by `read_blocks`; the others are tables.
    """

    path: str
    modified_us: int | None
    size_bytes: int | None
    stem: str
    kind: Kind = "text"


@dataclass(slots=True)
class Found:
    """What `find` found: files in reading order, trouble, and what was passed over, counted by `PASSED_OVER`."""

    files: list[SourceFile] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    passed_over: Counter[str] = field(default_factory=Counter)


def find(paths: Sequence[str]) -> Found:
    """Expand `paths`: files, folders with all below them, globs (`**` too), and `-` for standard input.

    Rotated sets in one folder come oldest first; sets come in the order in which they are met, folders by name. The
    same file is read once, however it is reached. Nothing raises: trouble is told in `faults`.
    """
    search = _Search()
    for path in paths:
        search.visit(path)
    search.found.files = _in_time_order(search.found.files)
    return search.found


def open_fault(path: str, error: OSError | ValueError) -> Fault:
    """The `Fault` of a file or folder that cannot be opened."""
    reason = "missing" if isinstance(error, FileNotFoundError) else "unreadable"
    cause = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return Fault(printable(path), reason, f"cannot be opened: {cause}")


class _Search:
    """One call of `find`: what was found, and what was met before."""

    def __init__(self) -> None:
        self.found = Found()
        self._met: set[tuple[int, int] | str] = set()

    def visit(self, path: str) -> None:
        """Go to what the user typed, and through folders to all below; no recursion, since folders may be deep."""
        waiting = [(path, True)]
        if has_magic(path) and not os.path.lexists(path):
            waiting = [(name, False) for name in reversed(expand(path))]
            if not waiting:
                self.found.faults.append(Fault(printable(path), "missing", "no file matches this pattern"))
        while waiting:
            path, is_named = waiting.pop()
            waiting += [(name, False) for name in reversed(self._step(path, is_named=is_named))]

    def _step(self, path: str, *, is_named: bool) -> list[str]:
        """Take `path` if it is a file; return what is in it if it is a folder."""
        if path == "-" and is_named:
            if self._is_new("-"):
                self.found.files.append(SourceFile("-", None, None, "stdin"))
            return []
        try:
            status = os.stat(path)
            if not self._is_new((status.st_dev, status.st_ino)):
                return []
            if stat.S_ISDIR(status.st_mode):
                return self._list(path)
            self._take(path, status, is_named=is_named)
        except (OSError, ValueError) as error:
            self._refuse(path, error, is_named=is_named)
        return []

    def _is_new(self, identity: tuple[int, int] | str) -> bool:
        if identity in self._met:
            self.found.passed_over["duplicate"] += 1
            return False
        self._met.add(identity)
        return True

    def _refuse(self, path: str, error: OSError | ValueError, *, is_named: bool) -> None:
        if isinstance(error, FileNotFoundError) and not is_named:
            self.found.passed_over["broken_link"] += 1
            return
        self.found.faults.append(open_fault(path, error))
        if not isinstance(error, FileNotFoundError):
            self.found.passed_over["unreadable"] += 1

    def _list(self, folder: str) -> list[str]:
        names = sorted(os.listdir(folder))
        visible = [name for name in names if not name.startswith(".")]
        self._pass_over("hidden", len(names) - len(visible))
        return [os.path.join(folder, name) for name in visible]

    def _pass_over(self, reason: str, count: int = 1) -> None:
        if count:
            self.found.passed_over[reason] += count

    def _take(self, path: str, status: os.stat_result, *, is_named: bool) -> None:
        if stat.S_ISFIFO(status.st_mode) and is_named:
            self.found.files.append(SourceFile(path, None, None, stem(path)))
        elif not stat.S_ISREG(status.st_mode):
            self._turn_away(path, "special", "is a device or a socket, not a file", is_told=is_named)
        else:
            self._look_into(path, status, is_named=is_named)

    def _look_into(self, path: str, status: os.stat_result, *, is_named: bool) -> None:
        head = _beginning(path)
        codec = kinds.codec(head)
        content, is_whole = _unpack(head, codec)
        refusal = kinds.refusal(content, codec)
        kind = None if codec else kinds.table(head)
        if is_whole and not content:
            self._pass_over("empty")
        elif not is_named and stem(path) in _ACCOUNTING:
            self._pass_over("binary")
        elif refusal and not kind:
            reason = "archive" if refusal.reason == "archive" else "binary"
            self._turn_away(path, reason, refusal.words, is_told=is_named or refusal.reason == "nested")
        else:
            modified_us = status.st_mtime_ns // 1000
            self.found.files.append(SourceFile(path, modified_us, status.st_size, stem(path), kind or "text"))

    def _turn_away(self, path: str, reason: str, detail: str, *, is_told: bool) -> None:
        """What was named is told of, what lies in a folder is only counted."""
        if is_told:
            told_reason = "special" if reason == "special" else "unreadable"
            self.found.faults.append(Fault(printable(path), told_reason, detail))
        else:
            self._pass_over(reason)


# Records of logins, known by name: their content is hardly anything but NUL bytes.
_ACCOUNTING = {"wtmp", "btmp", "utmp", "lastlog", "faillog", "tallylog"}
_COMPRESSED_PEEK_BYTES = 64 * 1024


def _beginning(path: str) -> bytes:
    """The first bytes of a file, more of one that is compressed. Never waits: some files in /proc would."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0))
    try:
        head = os.read(handle, kinds.PEEK_BYTES)
        return head + os.read(handle, _COMPRESSED_PEEK_BYTES) if kinds.codec(head) else head
    finally:
        os.close(handle)


def _unpack(head: bytes, codec: str | None) -> tuple[bytes, bool]:
    """What `head` decompresses to at least, and whether it is whole as far as can be seen."""
    content = Peeked(decompress(Peeked(Raw(io.BytesIO(head), None)), codec))
    return content.peek(kinds.PEEK_BYTES), content.damage is None


def _in_time_order(files: list[SourceFile]) -> list[SourceFile]:
    """Each rotated set oldest first, where its first file was."""
    sets: dict[tuple[str, str], list[tuple[tuple[int, str, int], int, SourceFile]]] = {}
    for index, file in enumerate(files):
        folder, name = os.path.split(file.path)
        key, age = rotation(name)
        sets.setdefault((os.path.abspath(folder), key), []).append((age, index, file))
    return [file for members in sets.values() for _, _, file in sorted(members, key=lambda member: member[:2])]
