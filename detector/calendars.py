"""Times that were planned: a load test, a maintenance, a nightly batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND, DAY = timedelta(microseconds=1), timedelta(days=1)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
GRACE_US = 15 * 60_000_000
"""What is over so soon after a planned time was part of it: to notice anything takes as long."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Planned times of the services whose names match a pattern.

    Attributes:
        name: of what is planned, for reports.
        begin, end: two times of day, the end on the next day if it is not after the begin; or two moments.
        services: pattern of their names.
        days: on which it begins, of `WEEKDAYS`; only with times of day.
        timezone: IANA zone of times of day.
        page: whether incidents page in these times.
        learn: whether these times teach what is normal.
    """

    name: str
    begin: time | datetime
    end: time | datetime
    services: str = "*"
    days: tuple[str, ...] = WEEKDAYS
    timezone: str = "UTC"
    page: bool = False
    learn: bool = True

    def spans(self, first_us: int, end_us: int) -> list[tuple[int, int]]:
        """Begin and end of the planned times that meet first_us..end_us, microseconds since 1970 UTC, in order."""
        found = self._fixed() if isinstance(self.begin, datetime) else self._repeated(first_us, end_us)
        spans = [((begin - EPOCH) // MICROSECOND, (end - EPOCH) // MICROSECOND) for begin, end in found]
        return [(begin, end) for begin, end in spans if begin < end_us and end > first_us]

    def _fixed(self) -> Iterator[tuple[datetime, datetime]]:
        if isinstance(self.begin, datetime) and isinstance(self.end, datetime):
            yield self.begin, self.end

    def _repeated(self, first_us: int, end_us: int) -> Iterator[tuple[datetime, datetime]]:
        """By the clock on the wall, so that an hour may last none or two where the clock is changed."""
        if isinstance(self.begin, datetime) or isinstance(self.end, datetime):
            return
        zone, overnight = ZoneInfo(self.timezone), self.end <= self.begin
        day = _day_of(first_us, zone) - DAY
        while day <= _day_of(end_us, zone):
            if WEEKDAYS[day.weekday()] in self.days:
                last = day + DAY if overnight else day
                yield _moment(day, self.begin, zone), _moment(last, self.end, zone)
            day += DAY


def _day_of(moment_us: int, zone: ZoneInfo) -> date:
    return (EPOCH + moment_us * MICROSECOND).astimezone(zone).date()


def _moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone).astimezone(UTC)
