"""Incidents to the facts of notices."""

from __future__ import annotations

from msgspec.structs import replace

from detector.alerts.facts import facts_of
from detector.alerts.notice import SEVERITIES, Facts
from detector.alerts.rules import DAY_US
from detector.causes import Cause
from detector.report.numbers import unit_of
from detector.report.sentences import tell_markers
from detector.report.shape import shape_incident
from detector.schemas import Incident, ScanResult

NO_CAUSE = Cause("volume", None, None, None)


def facts_in(result: ScanResult, now_us: int) -> list[Facts]:
    """The facts of all incidents of a scan. What lasts at the end of an input of yesterday is over by now."""
    is_old = result.to_us is not None and now_us - result.to_us >= DAY_US
    end = result.to_us if is_old else None
    return [facts_about(one, result.causes.get(one.id, NO_CAUSE), end) for one in result.incidents]


def facts_about(incident: Incident, cause: Cause, end_us: int | None = None) -> Facts:
    """The facts of one incident.

    Args:
        incident: the surge.
        cause: what drives it.
        end_us: what stands for the end of one that lasts; None: it lasts.
    """
    unit, scale = unit_of(incident.signal, incident.window_us, cause.per)
    bad = next(one for one in SEVERITIES if one == incident.severity)
    facts = facts_of(incident, cause, bad, unit=unit, scale=scale, ended_us=end_us)
    if not cause.markers:
        return facts
    began = f"It began {tell_markers(shape_incident(incident, cause))}."
    return replace(facts, detail=f"{facts.detail} {began}".strip())
