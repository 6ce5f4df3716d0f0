"""OTLP logs as JSON, one export request a line, as the OpenTelemetry Collector's file exporter writes them.

A request holds many records of many services: each record becomes a line of its own, with what its resource says.
Source: https://opentelemetry.io/docs/specs/otel/protocol/file-exporter/, https://opentelemetry.io/docs/specs/otlp/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from detector.sources.documents import Element
from detector.sources.streams import READ_BYTES, Stream, read

MOST_BYTES = 32 * 1024 * 1024
"""A longer request is passed over."""

_BEGIN = re.compile(rb'\s*\{\s*"resourceLogs"\s*:\s*\[')


def is_otlp(head: bytes) -> bool:
    """Whether a text that begins with `head` is such requests."""
    return bool(_BEGIN.match(head))


class Batches:
    """Takes requests apart; keeps one of them.

    Args:
        stream: the bytes.
        element_bytes: not needed.
        measure: how many bytes a part of the stream takes in the stream that offsets count in.

    Attributes:
        offset_bytes: how far it has come.
        lost_bytes: bytes of requests that are too long.
        is_unfinished: never known of lines.
    """

    def __init__(self, stream: Stream, element_bytes: int, measure: Callable[[bytes], int] = len) -> None:  # noqa: ARG002  all splitters are made alike
        self.offset_bytes, self.lost_bytes, self.is_unfinished = 0, 0, False
        self._stream, self._measure = stream, measure
        self._line = 1

    def elements(self) -> Iterator[Element]:
        """The records in order; a line that is no request stays as it is."""
        for text in self._lines():
            if text.strip():
                for record in _records(text.rstrip(b"\r\n")):
                    yield Element(self.offset_bytes, self._line, record, is_cut=False)
            self.offset_bytes += self._measure(text)
            self._line += 1

    def _lines(self) -> Iterator[bytes]:
        """Each line with its end; what is too long is counted and passed over."""
        parts: list[bytes] = []
        size = 0
        while chunk := read(self._stream, READ_BYTES):
            for part in _cut(chunk):
                size += len(part)
                parts.append(part)
                if size > MOST_BYTES:
                    self._pass(b"".join(parts))
                    parts.clear()
                if part.endswith(b"\n"):
                    yield b"".join(parts)
                    parts.clear()
                    size = 0
        if parts:
            yield b"".join(parts)

    def _pass(self, text: bytes) -> None:
        self.lost_bytes += self._measure(text)
        self.offset_bytes += self._measure(text)


def _cut(chunk: bytes) -> list[bytes]:
    """Pieces that end at LF, but for the last one."""
    *whole, rest = chunk.split(b"\n")
    return [*(piece + b"\n" for piece in whole), *([rest] if rest else [])]


def _records(text: bytes) -> list[bytes]:
    """The records of a request as lines; a line that is no request is one itself."""
    from detector.sources.otlp_json import lines_of_json  # not needed to show --help

    try:
        found = [line for _, lines in lines_of_json(text) for line in lines]
    except (ValueError, RecursionError):
        return [text]
    return found if found or is_otlp(text) else [text]
