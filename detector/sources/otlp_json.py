"""A request of OTLP for logs in JSON, as one line for each of its records.

What passes through unchanged stays the bytes that it was, and an attribute that comes many times, as most do, is taken
apart once. A request of another shape than usual is read as whatever it is, which takes longer.

Source: https://opentelemetry.io/docs/specs/otlp/
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from functools import partial
from typing import Any, TypeVar

import msgspec
from msgspec import Raw

LINE = b'{"timeUnixNano":%b,%b,"body":%b,"traceId":%b,"attributes":{%b}%b'
"""A line: time, severity, body, trace, attributes, and what all of a scope have in common."""
TAIL = b',"scope":%b,"resource":%b}'
Lines = Iterator[tuple[int, Iterator[bytes]]]
"""How many records a part of a request has, and their lines, each made when it is asked for, without LF."""

_encode, _decode = msgspec.json.encode, msgspec.json.decode
_NULL = Raw(b"null")
_NO_TIME = frozenset((b"null", b'""', b'"0"', b"0"))
_PLAIN_TEXT = b'{"stringValue":"'
_Key = TypeVar("_Key", bound=Hashable)


class Made(dict[_Key, bytes]):
    """What was made of a value once is not made again."""

    def __init__(self, make: Callable[[_Key], bytes]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key: _Key) -> bytes:
        made = self[key] = self._make(key)
        return made


class _Record(msgspec.Struct, rename="camel"):
    time_unix_nano: Raw = _NULL
    observed_time_unix_nano: Raw = _NULL
    severity_text: Raw = _NULL
    severity_number: Raw = _NULL
    body: Raw = _NULL
    trace_id: Raw = _NULL
    attributes: list[Raw] = []


class _Scope(msgspec.Struct):
    name: Raw = _NULL


class _ScopeLogs(msgspec.Struct, rename="camel"):
    scope: _Scope = msgspec.field(default_factory=_Scope)
    log_records: list[_Record] = []


class _ResourceLogs(msgspec.Struct, rename="camel"):
    resource: Raw = _NULL
    scope_logs: list[_ScopeLogs] = []


class _Request(msgspec.Struct, rename="camel"):
    resource_logs: list[_ResourceLogs] = []


def lines_of_json(text: bytes) -> Lines:
    """The lines of a request.

    Raises:
        ValueError: it is no request.
    """
    if not text.isascii():
        text.decode()  # what passes through is not looked at
    try:
        request = _decode(text, type=_Request)
    except msgspec.ValidationError:
        odd = _decode(text)
        if not isinstance(odd, dict):
            raise ValueError("no object") from None  # noqa: TRY004  it is what was sent that is wrong
        return ((1, map(_encode, (record,))) for record in _flatten(odd))
    return _lines(request)


def _lines(request: _Request) -> Lines:
    members, severities = Made(_member), Made(_severity)
    for batch in request.resource_logs:
        resource = _encode(_attributes(_mapping(_decode(batch.resource))))
        for logs in batch.scope_logs:
            tail = TAIL % (bytes(logs.scope.name), resource)
            make = partial(_line, members, severities, tail)
            yield len(logs.log_records), map(make, logs.log_records)


def _line(members: Made[bytes], severities: Made[tuple[bytes, bytes]], tail: bytes, record: _Record) -> bytes:
    time = bytes(record.time_unix_nano)
    line = LINE % (
        bytes(record.observed_time_unix_nano) if time in _NO_TIME else time,
        severities[bytes(record.severity_text), bytes(record.severity_number)],
        _body(bytes(record.body)),
        bytes(record.trace_id),
        b",".join(filter(None, map(members.__getitem__, map(bytes, record.attributes)))),
        tail,
    )
    return line.replace(b"\n", b" ")  # between two values; within a text it would be no JSON


def _body(raw: bytes) -> bytes:
    if raw.startswith(_PLAIN_TEXT) and raw.find(b'"', len(_PLAIN_TEXT)) == len(raw) - 2:
        return raw[len(_PLAIN_TEXT) - 1 : -1]
    return _encode(_value(_mapping(_decode(raw))))


def _member(raw: bytes) -> bytes:
    """An attribute as a member of an object; nothing if it is none."""
    pair = _decode(raw)
    if not isinstance(pair, dict):
        return b""
    return b"%b:%b" % (_encode(_key(pair)), _encode(_value(_object(pair, "value"))))


def _severity(told: tuple[bytes, bytes]) -> bytes:
    text, number = map(_decode, told)
    return b'"severityText":%b,"severityNumber":%b' % tuple(map(_encode, _word_and_number(text, number)))


def _word_and_number(text: object, number: object) -> tuple[object, object]:
    """A severity that is told by its name loses what all names have."""
    named = isinstance(number, str) and not number.isdigit()
    word = text or (str(number).removeprefix("SEVERITY_NUMBER_").rstrip("234") if named else None)
    return word, None if named else number


def _flatten(request: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The same for a request whose parts may be anything."""
    for batch in _objects(request, "resourceLogs"):
        resource = _attributes(_object(batch, "resource"))
        for logs in _objects(batch, "scopeLogs"):
            scope = _object(logs, "scope").get("name")
            for record in _objects(logs, "logRecords"):
                yield _one(record, resource, scope)


def _one(record: Mapping[str, Any], resource: Mapping[str, Any], scope: object) -> dict[str, Any]:
    """A record as an object whose attributes are keys."""
    time = record.get("timeUnixNano")
    word, number = _word_and_number(record.get("severityText"), record.get("severityNumber"))
    return {
        "timeUnixNano": record.get("observedTimeUnixNano") if time in (None, "", "0", 0) else time,
        "severityText": word,
        "severityNumber": number,
        "body": _value(_object(record, "body")),
        "scope": scope,
        "traceId": record.get("traceId"),
        "resource": resource,
        "attributes": _attributes(record),
    }


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _object(holder: Mapping[str, Any], key: str) -> dict[str, Any]:
    return _mapping(holder.get(key))


def _objects(holder: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    value = holder.get(key)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _attributes(holder: Mapping[str, Any]) -> dict[str, Any]:
    return _pairs(holder, "attributes")


def _pairs(holder: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {_key(one): _value(_object(one, "value")) for one in _objects(holder, key)}


def _key(pair: Mapping[str, Any]) -> str:
    return str(pair.get("key", ""))


def _value(value: Mapping[str, Any]) -> Any:
    """What an `AnyValue` holds."""
    if "kvlistValue" in value:
        return _pairs(_object(value, "kvlistValue"), "values")
    if "arrayValue" in value:
        return [_value(one) for one in _objects(_object(value, "arrayValue"), "values")]
    return next(iter(value.values()), None)
