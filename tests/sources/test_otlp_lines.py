"""OTLP requests become one line for each of their records."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.sources import otlp_lines
from detector.sources.otlp_lines import Batches, is_otlp
from detector.sources.splitting import find_splitter
from detector.sources.streams import Raw
from tests.sources.packing import Trickle


def request(services: dict[str, int]) -> dict[str, Any]:
    """A request with so many records of each service."""
    return {
        "resourceLogs": [
            {
                "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]},
                "scopeLogs": [{"scope": {"name": "app"}, "logRecords": [record(number) for number in range(count)]}],
            }
            for service, count in services.items()
        ]
    }


def record(number: int) -> dict[str, Any]:
    """A record with what differs between exporters."""
    return {
        "timeUnixNano": str(1767323045000000000 + number),
        "severityNumber": "SEVERITY_NUMBER_WARN2",
        "body": {"kvlistValue": {"values": [{"key": "a", "value": {"arrayValue": {"values": [{"intValue": "7"}]}}}]}},
        "attributes": [{"key": "client.address", "value": {"stringValue": "192.0.2.7"}}],
    }


def split(text: bytes, step: int = 100_000) -> list[dict[str, Any]]:
    """The records of `text` with their line numbers."""
    batches = Batches(Raw(Trickle(text, step), None), 0)
    found = [{**json.loads(one.data), "line": one.line} for one in batches.elements()]
    assert len(text) == batches.offset_bytes
    return found


@given(st.lists(st.dictionaries(st.text(max_size=3), st.integers(0, 3), max_size=3), max_size=4), st.integers(1, 500))
def test_each_record_is_a_line(batches: list[dict[str, int]], step: int) -> None:
    """All records of all resources, in order, with their service and the line of their request."""
    text = "".join(json.dumps(request(services)) + "\n" for services in batches).encode()
    expected = [
        (service, line)
        for line, services in enumerate(batches, 1)
        for service, count in services.items()
        for _ in range(count)
    ]
    assert expected == [(one["resource"]["service.name"], one["line"]) for one in split(text, step)]


def test_values_and_severities() -> None:
    """Attributes become keys, a number's name is a word, the time observed stands for a missing one."""
    found = split(json.dumps(request({"shop": 1})).encode())[0]
    assert ("WARN", None, {"a": ["7"]}) == (found["severityText"], found["severityNumber"], found["body"])
    assert {"client.address": "192.0.2.7"} == found["attributes"]
    observed = {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"timeUnixNano": "0", "observedTimeUnixNano": "5"}]}]}]}
    assert "5" == split(json.dumps(observed).encode())[0]["timeUnixNano"]


@pytest.mark.parametrize("line", ['{"resourceLogs":[', '{"a":1}', '{"other":"x"}'])
def test_other_lines_stay(line: str) -> None:
    """What is no request is kept as it is, for the formats to judge."""
    batches = Batches(Raw(Trickle(json.dumps(request({"a": 1})).encode() + b"\n" + line.encode(), 9), None), 0)
    assert line.encode() == list(batches.elements())[-1].data


@pytest.mark.parametrize(
    "line",
    ['{"resourceLogs":7}',
     '{"resourceLogs":[{"scopeLogs":[{"logRecords":[7,{"attributes":[{"value":3}],"body":[]}]}]}]}',
     '{"resourceLogs":[{"resource":[],"scopeLogs":{"logRecords":1}},null]}'],
)  # fmt: skip
def test_odd_shapes_raise_nothing(line: str) -> None:
    """A request may be anything."""
    split(line.encode())


def test_too_long_a_request_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is passed over in bounded memory, and the next one is read."""
    monkeypatch.setattr(otlp_lines, "MOST_BYTES", 2000)
    text = json.dumps(request({"a": 50})).encode() + b"\n" + json.dumps(request({"b": 1})).encode() + b"\n"
    batches = Batches(Raw(Trickle(text, 100), None), 0)
    assert [2] == [one.line for one in batches.elements() if b'"b"' in one.data]
    assert batches.lost_bytes > 0
    assert len(text) == batches.offset_bytes


def test_by_the_beginning() -> None:
    """Only logs are taken apart."""
    assert Batches is find_splitter(b'{"resourceLogs":[{}]}')
    assert not is_otlp(b'{"resourceSpans":[{}]}')
