"""Settings: frozen, with the unit in the name; an unknown key is an error with a suggestion."""

from __future__ import annotations

import difflib
import math
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Any, get_type_hints
from zoneinfo import ZoneInfo

from detector.calendars import Calendar
from detector.capacity import Capacity
from detector.errors import SettingsError
from detector.markers import Markers
from detector.userformats import UserFormat

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
PERIODS = {"hour": 1 / 168, "day": 1 / 7, "week": 1.0, "month": 365.25 / 12 / 7, "year": 365.25 / 7}
"""Weeks in a period of a budget."""
MOST_THREADS = 8
"""More threads do not read faster than one disk and one merging thread can follow."""


def processors() -> int:
    """How many processors this process may use, at most `MOST_THREADS`."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, MOST_THREADS)


FORMATS = ("table", "json", "ndjson", "csv", "parquet", "markdown", "html", "sarif", "junit", "prometheus")
FAIL_ON, COLORS = ("any", "page", "critical", "never"), ("auto", "always", "never")
BY = ("service", "service,host")
SEVERITIES = ("info", "warning", "critical")
DIRECTIONS = ("up", "down", "both")
SECTIONS = ("services", "calendar", "formats")
"""Settings that are tables: they stand in files only."""


@dataclass(frozen=True, slots=True)
class OfServices:
    """What is told of the services whose names match a pattern; None: as for all others.

    Attributes:
        pattern: shell pattern (`*`, `?`, `[...]`) of their names, letters as they are.
        incident_budget, least_excess, least_factor, direction, warmup: as in `Settings`.
        ignore: they are counted, never judged.
    """

    pattern: str
    incident_budget: str | None = None
    least_excess: float | None = None
    least_factor: float | None = None
    direction: str | None = None
    warmup: str | None = None
    ignore: bool | None = None

    @property
    def closeness(self) -> tuple[bool, int, str]:
        """Orders patterns: a name is closest, then the one with the most characters that stand for themselves."""
        literal = re.sub(r"\[[^]]+\]|[*?]", "", self.pattern)
        return literal == self.pattern, len(literal), self.pattern


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run may be told about reading and judging.

    Attributes:
        input_format: `auto` or the name of a format.
        service: column of Records, or regular expression with a group, that gives the service; None: the format does.
        service_name: all lines are this service's.
        client: likewise for the client.
        timezone: IANA zone of times that carry none.
        year: of times that carry none; None: from the file's time.
        since, until: RFC 3339, a date, or a span such as `2h` before the last line; None: everything given.
        by: `service` or `service,host`.
        max_unparsed: share of lines that may stay unread before it counts as damage; `5%` or 0.05.
        window: `auto` or a span such as `1m`.
        budget: false pages of the whole installation, such as `1/week`.
        incident_budget: false incidents of one service, such as `1/month`.
        least_excess: records above what is expected that an incident needs at least.
        least_factor: times what is expected that an incident needs at least; half of that excess for lines per client,
            twice of it for bytes per line.
        direction: `up` for surges, `down` for falls of the lines, `both`.
        warmup: time for which a service is known before it is judged, such as `1d`; an hour at least.
        threads: that read in parallel.
        model: folder of the learned baselines; None: everything is learned from the input.
        lateness, idle: of a watch; so much later than a newer line one may come, and so long a source may hold it up.
        assume_now: of a watch; lines of a source that never tells a time are counted when they arrive.
        capacity: what services can bear.
        critical_within, warning_within: an overload that is due within this span makes an incident critical, or a
            warning.
        warning_factor, warning_lasts: where no capacity is set, an incident of so many times what is expected that
            lasts so long is a warning.
        settle_after: an incident that lasts so long closes as settled; an hour at least.
        page_on: severities that page, within the budget; names with commas between them.
        markers: where deploys and other changes are told; None: nowhere.
        services, calendar, formats: what is told of some services (the closest pattern last), planned times, formats.
    """

    input_format: str = "auto"
    service: str | None = None
    service_name: str | None = None
    client: str | None = None
    timezone: str = "UTC"
    year: int | None = None
    since: str | None = None
    until: str | None = None
    by: str = "service"
    max_unparsed: float = 0.05
    window: str = "auto"
    budget: str = "1/week"
    incident_budget: str = "1/month"
    least_excess: float = 5.0
    least_factor: float = 1.25
    direction: str = "up"
    warmup: str = "1h"
    threads: int = field(default_factory=processors)
    model: str | None = None
    lateness: str = "5s"
    idle: str = "1m"
    assume_now: bool = False
    capacity: tuple[Capacity, ...] = ()
    critical_within: str = "30m"
    warning_within: str = "6h"
    warning_factor: float = 2.0
    warning_lasts: str = "5m"
    page_on: str = "warning,critical"
    markers: Markers | None = None
    settle_after: str = "24h"
    services: tuple[OfServices, ...] = ()
    calendar: tuple[Calendar, ...] = ()
    formats: tuple[UserFormat, ...] = ()

    def told(self, key: str, service: str, usual: Any) -> Any:
        """A setting as it counts for a service: by the closest pattern that says anything, else as `usual`."""
        for rule in reversed(self.services):
            value = getattr(rule, key)
            if value is not None and fnmatchcase(service, rule.pattern):
                return value
        return usual


@dataclass(frozen=True, slots=True)
class Display:
    """What a run may be told about its output.

    Attributes:
        format: of the report; None: by the suffix of the output file, else a table.
        fail_on: which incidents give exit code 1: `any`, `page`, `critical` or `never`.
        exit_zero: exit code 0 instead of 1.
        quiet: no warnings and no progress on standard error.
        no_progress: no progress on standard error.
        color: `auto`, `always` or `never`.
    """

    format: str | None = None
    fail_on: str = "any"
    exit_zero: bool = False
    quiet: bool = False
    no_progress: bool = False
    color: str = "auto"


def types_of(part: type) -> dict[str, Any]:
    """Key -> type of a class of settings."""
    return get_type_hints(part)


def known_keys() -> list[str]:
    """All keys that hold one value, in the order in which they are documented."""
    return [one.name for part in (Settings, Display) for one in fields(part) if one.name not in SECTIONS]


def nearest(key: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The known name most like `key`, None if none is near (`cutoff`: 1 is equal)."""
    close = difflib.get_close_matches(key.lower().replace("-", "_"), list(known), n=1, cutoff=cutoff)
    return close[0] if close else None


def suggestion(key: str, known: Iterable[str]) -> str:
    """`; did you mean ...?` if anything known is near, else nothing."""
    near = nearest(key, known)
    return f"; did you mean `{near}`?" if near else ""


def parse_share(raw: object) -> float:
    """`5%` or 0.05 -> 0.05.

    Raises:
        SettingsError: it is no share between 0 and 1.
    """
    text = str(raw).strip()
    match = re.fullmatch(r"(\d+(?:\.\d*)?|\.\d+)(%?)", text)
    share = float(match[1]) / (100 if match[2] else 1) if match and not isinstance(raw, bool) else 2.0
    if share > 1:
        raise SettingsError(f"{text!r} is no share: write a percentage such as 5%, or a number from 0 to 1")
    return share


def parse_moment(text: str, zone: str = "UTC") -> datetime | timedelta:
    """A date or RFC 3339 time (in `zone` where it names none), or a span such as `2h`, counted back from the last line.

    Raises:
        SettingsError: it is none of these.
    """
    try:
        return timedelta(seconds=parse_span(text))
    except SettingsError:
        pass
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise SettingsError(
            f"{text!r} is no time: write 2026-07-15, 2026-07-15T11:30:00Z, or a span before the last line such as 2h"
        ) from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=ZoneInfo(zone))


def parse_span(text: str) -> float:
    """`90s`, `5m`, `2h`, `1d`, `1w` in seconds.

    Raises:
        SettingsError: it is none of these.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smhdw])\s*", text)
    if match is None or float(match[1]) <= 0:
        raise SettingsError(f"{text!r} is no span of time: write a number and a unit, such as 30s, 5m, 2h or 1d")
    return float(match[1]) * SECONDS[match[2]]


def parse_severities(text: str) -> frozenset[str]:
    """`warning,critical` as a set; nothing: none.

    Raises:
        SettingsError: one is no severity.
    """
    names = frozenset(name for name in (part.strip() for part in text.split(",")) if name)
    for name in sorted(names - set(SEVERITIES)):
        raise SettingsError(f"{name!r} is not one of {', '.join(SEVERITIES)}{suggestion(name, SEVERITIES)}")
    return names


def parse_budget(text: str) -> float:
    """`2/week` -> mean weeks between two false alarms, 0.5.

    Raises:
        SettingsError: it is no budget.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*/\s*(\w+)\s*", text)
    if match is None or match[2] not in PERIODS or float(match[1]) <= 0:
        what = f"write how many false alarms in which period ({', '.join(PERIODS)}), such as 1/week"
        raise SettingsError(f"{text!r} is no budget: {what}")
    return PERIODS[match[2]] / float(match[1])


def score_of(weeks: float) -> float:
    """The score of what comes by chance once in so many weeks, rounded as scores are."""
    return round(math.log10(1 + weeks), 6)


def weeks_of(score: float) -> float:
    """In how many weeks something of this score comes once by chance; the inverse of `score_of`."""
    return float(10.0**score - 1)
