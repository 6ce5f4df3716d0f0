"""What a report keeps of the windows."""

from __future__ import annotations

import numpy as np
import polars as pl
from polars.testing import assert_frame_equal

from detector.config import Settings
from detector.pipeline.digest import Keep
from detector.pipeline.scan import scan
from detector.schemas import BARS
from tests.pipeline.making import START_US, counts_csv, season

DAYS = 4


def write(folder) -> str:
    """Ten services, of which two surge."""
    series = {f"calm{index}": season(DAYS, seed=index) for index in range(8)}
    for name, day in (("loud", 2), ("louder", 3)):
        lines = season(DAYS, seed=day).astype(np.int64)
        lines[day * 1440 + 600 : day * 1440 + 660] *= 2 + day
        series[name] = lines
    (folder / "counts.csv").write_bytes(counts_csv(series))
    return str(folder / "counts.csv")


def test_what_lies_around_incidents_is_as_in_the_whole(tmp_path):
    """The same verdicts, of fewer windows: those of the strangest incidents."""
    path = write(tmp_path)
    whole = scan([path], Settings(), 0, keep=Keep(windows=True))
    part = scan([path], Settings(), 0, keep=Keep(around=100))
    assert whole.incidents == part.incidents
    assert {"loud", "louder"} <= {one.service for one in part.incidents}
    assert part.windows is not None
    assert whole.windows is not None
    assert len(part.windows) < len(whole.windows) / 20
    ours = whole.windows.join(part.windows, on=["window_start", "service"], how="semi")
    assert_frame_equal(ours.sort("window_start", "service"), part.windows)
    at = part.windows["window_start"].dt.epoch("us")
    for one in part.incidents:
        begin, end = one.around
        inside = part.windows.filter((pl.col("service") == one.service) & (at >= begin) & (at < end))
        assert len(inside) == (end - begin) // 60_000_000
    first = scan([path], Settings(), 0, keep=Keep(around=1))
    assert first.windows is not None
    strangest = max(first.incidents, key=lambda one: one.score)
    assert [strangest.service] == first.windows["service"].unique().to_list()


def test_the_overview_is_that_of_all_windows(tmp_path):
    """Sums, highest scores and means of equal stretches, of the time that is reported."""
    found = scan([write(tmp_path)], Settings(since="2026-03-03"), 0, keep=Keep(windows=True))
    assert found.overview is not None
    assert found.windows is not None
    begin, length = START_US + 86_400_000_000, (DAYS - 1) * 86_400_000_000
    place = (pl.col("window_start").dt.epoch("us") - begin) * BARS // length
    sums = found.windows.group_by("service").agg(pl.col("lines").sum(), pl.col("score").max()).sort("service")
    assert_frame_equal(sums, found.overview.select("service", "lines", "score").sort("service"))
    bars = found.windows.group_by("service", place.alias("place")).agg(pl.col("lines").mean(), pl.col("flagged").any())
    for row in found.overview.iter_rows(named=True):
        mine = bars.filter(pl.col("service") == row["service"]).sort("place")
        np.testing.assert_allclose(mine["lines"].to_numpy(), row["course"])
        assert mine["flagged"].to_list() == row["flagged"]


def test_nothing_is_kept_that_nobody_asked_for(tmp_path):
    """Neither windows nor courses."""
    found = scan([write(tmp_path)], Settings(), 0)
    assert (None, None) == (found.windows, found.overview)
