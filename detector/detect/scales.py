"""One test at one time scale: the sum of a few neighbouring windows against what was expected of them.

One window sees a big surge at once; sums over minutes to an hour see small ones and sparse services (a scan statistic
with fixed windows: Naus 1965; Glaz, Naus & Wallenstein 2001). What a sum scatters by is drift rather than counting
noise, so it is learned for every service and every scale.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from detector.detect.statistics import upper_deviance
from detector.detect.tail import Tail

Real = NDArray[np.float64]
Mask = NDArray[np.bool_]
SCATTER_US = 3 * 86_400_000_000
"""Half-life of the dispersion."""
PRIOR_SUMS = 60.0
"""Weight of the prior dispersion, in windows."""
WINSOR = 4.0
"""No residual counts for more than so many standard deviations."""


@dataclass(frozen=True, slots=True)
class Sums:
    """What one test makes of the n windows of a tick, S x n each.

    Attributes:
        counts, expected: sums that end in each window.
        evidence: their upper deviance, nats.
    """

    counts: Real
    expected: Real
    evidence: Real


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
    _found: tuple[Real, Real] | None = None

    def grow(self, services: int) -> None:
        """Add services without a history."""
        self.tail.grow(services)
        for name in ("scatter", "weight", "seen"):
            setattr(self, name, np.append(getattr(self, name), np.zeros(services)))

    def dispersion(self) -> Real:
        """Negative-binomial dispersion of a sum, S, shrunk to the prior."""
        if self._found is not None and self._found[0] is self.scatter:  # sums are replaced, never changed in place
            return self._found[1]
        found = self._disperse()
        self._found = self.scatter, found
        return found

    def _disperse(self) -> Real:
        mean = np.where(self.seen > 0, self.weight / np.maximum(self.seen, 1e-9), 1.0)
        prior = PRIOR_SUMS * mean
        found = (self.scatter + prior * self.dispersion_prior) / np.maximum(self.weight + prior, 1e-300)
        return np.asarray(np.minimum(np.maximum(found, 1e-4), 20.0))

    def test(self, seen: Real, usual: Real, columns: int) -> Sums:
        """Test the sums that end in the last `columns` windows, from running totals of what was seen and expected."""
        counts, expected = self._sums(seen, columns), self._sums(usual, columns)
        return Sums(counts, expected, upper_deviance(counts, expected, self.dispersion()))

    def _sums(self, total: Real, columns: int) -> Real:
        last = total.shape[1]
        return total[:, last - columns :] - total[:, last - columns - self.windows : last - self.windows]

    def learn(self, sums: Sums, judged: Mask, usable: Mask, tick_us: int) -> None:
        """Take in a tick after it was scored.

        Args:
            sums: of the tick.
            judged: windows whose strangeness is learned, S x n.
            usable: windows whose scatter is learned, S x n.
            tick_us: length of the tick.
        """
        self.tail.learn(sums.evidence, judged, tick_us)
        square = sums.expected**2
        limit = WINSOR * np.sqrt(sums.expected + self.dispersion()[:, None] * square)
        residual = np.clip(sums.counts - sums.expected, -limit, limit)
        decay = 0.5 ** (tick_us / SCATTER_US)
        beyond = (residual**2 - sums.expected) * usable
        self.scatter = np.maximum(self.scatter * decay + beyond.sum(axis=1), 0.0)
        self.weight = self.weight * decay + (square * usable).sum(axis=1)
        self.seen = self.seen * decay + usable.sum(axis=1)
