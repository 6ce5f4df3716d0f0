"""Learns the shipped prior: how much services in general scatter around what is expected of them.

    python models/learn_prior.py COUNTS_TABLE... [--out models/prior]

Every table is walked as a scan would walk it, beginning with a neutral prior; the prior is the upper quartile, over
services that were seen for at least two days, of what was learned about them at each time scale. A quartile does not
mind that some series hold surges, and the upper one keeps young services from crying wolf. Origin and licence of the
series are in `models/README.md`.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
from pathlib import Path

import numpy as np
import polars as pl

from detector.baseline.prior import Prior
from detector.config import Settings
from detector.detect.tail import PRIOR_PEAKS, PRIOR_TICKS
from detector.pipeline.advance import State, advance
from detector.pipeline.gather import gather
from detector.pipeline.stores import Store, days_of, numbers_of

NEUTRAL = Prior((0.05,), (0.3,), (1.3,))
MINUTES = (1.0, 5.0, 15.0, 60.0)
LEAST_DAYS = 2
QUANTILE = 0.75


def learned_of(path: str) -> list[dict[str, float]]:
    """Dispersion and tail of every service and scale of one counts table."""
    rows = []
    for store in gather([path], Settings(), 0).grids.values():
        state = _walked(store)
        old = state.level.windows >= LEAST_DAYS * store.windows_per_day
        rows += _rows(state, old, store.width_us)
    return rows


def _walked(store: Store) -> State:
    """The state at the end of a store."""
    names = sorted(store.services)
    order = numbers_of(store, names)
    state = State(store.width_us, NEUTRAL, np.inf, Settings().least_excess)
    first, end = store.span()
    state.grow(names, np.full(len(names), first))
    for day in days_of(store, first, end):
        advance(state, day, store.matrices(day, order, ("lines",))["lines"], end)
    return state


def _rows(state: State, old: np.ndarray, width_us: int) -> list[dict[str, float]]:
    """Noise of the `old` services at every time scale."""
    rows = []
    for scale in state.detector.scales:
        minutes, tail = scale.windows * width_us / 60e6, scale.tail
        share = (tail.peaks + 1) / (tail.ticks + PRIOR_TICKS / 20)
        excess = (tail.excess + tail.scale * PRIOR_PEAKS / 10) / (tail.peaks + PRIOR_PEAKS / 10)
        for dispersion, part, mean in zip(scale.dispersion()[old], share[old], excess[old], strict=True):
            rows.append({"minutes": minutes, "dispersion": dispersion, "tail_share": part, "tail_scale": mean})
    return rows


def main() -> None:
    """Learn from the tables that were named and write the prior."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("tables", nargs="+")
    ask.add_argument("--out", type=Path, default=Path(__file__).parent / "prior")
    asked = ask.parse_args()
    found = pl.DataFrame([row for path in asked.tables for row in learned_of(path)])
    table = summarize(found)
    write(asked.out, table, found.filter(pl.col("minutes") == 1).height, asked.tables)
    print(table)


def summarize(found: pl.DataFrame) -> pl.DataFrame:
    """The upper quartile at each of the time scales MINUTES."""
    quartiles = found.group_by("minutes").agg(pl.all().quantile(QUANTILE, "linear").round(4))
    return pl.DataFrame({"minutes": MINUTES}).join(quartiles, on="minutes", how="left").sort("minutes")


def write(folder: Path, table: pl.DataFrame, series: int, paths: list[str]) -> None:
    """Write the table and the manifest that seals it."""
    sink = io.BytesIO()
    table.write_parquet(sink)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "noise.parquet").write_bytes(sink.getvalue())
    manifest = {
        "schema": "detector.prior/1",
        "series": series,
        "tables": sorted(Path(path).name for path in paths),
        "sha256": hashlib.sha256(sink.getvalue()).hexdigest(),
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")


if __name__ == "__main__":
    main()
