"""The journal as `journalctl -o export` writes it: entries of fields, a blank line after each; each becomes a line.

A field is `NAME=value`, or, where the value may hold anything, its name, the size in eight bytes and the value.
Source: https://systemd.io/JOURNAL_EXPORT_FORMATS/#journal-export-format
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

from detector.sources.documents import Element
from detector.sources.streams import READ_BYTES, Stream, read

VALUE_BYTES = 32 * 1024
"""As much of a value is kept: with all its fields an entry must stay a line that nobody cuts."""
MOST_BYTES = 96 * 1024
SMALL_BYTES = 256
"""Values up to this size are kept also where an entry holds more than `MOST_BYTES` already."""
SIZE = 8

_BEGIN = re.compile(rb"(?:[A-Z_][A-Z0-9_]{0,63}=[^\n]*\n){0,8}?__REALTIME_TIMESTAMP=\d{10,18}\n")
_FIELD = re.compile(rb"^([^=\n]+)=(.*)$", re.MULTILINE)
_WITH_SIZE = re.compile(rb"^[^=\n]+$", re.MULTILINE)


def is_export(head: bytes) -> bool:
    """Whether a text that begins with `head` is a journal in the export format."""
    return bool(_BEGIN.match(head.lstrip(b"\n")))


class Entries:
    """Takes such a journal apart; keeps no more than one entry, of giants only a part.

    Args:
        stream: its bytes.
        entry_bytes: how long an entry may be to be looked at as a whole.
        measure: how many bytes a part of the stream takes in the stream that offsets count in.

    Attributes:
        offset_bytes: how far it has come.
        lost_bytes: bytes that belong to no field.
        is_unfinished: whether the stream ended within an entry; known at the end.
    """

    def __init__(self, stream: Stream, entry_bytes: int, measure: Callable[[bytes], int] = len) -> None:
        self.offset_bytes, self.lost_bytes, self.is_unfinished = 0, 0, False
        self._stream, self._entry_bytes, self._measure = stream, entry_bytes, measure
        self._line = 1
        self._text, self._at, self._ended = b"", 0, False

    def elements(self) -> Iterator[Element]:
        """The entries in order."""
        while self._has(1):
            if self._text.startswith(b"\n", self._at):
                self._take(1)
                continue
            place = self.offset_bytes, self._line
            whole = self._whole_entry()
            fields, is_cut = (whole, False) if whole is not None else self._field_by_field()
            is_cut |= any(len(value) > VALUE_BYTES for _, value in fields)
            yield Element(*place, _as_json(fields), is_cut)

    def _whole_entry(self) -> list[tuple[bytes, bytes]] | None:
        """The fields of an entry that is all text and not too long; None if it is not."""
        while (end := self._text.find(b"\n\n", self._at)) < 0 and len(self._text) - self._at < self._entry_bytes:
            if not self._fill():
                return None
        if end < 0 or _WITH_SIZE.search(self._text, self._at, end):
            return None
        return _FIELD.findall(self._take(end + 2 - self._at))

    def _field_by_field(self) -> tuple[list[tuple[bytes, bytes]], bool]:
        """The fields of an entry, and whether something was left out."""
        fields, is_cut = [], False
        while self._has(1) and not self._text.startswith(b"\n", self._at):
            head, whole = self._line_of()
            name, mark, value = head.partition(b"=")
            if not mark and whole:
                value, whole = self._sized()
            fields.append((name, value))
            is_cut |= not whole
        self.is_unfinished = self._ended and not self._has(1)
        return fields, is_cut

    def _line_of(self) -> tuple[bytes, bool]:
        """A line without its end, and whether that is all of it; what is too long is passed over."""
        kept, whole = b"", True
        while True:
            end = self._text.find(b"\n", self._at)
            part = self._take((end if end >= 0 else len(self._text)) - self._at)
            whole &= len(kept) + len(part) <= VALUE_BYTES
            kept = (kept + part)[:VALUE_BYTES]
            if end >= 0:
                self._take(1)
                return kept, whole
            if not self._fill():
                return kept, False

    def _sized(self) -> tuple[bytes, bool]:
        """A value after its size, and whether that is all of it."""
        if not self._has(SIZE):
            self.lost_bytes += self._measure(self._take(len(self._text) - self._at))
            return b"", False
        left = int.from_bytes(self._take(SIZE), "little")
        kept, whole = b"", left <= VALUE_BYTES
        while left and self._has(1):
            part = self._take(min(left, len(self._text) - self._at))
            kept = (kept + part)[:VALUE_BYTES]
            left -= len(part)
        if self._has(1):
            self._take(1)
        return kept, whole and not left

    def _has(self, count: int) -> bool:
        while len(self._text) - self._at < count:
            if not self._fill():
                return False
        return True

    def _fill(self) -> bool:
        """Read on; False at the end."""
        chunk = b"" if self._ended else read(self._stream, READ_BYTES)
        self._ended = not chunk
        self._text, self._at = self._text[self._at :] + chunk, 0
        return not self._ended

    def _take(self, count: int) -> bytes:
        part = self._text[self._at : self._at + count]
        self._at += len(part)
        self.offset_bytes += self._measure(part)
        self._line += part.count(b"\n")
        return part


def _as_json(fields: list[tuple[bytes, bytes]]) -> bytes:
    """One line; of a name that comes twice the first value counts, as readers of logs expect."""
    kept: dict[str, str] = {}
    size = 0
    for name, value in fields:
        size += len(value)
        if size <= MOST_BYTES or len(value) <= SMALL_BYTES:
            kept.setdefault(name.decode("utf-8", "replace"), value[:VALUE_BYTES].decode("utf-8", "replace"))
    return json.dumps(kept, ensure_ascii=False).encode()
