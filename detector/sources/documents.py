"""One big JSON document, such as an export or a CloudTrail file, split at its elements: each becomes a line.

The elements are the objects in an array at the top, or in an array that a top-level object holds. The scanner follows
strings and brackets from chunk to chunk and keeps no more than one element, of which no more than a few lines' worth.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from detector.sources.streams import READ_BYTES, Stream, read

_STRING = rb'"[^"\\]*(?:\\.[^"\\]*)*"'
_SCALAR = rb"(?:" + _STRING + rb"|[-+.\w]+)"
_ARRAY = re.compile(rb'\s*\[\s*\{\s*["}]')
_HOLDER = re.compile(
    rb"\s*\{\s*(?:" + _STRING + rb"\s*:\s*" + _SCALAR + rb"\s*,\s*)*(" + _STRING + rb")\s*:\s*\[\s*\{", re.DOTALL
)

# Arrays that hold log records in exports and deliveries: AWS CloudTrail and CloudWatch, Azure, and hand-made ones.
_BATCHES = {b'"Records"', b'"records"', b'"logEvents"'}
_ON_ONE_LINE = _BATCHES | {b'"events"', b'"logs"', b'"entries"', b'"value"', b'"items"', b'"results"'}
# OTLP: the format itself knows these batches, and needs them whole.
_OTHER_FORMATS = {b'"resourceLogs"', b'"resourceSpans"', b'"resourceMetrics"'}


def is_document(head: bytes) -> bool:
    """Whether a text that begins with `head` is one document, and not a record on each line.

    An array of objects is; so is an object written over several lines whose first array holds objects. An object that
    begins on one line is only if its array is known to hold records: else it may be a record with an array inside.
    """
    head = head.lstrip(b"\0").removeprefix(b"\xef\xbb\xbf")
    if _ARRAY.match(head):
        return True
    found = _HOLDER.match(head)
    if not found or found[1] in _OTHER_FORMATS:
        return False
    if b"\n" in found[0].strip():
        return True
    first, _, rest = head.strip().partition(b"\n")
    return found[1] in (_BATCHES if rest and _is_object(first) else _ON_ONE_LINE)


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


class Element(NamedTuple):
    """One element of a document.

    Attributes:
        offset_bytes: where it begins in the stream.
        line: the physical line on which it begins, 1 for the first.
        data: its text without line breaks and the white space around them.
        is_cut: whether the end of a giant is left out of `data`.
    """

    offset_bytes: int
    line: int
    data: bytes
    is_cut: bool


_BETWEEN = b" \t\r\n,[]{}\0"
_OBJECT = ord("{")
_OPENING = (_OBJECT, ord("["))
# How deep elements may begin: in an array that an object holds.
_LEVELS = 2


class _Brackets:
    """Finds the brackets outside strings, in chunk after chunk of one text, without a loop over them."""

    def __init__(self) -> None:
        self._in_string = 0
        self._escaped = False
        self._depth = 0

    def find(self, chunk: bytes) -> Iterator[tuple[int, int]]:
        """Where the brackets of `chunk` are, and which; without pairs so deep that they are within an element."""
        import numpy as np  # not needed to show --help, and slow to load

        text = np.frombuffer(self._mask(chunk), np.uint8)
        quotes = np.flatnonzero(text == ord('"'))
        places = np.flatnonzero((text == 0x5B) | (text == 0x5D) | (text == 0x7B) | (text == 0x7D))  # [ ] { }
        places = places[(np.searchsorted(quotes, places) + self._in_string) % 2 == 0]
        self._in_string = (self._in_string + len(quotes)) % 2
        if not len(places):
            return iter(())
        marks = text[places]
        sums = self._depth + np.cumsum(np.where(np.isin(marks, _OPENING), 1, -1))
        # A bracket that closes nothing leaves the depth at zero.
        depths = sums - np.minimum(np.minimum.accumulate(sums), 0)
        shallow = np.minimum(depths, np.concatenate(([self._depth], depths[:-1]))) <= _LEVELS
        self._depth = int(depths[-1])
        return zip(places[shallow].tolist(), marks[shallow].tolist(), strict=True)

    def _mask(self, chunk: bytes) -> bytes:
        """Blank out what is escaped, so that each quote left begins or ends a string."""
        if self._escaped and chunk[:1] in (b'"', b"\\"):
            chunk = b" " + chunk[1:]
        if b"\\" in chunk:
            chunk = chunk.replace(b"\\\\", b"  ").replace(b'\\"', b"  ")
        self._escaped = chunk.endswith(b"\\")
        return chunk


class Scanner:
    """Finds the elements of a document, or of several one after the other.

    Args:
        stream: the document's bytes.
        element_bytes: how much of one element is kept.
        measure: how many bytes a part of the stream takes in the stream that offsets count in.

    Attributes:
        offset_bytes: how far it has come.
        lost_bytes: bytes that belong to no whole element and not to the envelope around them.
        is_unfinished: whether the stream ended within a document; known at the end.
    """

    def __init__(self, stream: Stream, element_bytes: int, measure: Callable[[bytes], int] = len) -> None:
        self.lost_bytes = 0
        self.is_unfinished = False
        self._stream = stream
        self._element_bytes = element_bytes
        self._measure = measure
        self.offset_bytes, self._line = 0, 1
        self._outside = b""
        self._holds_elements = True
        self._before_object = (0, 0)
        self._depth = 0
        self._text = bytearray()
        self._size = 0
        self._began = (0, 1)

    def elements(self) -> Iterator[Element]:
        """The elements in order; a last one that is not whole is counted in `lost_bytes`."""
        brackets = _Brackets()
        while chunk := read(self._stream, READ_BYTES):
            done = 0
            for at, mark in brackets.find(chunk):
                if self._depth:
                    self._depth += 1 if mark in _OPENING else -1
                    if not self._depth:
                        yield self._finish(chunk[done : at + 1])
                        done = at + 1
                elif mark == _OBJECT and self._outside in (b"[", b"{["):
                    self._pass(chunk[done:at])
                    self._begin()
                    done = at
                else:
                    self._pass(chunk[done : at + 1])
                    self._step(mark)
                    done = at + 1
            (self._keep if self._depth else self._pass)(chunk[done:])
        self.is_unfinished = bool(self._outside)
        if self._depth:
            self.lost_bytes += self.offset_bytes - self._began[0]
        self._count_empty_object()

    def _begin(self) -> None:
        self._depth, self._size, self._holds_elements = 1, 0, True
        self._text.clear()
        self._began = (self.offset_bytes, self._line)

    def _finish(self, text: bytes) -> Element:
        self._keep(text)
        # JSON allows line breaks between tokens only, so no string is touched.
        line = b"".join(map(bytes.strip, bytes(self._text).split(b"\n")))
        return Element(*self._began, line, self._size > len(self._text))

    def _keep(self, text: bytes) -> None:
        self._text += text[: self._element_bytes - len(self._text)]
        self._size += len(text)
        self._advance(text)

    def _pass(self, text: bytes) -> None:
        """Go over text outside elements; only the envelope may hold more than separators."""
        self._advance(text)
        if self._outside[:1] != b"{" or self._outside[:2] == b"{[":
            self.lost_bytes += self._measure(text.translate(None, _BETWEEN))

    def _step(self, mark: int) -> None:
        """Go in or out of a bracket outside elements."""
        if mark in _OPENING:
            if not self._outside:
                self._holds_elements = mark != _OBJECT
                self._before_object = (self.offset_bytes - self._measure(b"{"), self.lost_bytes)
            self._outside += bytes([mark])
            return
        self._outside = self._outside[:-1]
        if not self._outside:
            self._count_empty_object()

    def _count_empty_object(self) -> None:
        """An object around no element may have been a record of its own: all of it is lost."""
        if not self._holds_elements:
            offset, lost = self._before_object
            self.lost_bytes = lost + self.offset_bytes - offset
            self._holds_elements = True

    def _advance(self, text: bytes) -> None:
        self.offset_bytes += self._measure(text)
        self._line += text.count(b"\n")
