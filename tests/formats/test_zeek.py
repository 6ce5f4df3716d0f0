"""Zeek's columns and AWS flow logs: headers, missing and odd columns."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from detector.formats import vpc_flow, zeek
from detector.formats.format import Format
from detector.formats.lines import cut_lines
from detector.formats.records import HEADER, RECORD, UNKNOWN, Parsed, Recipe, read_records

WANTED = frozenset({"service", "client", "payload_bytes", "status"})
HEAD = [
    "#separator \\x09",
    "#path\tconn",
    "#fields\tts\tuid\tid.orig_h\torig_bytes\tresp_bytes",
    "#types\ttime\tstring\taddr\tcount\tcount",
]
GOOD = "1772323200.500000\tC1\t192.0.2.1\t10\t20"


def read(lines: list[str], known: Format) -> Parsed:
    """What these lines are."""
    return read_records(cut_lines(("\n".join(lines) + "\n").encode()), Recipe((known,)), WANTED)


def fitted(head: list[str]) -> Format:
    """The format for these first lines."""
    known = zeek.adapt(head)
    assert known is not None
    return known


def test_lines_about_the_file_are_header() -> None:
    """What begins with # is no record, also at the end."""
    parsed = read([*HEAD, GOOD, "#close\t2026-03-01-01-00-00"], fitted(HEAD))
    assert parsed.kinds is not None
    assert [HEADER] * 4 + [RECORD, HEADER] == parsed.kinds.to_list()


def test_without_header_not_zeek() -> None:
    """Columns that nobody names are not guessed."""
    assert zeek.adapt([GOOD]) is None
    assert zeek.adapt(["#fields", "#fields\tno\ttime", "#", ""]) is None


def test_other_separator() -> None:
    """The separator is the one that the file names."""
    known = fitted(["#separator ,", "#path,dns", "#fields,ts,id.orig_h"])
    assert ["192.0.2.9"] == read(["1772323200.5,192.0.2.9"], known).frame["client"].to_list()


def test_short_and_long_lines() -> None:
    """A cut line is no record; a line with more columns than named is read as far as they are."""
    parsed = read([GOOD, "1772323200.5\tC1", GOOD + "\tmore\tcolumns", "x\t\t\t\t"], fitted(HEAD))
    assert parsed.kinds is not None
    assert [RECORD, UNKNOWN, RECORD, UNKNOWN] == parsed.kinds.to_list()
    assert [30, None, 30, None] == parsed.frame["payload_bytes"].to_list()


def test_vpc_without_header_and_with() -> None:
    """A first line with names decides the columns and is a header."""
    header = "start srcaddr bytes log-status"
    known = vpc_flow.adapt([header])
    assert known is not None
    parsed = read([header, "1772323200 192.0.2.1 77 OK", "1772323201 - - NODATA", "1772323202 x y z OK"], known)
    assert parsed.kinds is not None
    assert [HEADER, RECORD, RECORD, UNKNOWN] == parsed.kinds.to_list()
    assert [None, 77, None, None] == parsed.frame["payload_bytes"].to_list()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n\r"), max_size=40) | st.just(GOOD), min_size=1)
)
def test_garbage_is_never_an_exception(lines: list[str]) -> None:
    """Whatever the lines are, there is one row per line."""
    for known in (
        fitted(HEAD),
        vpc_flow.FORMAT,
        zeek.adapt(lines) or fitted(HEAD),
        vpc_flow.adapt(lines) or vpc_flow.FORMAT,
    ):
        assert len(lines) == len(read(lines, known).frame)
