"""Up to which event time everything has been heard, for a run that never ends.

A source's clock shows the newest event time that it believes. A time at most `LEAP_US` beyond it is believed at once. A
time further ahead is a leap, after a pause or by an absurd timestamp, and waits: only when `CONFIRMED` leaps arrive in
a row, with no ordinary time between them, is the earliest of them believed, with those less than `LEAP_US` beyond it.
So one absurd time, or even two, move no clock. The first times of a source are leaps too. Times may come late: they
move nothing. A clock never goes back, and neither does the watermark.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

LEAP_US = 3_600_000_000
CONFIRMED = 3


@dataclass(slots=True)
class Clock:
    """The event time of one source.

    Attributes:
        newest: event time that is believed, microseconds since 1970 UTC; None before the first.
        leaps: times further ahead that wait, fewer than `CONFIRMED`, in order of arrival.
        heard: arrival time of its last record.
    """

    newest: int | None = None
    leaps: list[int] = field(default_factory=list)
    heard: int = 0

    def see(self, times: Iterable[int]) -> None:
        """Take in event times in order of arrival."""
        for time in times:
            if self.newest is not None and time <= self.newest + LEAP_US:
                self.newest = max(self.newest, time)
                self.leaps.clear()
                continue
            self.leaps.append(time)
            if len(self.leaps) == CONFIRMED:
                earliest = min(self.leaps)
                self.newest = max(leap for leap in self.leaps if leap <= earliest + LEAP_US)
                self.leaps.clear()


@dataclass(slots=True)
class Watermark:
    """The watermark over all active sources: no older event is expected.

    Attributes:
        lateness_us: how much later than a newer one an event may still come.
        idle_us: a source that was not heard for longer holds nobody up.
        clocks: by source.
        reached: event time, microseconds since 1970 UTC; None before the first.
    """

    lateness_us: int
    idle_us: int
    clocks: dict[str, Clock] = field(default_factory=dict)
    reached: int | None = None

    def see(self, source: str, times: Iterable[int], received_at: int) -> None:
        """Take in event times of a source that arrived at `received_at`, both microseconds since 1970 UTC."""
        clock = self.clocks.setdefault(source, Clock())
        clock.see(times)
        clock.heard = max(clock.heard, received_at)

    def advance(self, now: int) -> int | None:
        """Move to the lowest clock of the sources that are active at arrival time `now`, less the lateness.

        An active source whose time is not known yet holds the watermark where it is; so does having no active source.
        """
        newest = [clock.newest for clock in self.clocks.values() if clock.heard + self.idle_us >= now]
        known = [time for time in newest if time is not None]
        if known and len(known) == len(newest):
            low = min(known) - self.lateness_us
            self.reached = low if self.reached is None else max(self.reached, low)
        return self.reached
