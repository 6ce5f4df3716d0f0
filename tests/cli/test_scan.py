"""`scan` as users call it."""

from __future__ import annotations

import json

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import detector as package
from detector.cli.main import run
from detector.report.escape import is_harmful
from detector.schemas import RECORDS, VERDICTS, check
from tests.cli.making import access_log, calm, counts_csv, surging


def test_json_tells_the_surge(detector, quiet_place):
    """Service, time and factor."""
    answer = detector("scan", surging(quiet_place), "--format", "json")
    [incident] = json.loads(answer.out)["incidents"]
    expected = ("shop", "lines", "2026-07-02T17:40:00Z")
    assert expected == (incident["service"], incident["signal"], incident["started_at"])
    assert 10 < incident["factor"] < 14


def test_the_same_input_gives_the_same_answer(detector, quiet_place):
    """To the byte."""
    name = surging(quiet_place)
    first, second = (detector("scan", name, "--format", "json").out for _ in range(2))
    assert first == second


@pytest.mark.parametrize("suffix", ["json", "ndjson", "csv", "parquet", "txt", "md", "html", "sarif", "xml", "prom"])
def test_a_report_goes_to_a_file(detector, quiet_place, suffix):
    """In the format of its suffix; nothing comes on standard output."""
    answer = detector("scan", surging(quiet_place), "-o", f"report.{suffix}")
    assert (1, "") == (answer.code, answer.out)
    assert b"shop" in (quiet_place / f"report.{suffix}").read_bytes()


@pytest.mark.parametrize("name", ["w.parquet", "w.csv"])
def test_windows_are_written(detector, quiet_place, name):
    """One row per service and window, with the promised columns."""
    detector("scan", calm(quiet_place), "--windows", name)
    frame = pl.read_parquet(name) if name.endswith("parquet") else pl.read_csv(name, try_parse_dates=True)
    assert [column.name for column in VERDICTS] == frame.columns
    assert 3000 == len(frame)
    assert frame["score"].null_count() < 3000


def test_windows_of_nothing_are_an_empty_table(detector, quiet_place):
    """With its columns."""
    (quiet_place / "empty.log").touch()
    assert 0 == detector("scan", "empty.log", "--windows", "w.parquet").code
    check(pl.read_parquet("w.parquet"), VERDICTS)


def test_a_service_may_be_named_by_a_field_or_an_expression(detector, quiet_place):
    """Each line then counts for that service."""
    (quiet_place / "access.log").write_text(access_log())
    services = {}
    for option in ("client", r"GET /(\d)", r"(?<x>G)ET /(?<service>\d)"):
        detector("scan", "access.log", "--service", option, "--windows", "w.parquet")
        services[option] = pl.read_parquet("w.parquet")["service"].unique().sort().to_list()
    assert ["203.0.113.0", "203.0.113.1"] == services["client"]
    assert ["0", "1", "2", "3", "4"] == services[r"GET /(\d)"] == services[r"(?<x>G)ET /(?<service>\d)"]


def test_all_lines_may_be_one_service(detector, quiet_place):
    """Whatever the log says."""
    (quiet_place / "access.log").write_text(access_log())
    detector("scan", "access.log", "--service-name", "front", "--service", "client", "--windows", "w.parquet")
    assert ["front"] == pl.read_parquet("w.parquet")["service"].unique().to_list()


def test_clients_may_be_named_by_an_expression(detector, quiet_place):
    """Distinct ones are counted."""
    (quiet_place / "access.log").write_text(access_log())
    detector("scan", "access.log", "--client", r"GET /(\d)", "--windows", "w.parquet")
    assert [5.0, 5.0] == pl.read_parquet("w.parquet")["clients"].to_list()


@pytest.mark.parametrize(("expected", "options"), [(1, ["--since", "1d"]), (0, ["--since", "2026-07-02T19:00:00Z"]),
                                                   (0, ["--until", "2026-07-02"]),
                                                   (1, ["--until", "2026-07-02T17:50:00Z"]),
                                                   (0, ["--since", "1h"])])  # fmt: skip
def test_only_the_period_is_reported(detector, quiet_place, expected, options):
    """The surge lies at 17:40 on 2 July; what lies before the period still teaches what is normal."""
    assert expected == detector("scan", surging(quiet_place), *options).code


def test_the_period_bounds_the_windows(detector, quiet_place):
    """From `since` to before `until`."""
    period = ["--since", "2026-07-02", "--until", "2026-07-02T01:00:00Z"]
    detector("scan", calm(quiet_place), *period, "--windows", "w.parquet")
    starts = pl.read_parquet("w.parquet")["window_start"].dt.strftime("%d %H:%M").to_list()
    assert ("02 00:00", "02 00:59", 60) == (starts[0], starts[-1], len(starts))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(name=st.text(st.characters(exclude_categories=["Cs"], exclude_characters='\r\n\0"'), min_size=1, max_size=30))
def test_no_service_writes_on_the_terminal(detector, quiet_place, name):
    """A name from the log arrives escaped, through the whole program."""
    (quiet_place / "t.csv").write_text(counts_csv(60, service=name), "utf-8")
    for format_name in ("table", "json"):
        answer = detector("scan", "t.csv", "--format", format_name)
        assert [] == [one for one in answer.out + answer.err if is_harmful(one) and one != "\n"]


WORDS = [
    "scan", "parse", "formats", "config", "show", "check", "list", "explain", "learn", "completion", "-", "--",
    "x.log", "no.log", "--format", "json", "csv", "--window", "1m", "auto", "0s", "--since", "2h", "--year",
    "99999", "-o", "o.json", "--by", "service,host", "--service", "(", "(x)", "host", "--client", "--timezone",
    "Mars", "--config", "--max-unparsed", "5%", "-1", "--budget", "1/week", "--threads", "1", "--quiet", "-q",
    "-h", "--help", "--version", "", "\x1b", "é", "--input-format", "access", "nope", "--fail-on", "never",
    "--exit-zero", "--color", "always", "--windows", "w.csv", "--origin", "--model", "m", "--until",
    "1970-01-01", "backtest", "--services", "--least-excess", "bash",
]  # fmt: skip


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(arguments=st.lists(st.sampled_from(WORDS) | st.text(max_size=6), max_size=7))
def test_no_arguments_give_a_traceback(detector, quiet_place, arguments):
    """Whatever is typed: a known exit code, and one line if it is an error."""
    (quiet_place / "x.log").write_text(access_log(5))
    answer = detector(*arguments)
    assert "Traceback" not in answer.err
    assert "internal error" not in answer.err
    assert answer.code in (0, 1, 2, 3, 78)
    assert 2 != answer.code or answer.err.startswith(("error: ", "Usage: "))


def test_from_python(quiet_place):
    """The same path, typed; settings are arguments."""
    result = package.scan([surging(quiet_place)], windows=True, window="5m")
    assert 300.0 == result.window_seconds
    assert ["shop"] == package.incidents_frame(result)["service"].to_list()
    assert result.windows is not None
    check(result.windows, VERDICTS)
    (quiet_place / "access.log").write_text(access_log())
    frames = [check(frame, RECORDS) for frame in package.parse(["access.log"])]
    assert 200 == sum(len(frame) for frame in frames)


def test_python_refuses_unknown_settings(quiet_place):
    """With a suggestion."""
    with pytest.raises(package.SettingsError, match="did you mean `window`"):
        package.scan([calm(quiet_place)], windw="1m")  # type: ignore[call-arg]


def test_running_leaves_the_exit_code_of_help_alone(quiet_place, capfd):
    """Asking for help is no error, calling nothing is."""
    assert (0, 0, 2) == (run(["--help"]), run(["scan", "-h"]), run([]))
    capfd.readouterr()
