"""Generates the inputs of the benchmarks: seeded, written once, kept."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl

START = datetime(2026, 3, 1, tzinfo=UTC)
START_US = int(START.timestamp()) * 1_000_000
DAYS = 7
CLIENTS, PATHS = 20_000, 200
LINE_BYTES = 180
CHUNK = 500_000


def rhythm(windows: int, per_day: int) -> np.ndarray:
    """A daily and weekly rhythm around 1, the same for everyone."""
    at = np.arange(windows) / per_day
    return (1 + 0.6 * np.sin(2 * np.pi * (at - 0.3))) * np.where(at.astype(int) % 7 >= 5, 0.7, 1.0)


def access_log(folder: Path, megabytes: int, surges: int = 0) -> Path:
    """A combined access log of a week with 20,000 clients (Zipf) and 200 paths.

    In each surge one version sends about four times as much as all others, for a quarter of an hour.
    """
    path = folder / f"bench-access-{megabytes}MB{f'-{surges}-surges' if surges else ''}.log"
    total = megabytes * 1_000_000 // LINE_BYTES
    if path.exists():
        return path
    rng = np.random.default_rng(1)
    load = np.cumsum(rhythm(DAYS * 1440, 1440))
    minute = np.searchsorted(load, np.sort(rng.random(total)) * load[-1])
    second = np.sort(minute * 60 + rng.integers(0, 60, total))
    begins = (np.arange(surges) + 2) * (DAYS * 1440 // (surges + 3))
    extra = np.repeat(begins * 60, 60 * total // (DAYS * 1440))
    second = np.sort(np.concatenate([second, extra + rng.integers(0, 900, len(extra))]))
    last = np.r_[-DAYS * 1440, begins][np.searchsorted(begins, second // 60, side="right")]
    chatty = second // 60 < last + 15
    with open(path.with_suffix(".part"), "wb") as out:
        for begin in range(0, len(second), CHUNK):
            some = slice(begin, begin + CHUNK)
            out.write(_render(rng, second[some], chatty[some]))
    path.with_suffix(".part").rename(path)
    return path


def _render(rng: np.random.Generator, second: np.ndarray, chatty: np.ndarray) -> bytes:
    size = len(second)
    client = (np.arange(1, CLIENTS + 1) ** -0.9).cumsum()
    who = np.searchsorted(client, rng.random(size) * client[-1])
    frame = pl.DataFrame({
        "who": who, "when": pl.Series(START_US + second * 1_000_000).cast(pl.Datetime("us")),
        "path": rng.integers(0, PATHS, size),
        "status": rng.choice([200, 304, 404, 500], size, p=[0.86, 0.08, 0.05, 0.01]),
        "bytes": np.exp(rng.normal(8, 1.5, size)).astype(int), "agent": rng.integers(100, 125, size),
    })  # fmt: skip
    if chatty.any():
        frame = frame.with_columns(agent=np.where(chatty & (rng.random(size) < 0.8), 130, frame["agent"]))
    text = pl.format(
        '{}.{}.{}.{} - - [{} +0000] "GET /shop/items/{}/details?page=2 HTTP/1.1" {} {} "-" '
        '"Mozilla/5.0 (X11; Linux x86_64; rv:{}.0) Gecko/20100101 Firefox/{}.0"',
        pl.col("who") % 223 + 1, pl.col("who") // 223, pl.col("who") % 251, pl.col("who") % 241,
        pl.col("when").dt.strftime("%d/%b/%Y:%H:%M:%S"), "path", "status", "bytes", "agent", "agent",
    )  # fmt: skip
    return ("\n".join(frame.select(text).to_series().to_list()) + "\n").encode()


def records_log(folder: Path, kind: str, megabytes: int) -> Path:
    """A week of `kind` jsonl (an application's access records) or syslog, of 40 services and 20,000 clients."""
    path = folder / f"bench-{kind}-{megabytes}MB.log"
    total = megabytes * 1_000_000 // TEXTS[kind][0]
    if path.exists():
        return path
    rng = np.random.default_rng(3)
    load = np.cumsum(rhythm(DAYS * 1440, 1440))
    with open(path.with_suffix(".part"), "wb") as out:
        for begin in range(0, total, CHUNK):
            some = (begin + np.sort(rng.random(min(CHUNK, total - begin))) * CHUNK) / total
            millis = (np.interp(some * load[-1], load, np.arange(len(load))) * 60_000).astype(np.int64)
            out.write(_render_records(rng, kind, millis))
    path.with_suffix(".part").rename(path)
    return path


MESSAGES = [f"{verb} {what} {number} of the {place}" for number, (verb, what, place) in enumerate(
    (verb, what, place)
    for verb in ("accepted", "rejected", "stored", "forwarded", "could not find")
    for what in ("the order", "a connection", "the key", "an update")
    for place in ("first zone", "cache", "customer", "upstream server", "queue")
)]  # fmt: skip
TIME = pl.col("when").dt.strftime("%Y-%m-%dT%H:%M:%S%.3f")
TEXTS = {
    "jsonl": (270, pl.format(
        '{{"ts":"{}Z","level":"{}","service":"service-{}","msg":"{}","client_ip":"{}.{}.{}.{}","method":"GET",'
        '"path":"/shop/items/{}/details","status":{},"bytes":{},"duration_ms":{},"trace_id":"{}"}}',
        TIME, "level", "service", "message", pl.col("who") % 223 + 1, pl.col("who") // 223, pl.col("who") % 251,
        pl.col("who") % 241, "path", "status", "bytes", "took", "trace",
    )),
    "syslog": (109, pl.format(
        "{} host-{} service-{}[{}]: {} from {}.{}.{}.{} in {} ms",
        pl.col("when").dt.strftime("%b %e %H:%M:%S"), "host", "service", "number", "message", pl.col("who") % 223 + 1,
        pl.col("who") // 223, pl.col("who") % 251, pl.col("who") % 241, "took",
    )),
}  # fmt: skip
"""About how long a line is in bytes, and how it is written."""


def _render_records(rng: np.random.Generator, kind: str, millis: np.ndarray) -> bytes:
    size = len(millis)
    client = (np.arange(1, CLIENTS + 1) ** -0.9).cumsum()
    frame = pl.DataFrame({
        "who": np.searchsorted(client, rng.random(size) * client[-1]),
        "when": pl.Series(START_US + millis * 1000).cast(pl.Datetime("us")),
        "service": rng.integers(0, 40, size), "host": rng.integers(0, 12, size), "path": rng.integers(0, PATHS, size),
        "message": pl.Series(MESSAGES).gather(rng.integers(0, len(MESSAGES), size)),
        "level": rng.choice(["info", "debug", "warn", "error"], size, p=[0.72, 0.2, 0.06, 0.02]),
        "status": rng.choice([200, 304, 404, 500], size, p=[0.86, 0.08, 0.05, 0.01]),
        "bytes": np.exp(rng.normal(8, 1.5, size)).astype(int), "took": rng.gamma(2, 15, size).round(1),
        "number": rng.integers(100, 65_000, size), "trace": pl.Series(rng.integers(2**40, 2**60, size)),
    })  # fmt: skip
    return ("\n".join(frame.select(TEXTS[kind][1]).to_series().to_list()) + "\n").encode()


def counts_table(folder: Path, services: int, days: int) -> Path:
    """A Parquet counts table of many services, one-minute windows, in time order."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / f"bench-counts-{services}x{days}.parquet"
    if path.exists():
        return path
    rng = np.random.default_rng(2)
    means = np.exp(rng.normal(1.0, 1.5, services))
    shape = rhythm(days * 1440, 1440)
    names = pa.array([f"service-{number:05d}" for number in range(services)])
    schema = pa.schema({
        "timestamp": pa.timestamp("us", "UTC"), "service": pa.dictionary(pa.int32(), pa.string()), "lines": pa.int64(),
    })  # fmt: skip
    codes = pa.array(np.tile(np.arange(services, dtype=np.int32), 60))
    with pq.ParquetWriter(path.with_suffix(".part"), schema, compression="zstd") as writer:
        for hour in range(days * 24):
            minutes = np.arange(hour * 60, hour * 60 + 60)
            counts = rng.poisson(means * shape[minutes][:, None] * rng.gamma(20, 1 / 20, (60, 1)))
            stamps = pa.array(np.repeat(START_US + minutes * 60_000_000, services), schema[0].type)
            columns = [stamps, pa.DictionaryArray.from_arrays(codes, names), pa.array(counts.reshape(-1))]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))
    path.with_suffix(".part").rename(path)
    return path
