"""What the shared tests do not cover of JSON lines: bad lines, odd values, agreement of the three ways to read."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.formats.format import Format
from detector.formats.jsonlines import FORMAT, adapt, fit
from detector.formats.jsontree import PIECE, read_paths
from detector.formats.lines import cut_lines
from detector.formats.records import RECORD, Recipe, read_records

WANTED = frozenset({"service", "level", "client", "status", "payload_bytes", "message"})
GOOD = (
    '{"time":"2026-03-01T00:00:00.250Z","level":"info","service":"cart","client_ip":"192.0.2.1","status":200,"bytes":7}'
)
ROW = {
    "timestamp": datetime(2026, 3, 1, 0, 0, 0, 250_000, UTC),
    "level": "info",
    "service": "cart",
    "client": "192.0.2.1",
    "status": 200,
    "payload_bytes": 7,
}
BAD = [
    "",
    "no json",
    "{",
    "}",
    '{"a":',
    '{"a":1}}',
    '{"a":1},{"b":2}',
    '{"a":[{}',
    '{"c":1}]}',
    "[1]",
    "null",
    '{"a":tru}',
    "{'a':1}",
]


def fitted(*head: str) -> Format:
    """The format for these first lines."""
    known = adapt(head)
    assert known is not None
    return known


def rows_of(lines: list[str], known: Format) -> list[dict[str, object] | None]:
    """A row per line, None for lines that are no records."""
    parsed = read_records(cut_lines(("\n".join(lines) + "\n").encode()), Recipe((known,)), WANTED)
    kinds = [RECORD] * len(lines) if parsed.kinds is None else parsed.kinds.to_list()
    return [row if kind == RECORD else None for kind, row in zip(kinds, parsed.frame.to_dicts(), strict=True)]


def test_head_decides_the_way() -> None:
    """Flat lines are read in place with the parser behind it, nested ones by the parser."""
    flat, nested = fitted(GOOD), fitted('{"time":"2026-03-01T00:00:00Z","client":{"ip":"192.0.2.1"}}')
    assert flat.fallback is not None
    assert nested.fallback is None


@pytest.mark.parametrize("bad", BAD)
def test_bad_line_costs_only_itself(bad: str) -> None:
    """A bad line in the middle is no record, and those around it are read."""
    for known in (fitted(GOOD), fitted(GOOD).fallback):
        assert known is not None
        found = rows_of([GOOD] * 300 + [bad] + [GOOD] * 300, known)
        assert [ROW] * 300 + [None] + [ROW] * 300 == found


def test_one_bad_line_in_ten() -> None:
    """Many bad lines cost only themselves."""
    lines = [BAD[i // 10 % len(BAD)] if i % 10 == 3 else GOOD for i in range(3 * PIECE)]
    expected = [None if i % 10 == 3 else ROW for i in range(3 * PIECE)]
    known = fitted(GOOD).fallback
    assert known is not None
    assert expected == rows_of(lines, known)


def test_swallowed_lines_stay_apart() -> None:
    """Lines that together would be one object, or alone two, never shift the rows of others."""
    lines = [GOOD, '{"a":[{}', GOOD, '{"c":1}]}', '{"a":1},{"a":2}', GOOD]
    assert [ROW, None, ROW, None, None, ROW] == rows_of(lines, fitted(GOOD))


def test_other_kinds_of_values() -> None:
    """An object, array or other type where a text was is null or read, and the line stays a record."""
    told = [
        ("service", '{"name":"x"}', None),
        ("service", '["a","b"]', None),
        ("service", "17", "17"),
        ("service", "null", None),
        ("service", '""', None),
        ("service", '"caf\\u00e9 \\"q\\""', 'café "q"'),
        ("status", '"404"', 404),
        ("status", "true", None),
        ("status", "[]", None),
        ("bytes", "12345678901234567890123", None),
        ("bytes", "-5", None),
        ("bytes", "1e3", 1000),
        ("bytes", "26.7", 26),
        ("level", '"WARN"', "warning"),
        ("level", "30", "info"),
        ("level", '"nonsense"', None),
    ]
    names = {"bytes": "payload_bytes"}
    for key, value, expected in told:
        line = GOOD.replace(f'"{key}":{json.dumps(json.loads(GOOD)[key])}', f'"{key}":{value}')
        assert line != GOOD
        found = rows_of([GOOD, line], fitted(*[GOOD] * 20))[1]
        assert found is not None
        assert (key, expected) == (key, found[names.get(key, key)])


@pytest.mark.parametrize("depth", [10, 900, 1010, 10_000, 100_000])
def test_deep_nesting_is_no_danger(depth: int) -> None:
    """Brackets in brackets neither crash nor cost other lines, and are judged alike whatever stands beside them."""
    known = fitted(GOOD).fallback
    assert known is not None
    for opening, closing in (("[", "]"), ('{"a":', "}")):
        deep = f'{{"service":"x","z":{opening * depth}1{closing * depth}}}'
        alone, beside = rows_of([deep], known), rows_of([GOOD, '{"a":', deep], known)
        assert ROW == beside[0]
        assert alone[0] == beside[2]
        assert (depth < 1000) == (alone[0] is not None) or depth == 1010


def test_key_in_an_inner_object_is_not_taken() -> None:
    """A key of the same name inside another object is not the field."""
    inner = (
        '{"ctx":{"level":"error","service":"other"},"time":"2026-03-01T00:00:00.250Z","level":"info","service":"cart"}'
    )
    found = rows_of([GOOD] * 20 + [inner], fitted(*[GOOD] * 20))[-1]
    assert found is not None
    assert ("info", "cart") == (found["level"], found["service"])


def test_spaces_and_order_do_not_matter() -> None:
    """Lines of several writers in one file: other order of keys, spaces after colons."""
    fields = json.loads(GOOD)
    spaced = json.dumps(dict(reversed(fields.items())))
    assert [ROW, ROW] == rows_of([GOOD, spaced], fitted(*[GOOD] * 20))


def test_time_of_another_length_is_read() -> None:
    """A zone or fraction written otherwise than in the first lines is not cut off."""
    other = GOOD.replace("00:00:00.250Z", "01:00:00.2500+01:00")
    assert [ROW, ROW] == rows_of([GOOD, other], fitted(*[GOOD] * 20))


def test_user_names_the_field() -> None:
    """A path that the user names comes before the usual names."""
    line = '{"time":"2026-03-01T00:00:00Z","client_ip":"192.0.2.1","car":{"vin":"V1"}}'
    known = fit([line], {"client": "car>vin"})
    assert known is not None
    found = rows_of([line], known)[0]
    assert found is not None
    assert "V1" == found["client"]


def test_no_object_no_format() -> None:
    """Text without any JSON object is not of this format."""
    assert adapt(["no json", "[1, 2]", ""]) is None
    assert adapt([]) is None


def test_unfitted_format_reads_objects() -> None:
    """The format as it stands in the table reads any object as a record without fields."""
    assert [{"timestamp": None}, None] == rows_of([GOOD, "no"], FORMAT)


SCALARS = (
    st.none()
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.integers(-(10**25), 10**25)
    | st.text(max_size=12)
    | st.sampled_from(["info", "WARN", "x"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
KEYS = ("time", "level", "service", "client_ip", "status", "bytes", "message")
OBJECTS = st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=4), VALUES, max_size=6)
TEXTS = st.builds(json.dumps, OBJECTS) | st.builds(
    lambda o: json.dumps(o, ensure_ascii=False, separators=(",", ":")), OBJECTS
)


def clean(line: str) -> str:
    """As the reader hands lines over: valid UTF-8 without line breaks."""
    return line.encode("utf-8", "replace").decode().replace("\n", " ").replace("\r", " ")


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXTS.map(clean), min_size=1, max_size=8))
def test_in_place_agrees_with_the_parser(lines: list[str]) -> None:
    """Read in place or by the parser, every object gives the same record."""
    known = fitted(*[GOOD] * 20)
    assert known.fallback is not None
    assert rows_of(lines, known.fallback) == rows_of(lines, known)


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXTS.map(clean) | st.text(max_size=20).map(clean), min_size=1, max_size=8))
def test_neighbours_do_not_matter(lines: list[str]) -> None:
    """A line gives the same whether polars reads the block at once or a bad line makes it read one by one."""
    table = read_paths(cut_lines(("\n".join(lines) + "\n").encode()), KEYS, ["message"])
    spoilt = read_paths(cut_lines(("\n".join([*lines, '{"a":}']) + "\n").encode()), KEYS, ["message"])
    assert len(lines) == len(table)
    assert table.rows() == spoilt.head(len(lines)).rows()


@settings(max_examples=60, deadline=None)
@given(OBJECTS)
def test_agrees_with_json_loads(value: dict[str, object]) -> None:
    """Texts and numbers are those that Python's parser finds."""
    line = clean(json.dumps(value))
    found = read_paths(cut_lines((line + "\n").encode()), KEYS).row(0, named=True)
    assert found["matched"]
    for key in KEYS:
        there = value.get(key)
        if isinstance(there, bool | int) or there is None:
            assert (None if there is None else json.dumps(there)) == found[key]
        elif isinstance(there, str) and not there.startswith(("[", "{")):
            assert there == found[key]
        elif isinstance(there, dict):
            assert found[key] is None


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.text(max_size=60).map(clean) | st.binary(max_size=40).map(lambda b: clean(b.decode("utf-8", "replace"))),
        min_size=1,
    )
)
def test_garbage_is_never_an_exception(lines: list[str]) -> None:
    """Whatever the lines are, fitting and reading give one row per line."""
    known = adapt(lines) or fitted(GOOD)
    assert len(lines) == len(rows_of(lines, known))
    assert len(lines) == len(rows_of(lines, fitted(GOOD)))


def test_empty_block() -> None:
    """No lines give no rows."""
    for known in (FORMAT, fitted(GOOD)):
        parsed = read_records(cut_lines(b""), Recipe((known,)), WANTED)
        assert 0 == len(parsed.frame)
        assert isinstance(parsed.frame, pl.DataFrame)
