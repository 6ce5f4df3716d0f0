"""Which sources are silent or lag behind: things of their own, since no service did anything.

A source is silent when nothing came from it for a quarter of an hour, and for three times its usual pause: the second
longest of two weeks, so that one outage does not make the next one usual, but every night does. The time in which
nobody listened does not count. While all sources are silent nobody's silence is a fall.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

import msgspec

from detector.alerts.notice import Facts, Topic
from detector.pipeline.watching import memory
from detector.schemas import Incident
from detector.sources.live.live import Lag
from detector.times import rfc3339
from detector.windows.watermark import Watermark

SECOND = 1_000_000
MINUTE_US = 60 * SECOND
SILENT_US = 15 * MINUTE_US
TIMES_USUAL = 3
PAUSE_US = SILENT_US // TIMES_USUAL
"""Shorter pauses make no difference."""
KEPT_US, MOST_PAUSES = 14 * 86_400_000_000, 200
LEAST_HEARD = 20
"""Times that a source was heard before it can be silent: of one that was not, nothing is known."""
APART_US = SECOND
"""What comes within a second comes at once."""
LAGGING_US = 5 * MINUTE_US
MOST_SPANS = 100
LIVE_US = 60 * MINUTE_US
"""Where lines come so much later than they were written, the clock says nothing about them."""


@dataclass(slots=True)
class Ear:
    """What is known of one source.

    Attributes:
        last_us: when something came last, microseconds since 1970 UTC.
        pauses: between two that came: when each ended and how long it was, the newest last.
        times: it was heard, with a second between them.
        silent_us: since when it is silent, which was told; None: it is not.
        lagging_us: since when it lags behind; None: it does not.
        is_told: that it lags; trouble: why, where that is known.
    """

    last_us: int
    pauses: list[tuple[int, int]] = field(default_factory=list)
    times: int = 0
    silent_us: int | None = None
    lagging_us: int | None = None
    is_told: bool = False
    trouble: str = ""

    @property
    def pause_us(self) -> int:
        """The usual pause; 0 if it is short."""
        return sorted(length for _, length in self.pauses)[-2] if len(self.pauses) > 1 else 0

    def waits_us(self) -> int:
        """How long nothing may come."""
        return max(SILENT_US, TIMES_USUAL * self.pause_us)

    def note(self, at_us: int, begun_us: int) -> None:
        """Something came."""
        pause_us = at_us - max(self.last_us, begun_us)
        if pause_us > PAUSE_US:
            kept = [one for one in self.pauses if one[0] > at_us - KEPT_US]
            self.pauses = [*kept[1 - MOST_PAUSES :], (at_us, pause_us)]
        self.times += 1
        self.last_us = at_us


@dataclass(slots=True)
class Hearing:
    """All sources of a watch.

    Attributes:
        ears: by name of the source.
        begun_us: when this process began to listen; None: not yet.
        spans: begin and end of the times in which all were silent, the newest last.
        news: what is over, to be told once.
        notes: what changed, in words.
    """

    ears: dict[str, Ear] = field(default_factory=dict)
    begun_us: int | None = None
    spans: list[tuple[int, int]] = field(default_factory=list)
    news: list[Facts] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def begin(self, names: list[str], now_us: int) -> None:
        """Listen to these sources from now on; others are forgotten."""
        self.begun_us = now_us
        self.ears = {name: ear for name, ear in self.ears.items() if name in names}

    def hear(self, heard: Mapping[str, int], lags: Mapping[str, Lag], now_us: int) -> None:
        """Take in when something came last from each source, and how far each is behind."""
        for name, at_us in heard.items():
            ear = self.ears.setdefault(name, Ear(at_us))
            if at_us - ear.last_us >= APART_US:
                ear.note(at_us, self.begun_us or 0)
                if ear.silent_us is not None:
                    self.news.append(_facts("source_silent", name, ear.silent_us, at_us))
                    self.notes.append(f"{name} is heard again")
                ear.silent_us = None
        for name, lag in lags.items():
            self._see_lag(name, self.ears.setdefault(name, Ear(now_us)), lag, now_us)

    def _see_lag(self, name: str, ear: Ear, lag: Lag, now_us: int) -> None:
        if lag.oldest_seconds * 1e6 >= LAGGING_US or lag.troubles:
            ear.lagging_us = now_us if ear.lagging_us is None else ear.lagging_us
            ear.trouble = lag.troubles[0] if lag.troubles else ""
        elif ear.lagging_us is not None:
            if ear.is_told:
                self.news.append(_facts("source_lagging", name, ear.lagging_us, now_us))
            ear.lagging_us, ear.is_told = None, False

    def is_quiet(self, ear: Ear, now_us: int) -> bool:
        """Whether nothing comes from a source."""
        since = max(ear.last_us, self.begun_us if self.begun_us is not None else now_us)
        return now_us - since >= ear.waits_us()

    def is_silent(self, ear: Ear, now_us: int) -> bool:
        """Whether nothing comes from a source that is known to speak."""
        return ear.times >= LEAST_HEARD and self.is_quiet(ear, now_us)

    def until(self, watermark: Watermark, width_us: int, now_us: int) -> int | None:
        """Windows before this one are over; None: nothing is known yet."""
        reached = watermark.advance(now_us)
        newest = [clock.newest for clock in watermark.clocks.values() if clock.newest is not None]
        idle = all(clock.heard + watermark.idle_us < now_us for clock in watermark.clocks.values())
        if newest and idle:  # nobody speaks: what was said last is all that there is of its window
            is_live = max(newest) + LIVE_US >= max(clock.heard for clock in watermark.clocks.values())
            by_clock_us = self.silent_until(now_us) - watermark.lateness_us if is_live else 0
            return max(max(newest) // width_us + 1, by_clock_us // width_us)
        return None if reached is None else reached // width_us

    def silent_until(self, now_us: int) -> int:
        """Up to when nothing came from any source, and nothing that was written then may be on its way; 0: they speak.

        That it is so is kept.
        """
        ears = self.ears.values()
        if not all(self.is_quiet(ear, now_us) for ear in ears) or not any(self.is_silent(ear, now_us) for ear in ears):
            return 0
        begin = max(ear.last_us for ear in ears)
        if self.spans and self.spans[-1][0] == begin:
            self.spans.pop()
        self.spans = [*self.spans[1 - MOST_SPANS :], (begin, now_us)]
        return now_us - min(max(ear.pause_us for ear in ears), SILENT_US)

    def explains(self, fall: Incident, now_us: int) -> bool:
        """Whether a fall was seen while all were silent, and did not outlast that by much; `now_us`: end of it all.

        A service that stays away when others speak again has fallen.
        """
        last_us = now_us if fall.ended_us is None else fall.ended_us
        return any(begin <= fall.detected_us <= end and last_us <= end + SILENT_US for begin, end in self.spans)

    def facts(self, now_us: int) -> list[Facts]:
        """What there is to tell of sources: those that are silent or lag, and once those that are not any more."""
        found, self.news = self.news, []
        for name, ear in sorted(self.ears.items()):
            if ear.silent_us is None and self.is_silent(ear, now_us):
                ear.silent_us = ear.last_us
                self.notes.append(f"{name} is silent: nothing came since {rfc3339(ear.last_us // SECOND * SECOND)}")
            if ear.silent_us is not None:
                found.append(_facts("source_silent", name, ear.last_us, None, ear.last_us + ear.waits_us()))
            if ear.lagging_us is not None and now_us - ear.lagging_us >= LAGGING_US:
                ear.is_told = True
                seen_us = ear.lagging_us + LAGGING_US
                found.append(_facts("source_lagging", name, ear.lagging_us, None, seen_us, ear.trouble))
        return found

    def store(self, connection: sqlite3.Connection) -> None:
        """Write it; the caller commits."""
        if self.ears:
            ears = {name: asdict(ear) for name, ear in self.ears.items()}
            memory.write_run(connection, "hearing", {"ears": ears, "spans": self.spans})

    def restore(self, connection: sqlite3.Connection) -> None:
        """Take up what is stored."""
        body = memory.read_run(connection, "hearing") or {"ears": {}, "spans": []}
        self.ears = msgspec.convert(body["ears"], dict[str, Ear])
        self.spans = msgspec.convert(body["spans"], list[tuple[int, int]])


def _facts(topic: Topic, name: str, since_us: int, until_us: int | None, seen_us: int | None = None,
           why: str = "") -> Facts:  # fmt: skip
    """A source in trouble, or one that was."""
    return Facts(
        id=f"{topic}:{name}", topic=topic, service=name, severity="warning", started_us=since_us,
        detected_us=since_us if seen_us is None else seen_us, ended_us=until_us, detail=why,
    )  # fmt: skip
