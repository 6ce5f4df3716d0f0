"""The course of a service around an incident: observed, expected, and the highest count that would raise nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detector.report.numbers import MINUTE_US
from detector.schemas import Incident

Real = NDArray[np.float64]
MOST_POINTS = 600
"""More cannot be told apart on a screen: longer courses are means of equal stretches."""


@dataclass(frozen=True, slots=True)
class Course:
    """Rates per minute in equal steps, n each; NaN where unknown.

    Attributes:
        begin_us: of the first step, microseconds since 1970 UTC.
        step_us: length of a step.
        observed, expected, upper: lines per minute.
    """

    begin_us: int
    step_us: int
    observed: Real
    expected: Real
    upper: Real

    @property
    def end_us(self) -> int:
        """End of the last step."""
        return self.begin_us + self.step_us * len(self.observed)


def course_of(windows: pl.DataFrame, incident: Incident) -> Course | None:
    """The course from before an incident began until after it ended.

    Args:
        windows: VERDICTS of its service.
        incident: the surge.

    Returns:
        None if none of its windows is there.
    """
    width = incident.window_us
    begin, end = incident.around
    at = pl.col("window_start").dt.epoch("us")
    rows = windows.filter(at >= begin, at < end).with_columns(at.alias("at"))
    if rows.is_empty():
        return None
    place = ((rows["at"] - rows["at"].min()) // width).to_numpy()
    length, scale = int(place.max()) + 1, MINUTE_US / width
    merged = -(-length // MOST_POINTS)
    columns = [_spread(rows[name], place, length) * scale for name in ("lines", "expected_lines", "upper_lines")]
    observed, expected, upper = (_means(column, merged) for column in columns)
    return Course(int(rows["at"].min()), width * merged, observed, expected, upper)  # type: ignore[arg-type]  # not empty


def _spread(values: pl.Series, place: Real, length: int) -> Real:
    """Values at their places, NaN between them."""
    spread = np.full(length, np.nan)
    spread[place] = values.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return spread


def _means(values: Real, merged: int) -> Real:
    """Means of `merged` values each; NaN where none is known."""
    if merged == 1:
        return values
    padded = np.full(-(-len(values) // merged) * merged, np.nan)
    padded[: len(values)] = values
    rows = padded.reshape(-1, merged)
    known = np.isfinite(rows)
    total = np.where(known, rows, 0.0).sum(axis=1)
    means: Real = np.divide(total, known.sum(axis=1), out=np.full(len(rows), np.nan), where=known.any(axis=1))
    return means
