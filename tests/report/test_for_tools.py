"""Markdown, SARIF, JUnit and Prometheus: what other programs show of an answer."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.errors import Fault
from detector.report import json as as_json
from detector.report import junit, markdown, prometheus, sarif
from detector.report.escape import escape, is_harmful
from tests.report.injections import INJECTIONS
from tests.report.making import LOOK, incident, result
from tests.report.pages import enriched

TICKET = """\
# 1 surge (1 page) in 1 of 14 services, 15 Jul 2025 00:00 - 23:59 UTC.

## WARNING, PAGE: `www`

**x9.8 normal: 215 lines/min, expected 22**, because of messages per client x9.4

- began 15 Jul 2025 11:35 UTC, noticed after 14 min, lasted 26 min
- signal `lines`, score 7.5, incident `0a1b2c3d`
- clients: 10 before, 10.4 during (x1), share 2 %
- messages per client: 2.2 before, 20.7 during (x9.4), share 97 %
- bytes per message: 300 before, 303 during (x1), share 1 %

## What was read

- Read 4 files, 12.3 MB, 33,996 lines, in windows of 1 min; understood: access 33,900.
- No records: 96 lines (90 blank, 6 in no known format).
"""
SERIES = re.compile(r'detector_[a-z_]+(?:\{(?:[a-z]+="(?:[^"\\\n]|\\["\\n])*",?)+\})? -?[0-9.e+]+')


def injected():
    """One incident per injection, and one fault that carries them all."""
    scan = result(*(incident(name, id=f"{index:08x}") for index, name in enumerate(INJECTIONS)))
    scan.input.faults.append(Fault(" ".join(INJECTIONS), "damaged", "ends too early"))
    return scan


def test_a_ticket():
    """One section per incident, then what was read."""
    assert TICKET == markdown.render(result(incident()), LOOK).decode()


def outside_code(text):
    """Markdown without its code spans, by the rule of CommonMark: as many backticks as it began with."""
    return re.sub(r"(?<!`)(`+)(?!`)(.*?)(?<!`)\1(?!`)", "", text)


def test_markdown_keeps_log_text_in_code(monkeypatch):
    """Outside of code spans stands nothing but what the program says, whatever the names and samples are."""
    for sample in INJECTIONS:
        scan = result(incident(sample), notes=[sample])
        shape = enriched(scan, sample)
        monkeypatch.setattr(markdown, "shape_scan", lambda _, shape=shape: shape)
        left = outside_code(markdown.render(scan, LOOK).decode())
        assert [] == re.findall(r"[<>`@\[\]|{}]|evil|owned|//", left), sample


@given(st.text(alphabet="`a \\|", max_size=12))
def test_a_code_span_cannot_be_left(text):
    """Whatever backticks are in it."""
    assert "" == outside_code(markdown.code(text))


KNOWN = {"tool": {"driver"}, "driver": {"name", "semanticVersion", "rules"}, "rules": {"id", "shortDescription"},
         "invocations": {"executionSuccessful", "toolExecutionNotifications"}, "message": {"text"},
         "toolExecutionNotifications": {"level", "message", "descriptor"}, "descriptor": {"id"},
         "results": {"ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints", "properties"},
         "locations": {"logicalLocations"}, "logicalLocations": {"name", "kind"}, "shortDescription": {"text"},
         "runs": {"tool", "invocations", "results"}}  # fmt: skip
"""Of what the schema allows in each object, what is used; it allows no other properties than its own."""


def keys_of(name, value):
    """The name of each object and its keys, but not inside of property bags."""
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict) and name not in ("properties", "partialFingerprints"):
            yield name, set(one)
            for key, inner in one.items():
                yield from keys_of(key, inner)


def test_sarif_has_what_the_schema_requires():
    """The required properties of SARIF 2.1.0, its closed lists, and indexes that point somewhere."""
    scan = result(incident(), incident("api", id="f" * 8, signal="bytes", observed=30.0))
    scan.input.faults.append(Fault("x{0}.gz", "truncated", "ends too early", 7))
    log = json.loads(sarif.render(scan, LOOK))
    assert "2.1.0" == log["version"]
    [run] = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert "detector" == run["tool"]["driver"]["name"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for one in run["results"]:
        assert {"none", "note", "warning", "error"} >= {one["level"]}
        assert one["ruleId"] == rules[one["ruleIndex"]]["id"]
        assert one["message"]["text"]
        assert all(isinstance(value, str) for value in one["partialFingerprints"].values())
        assert one["locations"][0]["logicalLocations"][0]["name"]
    assert [] == [(name, keys - KNOWN[name]) for name, keys in keys_of("runs", run) if keys - KNOWN[name]]
    [told] = run["invocations"][0]["toolExecutionNotifications"]
    assert ("warning", "x{{0}}.gz: ends too early") == (told["level"], told["message"]["text"])


def test_sarif_carries_the_incident_itself():
    """As in the JSON answer."""
    [told] = json.loads(sarif.render(result(incident()), LOOK))["runs"][0]["results"]
    assert json.loads(as_json.render(result(incident()), LOOK))["incidents"] == [told["properties"]]


def test_sarif_messages_are_plain():
    """A name makes no link and no placeholder, and no harmful character is in the file."""
    text = sarif.render(injected(), LOOK).decode()
    assert [] == [one for one in text if is_harmful(one) and one != "\n"]
    for one in json.loads(text)["runs"][0]["results"]:
        assert [] == re.findall(r"(?<!\\)[\[\]]|(?<!\{)\{(?!\{)", one["message"]["text"].replace("\\\\", ""))


def test_falls_and_surges_are_rules_of_their_own():
    """A fall is no surge to a platform, and what was planned is told there too."""
    found = result(incident(observed=1.0, id="1"), incident("b", id="2", calendar="[load] {test}", page=False))
    run = json.loads(sarif.render(found, LOOK))["runs"][0]
    assert ["fall/lines", "surge/lines"] == [one["id"] for one in run["tool"]["driver"]["rules"]]
    assert [("fall/lines", 0), ("surge/lines", 1)] == [(one["ruleId"], one["ruleIndex"]) for one in run["results"]]
    assert "planned (\\[load\\] {{test}}), so it does not page" in run["results"][1]["message"]["text"]
    assert "- planned (`[load] {test}`), so it does not page" in markdown.render(found, LOOK).decode()
    assert "1 surge and 1 fall (1 page)" in markdown.render(found, LOOK).decode()
    assert "planned ([load] {test}), so it does not page" in junit.render(found, LOOK).decode()


def test_junit_counts_what_it_lists():
    """An incident fails, damage is an error, and a calm scan has one case that passes."""
    scan = result(incident(), incident("api", id="f" * 8))
    scan.input.faults += [Fault("x.gz", "truncated", "ends too early"), Fault("y", "undated", "no time")]
    for answer, expected in ((scan, (3, 2, 1)), (result(), (1, 0, 0))):
        [suite] = ET.fromstring(junit.render(answer, LOOK))
        cases = suite.findall("testcase")
        assert expected == tuple(int(suite.attrib[name]) for name in ("tests", "failures", "errors"))
        assert expected == (len(cases), len(suite.findall(".//failure")), len(suite.findall(".//error")))
        assert all(case.get("name") and case.get("classname") for case in cases)


def test_junit_is_xml_whatever_the_names_are():
    """XML 1.0 knows no control characters, not even escaped."""
    [suite] = ET.fromstring(junit.render(injected(), LOOK))
    names = [case.get("classname") for case in suite.findall("testcase")][1:]
    assert [escape(name) for name in INJECTIONS] == names
    assert {"testsuite", "testcase", "failure", "error", "system-out"} == {one.tag for one in suite.iter()}


def test_prometheus_lines_keep_to_the_format():
    """Every line is a comment or a sample, no series appears twice, and each has help and type."""
    lines = prometheus.render(injected(), LOOK).decode().splitlines()
    samples = [line for line in lines if not line.startswith("#")]
    assert [] == [line for line in samples if not SERIES.fullmatch(line)]
    series = [line.rpartition(" ")[0] for line in samples]
    assert len(set(series)) == len(series)
    names = {name.partition("{")[0] for name in series}
    for kind in ("# HELP ", "# TYPE "):
        assert names == {line.split()[2] for line in lines if line.startswith(kind)}


def test_prometheus_is_bounded():
    """The strangest hundred; how many are left out is told."""
    many = [incident(f"s{index}", id=f"{index:08x}", score=float(index)) for index in range(300)]
    text = prometheus.render(result(*many), LOOK).decode()
    assert 100 == text.count("\ndetector_incident_factor{")
    assert "detector_incidents_left_out 200\n" in text
    assert 'service="s299"' in text
    assert 'service="s199"' not in text


def test_prometheus_shows_the_newest_of_a_service():
    """One that ended long ago does not hide one that lasts."""
    scan = result(incident(), incident(id="f" * 8, ended_us=None))
    text = prometheus.render(scan, LOOK).decode()
    assert 'detector_incident_active{service="www",signal="lines"} 1\n' in text


@pytest.mark.parametrize("renderer", [markdown, sarif, junit, prometheus])
def test_nothing_found_is_a_whole_report(renderer):
    """Not an empty one."""
    assert len(renderer.render(result(), LOOK)) > 100
