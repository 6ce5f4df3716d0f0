"""Settings: frozen, with the unit in the name; an unknown key is an error with a suggestion."""

from __future__ import annotations

import re
from dataclasses import dataclass

from detector.errors import SettingsError

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
PERIODS = {"hour": 1 / 168, "day": 1 / 7, "week": 1.0, "month": 365.25 / 12 / 7, "year": 365.25 / 7}
"""Weeks in a period of a budget."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run may be told.

    Attributes:
        input_format: `auto` or the name of a format.
        service: field or regular expression that gives the service; None: as the format says.
        service_name: all lines are this service's.
        client: field that gives the client; None: as the format says.
        timezone: IANA zone of times that carry none.
        year: of times that carry none; None: from the file's time.
        since, until: RFC 3339, a date, or a span such as `2h` before the last line.
        by: `service` or `service,host`.
        lateness_seconds: how much disorder a live source may have.
        max_unparsed: share of lines that may stay unread before it counts as damage.
        window: `auto` or a span such as `1m`.
        budget: false pages of the whole installation, such as `1/week`.
        incident_budget: false incidents of one service, such as `1/month`.
        least_excess: records above what is expected that an incident needs at least, in its first window.
        threads: that read in parallel.
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
    lateness_seconds: float = 5.0
    max_unparsed: float = 0.05
    window: str = "auto"
    budget: str = "1/week"
    incident_budget: str = "1/month"
    least_excess: float = 5.0
    threads: int = 2


def parse_span(text: str) -> float:
    """`90s`, `5m`, `2h`, `1d`, `1w` in seconds.

    Raises:
        SettingsError: it is none of these.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smhdw])\s*", text)
    if match is None:
        raise SettingsError(f"{text!r} is no span of time: write a number and a unit, such as 30s, 5m, 2h or 1d")
    return float(match[1]) * SECONDS[match[2]]


def parse_budget(text: str) -> float:
    """`2/week` -> mean weeks between two false alarms, 0.5.

    Raises:
        SettingsError: it is no budget.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*/\s*(\w+)\s*", text)
    if match is None or match[2] not in PERIODS or float(match[1]) <= 0:
        known = ", ".join(PERIODS)
        raise SettingsError(f"{text!r} is no budget: write how many false alarms in which period ({known}), such as 1/week")
    return PERIODS[match[2]] / float(match[1])
