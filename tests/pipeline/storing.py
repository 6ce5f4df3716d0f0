"""Makes stores for the tests of the path."""

from __future__ import annotations

import numpy as np
import polars as pl

from detector.schemas import TIME
from detector.windows.grid import Grid
from tests.pipeline.making import START_US

BYTES_PER_LINE = 200


def grid_of(series: dict[str, np.ndarray], clients: int | None = None, width_us: int = 60_000_000) -> Grid:
    """Counts of several services from START on, NaN for a gap; with bytes, and with clients if so many are named."""
    grid = Grid(width_us)
    for name, lines in series.items():
        known = np.flatnonzero(~np.isnan(lines.astype(float)))
        columns = {
            "timestamp": pl.Series(START_US + known * width_us, dtype=pl.Int64).cast(TIME),
            "service": pl.Series([name] * len(known)),
            "lines": lines[known].astype(float), "bytes": lines[known].astype(float) * BYTES_PER_LINE,
        }  # fmt: skip
        if clients is not None:
            columns["clients"] = np.minimum(lines[known], clients).astype(float)
        grid.add(pl.DataFrame(columns), "test")
    return grid
