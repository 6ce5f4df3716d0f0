"""The table: text for the operator at three in the morning. In order of time, so that the newest stands at the end."""

from __future__ import annotations

import textwrap

from detector.causes import Cause, Contributor
from detector.report.escape import cells, escape, shorten
from detector.report.leads import tell_left, tell_load, tell_origin
from detector.report.look import Look
from detector.report.numbers import MINUTE_US, brief, factor_of, times_normal, unit_of
from detector.report.sentences import tell_markers, tell_planned, tell_question, tell_reasons, tell_version
from detector.report.shape import NO_CAUSE, shape_forecast, shape_incident, shape_version
from detector.report.spark import CELLS, sparkline
from detector.report.summary import summarize
from detector.schemas import Incident, ScanResult
from detector.times import clock, day, duration, moment, rfc3339

INDENT, GAP = 9, 3
LEAST_CELLS = 8
LEAST_SHARE = 0.2
"""Who holds less of the excess is not told here."""


def render(result: ScanResult, look: Look) -> bytes:
    """All incidents, then what was read."""
    blocks = [_block(one, result.causes.get(one.id, NO_CAUSE), result, look, is_first=is_first)
              for one, is_first in _grouped(result)]  # fmt: skip
    text = "\n\n".join(["\n".join(block) for block in blocks] + ["\n".join(_closing(result, look))])
    return (text + "\n").encode()


def _grouped(result: ScanResult) -> list[tuple[Incident, bool]]:
    """The incidents in order of time, those of one cause together behind the one that was noticed first."""
    groups: dict[str, list[Incident]] = {}
    for one in result.incidents:
        groups.setdefault(result.causes.get(one.id, NO_CAUSE).group or one.id, []).append(one)
    ordered = [[*(one for one in members if one.id == name), *(one for one in members if one.id != name)]
               for name, members in groups.items()]  # fmt: skip
    return [(one, one is members[0]) for members in ordered for one in members]


def _closing(result: ScanResult, look: Look) -> list[str]:
    """The summary, wrapped; its first sentence stands out."""
    first, *others = summarize(result)
    lines = [look.paint(line, "good" if not result.incidents else "name") for line in _wrap(first, look.width, "")]
    return lines + [line for other in others for line in _wrap(other, look.width, "  ")]


def _wrap(text: str, width: int, indent: str) -> list[str]:
    return textwrap.wrap(escape(text), width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _block(incident: Incident, cause: Cause, result: ScanResult, look: Look, *, is_first: bool) -> list[str]:
    """Who, how much, since when, why; of a group, why is told of the first one."""
    lines = [_volume(incident, cause, look), _course(incident, result)]
    asked = textwrap.wrap(tell_question(shape_incident(incident, cause), can_mark=look.can_mark), look.width - INDENT)
    reasons = _reasons(incident, cause) if is_first else f"the same cause as #{escape(cause.group)}"
    lines += [line for line in (escape(tell_planned(incident.calendar)), reasons) if line]
    lines += _wrap(tell_markers(shape_incident(incident, cause)), look.width - INDENT, "")
    who = [line for one in cause.contributors[:1] if is_first and one.share >= LEAST_SHARE
           for line in _who(one, incident, cause, look)]  # fmt: skip
    if is_first and cause.together:
        asked = [*_wrap(f"together with {', '.join(cause.together)}", look.width - INDENT, ""), *asked]
    told = [_heading(incident, look), *(" " * INDENT + line for line in lines), *who, *_left(incident, cause, look)]
    return told + [" " * INDENT + line for line in asked]


def _left(incident: Incident, cause: Cause, look: Look) -> list[str]:
    """`LEFT     88 min: full at about 22:00 (21:40-22:50); load 47 % of 600,000/min`; nothing without a capacity."""
    forecast = shape_forecast(cause.forecast)
    left = tell_left(forecast, rfc3339(incident.ended_us))
    if not left:
        return []
    told = [f"{left}; {tell_load(forecast)}", tell_origin(forecast)]
    lines = [line for part in told for line in textwrap.wrap(part, look.width - INDENT, break_long_words=False)]
    return [look.paint("LEFT", "name") + " " * (INDENT - 4) + lines[0], *(" " * INDENT + line for line in lines[1:])]


def _who(one: Contributor, incident: Incident, cause: Cause, look: Look) -> list[str]:
    """`WHO      FleetApp/4.9.0 (version): 99 % of the excess, first seen 18:00`, and what sets a version apart."""
    seen = clock(one.first_us // MINUTE_US * MINUTE_US)
    if moment(one.first_us).date() != moment(incident.started_us).date():
        seen = f"{day(one.first_us, year=False)} {seen}"
    told = f" ({one.dimension}): {100 * one.share:.0f} % of the excess, first seen {seen}"
    room = look.width - INDENT
    first = look.paint("WHO", "name") + " " * (INDENT - 3) + shorten(one.value, room - cells(told)) + told
    version = shape_version(cause.version)
    more = [] if version is None else _wrap(tell_version(version), room, "")
    return [first, *(" " * INDENT + line for line in more)]


def _heading(incident: Incident, look: Look) -> str:
    """Severity and service on the left, the page mark and the id on the right."""
    level = incident.severity
    mark, name = "PAGE " if incident.page else "", f"#{escape(incident.id)}"
    room = look.width - INDENT - len(mark) - len(name)
    service = shorten(incident.service, room - 2) or "(no name)"
    gap = " " * max(2, room - cells(service))
    severity_text = look.paint(level.upper(), level) + " " * (INDENT - len(level))
    return severity_text + look.paint(service, "name") + gap + look.paint(mark, "page") + look.paint(name, "dim")


def _volume(incident: Incident, cause: Cause, look: Look) -> str:
    """`x9.7 normal: 215 lines/min, expected 22`, and the course."""
    unit, scale = unit_of(incident.signal, incident.window_us, cause.per)
    observed, expected = brief(incident.observed * scale), brief(incident.expected * scale)
    text = f"{times_normal(factor_of(incident))}: {observed} {unit}, expected {expected}"
    room = look.width - INDENT - len(text) - GAP
    bars = sparkline(cause.observed, look.bars, min(CELLS, room)) if room >= LEAST_CELLS else ""
    return f"{text}{' ' * GAP}{bars}" if bars else text


def _course(incident: Incident, result: ScanResult) -> str:
    """`began 15 Jul 11:35 UTC, noticed after 14 min, lasted 26 min`."""
    ends = (result.from_us, result.to_us)
    several_years = len({moment(end).year for end in ends if end is not None}) > 1
    began = f"began {day(incident.started_us, year=several_years)} {clock(incident.started_us)} UTC"
    noticed = f"noticed after {duration(incident.detected_us - incident.started_us)}"
    if incident.settled:
        end = "stayed at this level and counts as settled"
    elif incident.ended_us is None:
        end = "lasts"
        if result.to_us is not None:
            end = f"lasts ({duration(result.to_us - incident.started_us)} so far)"
    else:
        end = f"lasted {duration(incident.ended_us - incident.started_us)}"
    return f"{began}, {noticed}, {end}"


def _reasons(incident: Incident, cause: Cause) -> str:
    """`because of messages per client x9.4, clients x1.2`."""
    reasons = tell_reasons(shape_incident(incident, cause))
    return f"because of {reasons}" if reasons else ""
