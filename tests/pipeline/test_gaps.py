"""Years of nothing between two logs, or two parts of one, cost nothing and change nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from detector.config import Settings
from detector.pipeline import stores
from detector.pipeline.gather import gather
from detector.pipeline.scan import scan
from detector.schemas import Incident
from tests.pipeline.making import START, START_US, access_line, season

NOW_US = START_US + 400 * 86_400_000_000
LATER = 4000
MINUTE_US = 60_000_000


def surging(days_later: int, seed: int) -> list[tuple[datetime, int]]:
    """Lines per minute of two days, from so many days after START; for half an hour of the second ten times as many."""
    counts = season(2, 5.0, seed=seed).tolist()
    counts[2000:2030] = [10 * one for one in counts[2000:2030]]
    return [(START + timedelta(days=days_later, minutes=minute), lines) for minute, lines in enumerate(counts)]


def write_log(path: Path, parts: list[list[tuple[datetime, int]]]) -> Path:
    """As a log of one line a second."""
    lines = [access_line(at + timedelta(seconds=n % 60), n % 20) for part in parts for at, number in part
             for n in range(number)]  # fmt: skip
    path.write_text("\n".join(lines) + "\n")
    return path


def write_counts(path: Path, parts: list[list[tuple[datetime, int]]]) -> Path:
    """As a counts table."""
    rows = [row for part in parts for row in part]
    pl.DataFrame(rows, schema=["timestamp", "lines"], orient="row").write_csv(path)
    return path


def found(*paths: Path) -> list[Incident]:
    """The incidents, by time."""
    return scan(list(map(str, paths)), Settings(threads=1), NOW_US).incidents


def test_logs_of_two_decades_do_not_disturb_each_other(tmp_path: Path) -> None:
    """Side by side they have the incidents that each has alone, and the years between them are not walked through."""
    old, new = (write_log(tmp_path / f"{name}.log", [surging(days, days)]) for name, days in (("a", 0), ("b", LATER)))
    expected = found(old) + found(new)
    assert 2 <= len(expected)
    assert [(one.service, one.started_us, one.score) for one in expected] == [
        (one.service, one.started_us, one.score) for one in found(old, new)
    ]
    totals = gather([str(old), str(new)], Settings(), NOW_US).totals
    assert len(stores.days_of(totals, *totals.span())) <= 4 + stores.MOST_UNKNOWN_DAYS


@pytest.mark.parametrize("write", [write_log, write_counts])
def test_a_surge_after_a_gap_is_found(
    write: Callable[[Path, list[list[tuple[datetime, int]]]], Path], tmp_path: Path
) -> None:
    """One service that was not heard of for forty days."""
    path = write(tmp_path / "shop.csv", [surging(0, 1), surging(40, 2)])
    surges = [START_US + (days * 1440 + 2000) * MINUTE_US for days in (0, 40)]
    late = [min(abs(one.started_us - at) for one in found(path)) / MINUTE_US for at in surges]
    assert max(late) <= 2


def test_one_line_of_long_ago_does_not_cost_decades(tmp_path: Path) -> None:
    """A service that spoke once in 1970 and then this year: the years between are not walked through."""
    lines = ["1970-02-01T00:00:00Z host app[1]: hello", "2026-11-01T00:00:00Z host app[1]: hello"]
    lines += [f"2026-11-01T00:{minute:02}:00Z host app{minute}[1]: hello" for minute in range(50)]
    path = tmp_path / "span.log"
    path.write_text("\n".join(lines) + "\n")
    totals = gather([str(path)], Settings(), NOW_US).totals
    assert len(stores.days_of(totals, *totals.span())) <= 4 + 2 * stores.MOST_UNKNOWN_DAYS
