"""Sources that hold no lines but records of another shape, each of which becomes a line: found by their beginning."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from detector.sources.answers import find_answer
from detector.sources.documents import Element, Scanner, is_document
from detector.sources.journal_export import Entries, is_export
from detector.sources.otlp_lines import Batches, is_otlp
from detector.sources.streams import Stream


class Splitter(Protocol):
    """Takes a stream apart.

    Attributes:
        offset_bytes: how far it has come.
        lost_bytes: bytes that belong to no record and not to what is around them.
        is_unfinished: whether the stream ended too early; known at the end.
    """

    offset_bytes: int
    lost_bytes: int
    is_unfinished: bool

    def elements(self) -> Iterator[Element]:
        """The records in order."""


def find_splitter(head: bytes) -> Callable[[Stream, int, Callable[[bytes], int]], Splitter] | None:
    """What takes a stream apart that begins like this; None for lines."""
    if is_export(head):
        return Entries
    if is_otlp(head):
        return Batches
    return Scanner if is_document(head) else None


def holds_lines(head: bytes) -> bool:
    """Whether a text that begins like this is lines as they stand there."""
    return not find_answer(head) and not find_splitter(head)
