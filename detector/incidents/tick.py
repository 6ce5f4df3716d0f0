"""What the follower needs of a block of windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]


class Totals(Protocol):
    """Running totals over the windows of a block and those before it, R x (reach + n + 1)."""

    @property
    def counts(self) -> Real:
        """Of the counts."""

    @property
    def exposure(self) -> Real:
        """Of what they are counted per."""


@dataclass(frozen=True, slots=True)
class Tick:
    """What the follower needs of S services with K signals and n windows; S x K x n unless said otherwise.

    Attributes:
        first: number of the first window.
        counts, exposure: what was seen; an exposure of 0 is a gap.
        rate: counts expected per exposure by the strangest test.
        windows: of the sum that was strangest.
        sums, sums_expected: of these windows.
        latest, latest_exposure: of the newest minutes of them.
        season: rate that the season expects, NaN where it is unknown.
        phi, dispersion: of the scatter, S x K.
        totals: of the rows, which are service * K + signal.
    """

    first: int
    counts: Real
    exposure: Real
    rate: Real
    score: Real
    windows: NDArray[np.int64]
    sums: Real
    sums_expected: Real
    latest: Real
    latest_exposure: Real
    season: Real
    phi: Real
    dispersion: Real
    totals: Totals
