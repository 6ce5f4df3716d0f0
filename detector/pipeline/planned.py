"""Planned times: which incidents belong to them, and which windows teach nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

import numpy as np
from numpy.typing import NDArray

from detector.calendars import GRACE_US, Calendar
from detector.schemas import Incident


def mark_planned(incidents: Sequence[Incident], calendars: Sequence[Calendar], now_us: int) -> list[Incident]:
    """Name the calendar of those incidents that are no reason to page.

    Args:
        incidents: open ones among them.
        calendars: the first that fits is named.
        now_us: end of what was seen, microseconds since 1970 UTC.
    """
    quiet = [one for one in calendars if not one.page]
    return [replace(one, calendar=_calendar_of(one, quiet, now_us)) for one in incidents] if quiet else list(incidents)


def _calendar_of(incident: Incident, calendars: Sequence[Calendar], now_us: int) -> str | None:
    """The calendar in whose time it was noticed, if it did not outlast it."""
    last = now_us if incident.ended_us is None else incident.ended_us
    for one in calendars:
        if fnmatchcase(incident.service, one.services):
            spans = one.spans(incident.detected_us - 1, incident.detected_us)  # the window that raised it ended then
            if any(last <= end + GRACE_US for _, end in spans):
                return one.name
    return None


def unlearned(
    names: Sequence[str], calendars: Sequence[Calendar], first: int, windows: int, width_us: int
) -> NDArray[np.bool_] | None:
    """Windows that teach nothing, S x n; None where there are none.

    Args:
        names: of the services.
        calendars: also those that teach.
        first: number of the first of the `windows` windows.
        width_us: length of a window.
    """
    found = None
    for one in calendars:
        spans = [] if one.learn else one.spans(first * width_us, (first + windows) * width_us)
        if not spans:
            continue
        found = np.zeros((len(names), windows), bool) if found is None else found
        mine = np.array([fnmatchcase(name, one.services) for name in names], bool)
        for begin, end in spans:
            found[mine, max(0, begin // width_us - first) : max(0, -(-end // width_us) - first)] = True
    return found
