"""Records, block by block."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import polars as pl
import pyarrow.ipc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.config import Settings
from detector.errors import Losses
from detector.pipeline import joining
from detector.pipeline.aids import Aids
from detector.pipeline.joining import Joint
from detector.pipeline.opening import context_for
from detector.pipeline.parse import Parsing
from detector.pipeline.pieces import read_piece
from detector.schemas import RECORDS, Block, check
from detector.sources.files import SourceFile
from tests.cli.making import access_log

FILE = SourceFile("app.log", None, None, "app")
FIRST = "2026-07-01 10:00:{:02d},000 ERROR [main] c.e.Shop - bad\n"
HEAD = FIRST.format(0)
FURTHER = ["java.lang.X: y\n", "\tat a.b(C.java:1)\n", "Caused by: z\n", "\t... 3 more\n"]
LINES = st.lists(st.sampled_from(FURTHER) | st.integers(0, 59).map(FIRST.format), min_size=1, max_size=30)


def parse_cut(lines, cuts, head=HEAD):
    """The records of `lines`, cut into blocks before the lines with these numbers; `head` shows their format."""
    context = context_for(FILE, [line[:-1] for line in [*head.splitlines(keepends=True), *lines]], Settings(), 0)
    joint, frames, offset = Joint("app.log", Losses()), [], 0
    edges = sorted({0, len(lines), *(cut for cut in cuts if cut < len(lines))})
    for begin, end in pairwise(edges):
        data = "".join(lines[begin:end]).encode()
        frames.append(joint.take(read_piece(Block("app.log", offset, begin + 1, data), context)))
        offset += len(data)
    return pl.concat([*frames, joint.finish()])


@settings(max_examples=60, deadline=None)
@given(lines=LINES, cuts=st.sets(st.integers(1, 29)))
def test_any_cut_gives_the_same_records(lines, cuts):
    """A record that goes on in the next block is one record, and no line is lost."""
    whole, cut = parse_cut(lines, []), parse_cut(lines, cuts)
    assert whole.rows() == cut.rows()
    assert sum(len(line) - 1 for line in lines) == cut["size_bytes"].sum()
    assert cut["line_number"].is_sorted()


CRI = "2026-07-01T10:00:{:02d}.123456789Z {} {} {}\n"
TEXT = st.text("ab ")
CUT = st.lists(
    st.builds(CRI.format, st.integers(0, 59), st.sampled_from(["stdout", "stderr"]), st.sampled_from("PPF"), TEXT),
    min_size=1, max_size=30,
)  # fmt: skip
MYSQL = [
    "# User@Host: app[app] @ web [192.0.2.1]\n",
    "# Query_time: 2.0\n",
    "SET timestamp=1782900000;\n",
    "select 1;\n",
]
SLOW = st.lists(st.sampled_from([*MYSQL, "# Time: 260701 10:00:00\n"]), min_size=1, max_size=30)


@settings(max_examples=60, deadline=None)
@given(lines=CUT | SLOW, cuts=st.sets(st.integers(1, 29)))
def test_any_cut_gives_the_same_records_of_parts(lines, cuts):
    """Parts find the record after them in whatever block it stands, and no byte is lost."""
    head = CRI.format(0, "stdout", "F", "") if "Z std" in lines[0] else "".join(MYSQL)
    whole, cut = parse_cut(lines, [], head), parse_cut(lines, cuts, head)
    assert whole.rows() == cut.rows()
    assert sum(len(line) - 1 for line in lines) == cut["size_bytes"].sum()


def test_parts_of_two_writers_do_not_mix():
    """A part belongs to the next whole line of its own stream; one whose end never comes is a record."""
    lines = [
        CRI.format(1, "stdout", "P", "GET "),
        CRI.format(2, "stderr", "P", "odd"),
        CRI.format(3, "stdout", "F", "/a"),
    ]
    found = parse_cut([CRI.format(0, "stderr", "F", "up"), *lines], [2], CRI.format(0, "stdout", "F", ""))
    assert [(1, "up"), (2, "GET /a"), (3, "odd")] == found.select("line_number", "message").rows()
    assert [0, 3, 2] == found["timestamp"].dt.second().to_list()


def test_a_stack_trace_is_one_record():
    """Its message holds all its lines."""
    lines = [FIRST.format(1), *FURTHER, FIRST.format(2)]
    frame = parse_cut(lines, [2, 4])
    assert ([1, 6], 2) == (frame["line_number"].to_list(), len(frame))
    assert frame["message"][0].endswith("c.e.Shop - bad\n" + "".join(FURTHER)[:-1])


def test_further_lines_without_a_record_are_unknown():
    """At the begin of a source there is nothing to continue."""
    frame = parse_cut(["\tat a.b(C.java:1)\n", FIRST.format(1)], [])
    assert ["unknown", None] == [frame["format"][0], frame["timestamp"][0]]
    assert "\tat a.b(C.java:1)" == frame["message"][0]


def test_an_endless_record_is_cut_and_counted(monkeypatch):
    """Its text stops growing, its size and the count of lost lines tell how much it was."""
    monkeypatch.setattr(joining, "MESSAGE_BYTES", 50)
    lines = [FIRST.format(1), *["\tat a.b(C.java:1)\n"] * 20]
    frame = parse_cut(lines, range(1, 21))
    assert sum(len(line) - 1 for line in lines) == frame["size_bytes"][0]
    assert 300 > len(frame["message"][0])


@pytest.fixture
def parsed(detector, quiet_place):
    """`parsed("x.parquet")` -> what `detector parse access.log -o x.parquet` wrote."""
    (quiet_place / "access.log").write_text(access_log())
    readers: dict[str, Callable[[str], Any]] = {
        "ndjson": pl.read_ndjson,
        "csv": partial(pl.read_csv, infer_schema_length=None),
        "parquet": pl.read_parquet,
        "arrow": lambda path: pl.from_arrow(pyarrow.ipc.open_file(path).read_all()),
    }

    def read(name):
        answer = detector("parse", "access.log", "-o", name)
        assert (0, "", "") == answer
        assert not (quiet_place / f"{name}.part").exists()
        return readers[name.rpartition(".")[2]](name)

    return read


@pytest.mark.parametrize("suffix", ["ndjson", "csv", "parquet", "arrow"])
def test_every_file_format_holds_the_same_records(parsed, suffix):
    """As many, with the same columns."""
    frame = parsed(f"out.{suffix}")
    assert ([column.name for column in RECORDS], 200) == (frame.columns, len(frame))
    assert list(range(1, 201)) == frame["line_number"].to_list()


def test_columnar_files_keep_the_types(parsed):
    """Times are times."""
    check(parsed("out.parquet").cast({"timestamp": pl.Datetime("us", "UTC")}), RECORDS)


def test_an_empty_file_gives_an_empty_table(detector, quiet_place):
    """With its columns."""
    (quiet_place / "empty.log").touch()
    assert 0 == detector("parse", "empty.log", "-o", "out.parquet").code
    assert (0, len(RECORDS)) == pl.read_parquet("out.parquet").shape


def test_a_failure_leaves_no_half_file(detector, quiet_place):
    """Neither under its name nor beside it."""
    assert 2 == detector("parse", "gone.log", "-o", "out.parquet").code
    assert [] == list(quiet_place.glob("out*"))


def test_counts_tables_in_parquet_have_rows_too(detector, quiet_place):
    """With time and service."""
    pl.DataFrame({"timestamp": ["2026-07-01T00:00:00Z"], "service": ["shop"], "lines": [5]}).write_parquet("c.parquet")
    row = json.loads(detector("parse", "c.parquet").out)
    assert ("2026-07-01T00:00:00.000000Z", "shop", "counts", 1) == (
        row["timestamp"], row["service"], row["format"], row["line_number"],
    )  # fmt: skip


def test_memory_holds_a_few_blocks_only(quiet_place):
    """Frames come while the input is still being read."""

    class Endless(io.RawIOBase):
        """Lines without end."""

        def readable(self):
            return True

        def readinto(self, buffer):
            data = (access_log(1) * 10_000)[: len(buffer)].encode()
            buffer[: len(data)] = data
            return len(data)

    frames = Parsing(Settings(), 0, Aids(io.BufferedReader(Endless()))).frames(["-"])
    assert 0 < len(next(frames))
    frames.close()


def test_no_time_without_year_lies_after_the_time_of_its_file(tmp_path):
    """A line before the last one that would be later than the file is of the year before, be it by some weeks."""
    path = tmp_path / "gate.log"
    path.write_text("Sep 28 10:38:09 gate filter: a\nSep  6 17:00:00 gate filter: b\n")
    os.utime(path, (1662490806, 1662490806))  # 2022-09-06T19:00:06Z
    frames = pl.concat(Parsing(Settings(), 0).frames([str(path)]))
    assert [2021, 2022] == frames["timestamp"].dt.year().to_list()
