"""How soon surges are noticed where little scatters: `python tests/bench/delay.py`.

A week of services with a daily rhythm, a slow drift and counting noise, drawn from a fixed seed; then an hour of so
many times the usual. Told are the minutes from its begin to the alarm, at the default settings; `-` if there was none.
"""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

import detector

DAY, BEGIN = 1440, datetime(2026, 1, 5, tzinfo=UTC)
SURGE, LENGTH = 7 * DAY + 700, 60
RATES, FACTORS = (5, 20, 200, 2000), (1.5, 2, 3, 5, 10, 20)


def counts(rng: np.random.Generator, rate: float, factor: float) -> np.ndarray:
    """Lines per minute of eight days."""
    minute = np.arange(8 * DAY)
    steps = rng.normal(0, 0.01, len(minute))
    drift = np.zeros(len(minute))
    for at in range(1, len(minute)):
        drift[at] = 0.995 * drift[at - 1] + steps[at]  # 10 % within some hours
    usual = rate * (1 + 0.4 * np.sin(2 * np.pi * minute / DAY)) * np.exp(drift)
    usual[SURGE : SURGE + LENGTH] *= factor
    return rng.poisson(usual)


def main() -> None:
    """Print a row for each rate."""
    rng, begin = np.random.default_rng(1), BEGIN + timedelta(minutes=SURGE)
    tables = [pl.DataFrame({"timestamp": [BEGIN + timedelta(minutes=at) for at in range(8 * DAY)],
                            "service": f"{rate} {factor}", "lines": counts(rng, rate, factor)})
              for rate in RATES for factor in FACTORS]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "counts.parquet"
        pl.concat(tables).write_parquet(path)
        incidents = detector.scan([str(path)]).incidents
    print("| lines a minute |", " | ".join(f"x{factor:g}" for factor in FACTORS), "|")
    print("|---" * (len(FACTORS) + 1) + "|")
    for rate in RATES:
        noticed = [[datetime.fromtimestamp(one.detected_us / 1e6, UTC) for one in incidents
                    if one.service == f"{rate} {factor}" and one.detected_us / 1e6 > begin.timestamp()]
                   for factor in FACTORS]  # fmt: skip
        print(f"| {rate} |", " | ".join(f"{(min(at) - begin).seconds // 60}" if at else "-" for at in noticed), "|")


if __name__ == "__main__":
    main()
