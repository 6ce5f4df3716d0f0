"""A block while it is lived: running totals that stand ready for the next tick, and what is to be learned later."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from detector.baseline.expectation import Season
from detector.detect.verdicts import Weighed
from detector.incidents.follower import Follower
from detector.incidents.surge import Surge
from detector.pipeline.advance import State, left_out

Real = NDArray[np.float64]
Numbers = NDArray[np.int64]
Followed = tuple[dict[int, Surge], dict[int, tuple[int, float]]]


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
        left_out: rows that it teaches nothing, R.
        followers: surges, and what is over, of the followers of surges and of falls when it began, for a snapshot of
            the state as it was then.
        weighed, fallen: what is to be learned, of all rows and of those that are watched for falls.
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
    left_out: NDArray[np.bool_]
    followers: tuple[Followed, Followed]
    cell: int = -1
    of: Season | None = None
    weighed: Weighed | None = None
    fallen: Weighed | None = None

    @classmethod
    def begin(cls, state: State, first: int) -> Block:
        """The block that begins with window `first`, after what the state has learned."""
        state.history.skip_to(first)
        rows, size = len(state.history.counts), state.block
        counts, exposure = (_running(side, size) for side in (state.history.counts, state.history.exposure))
        own, totals = np.zeros((2, size, rows)), np.zeros((3, rows))
        out = left_out(state, first, size)
        followers = followed(state.follower), followed(state.falls.follower)
        return cls(first, 0, counts, exposure, own[0], own[1], totals[0], totals[1], totals[2], out, followers)

    def grow(self, state: State, rows: int) -> None:
        """Add rows of which nothing is known, after the state did."""
        self.left_out = left_out(state, self.first, state.block)
        for name in ("counts", "exposure", "own_counts", "own_exposure"):
            old = getattr(self, name)
            setattr(self, name, np.hstack([old, np.zeros((len(old), rows))]))
        for name in ("total_counts", "total_exposure", "known"):
            setattr(self, name, np.append(getattr(self, name), np.zeros(rows)))
        self.cell = -1
        self.weighed = _with_room(self.weighed, len(self.known))
        self.fallen = _with_room(self.fallen, len(state.falls.services))

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
            self.weighed.flagged[ours] = source.weighed.flagged[theirs]


def _with_room(weighed: Weighed | None, rows: int) -> Weighed | None:
    """The same for more rows, from which nothing is to be learned yet."""
    if weighed is None:
        return None
    moments, peaks = (
        np.concatenate([old, np.zeros((*old.shape[:-1], rows - old.shape[-1]))], axis=-1)
        for old in (weighed.moments, weighed.peaks)
    )
    flagged = np.append(weighed.flagged, np.zeros(rows - len(weighed.flagged), bool))
    return Weighed(weighed.windows, moments, peaks, flagged)


def nothing_weighed(windows: int, tests: int, rows: int) -> Weighed:
    """Windows of a block that taught nothing."""
    return Weighed(windows, np.zeros((6, tests, rows)), np.zeros((tests, rows)), np.zeros(rows, bool))


def followed(follower: Follower) -> Followed:
    """What a follower knows, as a copy."""
    return {service: replace(surge) for service, surge in follower.surges.items()}, dict(follower.over)


def _running(remembered: Real, more: int) -> Real:
    """Running totals over what is remembered, R x reach, with room for more windows, (reach + more + 1) x R."""
    rows, reach = remembered.shape
    total = np.zeros((reach + more + 1, rows))
    np.cumsum(remembered.T, axis=0, out=total[1 : reach + 1])
    return total
