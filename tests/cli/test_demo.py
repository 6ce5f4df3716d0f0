"""`detector demo`."""

from __future__ import annotations

import re
import tempfile
import time

from detector.report.ending import tell_ending
from tests.report.making import BEGIN, MINUTE, incident, result


def test_the_demo_finds_its_outage(detector, quiet_place, monkeypatch):
    """It reads all that it wrote, says when it was noticed and why, leaves nothing behind, and is quick."""
    (quiet_place / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(quiet_place / "tmp"))
    began = time.process_time()
    answer = detector("demo")
    assert 20 > time.process_time() - began
    assert 0 == answer.code
    last = answer.out.split("\n\n")[-1].strip().replace("\n", " ")
    pattern = (r"Noticed at 19 Nov 2021 \d\d:\d\d UTC in fleet-api-\w\w, .+ before the first 500 at 22:\d\d UTC; "
               r"what drives it is messages per client \(x[\d.]+\), 100 % of the excess with "
               r"FleetApp/4\.9\.0 \(version\)\.")  # fmt: skip
    assert re.fullmatch(pattern, last)
    assert "No records" not in answer.out
    assert [] == list((quiet_place / "tmp").iterdir())


def test_the_demo_keeps_its_files(detector, quiet_place):
    """In the folder named, with the command that reads them again."""
    answer = detector("demo", "--out", "story", "--seed", "1")
    assert 0 == answer.code
    names = {path.name for path in (quiet_place / "story").iterdir()}
    assert {"history.csv", "model", "fleet-api-eu.log", "fleet-api-na.log", "fleet-api-ap.log"} == names
    assert "detector scan story/*.log --model story/model" in answer.err


def test_an_impossible_folder_is_told(detector, quiet_place):
    """In one line."""
    (quiet_place / "file").touch()
    answer = detector("demo", "--out", "file/story")
    assert (2, "error: --out file/story: cannot be made: Not a directory\n") == (answer.code, answer.err)


def test_the_ending_tells_the_first_alarm_after_the_cause():
    """Not one before it, and not one of what the failures brought."""
    early, late = incident(id="1", detected_us=BEGIN - MINUTE), incident(id="2", service="api")
    after = incident(id="3", started_us=BEGIN + 90 * MINUTE, detected_us=BEGIN + 91 * MINUTE)
    expected = ("Noticed at 15 Jul 2025 11:49 UTC in api, 31 min before the first 500 at 12:20 UTC; what drives it is "
                "messages per client (x9.4).")  # fmt: skip
    assert expected == tell_ending(result(early, late, after), BEGIN, BEGIN + 45 * MINUTE)
    nothing = tell_ending(result(after), BEGIN, BEGIN + 45 * MINUTE)
    assert "Nothing that led to the first 500 at 12:20 UTC was noticed." == nothing
