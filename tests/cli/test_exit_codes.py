"""Exit codes: each one, and which one wins."""

from __future__ import annotations

import gzip

import pytest

from detector.cli.exits import exit_code, unparsed_share
from detector.errors import Fault
from detector.schemas import Incident, InputSummary, ScanResult
from tests.cli.making import access_log, calm, surging

PAGE = Incident("1", "shop", "lines", 0, 60_000_000, 120_000_000, 100.0, 10.0, 9.0, 60_000_000, page=True)
NO_PAGE = Incident("2", "shop", "lines", 0, 60_000_000, 120_000_000, 20.0, 10.0, 1.0, 60_000_000)
DAMAGE = Fault("x.gz", "truncated", "ends too early")
UNDATED = Fault("x.txt", "undated", "no line has a time")


def result(*incidents, faults=(), **summary):
    """A result with these incidents and faults."""
    read = InputSummary(files=1, lines_read=100, faults=list(faults), **summary)
    return ScanResult(read, 60.0, 0, 120_000_000, 1, list(incidents), {}, [])


@pytest.mark.parametrize(
    ("expected", "answer", "fail_on", "zero"),
    [
        (0, result(), "any", False),
        (1, result(NO_PAGE), "any", False),
        (0, result(NO_PAGE), "page", False),
        (1, result(NO_PAGE, PAGE), "page", False),
        (0, result(PAGE), "critical", False),
        (0, result(PAGE), "never", False),
        (0, result(PAGE), "any", True),
        (3, result(faults=[DAMAGE]), "any", False),
        (1, result(PAGE, faults=[DAMAGE]), "any", False),
        (0, result(PAGE, faults=[DAMAGE]), "any", True),
        (3, result(PAGE, faults=[DAMAGE]), "never", False),
        (0, result(faults=[UNDATED]), "any", False),
        (0, result(lines_unparsed={"unknown_format": 5}), "any", False),
        (3, result(lines_unparsed={"unknown_format": 6}), "any", False),
        (0, result(lines_unparsed={"blank": 60, "header": 20}), "any", False),
    ],
)
def test_incidents_win_over_damage(expected, answer, fail_on, zero):
    """1 for incidents that count, else 3 for damage, else 0."""
    assert expected == exit_code(answer, fail_on, max_unparsed=0.05, zero=zero)


def test_blank_lines_do_not_count_as_lost():
    """The share is taken of the lines that should have been records."""
    assert 0.5 == unparsed_share(InputSummary(lines_read=12, lines_unparsed={"blank": 2, "unknown_format": 5}))


def test_no_surge_gives_0(detector, quiet_place):
    """A calm table is no news."""
    answer = detector("scan", calm(quiet_place))
    assert (0, "") == (answer.code, answer.err)
    expected = "No surge found in 3,001 lines of 1 service, 1 Jul 2026 00:00 - 3 Jul 2026 02:00"
    assert expected == answer.out.splitlines()[0]


def test_a_surge_gives_1(detector, quiet_place):
    """And is named in the table."""
    answer = detector("scan", surging(quiet_place))
    assert (1, "") == (answer.code, answer.err)
    assert "WARNING  shop" in answer.out
    assert "1 surge (1 page) in 1 service" in answer.out


@pytest.mark.parametrize("options", [["--exit-zero"], ["--fail-on", "never"]])
def test_a_surge_may_give_0(detector, quiet_place, options):
    """If the user says so."""
    assert 0 == detector("scan", surging(quiet_place), *options).code


def test_nothing_readable_gives_2(detector):
    """A missing path alone."""
    expected = (2, "", "error: nothing could be read: gone.log: cannot be opened: No such file or directory\n")
    assert expected == detector("scan", "gone.log")


def test_a_missing_path_beside_a_good_one_gives_3(detector, quiet_place):
    """The rest is scanned, and the trouble told on standard error and in the report."""
    answer = detector("scan", calm(quiet_place), "gone.log")
    assert 3 == answer.code
    assert "warning: gone.log: cannot be opened: No such file or directory\n" == answer.err
    assert "Problem: gone.log: cannot be opened" in answer.out


def test_incidents_win_over_a_missing_path(detector, quiet_place):
    """1 before 3."""
    assert 1 == detector("scan", surging(quiet_place), "gone.log").code


def test_a_cut_off_archive_gives_3(detector, quiet_place):
    """What was good is judged, the damage is told."""
    packed = gzip.compress(access_log().encode())
    (quiet_place / "access.log.gz").write_bytes(packed[: len(packed) // 2])
    answer = detector("scan", "access.log.gz")
    assert 3 == answer.code
    assert answer.err.startswith("warning: access.log.gz")


def test_an_empty_file_is_no_error(detector, quiet_place):
    """It is passed over and counted."""
    (quiet_place / "empty.log").touch()
    answer = detector("scan", "empty.log")
    assert (0, "") == (answer.code, answer.err)
    assert "Passed over: 1 file, empty." in answer.out


def test_an_empty_folder_gives_2(detector, quiet_place):
    """There is nothing in it to read."""
    (quiet_place / "logs").mkdir()
    expected = (2, "error: nothing could be read: there is no log file in what was named\n")
    assert expected == detector("scan", "logs")[::2]


@pytest.mark.parametrize("arguments", [["--window", "soon"], ["--budget", "often"], ["--since", "some day"], ["--nope"],
                                       ["--format", "xml"], ["--year", "12"], ["--service", "("]])  # fmt: skip
def test_wrong_usage_gives_2_in_one_line(detector, quiet_place, arguments):
    """Whatever is wrong with an option."""
    (quiet_place / "access.log").write_text(access_log())
    answer = detector("scan", "access.log", *arguments)
    assert (2, "", 1) == (answer.code, answer.out, answer.err.count("\n"))
    assert answer.err.startswith("error: ")
    assert arguments[0] in answer.err


def test_invalid_settings_win_over_a_missing_path(detector, quiet_place):
    """78 before 2."""
    (quiet_place / "detector.toml").write_text('window = "soon"\n')
    answer = detector("scan", "gone.log")
    assert 78 == answer.code
    assert answer.err.startswith("error: detector.toml: `window`: 'soon' is no span of time")


def test_a_missing_model_gives_78(detector, quiet_place):
    """A model is a setting."""
    assert 78 == detector("scan", calm(quiet_place), "--model", "nowhere").code


def test_lines_without_time_from_a_pipe_are_refused(detector):
    """With advice."""
    answer = detector("scan", "-", stdin="hello\n")
    assert 2 == answer.code
    assert "kubectl logs --timestamps" in answer.err


def test_without_a_command_the_help_is_shown(detector):
    """As it is with --help, though it is wrong usage."""
    answer = detector()
    assert 2 == answer.code
    assert answer.err.startswith("Usage: detector [OPTIONS] COMMAND")
    assert "\n  scan " in answer.err
