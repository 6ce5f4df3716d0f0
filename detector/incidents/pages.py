"""Which incidents page, within the budget of the installation."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import replace

from detector.config import score_of
from detector.schemas import Incident

DAY_US = 86_400_000_000


def known_at(births_us: Sequence[int], moment_us: int) -> int:
    """Services known at the last UTC midnight; on the first day, those known by now.

    Args:
        births_us: when each service spoke first, sorted, microseconds since 1970 UTC.
        moment_us: now.
    """
    return bisect_left(births_us, moment_us // DAY_US * DAY_US) or bisect_left(births_us, moment_us)


def mark_pages(
    incidents: Sequence[Incident], known: Callable[[int], int], weeks_between_pages: float
) -> list[Incident]:
    """Which incidents page: those that all services together would raise by mistake no more often than budgeted.

    Args:
        incidents: those of a calendar do not page.
        known: services known when an incident was noticed, microseconds since 1970 UTC.
        weeks_between_pages: of the installation, by mistake.
    """
    marked = []
    for one in incidents:
        services = max(known(one.detected_us), 1)
        page = one.calendar is None and one.score >= score_of(services * weeks_between_pages)
        marked.append(replace(one, services_known=services, page=page))
    return marked
