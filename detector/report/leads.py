"""How long is left, in words: from the forecast of `detector.scan/1` alone, and nothing where no capacity is known."""

from __future__ import annotations

from detector.causes import LEAST_LOAD
from detector.report.numbers import brief, size
from detector.report.shape import ForecastShape
from detector.times import clock, day, duration, micros

BY_WHEN = {"bytes/day": " by midnight", "bytes": " within 24 h"}
"""What adds up is full at some time; the others are rates."""


def tell_left(one: ForecastShape, ended_at: str | None) -> str:
    """`88 min: full at about 22:00 (21:40-22:50)`; `ended_at`: of the incident, whose forecast is then an old one."""
    if one.load is None or one.as_of is None:
        return ""
    then = "" if ended_at is None else " when it was noticed"
    if one.overload_at is None:
        if one.load < 1 <= (one.load_of_all or 0.0):
            return f"{'' if ended_at is None else 'when it was noticed: '}until more clients have it"
        if one.load < LEAST_LOAD and one.capacity_unit not in BY_WHEN:
            return f"not foretold below a tenth of the capacity{then and ', where it was when noticed'}"
        if one.load < 1:
            return f"more than 24 h{then}"
        return f"not known{then}: more than it ever bore, and it {'stays there' if one.course == 'level' else 'grows'}"
    left = micros(one.overload_at) - micros(one.as_of)
    if left <= 0:
        return f"nothing{then}: " + ("full" if one.capacity_from == "settings" else "it fails")
    span = f"{_moment(one.earliest_at, one.as_of)}-{_moment(one.latest_at, one.as_of)}"
    if one.latest_at is None:
        span = f"{_moment(one.earliest_at, one.as_of)} at the earliest"
    return f"{duration(left)}{then}: full at about {_moment(one.overload_at, one.as_of)} ({span})"


def tell_load(one: ForecastShape) -> str:
    """`load 47 % of 600,000/min, 126 % when all clients have it`."""
    if one.load is None or one.capacity is None:
        return ""
    load = f"load {_percent(one.load)} of {tell_capacity(one)}{BY_WHEN.get(one.capacity_unit or '', '')}"
    return load if one.load_of_all is None else f"{load}, {_percent(one.load_of_all)} when all clients have it"


def tell_capacity(one: ForecastShape) -> str:
    """`600,000/min`, `50 MB/s`, `20 GB/day`, `500 GB`."""
    unit = one.capacity_unit or ""
    if one.capacity is None or unit == "lines/min":
        return f"{brief(one.capacity or 0.0)}/min"
    return size(round(one.capacity)) + unit.removeprefix("bytes")


def tell_origin(one: ForecastShape) -> str:
    """`capacity learned: best 5 min without 5xx, 14 Nov`."""
    if one.capacity_seen_at is None:
        return "capacity from the settings"
    return f"capacity learned: best 5 min without 5xx, {day(micros(one.capacity_seen_at), year=False)}"


def tell_forecast(one: ForecastShape, ended_at: str | None) -> list[str]:
    """One sentence each for reports that have room."""
    left = tell_left(one, ended_at)
    return [f"Time left: {left}; {tell_load(one)}; {tell_origin(one)}."] if left else []


def _moment(at: str | None, as_of: str) -> str:
    """`22:00`, with its day if that is another one."""
    if at is None:
        return "later"
    minute = micros(at) // 60_000_000 * 60_000_000
    return clock(minute) if at[:10] == as_of[:10] else f"{day(minute, year=False)} {clock(minute)}"


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %" if share < 10 else f"{brief(share)} times"
