"""`detector explain`, and the report of the last scan that it reads."""

from __future__ import annotations

import json
import os
import stat

import pytest

from tests.cli.making import calm, surging

KEPT = "home/.local/state/detector/last-scan.json"


def the_id(detector, quiet_place):
    """Scan a surge; the id of its incident."""
    answer = detector("scan", surging(quiet_place), "--format", "json")
    return json.loads(answer.out)["incidents"][0]["id"]


def test_the_last_scan_is_explained(detector, quiet_place):
    """Windows, levels, score and budgets, and what would have silenced it."""
    answer = detector("explain", the_id(detector, quiet_place)[:4])
    text = " ".join(answer.out.split())
    assert (0, "") == (answer.code, answer.err)
    for part in ("shop", "windows of 1 min, tables in their own", "began at 2 Jul 2026 17:40 UTC", "lasted 20 min",
                 "(--incident-budget 1/month)", "(--budget 1/week, one service), so this one does",
                 "Clients are not known here", "What would have silenced it"):  # fmt: skip
        assert part in text


def test_a_budget_of_its_own_and_a_planned_time_are_told(detector, quiet_place):
    """The score that the service had to reach, and why it does not page all the same."""
    (quiet_place / "detector.toml").write_text(
        '[services."sh*"]\nincident_budget = "1/week"\n[[calendar]]\nname = "sale"\nfrom = "17:00"\nto = "19:00"\n'
    )
    text = " ".join(detector("explain", the_id(detector, quiet_place)).out.split())
    assert "Incidents are reported from 0.301 on (its own incident_budget, 1/week)" in text
    assert "but this one is planned (sale), so it does not page." in text


def test_the_report_is_kept_for_the_user_alone(detector, quiet_place):
    """Whole, under one name, whatever format was printed; a later scan replaces it."""
    detector("scan", surging(quiet_place), "--quiet")
    path = quiet_place / KEPT
    assert [path] == list(path.parent.iterdir())
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)
    kept = json.loads(path.read_text())
    assert ("detector.scan/1", "1/week", 1) == (kept["schema"], kept["settings"]["budget"], len(kept["incidents"]))
    detector("scan", calm(quiet_place))
    assert [] == json.loads(path.read_text())["incidents"]
    assert "error: that scan found no incident\n" == detector("explain", "abc").err


@pytest.mark.parametrize("obstacle", ["a file where the folder should be", "no home"])
def test_a_scan_never_fails_by_what_it_keeps(detector, quiet_place, monkeypatch, obstacle):
    """It says nothing about it either."""
    if obstacle == "no home":
        monkeypatch.delenv("HOME")
    else:
        (quiet_place / "home").mkdir()
        (quiet_place / "home" / ".local").touch()
    answer = detector("scan", calm(quiet_place))
    assert (0, "") == (answer.code, answer.err)
    assert "error: no scan is remembered" in detector("explain", "abc").err


def test_a_part_left_behind_is_removed(detector, quiet_place, monkeypatch):
    """A full disk leaves neither a half report nor rubbish."""
    detector("scan", surging(quiet_place))
    before = (quiet_place / KEPT).read_bytes()

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    assert 0 == detector("scan", calm(quiet_place)).code
    assert [quiet_place / KEPT] == list((quiet_place / KEPT).parent.iterdir())
    assert before == (quiet_place / KEPT).read_bytes()


def test_any_report_can_be_named(detector, quiet_place):
    """As `scan --format json` wrote it; without its budgets less is said."""
    detector("scan", surging(quiet_place), "-o", "report.json")
    one = json.loads((quiet_place / "report.json").read_text())["incidents"][0]["id"]
    detector("scan", calm(quiet_place))
    answer = detector("explain", f"#{one}", "--report", "report.json")
    assert 0 == answer.code
    assert "--budget 1/week" not in answer.out
    assert "It pages." in answer.out


@pytest.mark.parametrize(
    ("expected", "text"),
    [("is no report of detector scan --format json", "{}"), ("is no report", "x"), ("is no report", "\ufeff"),
     ("cannot be read: No such file", None)],
)  # fmt: skip
def test_other_files_are_refused(detector, quiet_place, expected, text):
    """In one line."""
    if text is not None:
        (quiet_place / "r.json").write_text(text)
    answer = detector("explain", "abc", "--report", "r.json")
    assert 2 == answer.code
    assert expected in answer.err
    assert 1 == answer.err.count("\n")


def test_an_unknown_id_is_told_with_those_that_are_known(detector, quiet_place):
    """And one that fits several is no choice."""
    one = the_id(detector, quiet_place)
    assert f"no incident zzz in that scan; it has #{one} (shop)" in detector("explain", "zzz").err
    path = quiet_place / KEPT
    kept = json.loads(path.read_text())
    kept["incidents"] += [kept["incidents"][0] | {"id": one[:4] + "zzzz"}]
    path.write_text(json.dumps(kept))
    answer = detector("explain", one[:3])
    assert (2, True) == (answer.code, "is the begin of several" in answer.err)
