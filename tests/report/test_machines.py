"""JSON, NDJSON, CSV and Parquet."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.causes import Cause
from detector.config import FORMATS
from detector.errors import Fault, UsageError
from detector.report import csv, ndjson, parquet
from detector.report import json as as_json
from detector.report.escape import is_harmful
from detector.report.look import Look
from detector.report.render import RENDERERS, format_for
from detector.report.rows import INCIDENTS, tabulate
from detector.report.shape import ScanShape
from detector.schemas import check
from tests.report.making import CAUSE, LOOK, WHO, incident, result

INTERFACE = {
    "": ["schema", "input", "window_seconds", "from", "to", "services", "incidents"],
    "input": ["files", "bytes_read", "lines_read", "lines_parsed", "lines_unparsed", "formats"],
    "incident": ["id", "service", "signal", "kind", "started_at", "detected_at", "ended_at", "observed", "expected",
                 "factor", "unit", "score", "severity", "page", "drivers", "contributors", "forecast",
                 "services_together"],
    "drivers": ["clients", "messages_per_client", "bytes_per_message"],
    "driver": ["before", "during", "share"],
    "contributor": ["dimension", "value", "before", "during", "share_of_excess", "sample"],
    "forecast": ["capacity", "capacity_from", "load", "overload_at", "minutes_to_overload"],
}  # fmt: skip
"""The keys that interface.md promises."""


def document(*incidents, **changes):
    """The JSON answer, decoded."""
    return json.loads(as_json.render(result(*incidents, **changes), LOOK))


def test_all_promised_keys_are_there():
    """At every level; more may be."""
    answer = document(incident(), cause=replace(CAUSE, contributors=(WHO,)))
    one = answer["incidents"][0]
    levels = {"": answer, "input": answer["input"], "incident": one, "drivers": one["drivers"],
              "driver": one["drivers"]["clients"], "forecast": one["forecast"],
              "contributor": one["contributors"][0]}  # fmt: skip
    for level, keys in INTERFACE.items():
        assert [] == [key for key in keys if key not in levels[level]]


def test_the_answer_keeps_to_its_own_types():
    """It decodes strictly into the declared shape, whatever is unknown."""
    unknown = Cause("volume", None, None, None)
    bare = result(incident(ended_us=None, expected=0.0), cause=unknown, from_us=None, to_us=None)
    for answer in (result(), result(incident()), bare):
        msgspec.json.decode(as_json.render(answer, LOOK), type=ScanShape)


def test_times_and_units():
    """Times are RFC 3339 in UTC, rates per minute."""
    one = document(incident(window_us=300_000_000))["incidents"][0]
    assert ("2025-07-15T11:35:00Z", "2025-07-15T12:01:00Z") == (one["started_at"], one["ended_at"])
    assert (43.0, 4.4, "lines/min") == (one["observed"], one["expected"], one["unit"])
    assert pytest.approx(215 / 22) == one["factor"]


def test_contributors():
    """As they are, the first one first; the time of the first record is told."""
    one = document(incident(), cause=replace(CAUSE, contributors=(WHO, WHO)))["incidents"][0]
    expected = {"dimension": "version", "value": "FleetApp/4.9.0", "before": 0.5, "during": 193.0,
                "share_of_excess": 0.987, "sample": "GET /v1 FleetApp/4.9.0",
                "first_seen_at": "2025-07-15T11:30:00Z"}  # fmt: skip
    assert [expected, expected] == one["contributors"]


def test_a_surge_from_nothing_has_a_number():
    """JSON knows no infinity."""
    assert 1e6 == document(incident(expected=0.0))["incidents"][0]["factor"]


def test_faults_stand_in_the_answer():
    """With their reason, for programs."""
    answer = result()
    answer.input.faults.append(Fault("x.gz", "truncated", "ends too early", 7))
    expected = [{"source": "x.gz", "reason": "truncated", "detail": "ends too early", "offset_bytes": 7}]
    assert expected == json.loads(as_json.render(answer, LOOK))["input"]["faults"]


@given(st.text())
def test_names_survive_and_harm_nobody(name):
    """The JSON means the same name, and has no harmful character in it."""
    text = as_json.render(result(incident(name)), LOOK).decode()
    assert [] == [one for one in text if is_harmful(one) and one != "\n"]
    assert name == json.loads(text)["incidents"][0]["service"]


def test_ndjson_is_one_incident_a_line():
    """The same objects as in the JSON answer."""
    two = incident(), incident("api", id="ffffffff")
    lines = ndjson.render(result(*two), LOOK).decode().splitlines()
    assert document(*two)["incidents"] == [json.loads(line) for line in lines]


def test_the_table_of_incidents():
    """Parquet and CSV hold the same rows."""
    answer = result(incident(), incident("api", id="ffffffff", ended_us=None))
    frame = pl.read_parquet(io.BytesIO(parquet.render(answer, LOOK)))
    check(frame, INCIDENTS)
    assert ["www", "api"] == frame["service"].to_list()
    assert [26 * 60, (744 * 60)] == frame["lasted_seconds"].to_list()
    assert datetime(2025, 7, 15, 11, 35, tzinfo=UTC) == frame["started_at"][0]
    rows = csv.render(answer, LOOK).decode().splitlines()
    assert [",".join(frame.columns), 2] == [rows[0], len(rows) - 1]
    assert rows[1].startswith("0a1b2c3d,www,lines,messages_per_client,2025-07-15T11:35:00Z,")


def test_no_incident_gives_an_empty_table():
    """With its columns and types."""
    assert (0, len(INCIDENTS)) == tabulate(result()).shape


def test_csv_on_a_terminal_is_escaped():
    """In a file names stay as they are."""
    answer = result(incident("a\x1b[2Jb"))
    assert b"\x1b" in csv.render(answer, LOOK)
    assert b"\x1b" not in csv.render(answer, Look(is_terminal=True))


def test_parquet_is_no_text():
    """It is not written to a terminal."""
    with pytest.raises(UsageError, match="-o FILE"):
        parquet.render(result(), Look(is_terminal=True))


def test_every_format_of_the_settings_is_rendered():
    """And no other."""
    assert list(FORMATS) == list(RENDERERS)


@pytest.mark.parametrize(
    ("expected", "wanted", "path"),
    [("table", None, None), ("json", "json", "x.csv"), ("csv", None, "x.CSV"), ("ndjson", None, "a/x.jsonl"),
     ("table", None, "-"), ("parquet", None, "x.parquet")],
)  # fmt: skip
def test_the_format_follows_the_suffix(expected, wanted, path):
    """Unless it is named."""
    assert expected == format_for(wanted, path)
