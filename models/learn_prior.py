"""Learns the shipped prior: how much services in general scatter around what is expected of them.

    python models/learn_prior.py COUNTS_TABLE... [--out models/prior]

Every table is walked as a scan would walk it, beginning with a neutral prior; the prior is taken over services that
were seen for at least half a day: of the drift of their lines what three in five stay below, of the counting noise the
upper quartile, but not less than that of independent records, since many series are timers, which are paced. Neither
minds that some series hold surges. Origin and licence of the series are in `models/README.md`.
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
from detector.pipeline.advance import State, advance
from detector.pipeline.gather import gather
from detector.pipeline.signals import LINES, rows_of
from detector.pipeline.stores import Store, days_of, numbers_of

LEAST_DAYS = 0.5
PHI, DRIFT = pl.col("phi").quantile(0.75, "linear").clip(1.0), pl.col("dispersion").quantile(0.6, "linear")


def learned_of(path: str) -> list[dict[str, float]]:
    """Noise of every service and test of one counts table."""
    rows: list[dict[str, float]] = []
    for store in gather([path], Settings(), 0).grids.values():
        rows += _rows(_walked(store))
    return rows


def _walked(store: Store) -> State:
    """The state at the end of a store."""
    names = sorted(store.services)
    state = State(store.width_us, (LINES,), Prior(), np.inf, 0.0, 1.0)
    state.grow(names)
    first, end = store.span()
    for day in days_of(store, first, end):
        matrices = store.matrices(day, numbers_of(store, names), ("lines",))
        advance(state, day, rows_of(matrices, state.signals), end)
    return state


def _rows(state: State) -> list[dict[str, float]]:
    """Noise of the services that were seen long enough."""
    habits = state.habits
    old = np.flatnonzero((habits.windows >= LEAST_DAYS * state.windows_per_day) & (habits.fractional == 0))
    noise = state.detector.noise
    return [
        {"minutes": reach.windows * state.width_us / 60e6, "phi": phi, "dispersion": dispersion}
        for reach, phis, dispersions in zip(state.reaches, noise.phi, noise.dispersion, strict=True)
        for phi, dispersion in zip(phis[old], dispersions[old], strict=True)
    ]


def main() -> None:
    """Learn from the tables that were named and write the prior."""
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("tables", nargs="+")
    ask.add_argument("--out", type=Path, default=Path(__file__).parent / "prior")
    asked = ask.parse_args()
    found = pl.DataFrame([row for path in asked.tables for row in learned_of(path)])
    figures = {"phi": PHI.round(3), "dispersion": DRIFT.round(3), "services": pl.len()}
    table = found.group_by("minutes").agg(**figures).sort("minutes")
    write(asked.out, table, asked.tables)
    print(table)


def write(folder: Path, table: pl.DataFrame, paths: list[str]) -> None:
    """Write the table and the manifest that seals it."""
    sink = io.BytesIO()
    table.write_parquet(sink)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "noise.parquet").write_bytes(sink.getvalue())
    manifest = {
        "schema": "detector.prior/2",
        "tables": sorted(Path(path).name for path in paths),
        "sha256": hashlib.sha256(sink.getvalue()).hexdigest(),
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")


if __name__ == "__main__":
    main()
