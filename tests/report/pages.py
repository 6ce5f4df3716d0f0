"""Answers with everything that a report may have to show."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
import polars as pl

from detector.report.shape import ContributorShape, ForecastShape, ScanShape, shape_scan
from detector.schemas import BARS, VERDICTS, ScanResult, schema
from tests.report.making import BEGIN, MINUTE, incident, result

WINDOWS = 240
BEFORE = 120
CONTRIBUTOR = {"dimension": "version", "before": 1.5, "during": 193.25, "share_of_excess": 0.93,
               "first_seen_at": "2025-07-15T11:35:02Z"}  # fmt: skip


def verdicts(service: str, factor: float = 9.8) -> pl.DataFrame:
    """The windows of a service from two hours before the usual incident until two hours later."""
    place = np.arange(WINDOWS)
    hot = (place >= BEFORE) & (place < BEFORE + 26)
    first = datetime.fromtimestamp(BEGIN / 1e6, UTC) - timedelta(minutes=BEFORE)
    lines = np.where(hot, 22 * factor, 22.0 + place % 5)
    columns = {
        "window_start": [first + timedelta(minutes=int(at)) for at in place], "service": [service] * WINDOWS,
        "lines": lines, "bytes": lines * 300, "clients": [None] * WINDOWS, "expected_lines": [22.0] * WINDOWS,
        "upper_lines": [40.0] * WINDOWS, "score": [None, *[0.2] * (WINDOWS - 1)], "flagged": hot & (factor > 1),
    }  # fmt: skip
    return pl.DataFrame(columns, schema=schema(VERDICTS))


def answer(*names: str) -> ScanResult:
    """One incident per name, with its windows, and a calm service."""
    found = [incident(name, id=f"{index:08x}", started_us=BEGIN + index % 3 * MINUTE)
             for index, name in enumerate(names)]  # fmt: skip
    windows = pl.concat([verdicts(name) for name in names] + [verdicts("calm", 1)])
    return result(*found, windows=windows, overview=overview(windows))


def overview(windows: pl.DataFrame) -> pl.DataFrame:
    """The coarse courses of these windows."""
    at = pl.col("window_start")
    place = (pl.int_range(pl.len()).over("service") * BARS // pl.len().over("service")).alias("place")
    bars = windows.sort(at).with_columns(place).group_by("service", "place")
    means = bars.agg(pl.col("lines").mean(), pl.col("flagged").any()).sort("place")
    courses = means.group_by("service").agg(pl.col("lines").alias("course"), pl.col("flagged"))
    totals = windows.group_by("service").agg(pl.col("lines").sum(), pl.col("score").max())
    return totals.join(courses, on="service").sort("service")


def enriched(scan: ScanResult, sample: str = "POST /v1/status") -> ScanShape:
    """The same with a contributor, a forecast and companions in every incident."""
    shape = shape_scan(scan)
    told = [
        msgspec.structs.replace(
            one,
            contributors=[msgspec.convert(CONTRIBUTOR | {"value": sample, "sample": sample}, ContributorShape)],
            forecast=ForecastShape(400.0, "learned", 0.54, "2025-07-15T12:40:00Z", 51.0, "2025-07-15T12:31:00Z",
                                   None, "lines/min", "2025-07-14T16:00:00Z", None, "linear", "2025-07-15T11:49:00Z"),
            services_together=[sample],
        )
        for one in shape.incidents
    ]
    return msgspec.structs.replace(shape, incidents=told)
