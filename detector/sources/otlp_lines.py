"""OTLP logs as JSON, one export request a line, as the OpenTelemetry Collector's file exporter writes them.

A request holds many records of many services: each record becomes a line of its own, with what its resource says.
Source: https://opentelemetry.io/docs/specs/otel/protocol/file-exporter/, https://opentelemetry.io/docs/specs/otlp/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from detector.sources.documents import Element
from detector.sources.streams import READ_BYTES, Stream, read

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    import msgspec  # not needed to show --help

    try:
        request = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return [text]
    if not isinstance(request, dict) or "resourceLogs" not in request:
        return [text]
    return [msgspec.json.encode(record) for record in _flatten(request)]


def lines_of_request(text: bytes) -> Iterator[Callable[[], bytes]]:
    """What makes the line of each record of a request, without LF.

    Raises:
        ValueError: it is no request.
    """
    import msgspec

    request = msgspec.json.decode(text)
    if not isinstance(request, dict):
        raise ValueError("no object")  # noqa: TRY004  it is what was sent that is wrong
    yield from (partial(msgspec.json.encode, record) for record in _flatten(request))


def _flatten(request: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for batch in _objects(request, "resourceLogs"):
        resource = _attributes(_object(batch, "resource"))
        for scope_logs in _objects(batch, "scopeLogs"):
            scope = _object(scope_logs, "scope").get("name")
            for record in _objects(scope_logs, "logRecords"):
                yield _one(record, resource, scope)


def _one(record: Mapping[str, Any], resource: Mapping[str, Any], scope: object) -> dict[str, Any]:
    """A record as an object whose attributes are keys; a severity that is told by its name loses what all have."""
    time = record.get("timeUnixNano")
    number = record.get("severityNumber")
    named = isinstance(number, str) and not number.isdigit()
    word = record.get("severityText") or (str(number).removeprefix("SEVERITY_NUMBER_").rstrip("234") if named else None)
    return {
        "timeUnixNano": record.get("observedTimeUnixNano") if time in (None, "", "0", 0) else time,
        "severityText": word,
        "severityNumber": None if named else number,
        "body": _value(_object(record, "body")),
        "scope": scope,
        "traceId": record.get("traceId"),
        "resource": resource,
        "attributes": _attributes(record),
    }


def _object(holder: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = holder.get(key)
    return value if isinstance(value, dict) else {}


def _objects(holder: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    value = holder.get(key)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _attributes(holder: Mapping[str, Any]) -> dict[str, Any]:
    return _pairs(holder, "attributes")


def _pairs(holder: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {str(one.get("key", "")): _value(_object(one, "value")) for one in _objects(holder, key)}


def _value(value: Mapping[str, Any]) -> Any:
    """What an `AnyValue` holds."""
    if "kvlistValue" in value:
        return _pairs(_object(value, "kvlistValue"), "values")
    if "arrayValue" in value:
        return [_value(one) for one in _objects(_object(value, "arrayValue"), "values")]
    return next(iter(value.values()), None)
