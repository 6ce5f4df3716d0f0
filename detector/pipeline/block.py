"""A block while it is lived: running totals that stand ready for the next tick, and what is to be learned later."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from detector.baseline.expectation import Season
from detector.detect.verdicts import Weighed
from detector.incidents import Surge
from detector.pipeline.advance import State

Real = NDArray[np.float64]
Numbers = NDArray[np.int64]


@dataclass(slots=True)
class Block:
    """A block while it is lived, of R rows.

    Attributes:
        first: number of its first window.
        windows: so far.
        counts, exposure: running totals over the windows remembered and those of the block, (reach + block + 1) x R.
        own_counts, own_exposure: of each window of the block, block x R.
        total_counts, total_exposure, known: of the block so far: sums, and windows with an exposure, R.
        cell, of: the cell whose season is known, and that season.
        surges, over: of the follower when it began, for a snapshot of the state as it was then.
        weighed: what is to be learned.
    """

    first: int
    windows: int
    counts: Real
    exposure: Real
    own_counts: Real
    own_exposure: Real
    total_counts: Real
    total_exposure: Real
    known: Real
    surges: dict[int, Surge]
    over: dict[int, tuple[int, float]]
    cell: int = -1
    of: Season | None = None
    weighed: Weighed | None = None

    @classmethod
    def begin(cls, state: State, first: int) -> Block:
        """The block that begins with window `first`, after what the state has learned."""
        state.history.skip_to(first)
        rows, size = len(state.history.counts), state.block
        counts, exposure = (_running(side, size) for side in (state.history.counts, state.history.exposure))
        own, totals = np.zeros((2, size, rows)), np.zeros((3, rows))
        surges = {service: replace(surge) for service, surge in state.follower.surges.items()}
        over = dict(state.follower.over)
        return cls(first, 0, counts, exposure, own[0], own[1], totals[0], totals[1], totals[2], surges, over)

    def grow(self, rows: int) -> None:
        """Add rows of which nothing is known."""
        for name in ("counts", "exposure", "own_counts", "own_exposure"):
            old = getattr(self, name)
            setattr(self, name, np.hstack([old, np.zeros((len(old), rows))]))
        for name in ("total_counts", "total_exposure", "known"):
            setattr(self, name, np.append(getattr(self, name), np.zeros(rows)))
        self.cell = -1
        if self.weighed is not None:
            moments, peaks = (
                np.concatenate([old, np.zeros((*old.shape[:-1], rows))], axis=-1)
                for old in (self.weighed.moments, self.weighed.peaks)
            )
            self.weighed = Weighed(self.weighed.windows, moments, peaks)

    def copy(self, source: Block, theirs: Numbers, ours: Numbers) -> None:
        """Take over what is known of rows of another state in the same window."""
        for name in ("counts", "exposure", "own_counts", "own_exposure"):
            getattr(self, name)[:, ours] = getattr(source, name)[:, theirs]
        for name in ("total_counts", "total_exposure", "known"):
            getattr(self, name)[ours] = getattr(source, name)[theirs]
        self.cell = -1
        if self.weighed is not None and source.weighed is not None:
            self.weighed.moments[..., ours] = source.weighed.moments[..., theirs]
            self.weighed.peaks[..., ours] = source.weighed.peaks[..., theirs]


def _running(remembered: Real, more: int) -> Real:
    """Running totals over what is remembered, R x reach, with room for more windows, (reach + more + 1) x R."""
    rows, reach = remembered.shape
    total = np.zeros((reach + more + 1, rows))
    np.cumsum(remembered.T, axis=0, out=total[1 : reach + 1])
    return total
