"""Verdicts to incidents: one per surge, from open to close. Pure: it knows numbers of windows, no clock.

An incident opens when a window's score reaches the budget. It closes when the evidence that the service is back at
what is expected (Page's cumulative sum, run the other way) is strong and has been quiet for a while; or as `settled`
after a day, because a level that stays is no surge any more.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from detector.schemas import Incident

Real = NDArray[np.float64]
Mask = NDArray[np.bool_]
CLOSE_NATS = 5.0
QUIET_US = 10 * 60_000_000
SETTLED_US = 24 * 3_600_000_000
LOWEST_FACTOR = 1.2
"""An incident is at least so far above what is expected; also the least that its end is measured against."""


@dataclass(slots=True)
class Surge:
    """An open incident of one service: what is kept while it lasts.

    Attributes:
        started, detected: numbers of windows.
        score: the highest so far.
        seen, expected, windows: sums over the windows that were high, and how many they are.
        seen_waiting, expected_waiting, windows_waiting: of those since, which may already lie after the end.
        back: evidence that the service is back at what is expected, nats.
    """

    started: int
    detected: int
    score: float
    seen: float
    expected: float
    seen_waiting: float = 0.0
    expected_waiting: float = 0.0
    windows: int = 0
    windows_waiting: int = 0
    back: float = 0.0

    @property
    def factor(self) -> float:
        """Mean factor while it was high."""
        return max(self.seen / self.expected, LOWEST_FACTOR) if self.expected > 0 else math.inf


@dataclass(frozen=True, slots=True)
class Tick:
    """What the follower needs of S services and n windows; S x n unless said otherwise.

    Attributes:
        first: number of the first window.
        start: first window of the sum that was strangest.
        dispersion: S.
        recent, usual: counts and expected with the windows before that the sums reach back to, S x (reach + n).
    """

    first: int
    counts: Real
    expected: Real
    score: Real
    start: NDArray[np.int64]
    dispersion: Real
    recent: Real
    usual: Real


@dataclass(slots=True)
class Follower:
    """Follows the surges of one signal.

    Attributes:
        width_us: length of a window.
        open_at: score at which an incident opens.
        signal: its name.
        least: records above what is expected that an incident needs at least.
        surges: number of the service -> its open surge.
    """

    width_us: int
    open_at: float
    signal: str
    least: float
    surges: dict[int, Surge] = field(default_factory=dict)

    def follow(self, names: list[str], tick: Tick) -> tuple[Mask, list[Incident], dict[int, float]]:
        """Go through the windows of a tick.

        Returns:
            the windows that are part of an incident (S x n), the incidents that closed, and the services that
            settled with their factor.
        """
        flagged = np.zeros(tick.score.shape, bool)
        closed: list[Incident] = []
        settled: dict[int, float] = {}
        rises = self._rises(tick)
        for service in sorted(set(self.surges) | set(np.flatnonzero(rises.any(axis=1)).tolist())):
            for column in np.flatnonzero(~np.isnan(tick.counts[service])).tolist():
                if service not in self.surges and rises[service, column]:
                    self.surges[service] = self._open(tick, service, column)
                if service not in self.surges:
                    continue
                flagged[service, column] = True
                end = self._go_on(self.surges[service], tick, service, column)
                if not end:
                    continue
                surge = self.surges.pop(service)
                closed.append(self.incident(names[service], surge, tick.first + column + 1, end))
                if end == "settled":
                    settled[service] = surge.factor
        return flagged, closed, settled

    def _rises(self, tick: Tick) -> Mask:
        """Windows in which an incident may open, S x n."""
        excess = tick.counts - tick.expected
        return (tick.score >= self.open_at) & (tick.counts >= LOWEST_FACTOR * tick.expected) & (excess >= self.least)

    def _open(self, tick: Tick, service: int, column: int) -> Surge:
        """It began with the first window of the strangest sum that was above what is expected."""
        window = tick.first + column
        here = tick.recent.shape[1] - tick.counts.shape[1] + column
        reach = slice(here - (window - int(tick.start[service, column])), here + 1)
        above = np.flatnonzero(tick.recent[service, reach] > tick.usual[service, reach])
        started = int(tick.start[service, column]) + int(above[0]) if len(above) else window
        return Surge(started, window + 1, float(tick.score[service, column]), 0.0, 0.0)

    def _go_on(self, surge: Surge, tick: Tick, service: int, column: int) -> str:
        """Take one more window into the surge; why it closes now, or nothing."""
        count, expected = float(tick.counts[service, column]), float(tick.expected[service, column])
        surge.seen_waiting += count
        surge.expected_waiting += expected
        surge.windows_waiting += 1
        dispersion = float(tick.dispersion[service])
        still = evidence(count, expected, dispersion, surge.factor) if surge.windows else math.inf
        surge.back = max(0.0, surge.back - still)
        if surge.back == 0.0:
            surge.seen += surge.seen_waiting
            surge.expected += surge.expected_waiting
            surge.windows += surge.windows_waiting
            surge.seen_waiting = surge.expected_waiting = 0.0
            surge.windows_waiting = 0
            surge.score = max(surge.score, float(tick.score[service, column]))
        if surge.back >= CLOSE_NATS and surge.windows_waiting * self.width_us >= QUIET_US:
            return "quiet"
        return "settled" if (surge.windows + surge.windows_waiting) * self.width_us >= SETTLED_US else ""

    def incident(self, name: str, surge: Surge, now: int, end: str = "") -> Incident:
        """The row of a surge; `now` is the window after the last one seen."""
        last = now - surge.windows_waiting if end == "quiet" else now
        width_us, windows = self.width_us, max(surge.windows, 1)
        detected_us = surge.detected * width_us
        return Incident(
            incident_id(name, self.signal, detected_us), name, self.signal,
            surge.started * width_us, detected_us, last * width_us if end else None,
            surge.seen / windows, surge.expected / windows, surge.score, width_us, settled=end == "settled",
        )  # fmt: skip

    def still_open(self, names: list[str], now: int) -> list[Incident]:
        """The surges that last."""
        return [self.incident(names[service], surge, now) for service, surge in sorted(self.surges.items())]


def evidence(count: float, expected: float, dispersion: float, factor: float) -> float:
    """ln of the likelihood of `factor` times what is expected over that of what is expected."""
    size, grown = 1 / dispersion, factor * expected
    more = count * math.log(factor * (expected + size) / (grown + size))
    return more - size * math.log((grown + size) / (expected + size))


def incident_id(service: str, signal: str, detected_us: int) -> str:
    """Eight letters and digits that depend on nothing but these."""
    text = f"{service}\0{signal}\0{detected_us}".encode()
    return hashlib.blake2b(text, digest_size=4).hexdigest()


def mark_pages(incidents: list[Incident], services: int, weeks_between_pages: float) -> list[Incident]:
    """Which incidents page: those that all services together would raise by mistake no more often than budgeted."""
    need = round(math.log10(max(services, 1) * weeks_between_pages), 6)
    return [replace(incident, page=incident.score >= need) for incident in incidents]
