"""The incidents of versions beside those of the services they speak to: one incident per cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from detector.causes import Cause, Contributor, Factor, Rise
from detector.config import Settings
from detector.explain.drivers import MESSAGES
from detector.pipeline.causes import cause_of
from detector.pipeline.forecasts import foretell_rises
from detector.pipeline.knobs import knobs_of
from detector.pipeline.signals import LINES, PER_CLIENT
from detector.pipeline.stores import Store, days_of
from detector.pipeline.versions import Found, Judge, Limits
from detector.pipeline.walk import Walk
from detector.schemas import Incident
from detector.windows.versions import TILE_US, TILES_PER_DAY, VersionTotals


def add_versions(walk: Walk, totals: VersionTotals, settings: Settings, open_at: float) -> None:
    """Judge the versions of the time of a walk, and put what they raise among its incidents.

    Where a version stands out and the service as a whole then talks more per client, that is one incident: the one
    that was noticed first stays.
    """
    judge = Judge(totals, walk.store.width_us, limits_of(walk.names, walk.store.width_us, settings, open_at))
    until, found = walk.end_us // TILE_US, []
    for day in days_of(walk.store, walk.first, walk.end):
        found += judge.advance(day * TILES_PER_DAY, min((day + 1) * TILES_PER_DAY, until))
    for each in sorted(found + judge.still_open(), key=_by_detection):
        _add(walk, each)
    walk.forecasts |= foretell_rises(walk.store, walk.incidents, walk.rises, walk.forecasts, walk.end, settings)


def limits_of(names: Sequence[str], width_us: int, settings: Settings, open_at: float) -> dict[str, Limits]:
    """What each service is judged by; those whose surges are not looked for are left out."""
    knobs = knobs_of(names, settings, open_at, width_us)
    columns = knobs.open_at, knobs.least, knobs.least_factor, knobs.warmup * width_us / TILE_US
    judged = knobs.rising & ~knobs.ignored & np.isfinite(knobs.open_at)
    each = zip(names, judged.tolist(), *(column.tolist() for column in columns), strict=True)
    return {name: Limits(*values) for name, is_judged, *values in each if is_judged}


def _by_detection(found: Found) -> tuple[int, str, str]:
    return found.incident.detected_us, found.incident.service, found.rise.version


def _add(walk: Walk, found: Found) -> None:
    """Add one, or make it one with those of the same cause, from the first alarm to the last end."""
    mine = found.incident
    same = [one for one in walk.incidents if is_same(one, mine, walk.store, walk.end)]
    every = [*same, mine]
    ends = [one.ended_us for one in every if one.ended_us is not None]
    ended = max(ends) if len(ends) == len(every) else None
    first = min(every, key=_detected)
    kept = replace(first, score=max(one.score for one in every), ended_us=ended, settled=mine.settled)
    walk.incidents = [one for one in walk.incidents if one not in same] + [kept]
    walk.rises[kept.id] = found.rise


def _detected(incident: Incident) -> int:
    return incident.detected_us


def is_same(one: Incident, version: Incident, store: Store, end: int) -> bool:
    """Does the service as a whole talk more per client while the version does?"""
    if one.service != version.service or one.signal not in (LINES, PER_CLIENT) or one.observed <= one.expected:
        return False
    begins, ends = max(one.started_us, version.started_us), [each.ended_us for each in (one, version)]
    if any(end is not None and end <= begins for end in ends):
        return False
    return one.signal == PER_CLIENT or cause_of(one, store, end).kind == MESSAGES


def told_of(incident: Incident, cause: Cause, rise: Rise) -> Cause:
    """The cause of an incident that a version raised, or has to do with."""
    if incident.signal != "version":
        return replace(cause, version=rise)
    messages = Factor(incident.expected, incident.observed, 1.0)
    return replace(
        cause, kind=MESSAGES, clients=None, messages_per_client=messages, bytes_per_message=None, version=rise
    )


def with_version(cause: Cause, signal: str) -> Cause:
    """The cause of what a version raised, or has to do with, with it before all other contributors."""
    rise = cause.version
    if rise is None:
        return cause
    alone = [one for one in cause.contributors if (one.dimension, one.value) == ("version", rise.version)]
    first_us, sample = min([(one.first_us, one.sample) for one in alone], default=(rise.first_us, ""))
    if alone and signal != "version":
        return replace(cause, contributors=(*alone, *_others(cause.contributors, alone)))
    mine = Contributor("version", rise.version, rise.before, rise.during, rise.share_of_excess, first_us, sample)
    return replace(cause, contributors=(mine, *_others(cause.contributors, alone)))


def _others(contributors: Sequence[Contributor], alone: Sequence[Contributor]) -> list[Contributor]:
    return [one for one in contributors if one not in alone]
