"""What became of incidents when windows closed: which began, which go on, which are over, and what is known of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from detector.causes import Contributor, Forecast, Rise
from detector.config import parse_budget
from detector.incidents.pages import known_at, mark_pages
from detector.pipeline.causes import HORIZON, cause_of
from detector.pipeline.planned import mark_planned
from detector.pipeline.version_walk import told_of, with_version
from detector.pipeline.watching.asking import WAIT_S, ask, is_due
from detector.pipeline.watching.cases import Case, Told, store
from detector.pipeline.watching.foreseeing import MOST, foresee, hour_before, load_of_all
from detector.pipeline.watching.marking import markers_for
from detector.schemas import Incident
from detector.severity import rate

if TYPE_CHECKING:
    from detector.pipeline.watching.watch import Watch


def follow(watch: Watch, incidents: Sequence[Incident], now: int, now_us: int, told: Told) -> list[Case]:
    """Bring the incidents of a watch up to date, and store them; the caller commits.

    Args:
        watch: changed in place.
        incidents: those that are over, and those that last.
        now: the window up to which all were judged.
        now_us: the clock, microseconds since 1970 UTC.
        told: what began and what is over is added.

    Returns:
        those of which it is new what drives them or who holds the excess.
    """
    news = list[Case]()
    lasting = {one.id: one for one in incidents if one.ended_us is None}
    rises = watch.joining.rises()
    due, asked = _due(watch, lasting), list[Case]()
    for one in incidents:
        before = watch.lasting.get(one.id)
        case = _opened(watch, one, now, now_us) if before is None else _going_on(watch, one, before, now)
        if one.id in due:
            case = replace(case, cause=replace(case.cause, forecast=_foresee(watch, case, now)))
        case = _with_rise(watch, case, rises.get(one.id))
        case = replace(case, incident=_marked(watch, case))
        if is_due(replace(case, asked_us=max(case.asked_us, watch.asking.asked_us(one.id)))):
            asked.append(case)
        if before is None:
            told.opened.append(case)
        if one.ended_us is None:
            watch.lasting[one.id] = case
        else:
            watch.lasting.pop(one.id, None)
            told.closed.append(case)
        if before is None or _by_whom(before) != _by_whom(case):
            news.append(case)
        store(watch.connection, case)
    if asked:
        ask(watch, asked, now)
        if any(not case.stale for case in told.opened):
            watch.asking.wait(WAIT_S)
    return news


def _by_whom(case: Case) -> tuple[str, tuple[Contributor, ...]]:
    return case.cause.kind, case.cause.contributors


def _with_rise(watch: Watch, case: Case, rise: Rise | None) -> Case:
    """With the version that stands out in it."""
    if rise is None:
        return case
    cause = told_of(case.incident, case.cause, rise)
    forecast = load_of_all(case.incident, rise, cause.forecast, watch.loads, watch.settings)
    return replace(case, cause=with_version(replace(cause, forecast=forecast), case.incident.signal))


def _due(watch: Watch, lasting: dict[str, Incident]) -> set[str]:
    """The incidents of which the forecast is told anew: those with the oldest."""
    known = [(watch.lasting[key].cause.forecast, key) for key in lasting if key in watch.lasting]
    known.sort(key=lambda pair: (0 if pair[0] is None else pair[0].as_of_us, pair[1]))
    return {key for _, key in known[:MOST]}


def _opened(watch: Watch, incident: Incident, now: int, now_us: int) -> Case:
    """An incident that was not known."""
    width_us = watch.intake.width_us
    cause, stale = cause_of(incident, watch.recent, now), now_us - incident.detected_us > watch.stale_us
    cause = replace(cause, markers=markers_for(watch.connection, incident))
    case = Case(incident, cause, now * width_us, stale)
    case = replace(case, before=hour_before(incident, watch.loads))
    noticed = _foresee(watch, case, incident.detected_us // width_us)
    return replace(case, cause=replace(cause, forecast=noticed), noticed=noticed)


def _going_on(watch: Watch, incident: Incident, before: Case, now: int) -> Case:
    """One that was known: its cause is told as long as the windows around its begin are kept.

    Of one that is over the forecast is that of the moment in which it was noticed.
    """
    width_us = watch.intake.width_us
    case = replace(before, incident=incident, seen_us=now * width_us)
    if now <= incident.started_us // width_us + 2 * HORIZON:
        cause, old = cause_of(incident, watch.recent, now), before.cause
        cause = replace(
            cause, forecast=old.forecast, contributors=old.contributors, retried=old.retried,
            group=old.group, together=old.together, markers=markers_for(watch.connection, incident),
        )  # fmt: skip
        case = replace(case, cause=cause)
    return case if incident.ended_us is None else replace(case, cause=replace(case.cause, forecast=case.noticed))


def _foresee(watch: Watch, case: Case, end: int) -> Forecast | None:
    return foresee(case.incident, case.before, (watch.fleet, watch.loads), end, watch.settings)


def _marked(watch: Watch, case: Case) -> Incident:
    """Whether it pages, and how bad it is; what was noticed too long ago when it was first told never pages."""
    settings = watch.settings
    incident = mark_planned([case.incident], settings.calendar, case.seen_us)[0]
    incident = mark_pages([incident], partial(known_at, watch.born), parse_budget(settings.budget))[0]
    incident = rate(incident, case.cause.forecast, case.seen_us, settings)
    return replace(incident, page=incident.page and not case.stale)
