"""Instants as text, always UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import overload

BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
"""Not strftime's %b, which depends on the locale."""


@overload
def rfc3339(micros: int) -> str: ...
@overload
def rfc3339(micros: None) -> None: ...
@overload
def rfc3339(micros: int | None) -> str | None: ...
def rfc3339(micros: int | None) -> str | None:
    """Microseconds since 1970 UTC as `2026-07-15T11:35:00Z`, with a fraction only if there is one."""
    return None if micros is None else moment(micros).isoformat().replace("+00:00", "Z")


def moment(micros: int) -> datetime:
    """Microseconds since 1970 as an instant in UTC."""
    return BEGIN + timedelta(microseconds=micros)


def micros(text: str) -> int:
    """RFC 3339 as microseconds since 1970 UTC: what `rfc3339` has written, read again."""
    return (datetime.fromisoformat(text) - BEGIN) // timedelta(microseconds=1)


def day(micros: int, *, year: bool) -> str:
    """`15 Jul`, or `15 Jul 2026`."""
    at = moment(micros)
    return f"{at.day} {MONTHS[at.month - 1]}" + (f" {at.year}" if year else "")


def clock(micros: int) -> str:
    """`11:35`, with seconds if they are not zero."""
    at = moment(micros)
    return f"{at:%H:%M:%S}" if at.second else f"{at:%H:%M}"


def span(first_us: int, end_us: int) -> str:
    """`1 Aug 2026 00:00 - 23:59 UTC`; the second day is named if it is another one."""
    begin = f"{day(first_us, year=True)} {clock(first_us)}"
    is_same_day = moment(first_us).date() == moment(end_us).date()
    last = clock(end_us) if is_same_day else f"{day(end_us, year=True)} {clock(end_us)}"
    return f"{begin} - {last} UTC"


def duration(micros: float) -> str:
    """`40 s`, `14 min`, `3 h 20 min`, `2 d 4 h`: what a person would say."""
    seconds = round(micros / 1e6)
    if seconds < 120 and seconds % 60:
        return f"{seconds} s"
    minutes = round(seconds / 60)
    if minutes < 120:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"
