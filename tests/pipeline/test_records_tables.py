"""Tables of records are counted like the logs that they came from."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import feather, parquet

from detector.pipeline import records_tables
from detector.pipeline.tables import open_table
from detector.schemas import RECORDS
from detector.sources.files import find
from tests.cli.making import BEGIN, access_log

DATA = Path(__file__).parents[2] / "data"


def surge_of_two(folder):
    """Two logs of one folder: JSON lines of two services, one of which surges, and a log whose traces go on."""
    rows, traces = [], []
    for minute in range(700):
        when = (BEGIN + timedelta(minutes=minute)).isoformat()
        for number in range(60 if 600 <= minute < 620 else 4):
            who = {"service": "shop", "client_ip": f"192.0.2.{number % 4}"}
            rows.append({"time": when, "level": "info", "msg": f"order {number}", **who})
        rows.append({"time": when, "level": "error", "msg": "no", "service": "search", "client_ip": "192.0.2.9"})
        traces.append(f"{when[:10]} {when[11:19]},000 ERROR [main] c.e.Shop - bad\n\tat a.b(C.java:{minute})\nodd\n")
    folder.mkdir()
    (folder / "app.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "traces.log").write_text("".join(traces))
    return str(folder)


def told(detector, *arguments):
    """The incidents of a scan without what only the lines themselves can tell."""
    answer = detector("scan", *arguments, "--format", "json")
    assert answer.code in (0, 1, 3), answer.err
    found = json.loads(answer.out)
    for incident in found["incidents"]:
        incident.pop("contributors")
        incident["drivers"].pop("retries_share")
    return found["incidents"], found["services"], found["from"], found["to"]


def rewritten(path, kind):
    """A Parquet file as another kind of table."""
    table = parquet.read_table(path)
    if kind == "feather":
        feather.write_feather(table, "x.feather", compression="zstd")
        return "x.feather"
    if kind == "stream":
        with pa.OSFile("x.arrows", "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table, max_chunksize=5000)
        return "x.arrows"
    if kind == "duckdb":
        duckdb.sql(f"copy (select * from '{path}') to 'x2.parquet' (row_group_size 3000)")
        return "x2.parquet"
    pl.read_parquet(path).with_columns(pl.col("service", "format").cast(pl.Categorical)).write_ipc("x.arrow")
    return "x.arrow"


@pytest.mark.parametrize("make", [surge_of_two, lambda _folder: str(DATA / "fleet-api.log.gz")])
@pytest.mark.parametrize("suffix", ["parquet", "arrow", "feather"])
def test_a_table_gives_the_incidents_of_its_logs(detector, quiet_place, monkeypatch, make, suffix):
    """With services, clients, bytes and times, however it is cut into batches."""
    monkeypatch.setattr(records_tables, "BATCH_ROWS", 997)
    logs = make(quiet_place / "logs")
    expected = told(detector, logs)
    assert len(expected[0])
    assert 0 <= detector("parse", logs, "-o", f"x.{suffix}").code
    assert expected == told(detector, f"x.{suffix}")


@pytest.mark.parametrize("kind", ["feather", "stream", "duckdb", "categories"])
def test_who_wrote_the_table_does_not_matter(detector, quiet_place, kind):
    """Types that mean the same, other batches, compressed buffers, streams."""
    logs = surge_of_two(quiet_place / "logs")
    detector("parse", logs, "-o", "x.parquet")
    assert told(detector, logs) == told(detector, rewritten("x.parquet", kind))


@pytest.mark.parametrize("option", [["--service", "client"], ["--service", r"(\w+)"], ["--client", "level"],
                                    ["--service-name", "all"]])  # fmt: skip
def test_names_are_picked_from_tables_too(detector, quiet_place, option):
    """As from lines, whose messages stand for them."""
    line = '{"time":"2026-07-01T00:00:00Z","level":"info","msg":"a b","client_ip":"x"}\n'
    (quiet_place / "app.jsonl").write_text(line * 5)
    detector("parse", "app.jsonl", "-o", "x.parquet")
    detector("scan", "x.parquet", *option, "--windows", "w.parquet")
    expected = {"--client": "app", "--service-name": "all"}.get(option[0], "x" if option[1] == "client" else "a")
    assert [expected] == pl.read_parquet("w.parquet")["service"].to_list()


def test_tables_are_read_by_parse_and_explained(detector, quiet_place):
    """The same rows come out again."""
    (quiet_place / "access.log").write_text(access_log())
    detector("parse", "access.log", "-o", "x.parquet")
    first, second = detector("parse", "access.log").out, detector("parse", "x.parquet").out
    assert first == second
    assert "records (100% sure)" in detector("formats", "explain", "x.parquet").out


@pytest.mark.parametrize("name", ["x.parquet", "x.arrow", "x.ndjson", "x.csv"])
def test_duckdb_and_polars_read_what_parse_writes(detector, quiet_place, name):
    """The same rows and columns, with the same numbers."""
    (quiet_place / "access.log").write_text(access_log())
    detector("parse", "access.log", "-o", name)
    read_csv = partial(pl.read_csv, infer_schema_length=None)
    readers: dict[str, Callable[[str], pl.DataFrame]] = {
        "parquet": pl.read_parquet, "arrow": pl.read_ipc, "ndjson": pl.read_ndjson, "csv": read_csv,
    }  # fmt: skip
    frame = readers[name[2:]](name)
    assert [column.name for column in RECORDS] == frame.columns
    connection = duckdb.connect()
    if name == "x.arrow":  # DuckDB reads Arrow memory, and files of it only with an extension
        connection.register("arrows", frame.to_arrow())
    what = "count(*), sum(payload_bytes), count(distinct client), epoch(min(timestamp)::timestamptz)"
    [found] = connection.sql(f"select {what} from {'arrows' if name == 'x.arrow' else repr(name)}").fetchall()
    assert (200, sum(range(100, 300)), 2, BEGIN.timestamp()) == found


@pytest.mark.parametrize("kind", ["parquet", "arrow", "stream"])
def test_memory_holds_a_few_batches_only(tmp_path, kind):
    """Nothing is read ahead of who asks, however many batches follow."""
    path, texts = tmp_path / "x", pa.table({"message": [f"{number:0>200}" for number in range(5000)]})
    with pa.OSFile(str(path), "wb") as sink, {
        "parquet": parquet.ParquetWriter, "arrow": pa.ipc.new_file, "stream": pa.ipc.new_stream
    }[kind](sink, texts.schema) as writer:  # fmt: skip
        for _ in range(60):
            writer.write_table(texts)
    [file] = find([str(path)]).files
    before, most, rows = pa.total_allocated_bytes(), 0, 0
    for batch in open_table(file).batches(["message"], 1000):
        most, rows = max(most, pa.total_allocated_bytes() - before), rows + batch.num_rows
    assert 60 * 5000 == rows
    assert most < 8 * texts.nbytes


def test_other_tables_say_what_is_needed(detector, quiet_place):
    """In one line."""
    pl.DataFrame({"a": [1], "b": [2]}).write_parquet("x.parquet")
    answer = detector("scan", "x.parquet")
    assert 2 == answer.code
    assert "has the columns a, b; a counts table needs timestamp and lines, a table of records" in answer.err


@pytest.mark.parametrize("kind", ["feather", "stream", "parquet"])
def test_half_a_table_is_one_clear_line(detector, quiet_place, kind):
    """What was read of it counts."""
    (quiet_place / "access.log").write_text(access_log(5000))
    detector("parse", "access.log", "-o", "x.parquet")
    path = Path("x.parquet" if kind == "parquet" else rewritten("x.parquet", kind))
    path.write_bytes(path.read_bytes()[:-3000])
    answer = detector("scan", str(path))
    assert answer.code in (2, 3)
    assert "cannot be read as" in answer.err + answer.out
    assert "internal error" not in answer.err
