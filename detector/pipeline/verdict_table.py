"""The verdict of every service and window as a table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from detector.pipeline.advance import Results
from detector.pipeline.stores import Numbers, Real, numbers_of
from detector.pipeline.walk import Walk
from detector.schemas import TIME, VERDICTS, check, schema


def tabulate(walk: Walk) -> pl.DataFrame:
    """The verdicts of a walk that kept them, VERDICTS, sorted by window and service."""
    frames = [tabulate_day(walk, day, counts, results) for day, (counts, results) in walk.days.items()]
    frame = pl.concat(frames).sort("window_start", "service") if frames else pl.DataFrame(schema=schema(VERDICTS))
    return check(frame, VERDICTS)


def tabulate_day(walk: Walk, day: int, counts: Real, results: Results) -> pl.DataFrame:
    """The windows of a day that were scored and have a count: lines, S x windows, and verdicts that were kept."""
    scored = sum(part.shape[1] for part in results.score)
    row, column = np.nonzero(~np.isnan(counts[:, :scored]))
    matrices = walk.store.matrices(day, numbers_of(walk.store, walk.names), ("bytes", "clients"))
    start = (day * walk.store.windows_per_day + column) * walk.store.width_us
    frame = pl.DataFrame(
        {
            "window_start": pl.Series(start, dtype=pl.Int64).cast(TIME),
            "service": pl.Series(walk.names).gather(row),
            "lines": counts[row, column],
            "bytes": matrices["bytes"][row, column],
            "clients": matrices["clients"][row, column],
            "expected_lines": _pick(results.expected, row, column),
            "upper_lines": _pick(results.upper, row, column),
            "score": _pick(results.score, row, column),
            "flagged": _pick(results.flagged, row, column),
        },
        schema=schema(VERDICTS),
    )
    unknown = pl.col("bytes", "clients", "expected_lines", "upper_lines").fill_nan(None)
    return frame.with_columns(unknown, pl.when(pl.col("score").is_finite()).then("score").alias("score"))


def _pick(ticks: Sequence[np.ndarray], row: Numbers, column: Numbers) -> np.ndarray:
    """Values of some windows, of what stands tick by tick (S x windows each)."""
    return np.asarray(np.hstack(ticks)[row, column]) if ticks else np.empty(0)
