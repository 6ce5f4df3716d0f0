"""What the policy is told by the settings and by people: rules, owners, silences, maintenance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
KEEP_US = 30 * DAY_US
"""For so long notices, and what they were about, are kept."""
Others = Literal["now", "digest", "never"]


@dataclass(frozen=True, slots=True)
class Owner:
    """Who looks after services, the first pattern that matches counts.

    Attributes:
        services: pattern with `*`, `?` and `[...]`.
        owner: a team or a person.
        runbook: where to read what to do.
        receivers: names of those told; None: all that want the service.
    """

    services: str
    owner: str | None = None
    runbook: str | None = None
    receivers: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Silence:
    """Somebody wants quiet about services for a time.

    Attributes:
        services: pattern.
        until_us: microseconds since 1970 UTC, excluded.
        reason, creator: why and who.
        from_us: begin; 0: at once.
        id: to end it by.
    """

    services: str
    until_us: int
    reason: str
    creator: str
    from_us: int = 0
    id: str = ""


@dataclass(frozen=True, slots=True)
class Rules:
    """How notices are decided on.

    Attributes:
        update_every_us: at most one update in this time.
        quiet_us: time after the end of an incident in which it may come back without a word.
        unseen_us: time without a word of an open incident after which it is given up.
        oldest_us: what ended longer ago when it is first seen is not told.
        keep_us: how long it is known that something was told.
        others: what becomes of incidents that page nobody: told like pages, once in a while together, or never.
        digest_every_us: how often together.
        owners: in order.
        maintenance: planned quiet times.
    """

    update_every_us: int = 5 * MINUTE_US
    quiet_us: int = 15 * MINUTE_US
    unseen_us: int = 26 * HOUR_US
    oldest_us: int = DAY_US
    keep_us: int = 7 * DAY_US
    others: Others = "digest"
    digest_every_us: int = DAY_US
    owners: tuple[Owner, ...] = ()
    maintenance: tuple[Silence, ...] = ()


def owner_of(service: str, owners: Iterable[Owner]) -> Owner:
    """The first whose pattern matches, else one who says nothing."""
    return next((one for one in owners if matches(service, one.services)), Owner("*"))


def quiet_about(service: str, silences: Iterable[Silence], now_us: int) -> Silence | None:
    """A silence in force that covers the service."""
    return next(
        (one for one in silences if one.from_us <= now_us < one.until_us and matches(service, one.services)), None
    )


def matches(service: str, pattern: str) -> bool:
    """Whether a shell pattern covers a service."""
    return fnmatchcase(service, pattern)
