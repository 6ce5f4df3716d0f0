"""An open incident of one service, a surge or a fall: what is kept while it lasts."""

from __future__ import annotations

from dataclasses import dataclass

LOWEST_FACTOR = 1.1
"""The least factor that the end of an incident is measured against."""
HIGHEST_FACTOR = 1e6
MOST_SEASON = 3.0
"""While it lasts, what is expected moves with the season by no more than this factor."""


@dataclass(slots=True)
class Surge:
    """An open incident of one service: what is kept while it lasts.

    Attributes:
        signal: which raised it.
        started, detected: numbers of windows.
        score: the highest so far.
        rate, season: what was expected per exposure when it opened, without the surge, and what the season expected.
        seen, expected, exposure, windows: sums over the windows that were high, and how many they are.
        seen_waiting, expected_waiting, exposure_waiting, windows_waiting: of those since, which may already lie after
            the end.
        back: evidence that the service is back at what is expected, nats.
        falling: below what is expected, not above.
    """

    signal: int
    started: int
    detected: int
    score: float
    rate: float
    season: float
    seen: float = 0.0
    expected: float = 0.0
    exposure: float = 0.0
    windows: int = 0
    seen_waiting: float = 0.0
    expected_waiting: float = 0.0
    exposure_waiting: float = 0.0
    windows_waiting: int = 0
    back: float = 0.0
    falling: bool = False

    @property
    def factor(self) -> float:
        """Mean factor while it was high, or low."""
        return bounded(self.seen / max(self.expected, 1e-9), falling=self.falling)

    def expects(self, season: float) -> float:
        """What is expected per exposure in a window of which the season expects so much."""
        if not (season > 0 and self.season > 0):
            return self.rate
        return self.rate * min(max(season / self.season, 1 / MOST_SEASON), MOST_SEASON)


def bounded(factor: float, *, falling: bool) -> float:
    """A factor that is clearly above 1, or clearly below."""
    if falling:
        return max(min(factor, 1 / LOWEST_FACTOR), 1 / HIGHEST_FACTOR)
    return min(max(factor, LOWEST_FACTOR), HIGHEST_FACTOR)
