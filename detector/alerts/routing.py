"""Who is told. The worst that a life has been decides: whoever heard of it hears its end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from detector.alerts.notice import SEVERITIES, Notice, Severity
from detector.alerts.rules import Owner, matches, owner_of


class Wants(Protocol):
    """What a receiver's settings say about what it wants."""

    @property
    def name(self) -> str:
        """Its name in the settings."""

    @property
    def services(self) -> tuple[str, ...]:
        """Patterns."""

    @property
    def severity(self) -> Severity:
        """The least."""

    @property
    def takes_digests(self) -> bool:
        """Whether it is told what pages nobody, together."""

    @property
    def takes_notices(self) -> bool:
        """False for what is only sent signs of life."""


def receivers_of(notice: Notice, receivers: Iterable[Wants], owners: Iterable[Owner]) -> list[str]:
    """Names of those who are told."""
    named = owner_of(notice.service, owners).receivers if notice.topic != "digest" else None
    return [one.name for one in receivers if (named is None or one.name in named) and wants(notice, one)]


def wants(notice: Notice, receiver: Wants) -> bool:
    """Whether a receiver wants a notice."""
    if not receiver.takes_notices or (notice.topic == "digest" and not receiver.takes_digests):
        return False
    if SEVERITIES.index(notice.worst) < SEVERITIES.index(receiver.severity):
        return False
    services = {one.service for one in notice.also} or {notice.service}
    return any(matches(service, pattern) for service in services for pattern in receiver.services)
