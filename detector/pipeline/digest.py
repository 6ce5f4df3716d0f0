"""A coarse course of every service: what a report shows of all windows without keeping them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detector.pipeline.advance import Results
from detector.pipeline.stores import Real
from detector.schemas import BARS, OVERVIEW, check, schema


@dataclass(frozen=True, slots=True)
class Keep:
    """What is kept for a report besides incidents and causes.

    Attributes:
        windows: the verdict of every service and window.
        around: else those of the windows around so many incidents, the strangest.
    """

    windows: bool = False
    around: int = 0


NOTHING = Keep()


@dataclass(slots=True)
class Digest:
    """The coarse courses of S services over windows first..end-1.

    Attributes:
        names: of the services.
        lines, known: sum of the lines and number of the known windows of each bar, S x bars.
        flagged: whether any window of a bar was part of an incident, S x bars.
        score: the highest, S; not a number where nothing was judged.
    """

    names: Sequence[str]
    first: int
    end: int
    lines: Real = field(init=False)
    known: Real = field(init=False)
    flagged: NDArray[np.bool_] = field(init=False)
    score: Real = field(init=False)

    def __post_init__(self) -> None:
        shape = len(self.names), BARS
        self.lines, self.known, self.flagged = np.zeros(shape), np.zeros(shape), np.zeros(shape, bool)
        self.score = np.full(len(self.names), np.nan)

    def take(self, first: int, counts: Real, results: Results) -> None:
        """Take in a day whose first window is `first`: its lines, S x windows, and verdicts that were kept."""
        if not results.score:
            return
        score, flagged = np.hstack(results.score), np.hstack(results.flagged)
        window = first + np.arange(score.shape[1])
        inside = (window >= self.first) & (window < self.end)
        bars = (window - self.first) * BARS // max(self.end - self.first, 1)
        known = np.isfinite(counts[:, : score.shape[1]])
        lines = np.where(known, counts[:, : score.shape[1]], 0.0)
        for bar in np.unique(bars[inside]).tolist():
            here = inside & (bars == bar)
            self.lines[:, bar] += lines[:, here].sum(axis=1)
            self.known[:, bar] += known[:, here].sum(axis=1)
            self.flagged[:, bar] |= (flagged & known)[:, here].any(axis=1)
        highest = np.where(np.isfinite(score) & known, score, -np.inf)[:, inside].max(axis=1, initial=-np.inf)
        self.score = np.fmax(self.score, np.where(np.isfinite(highest), highest, np.nan))

    def frame(self) -> pl.DataFrame:
        """The table OVERVIEW."""
        means = np.divide(self.lines, self.known, out=np.zeros(self.lines.shape), where=self.known > 0)
        columns = {
            "service": list(self.names), "lines": self.lines.sum(axis=1), "score": self.score,
            "course": means.tolist(), "flagged": self.flagged.tolist(),
        }  # fmt: skip
        frame = pl.DataFrame(columns, schema=schema(OVERVIEW)).with_columns(pl.col("score").fill_nan(None))
        return check(frame.filter(pl.Series(self.known.any(axis=1))), OVERVIEW)
