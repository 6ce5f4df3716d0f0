"""How strange a statistic is for this service: peaks over a threshold, exponential tail.

A test gives each window a statistic in nats that would be exponential with mean 1 if the model were right. Windows
next to each other are strange together, so of every tick only the highest counts (declustering). What share of ticks
exceeds a fixed threshold is learned, and the mean excess is the scale of the tail (Pickands 1975; Siffer et al. 2017,
"Anomaly detection in streams with extreme value theory", with shape 0). Both are shrunk to the prior while the service
is young.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
Mask = NDArray[np.bool_]
THRESHOLD = 1.5
"""Nats; a normal deviate beyond sqrt(3) standard deviations."""
LEAST_CAP, CAP = 12.0, 8.0
"""No excess counts for more than so many nats, or so many times the scale: one surge says little about the tail, a
service that bursts every day teaches it step by step."""
HALF_LIFE_US = 14 * 86_400_000_000
PRIOR_TICKS, PRIOR_PEAKS = 100.0, 15.0
"""Weight of the prior, in ticks and in peaks."""


@dataclass(slots=True)
class Tail:
    """Decayed sums over the ticks of S services.

    Attributes:
        share, scale: of the prior: how many ticks exceed the threshold, and by how much in the mean.
        ticks, peaks, excess: ticks seen, those above the threshold, and the sum of what was above.
    """

    share: float
    scale: float
    ticks: Real
    peaks: Real
    excess: Real

    @classmethod
    def of(cls, services: int, share: float, scale: float) -> Tail:
        """The tail of services without a history."""
        return cls(share, scale, np.zeros(services), np.zeros(services), np.zeros(services))

    def grow(self, services: int) -> None:
        """Add services without a history."""
        for name in ("ticks", "peaks", "excess"):
            setattr(self, name, np.append(getattr(self, name), np.zeros(services)))

    def _shape(self) -> tuple[Real, Real]:
        share = (self.peaks + PRIOR_TICKS * self.share) / (self.ticks + PRIOR_TICKS)
        scale = (self.excess + PRIOR_PEAKS * self.scale) / (self.peaks + PRIOR_PEAKS)
        return np.minimum(share, 1.0), np.maximum(scale, 0.5)

    def rarity(self, statistic: Real) -> Real:
        """-log10 of the share of this service's ticks that are as strange, S x n; 0 or more."""
        share, scale = self._shape()
        above = (statistic - THRESHOLD) / scale[:, None]
        return np.asarray(np.maximum(above / np.log(10) - np.log10(share)[:, None], 0.0))

    def statistic(self, rarity: float) -> Real:
        """The statistic that is so rare, S: the inverse of `rarity`."""
        share, scale = self._shape()
        return np.asarray(np.maximum(THRESHOLD + scale * np.log(10) * (rarity + np.log10(share)), 0.0))

    def learn(self, statistic: Real, usable: Mask, tick_us: int) -> None:
        """Take in a tick after it was scored, S x n."""
        decay = 0.5 ** (tick_us / HALF_LIFE_US)
        _, scale = self._shape()
        highest = np.where(usable, statistic, 0.0).max(axis=1)
        peak = highest > THRESHOLD
        excess = np.minimum(highest - THRESHOLD, np.maximum(LEAST_CAP, CAP * scale))
        self.ticks = self.ticks * decay + usable.any(axis=1)
        self.peaks = self.peaks * decay + peak
        self.excess = self.excess * decay + np.where(peak, excess, 0.0)
