"""Finds a quarter more messages per client: `python tests/bench/per_client.py COUNTS_TABLE...`.

Real counts (Parquet or CSV with `timestamp` and `lines`) are taken as clients per window, each of which sends three
messages, give or take 3 %. Every three days, at a time drawn from a fixed seed, each client sends a quarter more for an
hour. Printed are the share of these hours that was noticed within ten minutes, and other incidents of messages per
client a month: what the tables themselves hold raises none of these.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import polars as pl

import detector

MESSAGES, SCATTER, FACTOR = 3.0, 0.03, 1.25
EVERY_MINUTES, LASTS_MINUTES, WITHIN_MINUTES = 3 * 1440, 60, 10


def planted(table: pl.DataFrame, seed: int) -> tuple[pl.DataFrame, list[int]]:
    """Lines and clients per minute, and the minutes at which surges begin."""
    rng = np.random.default_rng(seed)
    clients = table["lines"].to_numpy().astype(float)
    lines = clients * MESSAGES * (1 + SCATTER * rng.standard_normal(len(clients)))
    begins = list(range(EVERY_MINUTES, len(lines) - 1440, EVERY_MINUTES))
    begins = [begin + int(rng.integers(1440)) for begin in begins]
    for begin in begins:
        lines[begin : begin + LASTS_MINUTES] *= FACTOR
    counted = {"lines": np.rint(lines).astype(int), "clients": np.rint(clients).astype(int)}
    return table.select("timestamp").with_columns(*(pl.Series(*pair) for pair in counted.items())), begins


def main() -> None:
    """All tables named."""
    hits = total = other = 0
    months = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for seed, path in enumerate(sys.argv[1:]):
            table = pl.read_parquet(path) if path.endswith(".parquet") else pl.read_csv(path, try_parse_dates=True)
            series, begins = planted(table.sort("timestamp"), seed)
            series.write_parquet(Path(folder) / "counts.parquet")
            found = detector.scan([str(Path(folder) / "counts.parquet")]).incidents
            times = (series["timestamp"].dt.epoch("us") // 60_000_000).to_numpy()
            starts = times[begins]
            seen = np.array([one.detected_us // 60_000_000 for one in found])
            delays = [seen[(seen >= start) & (seen <= start + LASTS_MINUTES)] - start for start in starts]
            hits += sum(len(delay) > 0 and delay.min() <= WITHIN_MINUTES for delay in delays)
            total += len(starts)
            ratio = np.array([one.detected_us // 60_000_000 for one in found if one.signal == "lines_per_client"])
            other += sum(not ((one >= starts) & (one <= starts + LASTS_MINUTES + 1)).any() for one in ratio)
            months += len(times) / 1440 / 30
    print(f"noticed within {WITHIN_MINUTES} min: {hits} of {total}; others per client: {other / months:.2f} a month")


if __name__ == "__main__":
    main()
