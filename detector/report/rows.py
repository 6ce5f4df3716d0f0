"""The incidents of a scan as a flat table, for CSV, Parquet and Python."""

from __future__ import annotations

from datetime import datetime

import polars as pl

from detector.report.shape import DriverShape, IncidentShape, shape_incidents
from detector.schemas import COUNT, REAL, TEXT, TIME, Column, ScanResult, check, schema

DRIVERS = ("clients", "messages_per_client", "bytes_per_message")
INCIDENTS = (
    Column("id", TEXT, "", "the same for the same input and settings"),
    Column("service", TEXT, "", "who talks too much"),
    Column("signal", TEXT, "", "which signal raised it"),
    Column("kind", TEXT, "", "the driver with the largest share"),
    Column("started_at", TIME, "", "begin of the surge"),
    Column("detected_at", TIME, "", "end of the window in which the alarm was raised"),
    Column("ended_at", TIME, "", "end of the surge; null while it lasts"),
    Column("observed", REAL, "unit", "mean from start to end"),
    Column("expected", REAL, "unit", "what was to be expected"),
    Column("factor", REAL, "", "observed over expected"),
    Column("unit", TEXT, "", "of observed and expected"),
    Column("score", REAL, "log10 weeks", "0 = usual, higher = stranger"),
    Column("severity", TEXT, "", "info, warning or critical"),
    Column("page", pl.Boolean(), "", "within the installation's budget of pages"),
    Column("lasted_seconds", COUNT, "s", "from start to end, or to the end of the input"),
    *(
        Column(f"{driver}_{part}", REAL, "per window", f"{driver.replace('_', ' ')}: {part}")
        for driver in DRIVERS
        for part in ("before", "during", "share")
    ),
    Column("denominator", TEXT, "", "what clients are here: client, request or host; null: not known"),
    Column("retries_share", REAL, "", "of the growth of messages per client, what are retries; null: not known"),
    Column("capacity", REAL, "capacity_unit", "what the service can bear; null where it is not known"),
    Column("capacity_unit", TEXT, "", "of the capacity"),
    Column("capacity_from", TEXT, "", "settings or learned"),
    Column("load", REAL, "", "share of the capacity"),
    Column("overload_at", TIME, "", "when the capacity is reached; null: not within 24 h, or not known"),
    Column("minutes_to_overload", REAL, "min", "from the moment of the forecast"),
    Column("contributor", TEXT, "", "the strongest one: a value, or a pair of them; null if none is known"),
    Column("contributor_dimension", TEXT, "", "what kind of value that is"),
    Column("contributor_share", REAL, "", "of the excess"),
    Column("version", TEXT, "", "the client version that sends more than the others; null if none does"),
    Column("version_ratio", REAL, "", "lines per client of that, times those of the others"),
    Column("group", TEXT, "", "the same for all incidents of one cause"),
    Column("calendar", TEXT, "", "the planned time for which it does not page; null if none"),
)


def tabulate(result: ScanResult) -> pl.DataFrame:
    """One row per incident, columns as `INCIDENTS`."""
    shapes = shape_incidents(result)
    rows = [_row(shape, incident.started_us, incident.ended_us or result.to_us or incident.detected_us)
            for shape, incident in zip(shapes, result.incidents, strict=True)]  # fmt: skip
    return check(pl.DataFrame(rows, schema=schema(INCIDENTS), orient="row"), INCIDENTS)


def _row(shape: IncidentShape, started_us: int, end_us: int) -> tuple[object, ...]:
    drivers, forecast = [getattr(shape.drivers, name) for name in DRIVERS], shape.forecast
    top, version = next(iter(shape.contributors), None), shape.version
    return (
        shape.id, shape.service, shape.signal, shape.kind, _instant(shape.started_at), _instant(shape.detected_at),
        _instant(shape.ended_at), shape.observed, shape.expected, shape.factor, shape.unit, shape.score, shape.severity,
        shape.page, (end_us - started_us) // 1_000_000, *(value for one in drivers for value in _flat(one)),
        shape.drivers.denominator, shape.drivers.retries_share,
        forecast.capacity, forecast.capacity_unit, forecast.capacity_from, forecast.load,
        _instant(forecast.overload_at), forecast.minutes_to_overload,
        *((None, None, None) if top is None else (top.value, top.dimension, top.share_of_excess)),
        *((None, None) if version is None else (version.value, version.ratio)), shape.group, shape.calendar,
    )  # fmt: skip


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _flat(driver: DriverShape | None) -> tuple[float | None, float | None, float | None]:
    return (None, None, None) if driver is None else (driver.before, driver.during, driver.share)
