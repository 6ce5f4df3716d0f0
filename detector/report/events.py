"""What happens to incidents while they are watched: one line each, for people or for programs."""

from __future__ import annotations

from typing import Literal

import msgspec

from detector.causes import Cause
from detector.report.escape import escape, escape_json
from detector.report.leads import tell_left
from detector.report.sentences import tell_course, tell_markers, tell_reasons, tell_volume
from detector.report.shape import IncidentShape, shape_incident
from detector.schemas import Incident
from detector.times import rfc3339

SCHEMA = "detector.event/1"
Event = Literal["open", "resolved"]


class EventShape(msgspec.Struct, frozen=True):
    """One line for programs.

    Attributes:
        schema: `detector.event/1`.
        event: `open` or `resolved`.
        at: event time up to which windows were judged, RFC 3339 in UTC.
        incident: as in `detector.scan/1`.
        deploys: the texts of its markers.
    """

    schema: str
    event: str
    at: str
    incident: IncidentShape
    deploys: tuple[str, ...]


def event_of(event: Event, incident: Incident, cause: Cause, seen_us: int) -> EventShape:
    """What happened."""
    deploys = tuple(one.text for one in cause.markers)
    return EventShape(SCHEMA, event, rfc3339(seen_us), shape_incident(incident, cause), deploys)


def as_json(event: EventShape) -> bytes:
    """One line."""
    return escape_json(msgspec.json.encode(event).decode()).encode() + b"\n"


def as_text(event: EventShape) -> bytes:
    """One line: when, what, how much, since when, why, who, and how long is left."""
    one = event.incident
    reasons = tell_reasons(one)
    page = "PAGE " if one.page else ""
    markers = tell_markers(one)
    left = tell_left(one.forecast, one.ended_at)
    parts = [
        f"{event.at} {event.event.upper()} {page}#{one.id} {one.severity} {one.service}: {tell_volume(one)}",
        tell_course(one, event.at),
        *([f"because of {reasons}"] if reasons else []),
        *([markers] if markers else []),
        *(f"most of it {top.dimension} {top.value}" for top in one.contributors[:1]),
        *([f"together with {', '.join(one.services_together)}"] if one.services_together else []),
        *([f"time left: {left}"] if left else []),
    ]
    return escape(", ".join(parts)).encode() + b"\n"
