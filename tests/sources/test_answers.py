"""Answers of monitoring systems are counts tables."""

from __future__ import annotations

import gzip
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.sources import answers
from detector.sources.answers import Tabled, find_answer
from detector.sources.labels import labels_in, labels_of, service_of
from detector.sources.streams import Raw, read
from tests.cli.making import access_log
from tests.sources.answering import ANSWERS, counts, courses
from tests.sources.packing import Trickle

FEW = {service: points[:3] for service, points in courses().items()}


def rows_of(text):
    """The rows that an answer becomes, and its damage."""
    reader = find_answer(text.encode())
    assert reader is not None
    stream = Tabled(Raw(Trickle(text.encode(), 1000), None), reader)
    found = b""
    while more := read(stream, 100):
        found += more
    return [tuple(line.split("\t")) for line in found.decode().splitlines()], stream.damage


@pytest.mark.parametrize("name", ANSWERS)
def test_every_point_is_a_row(name):
    """With its service, which stands in a label, a tag or a name; gaps are no rows."""
    (header, *rows), damage = rows_of(ANSWERS[name](FEW))
    assert (("timestamp", "lines", "service"), None) == (header, damage)
    expected = {(stamp[:16], value, service) for service, points in FEW.items() for stamp, value in points}
    read_back = {(_minute(stamp), float(value), service) for stamp, value, service in rows}
    assert expected == read_back
    assert len(expected) == len(rows)


def _minute(stamp):
    return f"2026-07-01T00:0{(int(stamp) // 60_000) % 60}" if stamp.isdigit() else stamp[:16].replace(" ", "T")


@pytest.mark.parametrize("name", ANSWERS)
@given(cut=st.integers(1, 300))
def test_half_an_answer_is_never_an_exception(name, cut):
    """It is damaged, or holds the rows that are there."""
    text = ANSWERS[name](FEW)[:-cut]
    if find_answer(text.encode()) is not None:
        rows, damage = rows_of(text)
        assert damage is not None or rows


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"status":"error","errorType":"bad_data","error":"unknown function"}', "error.*unknown function"),
        ('{"status":"success","data":{"resultType":"streams","result":[{"stream":{},"values":[]}]}}', "log lines"),
        ('{"status":"success","data":{"resultType":"vector","result":[]}}', "query_range"),
        ('{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a":1}}]}}', "no whole answer"),
        ('{"status":"success","data":{"resultType":"matrix","result":[]}}', "without any series"),
    ],
)
def test_what_is_no_course_says_what_it_is(text, words):
    """And what to ask for."""
    rows, damage = rows_of(text)
    assert [] == rows
    assert damage is not None
    assert re.search(words, damage.detail)


def test_a_page_of_an_answer_is_read_and_told():
    """As one that ends too early."""
    result = '{"Id":"a","Timestamps":["2026-07-01T00:00:00Z"],"Values":[5]}'
    rows, damage = rows_of(f'{{"MetricDataResults":[{result}],"NextToken":"x"}}')
    assert (2, "truncated") == (len(rows), damage and damage.reason)


def test_an_endless_answer_is_not_kept(monkeypatch):
    """It is refused at a size."""
    monkeypatch.setattr(answers, "MOST_BYTES", 1000)
    rows, damage = rows_of(ANSWERS["prometheus"](courses()))
    assert ([], "unreadable") == (rows, damage and damage.reason)


@pytest.mark.parametrize(
    "text",
    [
        access_log(5),
        counts(FEW),
        "Time,Value\n2026-07-01 00:00:00,5\n",
        "time,user,status\n2026-07-01T00:00:00Z,17,200\n",
        "Time,message\n2026-07-01 00:00:00,started\n",
        "Time,mess\rage\n2026-07-01 00:00:00,5\n",
        "Time," + "a" * 200_000 + "\n2026-07-01 00:00:00,5\n",
        '{"status":"success","data":{"result":"ok"},"msg":"x"}\n',
        '{"status":"error","code":5,"errorType":"x"}\n',
        '{"data":{"series":1},"status":"ok"}\n',
        '{"Records":[{"metric":{}}]}',
        "",
    ],
)
def test_logs_are_no_answers(text):
    """Nor are counts tables."""
    assert find_answer(text.encode()) is None


def test_the_service_is_the_first_label_that_names_one():
    """Else all labels together."""
    assert "shop" == service_of({"job": "node", "service": "shop"})
    assert "a=1,b=2" == service_of({"b": "2", "a": "1"})
    assert "" == service_of({})
    assert {"service": "shop", "env": "x"} == labels_in("sum:hits{service:shop,env:x}.as_count()")
    assert {"a": "x, {y}", "job": "z"} == labels_in('up{a="x, {y}", job="z"}')
    assert {"env": "prod"} == labels_of(["env:prod", "lonely"])


@pytest.fixture
def incidents(detector, quiet_place):
    """`incidents("scan", "x.json")` -> what it told about incidents."""

    def tell(*arguments):
        answer = detector(*arguments, "--format", "json")
        assert answer.code in (0, 1), answer.err
        told = json.loads(answer.out)
        return told.get("incidents", told.get("pages")), told.get("services")

    return tell


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_gives_the_incidents_of_its_counts(incidents, quiet_place, name):
    """As if it had been written down as a counts table."""
    (quiet_place / "counts.csv").write_text(counts(courses()))
    (quiet_place / "answer").write_text(ANSWERS[name](courses()))
    expected = incidents("scan", "counts.csv")
    assert 1 == len(expected[0])
    assert expected == incidents("scan", "answer")


def test_learn_backtest_parse_and_pipes_take_answers_too(detector, incidents, quiet_place):
    """Compressed ones as well."""
    (quiet_place / "counts.csv").write_text(counts(courses()))
    text = ANSWERS["prometheus"](courses())
    (quiet_place / "answer.gz").write_bytes(gzip.compress(text.encode()))
    told = [json.loads(detector("backtest", name, "--format", "json").out) for name in ("counts.csv", "answer.gz")]
    assert _without_input(told[0]) == _without_input(told[1])
    models = [detector("learn", name, "--model", f"m-{name}").code for name in ("counts.csv", "answer.gz")]
    assert [0, 0] == models
    assert incidents("scan", "counts.csv", "--model", "m-counts.csv") == incidents(
        "scan", "answer.gz", "--model", "m-answer.gz"
    )
    assert 1 == detector("scan", "-", stdin=text).code
    rows = detector("parse", "answer.gz").out.splitlines()
    assert 2 * 1690 == len(rows)


def test_an_answer_without_counts_is_one_clear_line(detector, quiet_place):
    """It says what it is."""
    (quiet_place / "x.json").write_text('{"status":"error","errorType":"timeout","error":"query timed out"}')
    answer = detector("scan", "x.json")
    expected = "error: nothing could be read: x.json: is an error that the server answered: query timed out\n"
    assert (2, expected) == (answer.code, answer.err)


def _without_input(told):
    return {name: value for name, value in told.items() if name != "input"}
