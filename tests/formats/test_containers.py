"""Lines inside the envelopes of Docker and Kubernetes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.formats import cri, docker, jsonlines
from detector.formats.format import Format
from detector.formats.lines import cut_lines
from detector.formats.records import PART, RECORD, Parsed, Recipe, read_records
from detector.formats.sniff import choose
from detector.formats.table import FORMATS
from tests.formats.reading import CALENDAR

WANTED = frozenset({"message", "level", "client"})


def read(lines: list[str], known: Format, *inner: Format) -> Parsed:
    """What these lines are, read with one envelope."""
    return read_records(cut_lines(("\n".join(lines) + "\n").encode()), Recipe((known,), inner), WANTED)


def docker_line(text: str) -> str:
    """A line as Docker writes it."""
    return json.dumps({"log": text, "stream": "stdout", "time": "2026-03-01T00:00:00.5Z"}, separators=(",", ":"))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=20), min_size=1, max_size=8))
def test_docker_messages_come_out_as_they_went_in(texts: list[str]) -> None:
    """Any text is unescaped, without its last line break; an empty one is null."""
    for in_parts, end in ((True, "\n"), (False, "")):
        lines = [docker_line(text + end) for text in texts]
        found = read(lines, docker.docker(in_parts=in_parts)).frame["message"].to_list()
        assert [(text + end).removesuffix("\n") or None for text in texts] == found


def test_json_in_docker_is_read() -> None:
    """An object inside the envelope gives its fields, with and without escapes."""
    inner = '{"level":"warn","client_ip":"192.0.2.1","msg":"slow"}'
    known = jsonlines.adapt([inner])
    assert known is not None
    parsed = read([docker_line(inner + "\n"), docker_line("no json\n")], docker.FORMAT, known)
    assert ["warning", None] == parsed.frame["level"].to_list()
    assert ["192.0.2.1", None] == parsed.frame["client"].to_list()


@pytest.mark.parametrize(
    "bad", ["", "{}", '{"log":"x', '{"log":"x","stream":"stdout"}', '{"log":[1],"stream":"stdout","time":"x"}']
)
def test_docker_bad_line_costs_only_itself(bad: str) -> None:
    """A cut or foreign line is no record, its neighbours are."""
    good = docker_line("x\n")
    parsed = read([good, bad, good], docker.FORMAT)
    assert ["x", None, "x"] == parsed.frame["message"].to_list()
    assert {"docker": 2} == dict(parsed.formats)


def test_message_with_the_marks_of_the_envelope() -> None:
    """A message that itself looks like the end of an envelope is not cut there."""
    text = '","stream":"stderr","time":"2020-01-01T00:00:00Z"}'
    parsed = read([docker_line(text + "\n")], docker.FORMAT)
    assert [text] == parsed.frame["message"].to_list()
    assert 2026 == parsed.frame["timestamp"].dt.year()[0]


@pytest.mark.parametrize("text", ["part", 'with "quotes" and \\', ""])
def test_parts_of_a_long_line_are_one_record(text: str) -> None:
    """Of a line in three parts only the last one counts, in Docker's way and in Kubernetes'."""
    parts = [docker_line(text), docker_line(text), docker_line("end\n")]
    lines = [docker_line("one\n"), *parts, docker_line("two\n")]
    expected = [RECORD, PART, PART, RECORD, RECORD]
    for written, known in (
        (lines, docker.adapt(lines)),
        ([f"2026-03-01T00:00:00.{n}Z stdout {tag} {text}" for n, tag in enumerate("FPPFF")], cri.FORMAT),
    ):
        assert known is not None
        kinds = read(written, known).kinds
        assert kinds is not None
        assert expected == kinds.to_list()
        assert [known.name] == [used.name for used in choose(written, FORMATS, CALENDAR).formats]


def test_docker_without_line_breaks_has_a_record_a_line() -> None:
    """Files that something has rewritten lack them all."""
    lines = [docker_line("one"), docker_line('"two"'), docker_line("three")]
    assert ["one", '"two"', "three"] == read(lines, docker.adapt(lines) or docker.FORMAT).frame["message"].to_list()


def test_cri_json_is_read() -> None:
    """An object inside the envelope gives its fields; the time is that of the envelope."""
    inner = '{"level":"error","time":"2020-01-01T00:00:00Z"}'
    known = jsonlines.adapt([inner])
    assert known is not None
    parsed = read([f"2026-03-01T00:00:00.123456789Z stdout F {inner}"], cri.FORMAT, known)
    assert ["error"] == parsed.frame["level"].to_list()
    assert 2026 == parsed.frame["timestamp"].dt.year()[0]


def test_cri_wide_characters_and_tags() -> None:
    """Letters of several bytes do not shift the message; more tags than one are passed over."""
    lines = [
        "2026-03-01T00:00:00.1Z stderr F ééé ☃",
        "2026-03-01T00:00:00.1Z stderr F:x:y ☃",
        "2026-03-01T00:00:00.1Z stdin F x",
    ]
    assert ["ééé ☃", "☃", None] == read(lines, cri.FORMAT).frame["message"].to_list()
