"""False alarms of services in which nothing happens: `python tests/bench/clean.py`.

Six weeks of services with counting noise alone, a daily rhythm, a drift of 10 or 20 % that comes and goes within an
hour or two, or hardly a line: two of each, drawn from a fixed seed. The budget is one false alarm a month, 0.23 a week.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import accumulate

import numpy as np
import polars as pl
from numpy.typing import NDArray

import detector

WEEKS, EACH, DAY = 6, 2, 1440
MINUTES = WEEKS * 7 * DAY
BEGIN = datetime(2026, 1, 5, tzinfo=UTC)
Real = NDArray[np.float64]


def drift(rng: np.random.Generator, deviation: float, minutes: float) -> Real:
    """A factor that wanders around 1 and forgets within so many minutes (Ornstein & Uhlenbeck, in logarithms)."""
    kept = float(np.exp(-1 / minutes))
    steps = rng.normal(0, deviation * np.sqrt(1 - kept**2), MINUTES)
    return np.asarray(np.exp(list(accumulate(steps.tolist(), lambda level, step: kept * level + step))))


def main() -> None:
    """Print the false alarms a service-week of each kind."""
    rng = np.random.default_rng(2)
    rhythm = 1 + 0.5 * np.sin(2 * np.pi * np.arange(MINUTES) / DAY)
    kinds: dict[str, Callable[[], Real]] = {
        "5 lines a minute": lambda: np.full(MINUTES, 5.0),
        "50": lambda: np.full(MINUTES, 50.0),
        "5,000": lambda: np.full(MINUTES, 5000.0),
        "50, daily rhythm": lambda: 50 * rhythm,
        "200, rhythm, drift of 10 %": lambda: 200 * rhythm * drift(rng, 0.1, 60),
        "200, rhythm, drift of 20 %": lambda: 200 * rhythm * drift(rng, 0.2, 120),
        "1 line in 20 minutes": lambda: np.full(MINUTES, 0.05),
    }
    times = pl.datetime_range(BEGIN, BEGIN + timedelta(minutes=MINUTES - 1), "1m", eager=True)
    print("| lines a minute | false alarms a service-week |\n|---|---|")
    for name, mean in kinds.items():
        tables = [pl.DataFrame({"timestamp": times, "service": [f"s{one}"] * MINUTES, "lines": rng.poisson(mean())})
                  for one in range(EACH)]  # fmt: skip
        with tempfile.NamedTemporaryFile(suffix=".csv") as place:
            pl.concat(tables).write_csv(place.name)
            found = detector.scan([place.name]).incidents
        print(f"| {name} | {len(found) / (WEEKS * EACH):.2f} |", flush=True)


if __name__ == "__main__":
    main()
