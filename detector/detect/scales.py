"""One test at one time scale: the sum of a few neighbouring windows against what was expected of them.

One window sees a big surge at once; sums over minutes to an hour see small ones and sparse services (a scan statistic
with fixed windows: Naus 1965; Glaz, Naus & Wallenstein 2001). What a sum scatters by is drift rather than counting
noise, so it is learned for every service and every scale.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from detector.detect.statistics import moving_sums, upper_deviance
from detector.detect.tail import Tail

Real = NDArray[np.float64]
Mask = NDArray[np.bool_]
SCATTER_US = 3 * 86_400_000_000
"""Half-life of the dispersion."""
PRIOR_SUMS = 60.0
"""Weight of the prior dispersion, in windows."""
WINSOR = 4.0
"""No residual counts for more than so many standard deviations."""


@dataclass(slots=True)
class Scale:
    """The test on sums of `windows` windows, with what it learned of S services.

    Attributes:
        dispersion_prior: negative-binomial dispersion of a sum for a service without a history.
        tail: how strange its statistic usually is.
        scatter, weight, seen: decayed sums of squared residuals beyond counting noise, of squared expectations, and
            of windows.
    """

    windows: int
    dispersion_prior: float
    tail: Tail
    scatter: Real = field(default_factory=lambda: np.zeros(0))
    weight: Real = field(default_factory=lambda: np.zeros(0))
    seen: Real = field(default_factory=lambda: np.zeros(0))

    def grow(self, services: int) -> None:
        """Add services without a history."""
        self.tail.grow(services)
        for name in ("scatter", "weight", "seen"):
            setattr(self, name, np.append(getattr(self, name), np.zeros(services)))

    def dispersion(self) -> Real:
        """Negative-binomial dispersion of a sum, S, shrunk to the prior."""
        mean = np.where(self.seen > 0, self.weight / np.maximum(self.seen, 1e-9), 1.0)
        prior = PRIOR_SUMS * mean
        found = (self.scatter + prior * self.dispersion_prior) / np.maximum(self.weight + prior, 1e-300)
        return np.asarray(np.clip(found, 1e-4, 20.0))

    def sums(self, counts: Real, expected: Real, columns: int) -> tuple[Real, Real]:
        """Sums that end in the last `columns` windows, S x columns."""
        from_column = counts.shape[1] - columns - self.windows + 1
        return moving_sums(counts[:, from_column:], self.windows), moving_sums(expected[:, from_column:], self.windows)

    def evidence(self, counts: Real, expected: Real, columns: int) -> Real:
        """The statistic of the last `columns` windows, nats, S x columns; the arrays reach back far enough."""
        return upper_deviance(*self.sums(counts, expected, columns), self.dispersion())

    def learn(self, counts: Real, expected: Real, evidence: Real, judged: Mask, usable: Mask, tick_us: int) -> None:
        """Take in a tick after it was scored.

        Args:
            counts, expected: as for `evidence`.
            evidence: what that gave, S x n.
            judged: windows whose strangeness is learned, S x n.
            usable: windows whose scatter is learned, S x n.
            tick_us: length of the tick.
        """
        self.tail.learn(evidence, judged, tick_us)
        seen, sums = self.sums(counts, expected, evidence.shape[1])
        limit = WINSOR * np.sqrt(sums + self.dispersion()[:, None] * sums**2)
        residual = np.clip(seen - sums, -limit, limit)
        decay = 0.5 ** (tick_us / SCATTER_US)
        self.scatter = np.maximum(self.scatter * decay + np.where(usable, residual**2 - sums, 0.0).sum(axis=1), 0.0)
        self.weight = self.weight * decay + np.where(usable, sums**2, 0.0).sum(axis=1)
        self.seen = self.seen * decay + usable.sum(axis=1)
