"""Verdicts to incidents: one per surge, from open to close. Pure: it knows numbers of windows, no clock.

An incident opens when a window's score reaches the budget. It closes when the evidence that the service is back at
what is expected (Page's cumulative sum, run the other way) is strong and has been quiet for a while; or as `settled`
after a day, because a level that stays is no surge any more.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from detector.incidents.evidence import change_point, evidence
from detector.incidents.surge import Surge, bounded
from detector.incidents.tick import Real, Tick
from detector.schemas import Incident

Mask = NDArray[np.bool_]
CLOSE_NATS = 5.0
QUIET_US = 10 * 60_000_000
SETTLED_US = 24 * 3_600_000_000
SHARES = {"lines_per_client": 0.5, "bytes_per_line": 2.0}
"""Of the least factor's excess: a ratio that hardly drifts needs less, one that hurts nobody before it rises far needs
more, since lines of another kind are a little longer or shorter."""
LASTING_FACTOR = 1.1
"""Of the newest minutes: a surge opens while it lasts."""
NEVER = -1


@dataclass(frozen=True, slots=True)
class Limits:
    """What an incident of S services needs, S each.

    Attributes:
        score: at which it opens.
        excess: records beyond what is expected.
        factor: times what is expected, or its part in a fall.
    """

    score: Real
    excess: Real
    factor: Real


@dataclass(slots=True)
class Follower:
    """Follows the surges of services.

    Attributes:
        width_us: length of a window.
        signals: their names.
        longest: windows of the longest sum.
        limits: what an incident needs.
        falling: falls are followed, not surges.
        settled_us: an incident that lasts so long closes as `settled`.
        surges: number of the service -> its open surge.
        over: services whose surge is over while sums still hold it -> the window from which they do not, and its height
            as a factor: until then only what comes half as high again opens a new one, after a settled one only what
            comes on top of it, until its score has fallen.
    """

    width_us: int
    signals: tuple[str, ...]
    longest: int
    limits: Limits
    falling: bool = False
    settled_us: int = SETTLED_US
    surges: dict[int, Surge] = field(default_factory=dict)
    over: dict[int, tuple[int, float]] = field(default_factory=dict)

    def follow(self, names: list[str], tick: Tick) -> tuple[Mask, list[Incident]]:
        """Go through the windows of a tick.

        Returns:
            the windows that are part of an incident (S x n), and the incidents that closed.
        """
        services, _, windows = tick.score.shape
        flagged = np.zeros((services, windows), bool)
        closed: list[Incident] = []
        rises = self._rises(tick)
        settled = [service for service, (until, _) in self.over.items() if until == NEVER]
        for service in sorted({*self.surges, *settled, *np.flatnonzero(rises.any(axis=(1, 2))).tolist()}):
            for column in np.flatnonzero(tick.exposure[service].any(axis=0)).tolist():
                rise = rises[service, :, column] & self._is_new(tick, service, column)
                if service not in self.surges and rise.any():
                    self.surges[service] = self._open(tick, service, column, rise)
                if service not in self.surges:
                    continue
                flagged[service, column] = True
                end = self._go_on(self.surges[service], tick, service, column)
                if end:
                    surge = self.surges.pop(service)
                    now = tick.first + column + 1
                    until = NEVER if end == "settled" else now - surge.windows_waiting + self.longest
                    self.over[service] = until, surge.factor
                    closed.append(self.incident(names[service], surge, tick.first + column + 1, end))
        self._forget(tick.first + windows)
        return flagged, closed

    def _forget(self, now: int) -> None:
        """Drop what no sum holds any more."""
        for service in [service for service, (until, _) in self.over.items() if NEVER != until <= now]:
            del self.over[service]

    def _rises(self, tick: Tick) -> Mask:
        """Windows in which an incident may open, S x K x n: what is over already opens none."""
        limits = self.limits
        score, excess, factor = (side[:, None, None] for side in (limits.score, limits.excess, limits.factor))
        usual = tick.rate * tick.latest_exposure
        with np.errstate(invalid="ignore"):
            beyond = tick.sums - tick.sums_expected
            if self.falling:
                enough = (-beyond >= excess) & (tick.sums * factor <= tick.sums_expected)
                return np.asarray((tick.score >= score) & enough & (tick.latest * factor <= usual))
            more = (factor - 1) * np.array([SHARES.get(signal, 1.0) for signal in self.signals])[:, None]
            enough = (beyond >= excess) & (beyond >= more * tick.sums_expected)
            return np.asarray((tick.score >= score) & enough & (tick.latest >= LASTING_FACTOR * usual))

    def _is_new(self, tick: Tick, service: int, column: int) -> Mask:
        """Whether what rises is more than the rest of the surge before, K."""
        here = service, slice(None), column
        until, factor = self.over.get(service, (0, 0.0))
        needed = (1 + factor) / 2
        if until == NEVER:
            needed *= factor
            if tick.score[here].max() < self.limits.score[service]:
                del self.over[service]
        again = tick.latest[here] >= needed * tick.rate[here] * tick.latest_exposure[here]
        if until > 0:  # most of what is strange must have come since: the sums still hold the surge before
            again &= self._seen_since(tick, service, column, until - self.longest) >= (
                (tick.sums[here] + tick.sums_expected[here]) / 2
            )
        if self.falling:  # a few silent minutes may be chance: only what lasts beyond all sums is another fall
            again[:] = False
        return np.asarray(again | (0 <= until <= tick.first + column))

    def _seen_since(self, tick: Tick, service: int, column: int, first: int) -> Real:
        """Counts in windows from `first` to this one, K."""
        rows = slice(service * len(self.signals), (service + 1) * len(self.signals))
        end = tick.totals.counts.shape[1] - tick.counts.shape[2] + column
        begin = max(0, end + first - tick.first - column - 1)
        return np.asarray(tick.totals.counts[rows, end] - tick.totals.counts[rows, begin])

    def _open(self, tick: Tick, service: int, column: int, rises: Mask) -> Surge:
        """Open with the strangest signal."""
        signal = int(np.where(rises, tick.score[service, :, column], -np.inf).argmax())
        here = service, signal, column
        rate, season = float(tick.rate[here]), float(tick.season[here])
        seen, exposed = self._reach(tick, here)
        height = bounded(float(tick.sums[here] / max(tick.sums_expected[here], 1e-12)), falling=self.falling)
        beyond = seen - rate * exposed * (1 + height) / 2
        length = change_point(-beyond if self.falling else beyond)
        now = tick.first + column + 1
        surge = Surge(signal, now - length, now, float(tick.score[here]), rate, season, falling=self.falling)
        earlier = slice(len(seen) - length, len(seen) - 1)  # the window itself is taken in like those that follow
        surge.seen, surge.exposure = float(seen[earlier].sum()), float(exposed[earlier].sum())
        surge.expected, surge.windows = rate * surge.exposure, length - 1
        return surge

    def _reach(self, tick: Tick, here: tuple[int, int, int]) -> tuple[Real, Real]:
        """Counts and exposure of the windows of the strangest sum."""
        service, signal, column = here
        row = service * len(self.signals) + signal
        end = tick.totals.counts.shape[1] - tick.counts.shape[2] + column
        reach = slice(max(0, end - int(tick.windows[here])), end + 1)
        return np.diff(tick.totals.counts[row, reach]), np.diff(tick.totals.exposure[row, reach])

    def _go_on(self, surge: Surge, tick: Tick, service: int, column: int) -> str:
        """Take one more window into the surge; why it closes now, or nothing."""
        here = service, surge.signal, column
        count, exposure = float(tick.counts[here]), float(tick.exposure[here])
        expected = surge.expects(float(tick.season[here])) * exposure
        surge.seen_waiting += count
        surge.expected_waiting += expected
        surge.exposure_waiting += exposure
        surge.windows_waiting += 1
        if exposure == 0:  # unknown; where nobody speaks at all, what is counted per client or per line has no surge
            surge.back += CLOSE_NATS * self.width_us / QUIET_US * (tick.counts[service, 0, column] == 0)
            return self._end(surge)
        scatter = float(tick.dispersion[here[:2]]) + max(float(tick.phi[here[:2]]) - 1, 0.0) / max(expected, 1.0)
        still = evidence(count, expected, scatter, surge.factor) if surge.windows else math.inf
        surge.back = max(0.0, surge.back - still)
        if surge.back == 0.0:
            surge.seen += surge.seen_waiting
            surge.expected += surge.expected_waiting
            surge.exposure += surge.exposure_waiting
            surge.windows += surge.windows_waiting
            surge.seen_waiting = surge.expected_waiting = surge.exposure_waiting = 0.0
            surge.windows_waiting = 0
            surge.score = max(surge.score, float(tick.score[here]))
        return self._end(surge)

    def _end(self, surge: Surge) -> str:
        """Why a surge closes by now, or nothing."""
        if surge.back >= CLOSE_NATS and surge.windows_waiting * self.width_us >= QUIET_US:
            return "quiet"
        return "settled" if (surge.windows + surge.windows_waiting) * self.width_us >= self.settled_us else ""

    def incident(self, name: str, surge: Surge, now: int, end: str = "") -> Incident:
        """The row of a surge; `now` is the window after the last one seen."""
        last = now - surge.windows_waiting if end == "quiet" else now
        width_us, exposure = self.width_us, surge.exposure or 1.0
        detected_us, signal = surge.detected * width_us, self.signals[surge.signal]
        return Incident(
            incident_id(name, f"{signal} falling" if self.falling else signal, detected_us), name, signal,
            surge.started * width_us, detected_us, last * width_us if end else None,
            surge.seen / exposure, surge.expected / exposure, surge.score, width_us, settled=end == "settled",
        )  # fmt: skip

    def still_open(self, names: list[str], now: int) -> list[Incident]:
        """The surges that last."""
        return [self.incident(names[service], surge, now) for service, surge in sorted(self.surges.items())]


def incident_id(service: str, signal: str, detected_us: int) -> str:
    """Eight letters and digits that depend on nothing but these."""
    text = f"{service}\0{signal}\0{detected_us}".encode()
    return hashlib.blake2b(text, digest_size=4).hexdigest()
