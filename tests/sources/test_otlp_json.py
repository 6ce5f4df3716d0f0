"""A request of the usual shape gives the same lines as one that is read as whatever it is."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.sources.otlp_json import _flatten, lines_of_json

TEXTS = st.text(st.characters(codec="utf-8"), max_size=5) | st.sampled_from(['"', "\\", "\n", "a\\", "é"])
VALUES = st.recursive(
    st.one_of(
        TEXTS.map(lambda one: {"stringValue": one}),
        st.integers().map(lambda one: {"intValue": str(one)}),
        st.booleans().map(lambda one: {"boolValue": one}),
        st.just({}),
    ),
    lambda inner: st.lists(inner, max_size=2).map(lambda many: {"arrayValue": {"values": many}}),
    max_leaves=3,
)
ATTRIBUTES = st.dictionaries(TEXTS, VALUES, max_size=3).map(
    lambda many: [{"key": key, "value": value} for key, value in many.items()]
)
TIMES = st.sampled_from(["", "0", "1767323045000000000", 0, 1767323045000000000, None])
RECORDS = st.fixed_dictionaries(
    {},
    optional={
        "timeUnixNano": TIMES,
        "observedTimeUnixNano": TIMES,
        "severityText": TEXTS,
        "severityNumber": st.sampled_from([9, "9", "SEVERITY_NUMBER_WARN2", "SEVERITY_NUMBER_UNSPECIFIED"]),
        "body": VALUES,
        "traceId": TEXTS,
        "attributes": ATTRIBUTES,
        "flags": st.integers(0, 1),
    },
)
ODD = st.sampled_from([7, None, "x", [], {}, [7], {"value": 3}])
STYLES = st.sampled_from([{"separators": (",", ":"), "ensure_ascii": False}, {}, {"indent": 1}])


def lines(text: bytes) -> list[bytes]:
    """All of a request."""
    return [line for _, some in lines_of_json(text) for line in some]


def request(records: list[Any], attributes: Any = (), scope: Any = "app") -> dict[str, Any]:
    """Records of one scope."""
    logs = [{"scope": {"name": scope}, "logRecords": records}]
    return {"resourceLogs": [{"resource": {"attributes": attributes}, "scopeLogs": logs}]}


@given(st.lists(RECORDS, max_size=4), ATTRIBUTES, TEXTS, STYLES)
def test_the_fast_way_says_the_same(records: list[Any], attributes: list[Any], scope: str, style: Any) -> None:
    """Whatever the values are and however they are written, one line a record says what the slow way says."""
    whole = request(records, attributes, scope)
    found = lines(json.dumps(whole, **style).encode())
    assert list(_flatten(whole)) == [json.loads(line) for line in found]
    assert not any(b"\n" in line for line in found)


@given(st.lists(RECORDS | ODD, max_size=3), ATTRIBUTES | ODD, ODD, st.sampled_from(["records", "times", "attributes"]))
def test_odd_shapes_are_read_as_they_are(records: list[Any], attributes: Any, odd: Any, where: str) -> None:
    """What is no object where one is expected is passed over, and the rest of the request is taken."""
    extra = {"records": odd, "times": {"timeUnixNano": odd}, "attributes": {"attributes": odd, "body": odd}}[where]
    whole = request([*records, extra], attributes)
    found = lines(json.dumps(whole, indent=1).encode())
    assert list(_flatten(whole)) == [json.loads(line) for line in found]
    assert not any(b"\n" in line for line in found)


@pytest.mark.parametrize(
    "text",
    [b"[]", b"7", b"{", b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":nul}]}]}]}',
     b'{"resourceLogs":[{"resource":{},"x":"\xff"}]}'],
)  # fmt: skip
def test_what_is_no_request_is_refused(text: bytes) -> None:
    """No JSON, no object, no UTF-8."""
    with pytest.raises(ValueError, match=r"."):
        lines(text)
