"""Services that are silent by nature and speak in outbursts: package managers, batches, a rarely used program.

Their mean says nothing about the next outburst, their earlier outbursts do: if k of them in T weeks were as large (or
half as large), then another one is due every T / (k + 1) weeks, and no test may claim that it is rarer. What was never
seen may be ten times as rare as the time since it was first watched: so much the prior of other services allows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
KEPT = 8
"""Largest outbursts that are remembered for each service."""
SILENT = 0.5
"""A service is silent by nature if it speaks in a smaller share of all ticks."""
HALF_LIFE_TICKS = 7 * 96
"""Of that share."""
REST_TICKS = 4
"""Ticks of silence that end an outburst."""
LONGEST_TICKS = 96
"""An outburst that goes on is remembered after a day."""
LASTS = 5, 4
"""It must speak in so many of the last windows (4 of 5 minutes): what is over at once overloads nothing."""
NOVELTY = 1.0
"""log10 of how much rarer than the time of watching the unseen may be."""
DECIMALS = 6
PLAIN = ("now", "rest", "length", "ticks", "spoken")
"""The columns of `Outbursts` that hold a number for each service."""


@dataclass(slots=True)
class Outbursts:
    """The largest outbursts of S services.

    Attributes:
        largest: records of a quarter of an hour at their height, S x KEPT, in no order; 0 where there were fewer.
        now: height of the outburst that is going on, 0 for none.
        rest, length: ticks since it last spoke, and since it began.
        ticks, spoken: decayed numbers of ticks, and of those in which it spoke.
        before: records of the windows of the tick before, S x windows.
    """

    largest: Real
    now: Real
    rest: Real
    length: Real
    ticks: Real
    spoken: Real
    before: Real

    @classmethod
    def of(cls, services: int, tick: int) -> Outbursts:
        """For services without a history; a tick has so many windows."""
        plain = {name: np.zeros(services) for name in PLAIN}
        return cls(largest=np.zeros((services, KEPT)), before=np.zeros((services, tick)), **plain)

    def grow(self, services: int) -> None:
        """Add services without a history."""
        new = Outbursts.of(services, self.before.shape[1])
        self.largest, self.before = np.vstack([self.largest, new.largest]), np.vstack([self.before, new.before])
        for name in PLAIN:
            setattr(self, name, np.append(getattr(self, name), getattr(new, name)))

    def recent(self, counts: Real) -> Real:
        """Records of the quarter of an hour that ends with each window, S x n, for counts without gaps."""
        total = np.cumsum(np.hstack([self.before, counts]), axis=1)
        return total[:, self.before.shape[1] :] - total[:, : counts.shape[1]]

    def cap(self, score: Real, counts: Real, recent: Real, weeks: Real) -> Real:
        """Limit the score of what is silent by nature.

        Args:
            score, counts: S x n, without gaps.
            recent: records of the quarter of an hour that ends with each window, S x n.
            weeks: how long each service has been watched, S.
        """
        mine = np.flatnonzero((self.spoken <= SILENT * self.ticks) & (score > 0).any(axis=1))
        if not len(mine):
            return score
        alike = (self.largest[mine][:, None, :] >= recent[mine][:, :, None] / 2) & (self.largest[mine][:, None, :] > 0)
        count = alike.sum(axis=2)
        most = np.log10(np.maximum(weeks[mine], 1e-9))[:, None] - np.log10(count + 1) + NOVELTY * (count == 0)
        capped = score.copy()
        capped[mine] = np.where(self._lasts(counts)[mine], np.minimum(score[mine], np.round(most, DECIMALS)), 0.0)
        return capped

    def _lasts(self, counts: Real) -> NDArray[np.bool_]:
        """Whether it goes on; long windows need not."""
        windows, least = LASTS
        if self.before.shape[1] < windows:
            return np.asarray(counts > 0)
        spoke = np.cumsum(np.hstack([self.before, counts]) > 0, axis=1)
        end = spoke.shape[1]
        begin = end - counts.shape[1]
        return np.asarray(spoke[:, begin:] - spoke[:, begin - windows : end - windows] >= least)

    def learn(self, counts: Real, recent: Real) -> None:
        """Take in a tick after it was scored, S x n both; an outburst is remembered once it is over."""
        self.before = np.hstack([self.before, counts])[:, counts.shape[1] :]
        height = recent.max(axis=1)
        speaks = height > 0
        decay = 0.5 ** (1 / HALF_LIFE_TICKS)
        self.ticks, self.spoken = self.ticks * decay + 1, self.spoken * decay + (counts > 0).any(axis=1)
        self.rest = np.where(speaks, 0.0, self.rest + 1)
        self.length = np.where(self.now > 0, self.length + 1, 0.0)
        self.now = np.maximum(self.now, height)
        over = (self.now > 0) & ((self.rest >= REST_TICKS) | (self.length >= LONGEST_TICKS))
        if over.any():
            rows = np.flatnonzero(over)
            least = self.largest[rows].argmin(axis=1)
            self.largest[rows, least] = np.maximum(self.largest[rows, least], self.now[rows])
            self.now[rows] = 0.0
