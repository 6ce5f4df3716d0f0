"""`backtest` as users call it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.making import calm, surging

SAMPLE = str(Path(__file__).parents[2] / "data" / "services.csv")


def test_the_sample_is_replayed(detector):
    """Its page is listed, and large surges into the busy service would have been found."""
    answer = detector("backtest", SAMPLE, "--services", "1", "--format", "json")
    assert (0, "") == (answer.code, answer.err)
    document = json.loads(answer.out)
    assert ["billing"] == [one["service"] for one in document["incidents"] if one["page"]]
    [gateway] = document["by_service"]
    assert ("gateway", 2) == (gateway["service"], document["services_left_out"])
    recalls = {one["factor"]: one["found"] / one["surges"] for one in gateway["recalls"]}
    assert list(recalls.values()) == sorted(recalls.values())
    assert recalls[10.0] > 0.9


def test_a_page_goes_to_a_file(detector, quiet_place):
    """Nothing comes on standard output, and the exit code tells of no finding."""
    answer = detector("backtest", surging(quiet_place), "-o", "report.html")
    assert (0, "", "") == answer
    page = (quiet_place / "report.html").read_text("utf-8")
    assert page.startswith("<!doctype html>")
    assert "1 page and reported 1 surge" in page


def test_a_short_history_is_told(detector, quiet_place):
    """What was read is judged all the same."""
    answer = detector("backtest", calm(quiet_place), "--until", "2026-07-02")
    assert 0 == answer.code
    assert "No surge could be planted" in answer.out


def test_failures_have_their_codes(detector, quiet_place):
    """2 for what cannot work, 3 for damage, 78 for settings."""
    (quiet_place / "bad.toml").write_text("windw = 1\n")
    name = calm(quiet_place)
    assert 2 == detector("backtest", "gone.log").code
    assert 2 == detector("backtest", name, "-o", "x.pdf").code
    assert 2 == detector("backtest", name, "--services", "0").code
    assert 2 == detector("backtest", "-", stdin="hello\n").code
    assert 3 == detector("backtest", name, "gone.log", "--until", "2026-07-02").code
    assert 78 == detector("backtest", name, "--config", "bad.toml").code
    assert 78 == detector("backtest", name, "--model", "nowhere").code
