"""The table."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.causes import Cause, Forecast, Rise
from detector.errors import Fault
from detector.report import table
from detector.report.escape import is_harmful
from detector.report.leads import tell_left
from detector.report.look import ASCII_BARS, Look
from detector.report.sentences import tell_version
from detector.report.shape import shape_forecast, shape_version
from tests.report.making import BEGIN, CAUSE, LOOK, MINUTE, WHO, incident, result

BLOCK = """\
WARNING  www                                                      PAGE #0a1b2c3d
         x9.8 normal: 215 lines/min, expected 22   ▂▃█▅
         began 15 Jul 11:35 UTC, noticed after 14 min, lasted 26 min
         because of messages per client x9.4

1 surge (1 page) in 1 of 14 services, 15 Jul 2025 00:00 - 23:59 UTC.
Read 4 files, 12.3 MB, 33,996 lines, in windows of 1 min; understood: access
  33,900.
No records: 96 lines (90 blank, 6 in no known format).
"""


def test_one_surge():
    """Who, how much, since when, why; then what was read."""
    assert BLOCK == table.render(result(incident()), LOOK).decode()


def test_no_surge():
    """It says so plainly."""
    expected = "No surge found in 33,996 lines of 14 services, 15 Jul 2025 00:00 - 23:59 UTC."
    assert expected == table.render(result(), LOOK).decode().splitlines()[0]


@pytest.mark.parametrize(
    ("expected", "changes"),
    [
        ("from nothing: 215 lines/min, expected 0", {"expected": 0.0}),
        ("over x1,000 normal: 215 lines/min, expected almost 0", {"expected": 0.001}),
        ("x9.8 normal: 215 bytes/min", {"signal": "bytes"}),
        ("stayed at this level and counts as settled", {"settled": True}),
        ("lasts (12 h 24 min so far)", {"ended_us": None}),
        ("INFO ", {"severity": "info"}),
        ("CRITICAL ", {"severity": "critical"}),
        ("WARNING  www", {"observed": 2.0}),
        ("fell to x0.09 normal: 2 lines/min, expected 22", {"observed": 2.0}),
        ("fell silent: 0 lines/min, expected 22", {"observed": 0.0}),
        ("1 fall (1 page) in 1 of 14 services", {"observed": 0.0}),
        ("\n         planned (load test), so it does not page\n", {"calendar": "load test", "page": False}),
        ("planned (a\\x1bb), so", {"calendar": "a\x1bb"}),
    ],
)
def test_kinds_of_surges(expected, changes):
    """Each is told in words."""
    assert expected in table.render(result(incident(**changes)), LOOK).decode()


def test_several_years_are_named():
    """A day without a year would be one of two."""
    text = table.render(result(incident(), from_us=BEGIN - 400 * 1440 * MINUTE), LOOK).decode()
    assert "began 15 Jul 2025 11:35 UTC" in text


def test_bigger_windows_are_converted_to_minutes():
    """215 lines in five minutes are 43 a minute."""
    text = table.render(result(incident(window_us=300_000_000)), LOOK).decode()
    assert "43 lines/min, expected 4.4" in text


def test_each_incident_is_told_by_its_own_windows():
    """Logs in windows of a minute beside a counts table in steps of five."""
    answer = result(incident("log"), incident("table", id="2", window_us=300_000_000))
    text = table.render(answer, LOOK).decode()
    assert "215 lines/min, expected 22" in text
    assert "43 lines/min, expected 4.4" in text


def test_the_strongest_contributor_is_told():
    """The day is told if it is another one, and the line fits."""
    text = table.render(result(incident(), cause=replace(CAUSE, contributors=(WHO,))), LOOK).decode()
    assert "WHO      FleetApp/4.9.0 (version): 99 % of the excess, first seen 11:30" in text.splitlines()
    old = replace(WHO, value="GET /" + "x" * 200, first_us=WHO.first_us - 1440 * MINUTE)
    lines = table.render(result(incident(), cause=replace(CAUSE, contributors=(old,))), LOOK).decode().splitlines()
    assert lines[4].endswith("x (version): 99 % of the excess, first seen 14 Jul 11:30")
    assert 80 == len(lines[4])
    weak = replace(WHO, share=0.1)
    assert "WHO" not in table.render(result(incident(), cause=replace(CAUSE, contributors=(weak,))), LOOK).decode()


def test_unknown_clients_give_no_reasons():
    """Nothing is said about what is not known."""
    text = table.render(result(incident(), cause=Cause("volume", None, None, None)), LOOK).decode()
    assert "because" not in text


def test_faults_and_notes_come_last_and_many_are_counted():
    """Ten are told, the rest counted."""
    answer = result(notes=["history too short"])
    answer.input.faults += [Fault(f"{number}.log", "missing", "cannot be opened") for number in range(12)]
    lines = table.render(answer, LOOK).decode().splitlines()
    expected = ["Note: history too short", "Problem: 0.log: cannot be opened"]
    assert expected == lines[-12:-10]
    assert "Problem: 2 more; --format json lists all" == lines[-1]


def test_colours_add_nothing_to_the_words():
    """Without its colours the coloured text is the plain one."""
    colored = table.render(result(incident()), Look(is_colored=True)).decode()
    assert "\x1b[1;31mWARNING\x1b[0m" in colored
    assert BLOCK == re.sub("\x1b\\[[0-9;]*m", "", colored)


def test_terminals_without_unicode_get_ascii():
    """The bars too."""
    assert table.render(result(incident()), Look(bars=ASCII_BARS)).decode().isascii()


@given(st.text(), st.integers(60, 120))
def test_nothing_from_a_log_reaches_the_terminal_raw(name, width):
    """No name of a service or file moves the cursor, changes the direction of text, or breaks the layout."""
    cause = replace(CAUSE, contributors=(replace(WHO, value=name, sample=name),))
    answer = result(incident(name), cause=cause, notes=[name])
    answer.input.faults.append(Fault(name, "missing", name))
    text = table.render(answer, Look(width=width)).decode()
    assert [] == [one for one in text if is_harmful(one) and one != "\n"]
    heading = text.splitlines()[0]
    assert width >= sum(0 if unicodedata.combining(one) else 1 for one in heading)
    assert heading.endswith("PAGE #0a1b2c3d")


def test_long_names_keep_both_ends():
    """The id stays in its place."""
    heading = table.render(result(incident("a" * 60 + "z" * 60)), LOOK).decode().splitlines()[0]
    assert 80 == len(heading)
    assert re.fullmatch(r"WARNING  a+\.\.\.z+  PAGE #0a1b2c3d", heading)


def test_causes_of_the_example():
    """The factors add up to the whole."""
    shares = [CAUSE.clients, CAUSE.messages_per_client, CAUSE.bytes_per_message]
    assert pytest.approx(1.0) == sum(one.share for one in shares if one is not None and one.share is not None)


RISE = Rise("FleetApp/4.9.0", "FleetApp/4.8.2", BEGIN, 0.25, 6.04, 0.99, 10.0, 60.0, 540.0, 1310.0)


def told(**changes: object) -> str:
    """What is told of a version."""
    version = shape_version(replace(RISE, **changes))  # type: ignore[arg-type]
    assert version is not None
    return tell_version(version)


def test_a_version_is_told_beside_the_others():
    """By how much it sends more than they do, who has it, and what is to come."""
    expected = ("x6 version 4.8.2 at the same moment; 25 % of clients have it; when all do, 1,310 lines/min (now 540)")
    assert expected == told()
    cause = replace(CAUSE, contributors=(WHO,), version=RISE)
    lines = table.render(result(incident(), cause=cause), LOOK).decode().splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("WHO"))
    assert expected == " ".join(line.strip() for line in lines[place + 1 : place + 3])
    assert told(against=None).startswith("x6 all others at the same moment")
    assert told(against="curl/8.5").startswith("x6 version curl/8.5 at")
    assert told(lines_at_full=560.0).endswith("25 % of clients have it")


def test_services_of_one_cause_are_told_together():
    """The one that was noticed first with its reasons, the others behind it with their numbers."""
    first, other, third = (incident(id=name, service=name, detected_us=BEGIN + at) for name, at in
                           (("na", 3), ("eu", 1), ("other", 2)))  # fmt: skip
    answer = result(first, third, other)
    tied = {"na": replace(CAUSE, group="eu", together=("eu",)), "eu": replace(CAUSE, group="eu", together=("na",))}
    answer.causes.update(tied)
    blocks = table.render(answer, LOOK).decode().split("\n\n")
    assert ["eu", "na", "other"] == [block.split()[1] for block in blocks[:3]]
    assert "together with na" in blocks[0]
    assert "because of" not in blocks[1]
    assert blocks[1].endswith("the same cause as #eu")


@pytest.mark.parametrize(("load", "load_of_all", "ended_at", "expected"), [
    (0.5, None, None, "more than 24 h"),
    (0.05, None, None, "not foretold below a tenth of the capacity"),
    (0.05, 0.5, "2026-07-15T12:00:00Z", "not foretold below a tenth of the capacity, where it was when noticed"),
    (0.5, 0.9, "2026-07-15T12:00:00Z", "more than 24 h when it was noticed"),
    (0.5, 1.2, None, "until more clients have it"),
    (0.5, 1.2, "2026-07-15T12:00:00Z", "when it was noticed: until more clients have it"),
    (1.1, 1.2, None, "not known: more than it ever bore, and it stays there"),
])  # fmt: skip
def test_a_roll_out_that_would_overload_is_not_called_safe(load, load_of_all, ended_at, expected):
    """Where nothing but the number of clients that have it keeps a service below its capacity, that is what is left."""
    forecast = Forecast(BEGIN, 600.0, "lines/min", "learned", BEGIN, "level", load, load_of_all)
    assert expected == tell_left(shape_forecast(forecast), ended_at)


def test_a_quota_is_foretold_however_little_is_taken():
    """What adds up is full at some time, or not within a day."""
    forecast = Forecast(BEGIN, 2e10, "bytes/day", "settings", None, "level", 0.05)
    assert "more than 24 h" == tell_left(shape_forecast(forecast), None)
