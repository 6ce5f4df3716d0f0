"""How strange a statistic is for this service: peaks over a threshold, exponential tail.

A test gives each window a statistic in nats that would be exponential with mean 1 if the model were right. What the
service really shows above a fixed threshold is counted, and its mean excess is the scale of its tail (Pickands 1975;
Siffer et al. 2017, "Anomaly detection in streams with extreme value theory", with shape 0). Both are shrunk to the
prior while the service is young.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
Mask = NDArray[np.bool_]
THRESHOLD = 1.5
"""Nats; a normal deviate beyond sqrt(3) standard deviations, 4 % of all windows."""
CAP = 12.0
"""No single excess counts for more, in nats."""
HALF_LIFE_US = 14 * 86_400_000_000
PRIOR_WINDOWS, PRIOR_PEAKS = 500.0, 15.0
"""Weight of the prior, in windows and in peaks."""


@dataclass(slots=True)
class Tail:
    """Decayed sums over the windows of S services.

    Attributes:
        share, scale: of the prior: how many windows exceed the threshold, and by how much in the mean.
        windows, peaks, excess: windows seen, those above the threshold, and the sum of what was above.
    """

    share: float
    scale: float
    windows: Real
    peaks: Real
    excess: Real

    @classmethod
    def of(cls, services: int, share: float, scale: float) -> Tail:
        """The tail of services without a history."""
        return cls(share, scale, np.zeros(services), np.zeros(services), np.zeros(services))

    def grow(self, services: int) -> None:
        """Add services without a history."""
        for name in ("windows", "peaks", "excess"):
            setattr(self, name, np.append(getattr(self, name), np.zeros(services)))

    def _shape(self) -> tuple[Real, Real]:
        share = (self.peaks + PRIOR_WINDOWS * self.share) / (self.windows + PRIOR_WINDOWS)
        scale = (self.excess + PRIOR_PEAKS * self.scale) / (self.peaks + PRIOR_PEAKS)
        return np.minimum(share, 1.0), np.maximum(scale, 0.5)

    def rarity(self, statistic: Real) -> Real:
        """-log10 of the share of this service's windows that are as strange, S x n; 0 or more."""
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
        peak = usable & (statistic > THRESHOLD)
        excess = np.where(peak, np.minimum(statistic - THRESHOLD, CAP), 0.0)
        self.windows = self.windows * decay + usable.sum(axis=1)
        self.peaks = self.peaks * decay + peak.sum(axis=1)
        self.excess = self.excess * decay + excess.sum(axis=1)
