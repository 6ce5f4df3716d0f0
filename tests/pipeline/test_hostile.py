"""Files as they come: seams, heads of a stack trace, years and clocks that change, months in other languages."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import polars as pl
import pytest

from detector.config import Settings
from detector.pipeline.parse import Parsing

ACCESS = '192.0.2.1 - - [01/Mar/2026:00:{:02d}:{:02d} +0000] "GET /a HTTP/1.1" 200 5 "-" "x"'
TEXT = "2026-03-01 01:{:02d}:{:02d},001 INFO [main] org.example.Server: step"
TRACE = "\tat org.example.A.b(A.java:1)"


def parse(path, lines, modified=None, **settings):
    """All records of a file of these lines, and what was told of it."""
    path.write_text("\n".join(lines) + "\n")
    if modified is not None:
        os.utime(path, (modified.timestamp(),) * 2)
    run = Parsing(Settings(**settings), 0)
    return pl.concat(list(run.frames([str(path)]))), run.summary


def test_two_formats_in_one_file(tmp_path):
    """Behind the seam of a rotation the other format is read, though it is rare in the head."""
    lines = [*(ACCESS.format(n // 60, n % 60) for n in range(900)), *(TEXT.format(n // 60, n % 60) for n in range(900))]
    frame, summary = parse(tmp_path / "a.log", lines)
    assert {"access": 900, "generic": 900} == summary.formats
    assert 0 == frame["timestamp"].null_count()
    assert {} == summary.lines_unparsed


def test_a_thousand_lines_of_a_stack_trace_come_first(tmp_path):
    """Nothing is recognised by them, and no line is lost."""
    frame, summary = parse(tmp_path / "a.log", [*[TRACE] * 1000, *[TEXT.format(0, 1)] * 10])
    assert 1010 == summary.lines_read
    assert 1010 == summary.lines_parsed + sum(summary.lines_unparsed.values())
    assert sum(len(TRACE) for _ in range(1000)) + 10 * len(TEXT.format(0, 1)) == frame["size_bytes"].sum()


def test_most_of_a_head_may_be_a_stack_trace(tmp_path):
    """A few first lines of records in it are enough."""
    frame, _ = parse(
        tmp_path / "a.log", [*[TRACE] * 900, *[TEXT.format(0, 1), TRACE] * 50, *[TEXT.format(0, 2)] * 2000]
    )
    assert 2050 == frame["timestamp"].drop_nulls().len()


def test_years_go_on_across_new_year(tmp_path):
    """What stands in December before January is of the year before."""
    lines = [f"{day} 23:59:5{n} gate sshd[7]: x" for day in ("Dec 31", "Jan  1") for n in range(9)]
    frame, _ = parse(tmp_path / "a.log", lines, datetime(2026, 1, 2, tzinfo=UTC))
    assert [2025] * 9 + [2026] * 9 == frame["timestamp"].dt.year().to_list()


def test_clocks_that_are_set_back_and_on(tmp_path):
    """Of an hour that comes twice the first is meant, one that never was gives no time; offsets leave no doubt."""
    local = [f"{text} INFO [main] a.B: x" for text in ("2026-10-25 01:30:00,000", "2026-10-25 02:30:00,000",
             "2026-10-25 03:30:00,000", "2026-03-29 02:30:00,000", "2026-03-29 03:30:00,000")]  # fmt: skip
    frame, _ = parse(tmp_path / "a.log", local, timezone="Europe/Berlin")
    times = frame.filter(pl.col("format") == "generic")["timestamp"].drop_nulls()
    hours = [(moment.month, moment.hour) for moment in times.to_list()]
    assert [(10, 23), (10, 0), (10, 2), (3, 1)] == hours
    sure = [f"2026-10-25T02:30:00+0{offset}:00 gate sshd[1]: x" for offset in (2, 1)]
    frame, _ = parse(tmp_path / "b.log", sure, timezone="America/New_York")
    assert [0, 1] == frame["timestamp"].dt.hour().to_list()


@pytest.mark.parametrize(
    ("text", "hour"),
    [("2026-03-01 10:00:00 UTC", 10), ("2026-03-01 10:00:00 +0200", 8), ("2026-03-01 10:00:00+02:00", 8),
     ("2026-03-01T10:00:00Z", 10), ("2026-03-01 10:00:00 GMT", 10), ("2026-03-01 10:00:00 -05:30", 15)],
)  # fmt: skip
def test_zones_that_a_line_names_count(tmp_path, text, hour):
    """Whatever zone the settings name for times without one."""
    frame, _ = parse(tmp_path / "a.log", [f"[{text}] INFO ready"] * 5, timezone="Asia/Tokyo")
    assert [hour] * 5 == frame["timestamp"].dt.hour().to_list()


@pytest.mark.parametrize("month", ["Mär", "fév.", "Окт", "3月", "Dez"])
def test_months_in_other_languages_are_no_times(tmp_path, month):
    """They are not taken for others: the lines count as what no format understands."""
    frame, summary = parse(tmp_path / "a.log", [f"01 {month} 2026 10:00:0{n} INFO ready" for n in range(9)])
    assert 9 == frame["timestamp"].null_count()
    assert 9 == summary.lines_read
