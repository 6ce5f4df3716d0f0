"""`--since` and `--until`: which part of the time is reported."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import polars as pl

from detector.config import Settings, parse_moment
from detector.errors import UsageError
from detector.schemas import TIME, Incident

BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Period:
    """The time that is reported, microseconds since 1970 UTC; None: as far as the input goes.

    Attributes:
        since: nothing that ended before it is reported; what lies before is learned all the same.
        until: what lies after it is not looked at.
    """

    since: int | None = None
    until: int | None = None

    def begin(self, first_us: int) -> int:
        """Begin of the report on input that begins at `first_us`."""
        return first_us if self.since is None else max(first_us, self.since)

    def end(self, end: int, width_us: int) -> int:
        """The window after the last one looked at, of input that ends before window `end`."""
        return end if self.until is None else min(end, -(-self.until // width_us))

    def meets(self, first_us: int, end_us: int) -> bool:
        """Does input of this time reach into the period?"""
        return (self.since is None or self.since < end_us) and (self.until is None or first_us < self.until)

    def covers(self, incident: Incident) -> bool:
        """Does the incident reach into the period?"""
        return self.since is None or incident.ended_us is None or incident.ended_us > self.since

    def cut(self, windows: pl.DataFrame) -> pl.DataFrame:
        """The windows that are reported, of a table with `window_start`."""
        if self.since is None:
            return windows
        return windows.filter(pl.col("window_start") >= pl.lit(BEGIN + self.since * MICROSECOND, dtype=TIME))


def period_of(settings: Settings, last_us: int) -> Period:
    """The period that the settings mean, for input that ends at `last_us`.

    Raises:
        UsageError: it ends before it begins.
    """
    since, until = (_instant(text, settings.timezone, last_us) for text in (settings.since, settings.until))
    if since is not None and until is not None and since >= until:
        raise UsageError(f"--since {settings.since} lies after --until {settings.until}: there is nothing between")
    return Period(since, until)


def _instant(text: str | None, zone: str, last_us: int) -> int | None:
    if text is None:
        return None
    meant = parse_moment(text, zone)
    return last_us - meant // MICROSECOND if isinstance(meant, timedelta) else (meant - BEGIN) // MICROSECOND
