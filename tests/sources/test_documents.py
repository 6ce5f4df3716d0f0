"""Big JSON documents become one line for each element."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from detector.sources.documents import Element, Scanner, is_document
from detector.sources.streams import Raw
from tests.sources.packing import PACKERS, Trickle, read_file

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.sampled_from(['"', "\\", "}{][", "\n", ","])
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
records = st.lists(st.dictionaries(st.text(max_size=4), values, max_size=4), min_size=1, max_size=6)
layouts = st.sampled_from([None, 0, 1, 4])
wrappings = st.sampled_from(["%s", '{"Records": %s}', '{"n": 1, "Records": %s, "next": {"a": [1]}}', "\ufeff\n %s \n"])


def scan(text: bytes, step: int = 100_000, element_bytes: int = 100_000) -> tuple[list[Element], Scanner]:
    """The elements of `text`, which comes `step` bytes at a time, and the scanner that has seen its end."""
    scanner = Scanner(Raw(Trickle(text, step), None), element_bytes)
    return list(scanner.elements()), scanner


@given(records=records, layout=layouts, wrapping=wrappings, step=st.integers(1, 200), escape=st.booleans())
@example(records=[{"a": 'x\\"'}, {"b": "\\\\"}], layout=None, wrapping="%s", step=1, escape=True)
def test_elements(records: list[dict[str, Any]], layout: int | None, wrapping: str, step: int, escape: bool) -> None:
    """Each object of the array comes out once, in order, on one line, and reads as the same value."""
    text = (wrapping % json.dumps(records, indent=layout, ensure_ascii=escape)).encode()
    elements, scanner = scan(text, step)
    assert records == [json.loads(element.data) for element in elements]
    assert b"\n" not in b"".join(element.data for element in elements)
    assert not scanner.is_unfinished
    # A mark before the array is counted, and taken away before a document is looked at in earnest.
    assert 3 * text.startswith(b"\xef") == scanner.lost_bytes


@given(records=records, layout=layouts, wrapping=wrappings, step=st.integers(1, 200))
def test_places(records: list[dict[str, Any]], layout: int | None, wrapping: str, step: int) -> None:
    """Offset and line of an element are those of its opening bracket."""
    text = (wrapping % json.dumps(records, indent=layout)).encode()
    for element in scan(text, step)[0]:
        assert b"{" == text[element.offset_bytes : element.offset_bytes + 1]
        assert text[: element.offset_bytes].count(b"\n") + 1 == element.line
        value, _ = json.JSONDecoder().raw_decode(text[element.offset_bytes :].decode())
        assert value == json.loads(element.data)


@given(records=records, layout=layouts, data=st.data())
def test_truncation(records: list[dict[str, Any]], layout: int | None, data: st.DataObject) -> None:
    """Cut anywhere, a document gives its whole elements, counts the bytes of the broken one, and says so."""
    text = json.dumps(records, indent=layout).encode()
    whole, _ = scan(text)
    cut = data.draw(st.integers(1, len(text) - 1))
    elements, scanner = scan(text[:cut])
    assert whole[: len(elements)] == elements
    assert scanner.is_unfinished
    broken = [element for element in whole[len(elements) :] if element.offset_bytes < cut]
    assert sum(cut - element.offset_bytes for element in broken) == scanner.lost_bytes


def test_documents_in_a_row() -> None:
    """Documents one behind the other, as in CloudTrail deliveries put together, are all split; the rest is counted."""
    elements, scanner = scan(b'{"Records":[{"a":1}]}\n{"Records":[{"a":2},{"a":3}]}\n[{"a":4}, 17]\n{"alone":[]}\n')
    assert [b'{"a":1}', b'{"a":2}', b'{"a":3}', b'{"a":4}'] == [element.data for element in elements]
    assert [1, 2, 2, 3] == [element.line for element in elements]
    assert len(b"17") + len(b'{"alone":[]}') == scanner.lost_bytes


def test_an_endless_element_takes_no_memory() -> None:
    """Of a giant element only the beginning is kept, and it says so; so does one that never ends."""
    elements, _ = scan(b'[{"a":"' + b"x" * 1_000_000 + b'"},{"b":1}]', element_bytes=20)
    giant, small = elements
    assert Element(1, 1, b'{"a":"xxxxxxxxxxxxxx', is_cut=True) == giant
    assert Element(1_000_010, 1, b'{"b":1}', is_cut=False) == small
    _, scanner = scan(b"[{" + b"[" * 1_000_000)
    assert 1_000_001 == scanner.lost_bytes


@given(
    text=st.lists(st.sampled_from([b"{", b"}", b"[", b"]", b'"', b"\\", b"a", b"\n", b","]), max_size=40).map(b"".join)
)
def test_no_document_at_all(text: bytes) -> None:
    """Whatever the brackets, scanning ends without an error, the same for every size of reads."""
    elements, scanner = scan(text)
    again, scanner_again = scan(text, step=1)
    assert elements == again
    assert (scanner.lost_bytes, scanner.is_unfinished) == (scanner_again.lost_bytes, scanner_again.is_unfinished)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'[{"a":1}]', True),
        (b'\xef\xbb\xbf[\r\n  {\r\n    "a": 1', True),
        (b"[\n{}\n]", True),
        (b'{"Records":[{"eventVersion":"1.08"}]}', True),
        (b'{"Records":[{"a":1}]}\n{"Records":[{"a":2}]}\n', True),
        (b'{"messageType":"DATA_MESSAGE","owner":"1","logEvents":[{"id":"1"}]}', True),
        (b'{\n  "count": 2,\n  "hits": [\n    {"a": 1}', True),
        (b'{"a":1}\n{"a":2}\n', False),
        (b'{"errors":[{"a":1}],"level":"info"}\n{"errors":[]}\n', False),
        (b'{"errors":[{"a":1}],"level":"info"}', False),
        (b'{"items":[{"a":1}],"level":"info"}\n{"items":[]}\n', False),
        (b'{"resourceLogs":[{"resource":{}}]}', False),
        (b'{"status":"success","data":{"resultType":"matrix","result":[{"metric":{}}]}}', False),
        (b"[2026-01-01 00:00:00] started", False),
        (b"[{main}] started", False),
        (b"[1, 2]", False),
        (b"", False),
    ],
)
def test_is_document(text: bytes, expected: bool) -> None:
    """Exports and deliveries are documents; a record on each line is none, nor is what another format needs whole."""
    assert expected is is_document(text)


@pytest.mark.parametrize(
    ("pack", "width"), [(bytes, 1), (PACKERS["gz"], 1), (lambda data: data.decode().encode("utf-16"), 2)]
)
def test_reading_a_document(tmp_path: Path, pack: Callable[[bytes], bytes], width: int) -> None:
    """Blocks of a document carry the line of each element and the offset of the first, in any wrapping."""
    text = json.dumps([{"n": n, "text": "\n\u00e9"} for n in range(5000)], indent=2, ensure_ascii=False).encode()
    (tmp_path / "export.json").write_bytes(pack(text))
    outcome = read_file(tmp_path / "export.json", block_bytes=10_000, line_bytes=1000)
    numbers = [number for block in outcome.blocks for number in block.line_numbers or ()]
    assert list(range(2, 4 * 5000, 4)) == numbers
    assert list(range(5000)) == [json.loads(line)["n"] for line in outcome.data.splitlines()]
    assert [] == outcome.faults
    byte_order_mark = 2 * (width - 1)
    assert byte_order_mark + width * len("[\n  ") == outcome.blocks[0].offset_bytes
    for block in outcome.blocks:
        assert len(block.data) <= 10_000
        assert (block.line_numbers or ())[0] == block.first_line


def test_reading_a_broken_document(tmp_path: Path) -> None:
    """A document that ends within an element is told as truncated, with what is lost."""
    (tmp_path / "export.json").write_bytes(b'[{"a":1},\n{"a":2},\n{"a":')
    outcome = read_file(tmp_path / "export.json")
    assert b'{"a":1}\n{"a":2}\n' == outcome.data
    assert {"document_bytes": 5} == outcome.losses
    assert ["truncated"] == outcome.reasons
