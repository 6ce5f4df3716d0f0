"""User agents of access logs: found where they lie, and hashed as quickly as possible."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.formats.access import FORMAT, adapt
from detector.formats.hashing import MAX_WHOLE_BYTES, hash_texts
from detector.formats.lines import cut_lines
from detector.formats.records import Recipe, read_records, version_hashes

START = '192.0.2.1 - - [10/Oct/2025:13:55:36 +0000] "GET /a HTTP/1.1" 200 5'
LONG = "https://example.org/" + "x" * 100
RECIPE = Recipe((FORMAT,))
CASES = [
    (' "-" "FleetApp/4.9.0"', "FleetApp/4.9.0"),
    (f' "{LONG}" "FleetApp/4.9.0"', "FleetApp/4.9.0"),
    (' "-" "FleetApp/4.9.0" "198.51.100.7"', "FleetApp/4.9.0"),
    (f' "-" "{"x" * 300}"', "x" * 300),
    (' "-" "-"', None),
    (' "-" "-" "198.51.100.7"', None),
    (' "-" ""', None),
    ("", None),
    (' "-"', None),
    (' "-" "never closed', None),
    (r' "-" "a \"b\""', None),
]


def read(ends: list[str], wanted: str) -> list[object]:
    """A column of lines that end so."""
    lines = cut_lines("".join(f"{START}{end}\n" for end in ends).encode())
    return read_records(lines, RECIPE, frozenset({wanted})).frame[wanted].to_list()


@pytest.mark.parametrize(("end", "version"), CASES)
def test_the_agent_is_the_second_text_behind_the_payload(end: str, version: str | None):
    """Whatever the server writes behind it, and however long the referrer is."""
    assert [version, "curl/8"] == read([end, ' "-" "curl/8"'], "version")


def test_hashes_tell_agents_apart_in_either_way():
    """Read with the other columns or alone later; none where there is no agent."""
    ends = [end for end, _ in CASES] * 2
    lines = cut_lines("".join(f"{START}{end}\n" for end in ends).encode())
    near = read_records(lines, RECIPE, frozenset({"version_near"})).frame["version_near"]
    hashes = [one or None for one in version_hashes(lines, near.to_numpy(), RECIPE).tolist()]
    assert hashes == read(ends, "version_hash")
    half = len(CASES)
    assert hashes[:half] == hashes[half:]
    assert [None] * 5 == hashes[4:9]
    assert None not in hashes[:4]
    assert hashes[0] == hashes[1]
    assert len({hashes[0], hashes[3]}) == 2


def test_an_escaped_quote_in_a_request_is_left_to_the_slow_way():
    """Both ways give the same hashes then too."""
    odd = START.replace("/a", r"/a\"b") + ' "-" "curl/8"'
    lines = cut_lines(f'{odd}\n{START} "-" "curl/8"\n'.encode())
    assert ["curl/8", "curl/8"] == read_records(lines, RECIPE, frozenset({"version"})).frame["version"].to_list()
    frame = read_records(lines, RECIPE, frozenset({"version_hash", "version_near"})).frame
    near = frame["version_near"].fill_null(-1).to_numpy()
    assert frame["version_hash"].to_list() == version_hashes(lines, near, RECIPE).tolist()


def test_an_agent_that_comes_after_the_head_is_read():
    """Though nothing is counted of versions where the head tells none."""
    bare = adapt([START])
    assert bare is not None
    later = cut_lines(f'{START} "-" "curl/8"\n'.encode())
    assert ["curl/8"] == read_records(later, Recipe((bare,)), frozenset({"version"})).frame["version"].to_list()


def test_what_follows_agents_is_no_part_of_them_where_the_head_shows_it():
    """Else the times of requests would make as many agents as there are lines."""
    rows = [f'{START} "-" "{agent}" {took}' for agent in ("curl/8", "x" * 150) for took in ("0.1", '"10.0.0.7" 0.25')]
    known = adapt(rows)
    assert known is not None
    lines, recipe = cut_lines("".join(f"{row}\n" for row in rows).encode()), Recipe((known,))
    frame = read_records(lines, recipe, frozenset({"version_hash", "version_near"})).frame
    one, same, two, also = version_hashes(lines, frame["version_near"].to_numpy(), recipe).tolist()
    assert [one, same, two, also] == frame["version_hash"].to_list()
    assert (one, two) == (same, also)
    assert one != two


@given(st.lists(st.text(max_size=200), min_size=2, max_size=8))
def test_long_texts_differ_wherever_they_differ(texts: list[str]):
    """The hash of a whole text depends on all of it, and on nothing around it."""
    hashes = hash_texts(pl.Series(texts, dtype=pl.String), whole=True).to_list()
    assert len(set(texts)) == len(set(hashes))
    assert hashes[::-1] == hash_texts(pl.Series(texts[::-1], dtype=pl.String), whole=True).to_list()


def test_only_the_first_kilobyte_counts():
    """A text without end costs no more."""
    base = "x" * MAX_WHOLE_BYTES
    one, two, three = hash_texts(pl.Series([base + "a", base + "b", base[1:] + "a"]), whole=True).to_list()
    assert one == two != three


def test_a_log_without_user_agents_is_not_asked_for_any() -> None:
    """What the head of a log shows decides: common logs tell no versions, combined ones do."""
    common = '192.0.2.1 - - [19/Nov/2021:20:00:00 +0000] "GET / HTTP/1.1" 200 5'
    combined = f'{common} "-" "App/4.9.0"'
    told = [Recipe((fitted,)).tells_versions for head in ([common], [common, combined]) if (fitted := adapt(head))]
    assert [False, True] == told
