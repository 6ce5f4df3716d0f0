"""OTLP log requests in protobuf, as the lines that `otlp_json` makes of the same requests in JSON.

Attributes and bodies, most of a request, are declared as plain bytes here, which is what they are on the wire: an
attribute that comes many times, as most do, is taken apart once.

Source: https://github.com/open-telemetry/opentelemetry-proto (logs.proto, common.proto)
"""

from __future__ import annotations

import base64
from binascii import hexlify
from functools import cache, partial
from typing import Any

import msgspec

from detector.sources.otlp_json import LINE, TAIL, Lines, Made

_encode = msgspec.json.encode
_KEY, _MEMBER_VALUE, _STRING_VALUE = (
    0x0A,
    0x12,
    0x0A,
)  # tags on the wire: number of the field, and that a length follows
_SHORT = 128


def lines_of_protobuf(body: bytes) -> Lines:
    """The lines of a request.

    Raises:
        ValueError: it is no such request; also from what is given.
    """
    from google.protobuf.message import DecodeError

    request, resource_class, scope_class = _classes()
    members, severities = Made(_member), Made(_severity)
    try:
        for batch in request.FromString(body).resource_logs:
            resource = _members(resource_class.FromString(batch.resource).attributes)
            for logs in batch.scope_logs:
                tail = TAIL % (_encode(scope_class.FromString(logs.scope).name or None), resource)
                yield len(logs.log_records), map(partial(_line, members, severities, tail), logs.log_records)
    except DecodeError as error:
        raise ValueError(str(error)) from None


def _line(members: Made[bytes], severities: Made[tuple[str, int]], tail: bytes, record: Any) -> bytes:
    """One record."""
    time, trace = record.time or record.observed, record.trace_id
    return LINE % (
        b'"%d"' % time if time else b"null",
        severities[record.severity_text, record.severity_number],
        _body(record.body),
        b'"%b"' % hexlify(trace) if trace else b"null",
        b",".join(map(members.__getitem__, record.attributes)),
        tail,
    )


def _severity(told: tuple[str, int]) -> bytes:
    text, number = told
    return b'"severityText":%b,"severityNumber":%b' % (_encode(text or None), _encode(number or None))


def _body(raw: bytes) -> bytes:
    text = _short_text(raw, 0)
    return _encode(text if text is not None else _value(_any_value().FromString(raw)))


def _member(raw: bytes) -> bytes:
    """An attribute; one with a short key and text, as most are, is read where it lies."""
    if len(raw) > 3 and raw[0] == _KEY and (end := 2 + raw[1]) + 1 < len(raw) and raw[1] < _SHORT > raw[end + 1]:
        is_whole = raw[end] == _MEMBER_VALUE and raw[end + 1] == len(raw) - end - 2
        text = _short_text(raw, end + 2) if is_whole else None
        if text is not None:
            return _encode(raw[2:end].decode()) + b":" + _encode(text)
    pair = _key_value().FromString(raw)
    return _encode(pair.key) + b":" + _encode(_value(pair.value))


def _short_text(raw: bytes, begin: int) -> str | None:
    """What the `AnyValue` from `begin` on holds, if that is a short text; its length is one byte then.

    Raises:
        ValueError: it is no UTF-8.
    """
    size = len(raw) - begin - 2
    if 0 <= size < _SHORT and raw[begin] == _STRING_VALUE and raw[begin + 1] == size:
        return raw[begin + 2 :].decode()
    return None


def _members(pairs: Any) -> bytes:
    return _encode({pair.key: _value(pair.value) for pair in pairs})


def _value(value: Any) -> Any:
    """What an `AnyValue` holds, as JSON writes it: whole numbers and bytes as text."""
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    held = getattr(value, kind)
    if kind == "int_value":
        return str(held)
    if kind == "bytes_value":
        return base64.b64encode(held).decode()
    if kind == "array_value":
        return [_value(one) for one in held.values]
    if kind == "kvlist_value":
        return {pair.key: _value(pair.value) for pair in held.values}
    return held


@cache
def _any_value() -> Any:
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue

    return AnyValue


@cache
def _key_value() -> Any:
    from opentelemetry.proto.common.v1.common_pb2 import KeyValue

    return KeyValue


@cache
def _classes() -> tuple[Any, Any, Any]:
    """The request, with what repeats left as bytes; resources; scopes."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
    from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
    from opentelemetry.proto.resource.v1.resource_pb2 import Resource

    field = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="detector/otlp.proto", package="detector.otlp", syntax="proto3")
    for message, members in _MESSAGES.items():
        described = file.message_type.add(name=message)
        for name, (number, kind, is_many) in members.items():
            label = field.LABEL_REPEATED if is_many else field.LABEL_OPTIONAL
            if kind in _MESSAGES:
                typed = {"type": field.TYPE_MESSAGE, "type_name": f".detector.otlp.{kind}"}
            else:
                typed = {"type": field.Type.Value(f"TYPE_{kind.upper()}")}
            described.field.add(name=name, number=number, label=label, **typed)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    request = message_factory.GetMessageClass(pool.FindMessageTypeByName("detector.otlp.Request"))
    return request, Resource, InstrumentationScope


_MESSAGES: dict[str, dict[str, tuple[int, str, bool]]] = {
    "Record": {
        "time": (1, "fixed64", False),
        "severity_number": (2, "int32", False),
        "severity_text": (3, "string", False),
        "body": (5, "bytes", False),
        "attributes": (6, "bytes", True),
        "trace_id": (9, "bytes", False),
        "observed": (11, "fixed64", False),
    },
    "ScopeLogs": {"scope": (1, "bytes", False), "log_records": (2, "Record", True)},
    "ResourceLogs": {"resource": (1, "bytes", False), "scope_logs": (2, "ScopeLogs", True)},
    "Request": {"resource_logs": (1, "ResourceLogs", True)},
}
"""Message -> field -> its number, type, and whether it comes many times."""
