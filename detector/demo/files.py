"""The story as files: two weeks as a table of counts, two days as access logs, one for each region."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl

from detector.demo.fleet import Overload, Talk, fleet_of, overload_of
from detector.demo.story import BEGIN, CROSSED, MINUTES, RAW_FROM, RELEASED

OLD, NEW, UNIT = "FleetApp/4.8.2", "FleetApp/4.9.0", "CarLink/2.7.1"
APP_PATHS = ("GET /app/v1/status", "POST /app/v1/unlock", "POST /app/v1/climate", "GET /app/v1/charge",
             "GET /app/v1/position")  # fmt: skip
UNIT_PATHS = ("POST /vehicle/v1/telemetry", "POST /vehicle/v1/heartbeat", "GET /vehicle/v1/commands")
CHATTER = "POST /app/v1/events"
"""What the update sends beside what it should."""
BYTES, BYTES_LEAST, BYTES_SHAPE = 240.0, 40, 4.0
FAILED_BYTES = 162
UNAUTHORIZED = 0.003


@dataclass(frozen=True, slots=True)
class Story:
    """Where it was written, and its truth.

    Attributes:
        history: the table of counts.
        logs: the access logs.
        released_us: when the update went out, microseconds since 1970 UTC.
        first_failure_us: of the first 500.
        capacity: lines per minute that all regions can bear together.
    """

    history: Path
    logs: tuple[Path, ...]
    released_us: int
    first_failure_us: int
    capacity: float


def write_story(folder: Path, seed: int) -> Story:
    """Draw the story and write it into a folder; the same seed gives the same files."""
    rng = np.random.default_rng([seed, MINUTES])
    fleet = fleet_of(seed)
    overload = overload_of(fleet, CROSSED)
    history, logs, failures = folder / "history.csv", [], []
    pl.concat([counts_of(talk, rng) for talk in fleet]).sort("timestamp", "service").write_csv(history)
    for talk in fleet:
        lines = lines_of(talk, overload, rng)
        failures.append(lines.filter(pl.col("status") == 500)["at"].min())
        logs.append(folder / f"{talk.region.service}.log")
        text_of(lines).write_csv(logs[-1], include_header=False, quote_style="never")
    first = min(int(at) for at in failures if isinstance(at, int))
    return Story(history, tuple(logs), _micros(60 * RELEASED), _micros(first), overload.capacity)


def _micros(seconds: int) -> int:
    """Of seconds since the begin of the story, since 1970."""
    return (int(BEGIN.timestamp()) + seconds) * 1_000_000


def counts_of(talk: Talk, rng: np.random.Generator) -> pl.DataFrame:
    """timestamp, service, lines, bytes, clients of the minutes before those that are written as lines."""
    old = talk.minute < RAW_FROM
    minute, messages = talk.minute[old], talk.messages[old]
    lines = np.bincount(minute, messages, RAW_FROM).astype(np.int64)
    size = lines * (BYTES + BYTES_LEAST) + np.sqrt(lines * BYTES**2 / BYTES_SHAPE) * rng.normal(size=RAW_FROM)
    times = pl.datetime_range(BEGIN, BEGIN + timedelta(minutes=RAW_FROM - 1), "1m", eager=True)
    return pl.DataFrame({
        "timestamp": times.dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "service": [talk.region.service] * RAW_FROM,
        "lines": lines,
        "bytes": size.clip(0).astype(np.int64),
        "clients": np.bincount(minute[messages > 0], minlength=RAW_FROM),
    })  # fmt: skip


def lines_of(talk: Talk, overload: Overload, rng: np.random.Generator) -> pl.DataFrame:
    """One row per line, in order of time.

    Returns:
        at (seconds since the begin of the story), client, third and fourth (of its address), what, status, size, agent.
    """
    new = talk.minute >= RAW_FROM
    minute, sent = talk.minute[new], talk.messages[new]
    sent = sent + rng.poisson(sent * overload.again[minute])
    row = np.repeat(np.flatnonzero(new), sent)
    at = talk.minute[row] * 60 + rng.integers(60, size=len(row))
    order = np.argsort(at, kind="stable")
    row, at = row[order], at[order]
    chance = rng.random((2, len(row)))
    status = np.where(chance[0] < overload.failed[at // 60], 500, np.where(chance[1] < UNAUTHORIZED, 401, 200))
    size = (rng.gamma(BYTES_SHAPE, BYTES / BYTES_SHAPE, len(row)) + BYTES_LEAST).astype(np.int64)
    is_unit, is_updated = talk.client[row] >= talk.region.cars, talk.is_updated[row]
    return pl.DataFrame({
        "at": at,
        "client": talk.client[row],
        "third": talk.region.third + talk.client[row] // 250,
        "fourth": talk.client[row] % 250 + 1,
        "what": _what(is_unit, is_updated & _is_chatter(len(row), rng), rng),
        "status": status,
        "size": np.where(status == 200, size, FAILED_BYTES),
        "agent": pl.Series([OLD, NEW, UNIT]).gather(np.where(is_unit, 2, is_updated.astype(np.int64))),
    })  # fmt: skip


def _is_chatter(length: int, rng: np.random.Generator) -> np.ndarray:
    """Five of six messages of an updated app."""
    return rng.random(length) < 5 / 6


def _what(is_unit: np.ndarray, is_chatter: np.ndarray, rng: np.random.Generator) -> pl.Series:
    """Method and path."""
    names = pl.Series([*APP_PATHS, *UNIT_PATHS, CHATTER])
    apps, units = len(APP_PATHS), len(UNIT_PATHS)
    usual = np.where(is_unit, apps + rng.integers(units, size=len(is_unit)), rng.integers(apps, size=len(is_unit)))
    return names.gather(np.where(is_chatter, apps + units, usual))


def text_of(lines: pl.DataFrame) -> pl.DataFrame:
    """The lines of a combined access log."""
    minutes, seconds = pl.Series(_stamps()), pl.Series([f"{second:02d}" for second in range(60)])
    at = lines["at"]
    columns = {
        "minute": minutes.gather(at // 60 - RAW_FROM), "second": seconds.gather(at % 60)
    }  # fmt: skip
    shape = '198.18.{}.{} - - [{}{} +0000] "{} HTTP/1.1" {} {} "-" "{}"'
    parts = ("third", "fourth", "minute", "second", "what", "status", "size", "agent")
    return lines.with_columns(**columns).select(pl.format(shape, *parts).alias("line"))


def _stamps() -> list[str]:
    """`19/Nov/2021:00:00:` and so on, of the minutes that are written as lines."""
    moments: list[str] = []
    for minute in range(RAW_FROM, MINUTES):
        moment = BEGIN + timedelta(minutes=minute)
        moments.append(f"{moment.day:02d}/Nov/2021:{moment:%H:%M:}")
    return moments


