"""How long is left: from counts to the report."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest

import detector
from detector.baseline.ahead import Ahead
from detector.capacity import Capacity
from detector.causes import Forecast, Rise
from detector.config import Settings
from detector.pipeline.forecasts import foretell, foretell_rises, learn_capacities
from detector.pipeline.gather import gather
from detector.schemas import Incident, ScanResult
from detector.windows.grid import Grid
from tests.pipeline.making import START, START_US, access_line

MINUTE_US = 60_000_000
DAY = 1440
BYTES = 200
Real = np.ndarray


def calm(days: float, mean: float = 100.0, seed: int = 3) -> Real:
    """Counts with a daily rhythm."""
    minute = np.arange(round(days * DAY))
    return np.random.default_rng(seed).poisson(mean * (1 + 0.3 * np.sin(2 * np.pi * minute / DAY)))


def ramp(days: float, minutes: int, per_minute: float) -> Real:
    """The same, and at the end a surge of so many minutes that grows by `per_minute` times the usual in each."""
    lines = calm(days).astype(float)
    lines[-minutes:] = np.round(lines[-minutes:] * (1 + per_minute * np.arange(1, minutes + 1)))
    return lines


def scan(folder, lines: Real, **settings) -> ScanResult:
    """A counts table of one service."""
    stamps = [(START + timedelta(minutes=at)).strftime("%Y-%m-%dT%H:%M:%SZ") for at in range(len(lines))]
    rows = [f"{stamp},shop,{int(value)},{int(value) * BYTES}" for stamp, value in zip(stamps, lines, strict=True)]
    (folder / "counts.csv").write_text("\n".join(["timestamp,service,lines,bytes", *rows]) + "\n")
    return detector.scan([str(folder / "counts.csv")], **settings)


def of(result: ScanResult) -> tuple[Incident, Forecast]:
    """The first incident and its forecast."""
    incident = result.incidents[0]
    found = result.causes[incident.id].forecast
    assert found is not None
    return incident, found


def test_a_growing_surge_is_foretold(tmp_path):
    """Half way up a ramp the overload is told, within its interval, and it is critical."""
    lines = ramp(8 + 0.5, 60, 0.04)  # 100 a minute at noon; x3.4 at the end
    incident, found = of(scan(tmp_path, lines, capacity={"sh*": {"lines_per_minute": "480/min"}}))
    truth = START_US + (len(lines) + (4.8 - 3.4) / 0.04) * MINUTE_US
    assert ("settings", "lines/min", 480.0) == (found.source, found.unit, found.capacity)
    assert START_US + len(lines) * MINUTE_US == found.as_of_us
    assert found.earliest_us is not None
    assert found.latest_us is not None
    assert found.earliest_us <= truth <= found.latest_us
    assert pytest.approx(3.4 / 4.8, abs=0.08) == found.load
    assert ("warning", True) == (incident.severity, incident.page)
    incident, found = of(scan(tmp_path, lines, capacity={"*": {"lines_per_minute": 300}}))
    assert ("critical", found.as_of_us) == (incident.severity, found.overload_us)


def test_without_a_known_capacity_nothing_is_told(tmp_path):
    """A table says no status, so nothing is learned either."""
    result = scan(tmp_path, ramp(8.5, 60, 0.04), capacity={"other": {"lines_per_minute": 100}})
    assert [None] == [cause.forecast for cause in result.causes.values()]


def test_a_harmless_surge_is_no_page(tmp_path):
    """Where the settings say that it can be borne."""
    lines = calm(8.5).astype(float)
    lines[-60:] *= 3
    incident, found = of(scan(tmp_path, lines, capacity={"*": {"lines_per_minute": "1M/min"}}))
    assert ("info", False, None) == (incident.severity, incident.page, found.overload_us)
    incident, _ = of(scan(tmp_path, lines, capacity={"*": {"lines_per_minute": "1M/min"}}, page_on="info"))
    assert incident.page


def test_a_forecast_knows_nothing_of_what_came_later(tmp_path):
    """That of an incident that is over is the one which would have been told when it was noticed."""
    lines = np.r_[ramp(8.5, 60, 0.04), calm(0.3)]
    settings = {"capacity": {"*": {"lines_per_minute": 480}}}
    incident, found = of(scan(tmp_path, lines, **settings))
    assert incident.ended_us is not None
    assert incident.detected_us == found.as_of_us
    then, before = of(scan(tmp_path, lines[: (incident.detected_us - START_US) // MINUTE_US], **settings))
    assert then.ended_us is None
    assert incident.id == then.id
    assert found == before


def test_what_adds_up_is_full_at_some_time(tmp_path):
    """A quota of the day by what was taken since midnight, a disk by what is left now; the nearest is told."""
    lines = calm(8.5).astype(float)
    lines[-60:] *= 3
    today = float(lines[8 * DAY :].sum()) * BYTES
    quota = today + 120 * 300 * BYTES  # for two hours at this height, when noon is as 100 a minute
    incident, found = of(scan(tmp_path, lines, capacity={"*": {"bytes_per_day": quota}}))
    assert ("bytes/day", "warning") == (found.unit, incident.severity)
    assert found.left_us is not None
    assert pytest.approx(120, rel=0.25) == found.left_us / MINUTE_US
    assert found.load > 1.2
    both: dict[str, object] = {"bytes_per_day": quota, "free_bytes": 20 * 300 * BYTES}
    incident, found = of(scan(tmp_path, lines, capacity={"*": both}))
    assert ("bytes", "critical") == (found.unit, incident.severity)
    assert found.left_us is not None
    assert pytest.approx(20, rel=0.25) == found.left_us / MINUTE_US
    _, found = of(scan(tmp_path, lines, capacity={"*": {"bytes_per_day": 2 * today}}))
    assert found.unit == "bytes/day"
    _, found = of(scan(tmp_path, lines, capacity={"*": {"bytes_per_second": "5kB/s"}}))
    assert pytest.approx(300 * BYTES / 60 / 5000, rel=0.1) == found.load


def access(folder, lines: Real, failing_from: int | None = None) -> ScanResult:
    """The surges of an access log."""
    write_access(folder, lines, failing_from)
    return detector.scan([str(folder / "access.log")])


def write_access(folder, lines: Real, failing_from: int | None = None) -> None:
    """An access log of one service."""
    with (folder / "access.log").open("w") as sink:
        for minute, number in enumerate(lines.astype(int).tolist()):
            failing = failing_from is not None and minute >= failing_from
            for at in range(number):
                moment = START + timedelta(minutes=minute, seconds=at % 60)
                status = 503 if failing and at % 3 == 0 else 200
                sink.write(access_line(moment, at % 25, status=status) + "\n")


def test_a_capacity_is_learned_from_logs(tmp_path):
    """The best five minutes without failures before the incident."""
    lines = np.random.default_rng(5).poisson(10, 14 * 60).astype(float)
    lines[300:310] = 60
    lines[-30:] = 30
    write_access(tmp_path, lines)
    store = gather([str(tmp_path / "access.log")], Settings(), 0).totals
    end = START_US // MINUTE_US + len(lines)
    incident = Incident("1", "access", "lines", (end - 30) * MINUTE_US, (end - 5) * MINUTE_US, None, 30.0, 10.0, 9.0,
                        MINUTE_US)  # fmt: skip
    usual = {"1": Ahead(end - 240, 5, np.full(400, 10.0))}
    found = foretell(store, [incident], usual, end, Settings())["1"]
    assert ("learned", 60.0, "level") == (found.source, found.capacity, found.course)
    assert START_US + 300 * MINUTE_US == found.learned_us
    assert pytest.approx(0.5, abs=0.02) == found.load
    best = learn_capacities(store, ["access"], end)["access"]
    assert best.before(START_US // MINUTE_US + 4) is None
    assert best.loads == sorted(best.loads)


def test_more_than_ever_is_no_overload_until_it_fails(tmp_path):
    """What was borne is no limit; what fails is over it."""
    lines = np.random.default_rng(5).poisson(10, 14 * 60).astype(float)
    lines[-30:] = 40
    incident, found = of(access(tmp_path, lines))
    assert (True, None, "warning") == (found.is_uncharted, found.overload_us, incident.severity)
    incident, found = of(access(tmp_path, lines, failing_from=len(lines) - 10))
    assert (False, found.as_of_us, "critical") == (found.is_uncharted, found.overload_us, incident.severity)


def test_a_short_history_teaches_no_capacity(tmp_path):
    """Half a day at least."""
    lines = np.random.default_rng(5).poisson(10, 6 * 60).astype(float)
    lines[-60:] = 60
    (incident,) = (result := access(tmp_path, lines)).incidents
    assert result.causes[incident.id].forecast is None


def test_a_version_is_held_against_all_clients():
    """The load when all have it is told beside what is known, or alone; without a capacity nothing is."""
    minutes = pl.datetime_range(START, START + timedelta(minutes=299), "1m", eager=True, time_unit="us")
    grid = Grid(MINUTE_US)
    grid.add(pl.DataFrame({"timestamp": minutes, "lines": [100.0] * 300}), "shop")
    end = START_US // MINUTE_US + 300
    incident = Incident("1", "shop", "version", (end - 20) * MINUTE_US, (end - 5) * MINUTE_US, None, 18.0, 3.0, 9.0,
                        MINUTE_US)  # fmt: skip
    rise = Rise("App/2", "App/1", START_US, 0.1, 6.0, 1.0, 10.0, 60.0, lines_now=100.0, lines_at_full=600.0,
                lines_then=80.0, full_then=500.0)  # fmt: skip
    settings = replace(Settings(), capacity=(Capacity("*", lines_per_minute=400.0),))
    found = foretell_rises(grid, [incident], {"1": rise}, {}, end, settings)["1"]
    assert (0.25, 1.5, None) == (found.load, found.load_of_all, found.overload_us)
    assert {} == foretell_rises(grid, [incident], {"1": rise}, {}, end, Settings())
    known = replace(found, load=0.3, overload_us=end * MINUTE_US, load_of_all=None)
    told = foretell_rises(grid, [incident], {"1": rise}, {"1": known}, end, settings)
    assert {"1": replace(known, load_of_all=1.5)} == told
    over = replace(incident, ended_us=end * MINUTE_US)
    then = foretell_rises(grid, [over], {"1": rise}, {}, end, settings)["1"]
    assert (over.detected_us, 0.2, 1.25) == (then.as_of_us, then.load, then.load_of_all)
