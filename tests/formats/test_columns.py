"""Columns between separators, and formats of one regex."""

from __future__ import annotations

import re

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.formats import w3c
from detector.formats.delimited import cut_columns, tabulate_by_width
from detector.formats.grouped import take_apart
from detector.formats.lines import cut_lines
from detector.formats.records import HEADER, RECORD, UNKNOWN, Recipe, read_records
from detector.formats.table import FORMATS
from detector.formats.text_layouts import for_python, for_rust

CELLS = st.text(st.sampled_from('ab" -é'), max_size=6)


@given(st.lists(CELLS, min_size=1, max_size=6))
def test_a_separator_between_quotes_separates_nothing(lines: list[str]) -> None:
    """As many columns as Python counts, where each line stands for itself."""
    data = "".join(line + "\n" for line in lines).encode()
    found = cut_columns(cut_lines(data), " ", '"').counts.tolist()
    assert [re.sub(r'"[^"]*("|$)', "", line).count(" ") for line in lines] == found


def test_columns_follow_from_their_number() -> None:
    """Lines of two layouts in one block, and one of neither."""
    lines = cut_lines(b"1 2 3\nx y\na b c d\n")
    table = tabulate_by_width(cut_columns(lines, " "), [["p", "q", "r"], ["r", "s"]], {"what": ("r", "q")})
    assert [True, True, False] == table["fits"].to_list()
    assert [(4, 1), (0, 1), (-1, 0)] == table.select("what begin", "what length").rows()


def test_fields_may_change_on_the_way() -> None:
    """Each line of W3C is read by the columns that its number tells; of unknown ones the time is left."""
    head = [
        "#Fields: date time c-ip sc-status",
        "2026-01-02 03:04:05 192.0.2.1 200",
        "#Fields: date time sc-status c-ip cs-method",
        "2026-01-02 03:04:06 404 192.0.2.2 GET",
        "2026-01-02 03:04:07 a b c d e f g",
        "no line of this log",
    ]
    known = w3c.adapt(head)
    assert known is not None
    data = "".join(line + "\n" for line in head).encode()
    parsed = read_records(cut_lines(data), Recipe((known,)), frozenset({"client", "status"}))
    assert parsed.kinds is not None
    assert [HEADER, RECORD, HEADER, RECORD, RECORD, UNKNOWN] == parsed.kinds.to_list()
    assert ["192.0.2.1", "192.0.2.2", None] == parsed.frame["client"].gather([1, 3, 4]).to_list()
    assert [200, 404, None] == parsed.frame["status"].gather([1, 3, 4]).to_list()


@settings(deadline=None)
@given(st.lists(st.text(st.sampled_from("ab1[]:. "), max_size=12), min_size=1, max_size=8))
def test_only_the_groups_that_are_asked_for(lines: list[str]) -> None:
    """One group or all of them give the same, and what Python finds."""
    pattern = r"^(?<first>[^\s\[\]]+)(?: \[(?<second>\d+)\])?"
    texts = pl.Series("line", lines)
    both = take_apart(texts, pattern, ("first", "second"))
    matches = [re.match(for_python(pattern), line, re.ASCII) for line in lines]
    assert [match and match["first"] for match in matches] == both["first"].to_list()
    assert both["second"].to_list() == take_apart(texts, pattern, ("second",))["second"].to_list()


def test_escaped_brackets_begin_no_class() -> None:
    """What follows them is translated like all else."""
    assert r"\[(?<a>[0-9]+)\] [0-9x\]]+[^ \t]" == for_rust(r"\[(?<a>\d+)\] [\dx\]]+\S", "a", "b")
    assert r"(a)(?:b)" == for_rust("(?<x>a)(?<y>b)", "x")


def test_named_formats_are_many() -> None:
    """Each of the formats that users bring from day one has its own name."""
    names = {known.name for known in FORMATS}
    assert {"w3c", "haproxy", "squid", "traefik", "envoy", "aws_alb", "aws_nlb", "aws_clb", "aws_s3"} <= names
    assert {"postgresql", "postgresql_csv", "mysql_error", "mysql_slow", "nfdump_csv", "netfilter", "php_fpm"} <= names
