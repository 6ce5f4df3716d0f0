"""Deploys and other changes: from a file, from lines of the logs, from people; told with what follows them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.config import Settings
from detector.errors import DetectorError, SettingsError
from detector.layers import settings_of
from detector.markers import Marker, Markers, markers_of, parse_marker
from detector.pipeline.scan import scan
from detector.pipeline.telling import facts_in
from detector.pipeline.watching import memory
from detector.pipeline.watching.begin import begin
from detector.pipeline.watching.cases import case_of
from detector.report.sentences import tell_markers
from detector.report.shape import shape_incidents
from detector.schemas import ScanResult
from tests.pipeline.making import START_US
from tests.pipeline.test_watching import LINES, LOG, MINUTE_US, NOW_US, nothing, runs_of

DEPLOY = b"2026-03-02T04:51:20Z INFO deployer: shop is now 4.9.0\n"
PATTERN = r"deployer: (?<service>\S+) is now (?<version>\S+)"
FILE = """# what was done
2026-03-02T04:30:00Z network change in rack 4

2026-03-02T02:00:00Z shop: 4.8.9
2026-03-02T04:45:00+00:00 cart-*: 7.1
sometime shop: 4.9.1
"""


def at(hour: int, minute: int) -> int:
    """A time of the day of the log."""
    return START_US + (60 * hour + minute) * MINUTE_US


def settings_in(folder: Path) -> Settings:
    """A file of markers, and a pattern."""
    (folder / "markers.txt").write_text(FILE)
    markers = Markers(str(folder / "markers.txt"), PATTERN)
    return Settings(threads=2, incident_budget="1/day", budget="1/day", markers=markers)


def scanned(folder: Path) -> ScanResult:
    """A log with a surge from 05:00 to 05:30, and beside it the log of what deploys."""
    (folder / "logs").mkdir()
    (folder / "logs" / "shop.log").write_bytes(LOG)
    (folder / "logs" / "deployer.log").write_bytes(DEPLOY.replace(b"04:51", b"00:00").replace(b"now", b"not") + DEPLOY)
    return scan([str(folder / "logs")], settings_in(folder), NOW_US)


def test_what_was_done_before_a_surge_is_told_with_it(tmp_path) -> None:
    """From a file and from lines, to the second; not what is older than an hour, nor what others are about."""
    result = scanned(tmp_path)
    one = shape_incidents(result)[0]
    assert ["shop"] == [each.service for each in result.incidents]
    told = [(each.services, each.text) for each in one.markers]
    assert [("*", "network change in rack 4"), ("shop", "4.9.0")] == told
    assert "2026-03-02T04:51:20Z" == one.markers[1].at
    began = (result.incidents[0].started_us - at(4, 51)) // MINUTE_US
    assert tell_markers(one).startswith(f"{began} min after deploy 4.9.0 of shop, ")
    assert f"It began {tell_markers(one)}." in facts_in(result, NOW_US)[0].detail
    how = "write a time and what was done: 2026-07-15T11:30:00Z shop: 4.9.0"
    wrong = f"{tmp_path}/markers.txt: line 6: no marker: {how}"
    assert [wrong] == [note for note in result.notes if "no marker" in note]


def test_a_watch_tells_them_as_a_scan_does(tmp_path) -> None:
    """Also after restarts, of a file that grows; what came once is kept once."""
    wanted = scanned(tmp_path)
    settings, state = settings_in(tmp_path), str(tmp_path / "state")
    (tmp_path / "markers.txt").write_text("")
    notes = []
    with ThreadPoolExecutor(2) as pool:
        for number, run in enumerate(runs_of(LINES, list(range(300, len(LINES), 217)))):
            watch = begin(memory.connect(state), settings, NOW_US, pool, nothing)
            if number == 3:
                watch.step(runs_of([DEPLOY, DEPLOY], [], "deployer.log"), NOW_US, caught_up=False)
                (tmp_path / "markers.txt").write_text(FILE)
            later = replace(run, received_us=NOW_US + 2 * MINUTE_US)  # who deploys is silent since
            notes += watch.step([later], later.received_us, caught_up=True).notes
        rows = watch.connection.execute("SELECT body FROM watch_incidents").fetchall()
        stored = memory.markers(watch.connection, 0, NOW_US)
    cases = [case_of(body) for (body,) in rows]
    assert {one.id: wanted.causes[one.id].markers for one in wanted.incidents} == {
        case.incident.id: case.cause.markers for case in cases
    }
    assert 4 == len(stored)
    assert "line 6: no marker" in notes[0]


def test_a_word_is_a_version_and_what_came_again_is_told_once():
    """A later one of the same words is left out; a begin that lies before is said to."""
    markers = [Marker(at(4, 50), "shop", "4.9.0"), Marker(at(4, 55), "shop", "4.9.0"), Marker(at(5, 3), "*", "a b")]
    found = markers_of("shop", at(5, 0), at(5, 5), markers)
    assert (markers[0], markers[2]) == found
    assert () == markers_of("shop", at(6, 10), at(6, 15), markers)


@given(st.text())
def test_any_line_is_a_marker_or_says_why_not(line: str) -> None:
    """Nothing else comes of a line, whatever it holds."""
    said = ""
    try:
        said = parse_marker(line).text
    except SettingsError as error:
        said = str(error)
    assert said


@pytest.mark.parametrize(("table", "words"), [
    ({}, "must be a table"), ({"fiel": "a"}, "unknown key `fiel`"), ({"file": 1}, "`file` must be a text"),
])  # fmt: skip
def test_a_table_that_says_nothing_is_refused(table, words) -> None:
    """One line says what is wrong."""
    with pytest.raises(SettingsError, match=words):
        settings_of({"markers": table})


@pytest.mark.parametrize("pattern", ["(", "deploy (.*)", "(?<version>a)(?<client>b)", "(?<version>a)(?=b)"])
def test_a_pattern_that_cannot_tell_is_refused(pattern, tmp_path) -> None:
    """No expression, no version, groups that mean nothing here, or one that does not take linear time."""
    (tmp_path / "shop.log").write_bytes(LOG)
    with pytest.raises(DetectorError, match="`markers`: `pattern`"):
        scan([str(tmp_path / "shop.log")], Settings(markers=Markers(pattern=pattern)), NOW_US)


def test_a_log_cannot_mark_other_services(tmp_path) -> None:
    """A service named `*` in a line is that service, not all."""
    (tmp_path / "a.log").write_bytes(LOG.replace(b'"GET /a', b'"GET /now-*-2', 3))
    settings = Settings(markers=Markers(pattern=r"now-(?<service>\S)-(?<version>\d)"), incident_budget="1/day")
    assert all(not cause.markers for cause in scan([str(tmp_path / "a.log")], settings, NOW_US).causes.values())
