"""A large log is parsed in parts, here and in other processes, with the same records as in one go."""

from __future__ import annotations

import json
from multiprocessing.connection import Pipe

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.config import Settings
from detector.pipeline import parse as parsing
from detector.pipeline.aids import Aids
from detector.pipeline.crew import Crew
from detector.pipeline.handing import hand, take
from detector.pipeline.parse import Parsing
from detector.report.records import plain_texts, to_arrow
from detector.schemas import RECORDS, check, schema
from tests.cli.making import access_log

FIRST = "2026-07-01 10:00:{:02d},000 ERROR [main] c.e.Shop - bad\n"
FURTHER = ["java.lang.X: y\n", "\tat a.b(C.java:1)\n", "Caused by: z\n", "no format knows this\n", "\n"]
LINES = st.lists(st.sampled_from(FURTHER) | st.integers(0, 59).map(FIRST.format), min_size=1, max_size=60)


class Busy(Crew):
    """Nobody has time: all is read here."""

    def start(self):
        """Nothing starts."""

    def ask(self, _share):
        """Nobody answers."""


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    """Parts of a few lines."""
    monkeypatch.setattr(parsing, "PARSED_BYTES", 300)
    monkeypatch.setattr(parsing, "WORTH_BYTES", 1)


def both(path, crew):
    """The records in one go and in parts, and the two summaries."""
    whole = Parsing(Settings(threads=2), 0)
    frames = list(whole.frames([path]))
    cut = Parsing(Settings(threads=2), 0, Aids(crew=crew))
    tables = list(cut.tables([path]))
    empty = pl.DataFrame(schema=schema(RECORDS))
    read_back = [pl.DataFrame(pl.from_arrow(plain_texts(table))) for table in tables]
    return pl.concat([empty, *frames]), pl.concat([empty, *read_back]), whole.summary, cut.summary, tables


@given(lines=LINES)
def test_parts_give_the_same_records(tmp_path_factory, lines):
    """Whatever goes on over their edges, with the numbers of the lines and the counts of what was read."""
    path = tmp_path_factory.mktemp("logs") / "app.log"
    path.write_text(FIRST.format(0) + "".join(lines))
    whole, cut, first, second, _ = both(str(path), Busy(1))
    assert whole.rows() == check(cut, RECORDS).rows()
    assert (first.lines_read, first.lines_unparsed, first.formats, first.bytes_read) == (
        second.lines_read, second.lines_unparsed, second.formats, second.bytes_read,
    )  # fmt: skip


def test_other_processes_give_the_same_records(tmp_path):
    """Each its parts; the order is that of the file."""
    path = tmp_path / "access.log"
    path.write_text(access_log(3000))
    with Crew(2) as crew:
        whole, cut, *_, tables = both(str(path), crew)
    assert whole.rows() == cut.rows()
    assert list(range(1, 3001)) == cut["line_number"].to_list()
    assert 1 == len({table.schema for table in tables})
    assert len(tables) > 10


def test_parse_of_a_large_file_writes_all_of_it(detector, quiet_place):
    """To Parquet and to Arrow, with the same columns as for a small one."""
    lines = [json.dumps({"time": "2026-07-01T00:00:00Z", "level": "info", "msg": f"é {n}", "took_ms": n / 4})
             for n in range(500)]  # fmt: skip
    (quiet_place / "app.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    for name in ("x.parquet", "x.arrow"):
        assert 0 == detector("parse", "app.jsonl", "-o", name).code
    parquet, arrow = pl.read_parquet("x.parquet"), pl.DataFrame(pl.from_arrow(pa.ipc.open_file("x.arrow").read_all()))
    assert parquet.rows() == arrow.rows()
    assert [f"é {n}" for n in range(500)] == parquet["message"].to_list()


def test_tables_are_handed_over_in_memory():
    """With their dictionaries, nulls and order; whoever asks at a closed end is told so."""
    tables = [to_arrow(pl.DataFrame({"service": ["a", "b", None, "a"], "line_number": [number, 2, 3, 4]}))
              for number in range(3)]  # fmt: skip
    here, there = Pipe()
    with here, there:
        hand(tables, there.fileno())
        assert tables == take(3, here.fileno())
        there.close()
        with pytest.raises(EOFError):
            take(1, here.fileno())
