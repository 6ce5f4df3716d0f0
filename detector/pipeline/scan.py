"""The batch: read everything, then live through its windows in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import polars as pl

from detector.causes import Cause
from detector.config import Settings, parse_budget, score_of
from detector.errors import InputError
from detector.incidents.pages import known_at, mark_pages
from detector.markers import Marker
from detector.pipeline.aids import NO_AIDS, Aids
from detector.pipeline.around import windows_around
from detector.pipeline.causes import cause_of
from detector.pipeline.contributors import explain
from detector.pipeline.digest import NOTHING, Keep
from detector.pipeline.gather import gather
from detector.pipeline.gathered import Gathered
from detector.pipeline.groups import tie
from detector.pipeline.marking import with_markers
from detector.pipeline.period import Period, period_of
from detector.pipeline.planned import mark_planned
from detector.pipeline.stores import Store
from detector.pipeline.verdict_table import tabulate
from detector.pipeline.version_walk import add_versions, told_of, with_version
from detector.pipeline.walk import Walk, walk
from detector.schemas import Incident, ScanResult
from detector.severity import rate
from detector.sources.marker_files import read_marker_file

YOUNG_US = 3_600_000_000
"""What is known of a service for less is not judged."""


def scan(
    paths: Sequence[str], settings: Settings, now_us: int, aids: Aids = NO_AIDS, keep: Keep = NOTHING
) -> ScanResult:
    """Find the surges in log dumps and counts tables.

    Args:
        paths: files, folders, globs, `-`.
        settings: how to read and how to judge.
        now_us: the clock, microseconds since 1970 UTC; only for times without a year in streams.
        aids: standard input, and who is told how far reading is.
        keep: what a report needs of the windows.

    Raises:
        InputError: nothing could be read.
        ModelError: the model that the settings name cannot be read or does not fit.
        SettingsError: a setting is out of range.
        UsageError: the period of the report ends before it begins.
    """
    check_budgets(settings)
    gathered = gather(paths, settings, now_us, aids)
    refuse_untimed(paths, gathered)
    return judge(gathered, settings, now_us, keep)


def check_budgets(settings: Settings) -> None:
    """Refuse budgets that say nothing before anything is read.

    Raises:
        SettingsError: one is no budget.
    """
    for budget in (settings.incident_budget, settings.budget):
        parse_budget(budget)


def judge(
    gathered: Gathered, settings: Settings, now_us: int | None = None, keep: Keep = NOTHING
) -> ScanResult:
    """Find the surges in what was read; arguments and errors as for `scan`. Without the clock nothing is read again."""
    period = period_in(gathered, settings)
    stores = stores_in(gathered, period)
    walks = walks_of(gathered, period, settings, settings.incident_budget, keep)
    services = sum(len(one.names) for one in walks)
    causes = {one.id: _cause(one, of) for of in walks for one in of.incidents if period.covers(one)}
    untold: list[str] = []
    if now_us is not None:
        causes, untold = explain(causes, walks, gathered, settings, now_us)
    incidents = incidents_of(walks, period, settings)
    causes = tie(incidents, {one.id: with_version(causes[one.id], one.signal) for one in incidents})
    marked, unmarked = _markers(gathered, settings)
    return ScanResult(
        input=gathered.summary,
        window_seconds=(stores[0] if stores else gathered.totals).width_us / 1e6,
        from_us=min((period.begin(one.first_us) for one in walks), default=None),
        to_us=max((one.end_us for one in walks), default=None),
        services=services,
        incidents=incidents,
        causes=with_markers(incidents, causes, marked),
        notes=_notes(gathered, walks) + untold + unmarked,
        windows=_windows(walks, incidents, period, settings, keep) if walks else None,
        overview=_overview(walks),
    )


def walks_of(
    gathered: Gathered, period: Period, settings: Settings, budget: str, keep: Keep = NOTHING
) -> list[Walk]:
    """Live through all stores; versions are judged where logs were read."""
    open_at, walks = opens_at(budget), []
    for store in stores_in(gathered, period):
        walks.append(walk(store, period, settings, open_at, keep))
        if store is gathered.totals:
            add_versions(walks[-1], gathered.versions, settings, open_at)
    return walks


def _overview(walks: Sequence[Walk]) -> pl.DataFrame | None:
    """The coarse courses, if they were kept."""
    frames = [one.digest.frame() for one in walks if one.digest is not None]
    return pl.concat(frames) if frames else None


def _windows(
    walks: Sequence[Walk], incidents: Sequence[Incident], period: Period, settings: Settings, keep: Keep
) -> pl.DataFrame | None:
    """Verdicts as far as they are to be kept."""
    if keep.windows:
        return period.cut(pl.concat(map(tabulate, walks)))
    told = sorted(incidents, key=_by_score)[: keep.around]
    return windows_around(walks, told, period, settings, opens_at(settings.incident_budget)) if keep.around else None


def _by_score(incident: Incident) -> tuple[float, int, str, str]:
    return -incident.score, *_by_start(incident)


def _cause(incident: Incident, of: Walk) -> Cause:
    """What drives it, and where that leads."""
    cause, rise = cause_of(incident, of.store, of.end), of.rises.get(incident.id)
    told = cause if rise is None else told_of(incident, cause, rise)
    return replace(told, forecast=of.forecasts.get(incident.id))


def opens_at(budget: str) -> float:
    """The score at which an incident opens, of a budget such as `1/month`."""
    return score_of(parse_budget(budget))


def period_in(gathered: Gathered, settings: Settings) -> Period:
    """The period that the settings mean, in what was read.

    Raises:
        UsageError: it ends before it begins.
    """
    return period_of(settings, max((end for _, end in map(_span_us, gathered.stores())), default=0))


def stores_in(gathered: Gathered, period: Period) -> list[Store]:
    """The counts that reach into the period; logs come first."""
    return [store for store in gathered.stores() if period.meets(*_span_us(store))]


def _span_us(store: Store) -> tuple[int, int]:
    """Begin and end of a store, microseconds since 1970 UTC."""
    first, end = store.span()
    return first * store.width_us, end * store.width_us


def refuse_untimed(paths: Sequence[str], gathered: Gathered) -> None:
    """A pipe of lines without times has nothing to judge by.

    Raises:
        InputError: standard input is all there is, and none of its lines has a time.
    """
    if list(paths) == ["-"] and gathered.summary.lines_read and not gathered.timed:
        raise InputError(
            "standard input: its lines have no time; read at once they would look like one surge. "
            "Add times (kubectl logs --timestamps, docker logs -t, journalctl -o short-iso)"
        )


def incidents_of(walks: Sequence[Walk], period: Period, settings: Settings) -> list[Incident]:
    """Those that reach into the period, with severity and page, sorted by start, then service."""
    births_us = sorted(born for of in walks for born in of.born.tolist())
    found = []
    for of in walks:
        planned = mark_planned(of.incidents, settings.calendar, of.end_us)
        marked = mark_pages(planned, partial(known_at, births_us), parse_budget(settings.budget))
        found += [rate(one, of.forecasts.get(one.id), of.end_us, settings) for one in marked]
    return sorted(filter(period.covers, found), key=_by_start)


def _markers(gathered: Gathered, settings: Settings) -> tuple[list[Marker], list[str]]:
    """All markers, and in words what of them could not be read."""
    left_out = [f"{gathered.unmarked} lines that are markers were left out"] if gathered.unmarked else []
    if settings.markers is None or settings.markers.file is None:
        return list(gathered.markers.values()), left_out
    told = read_marker_file(settings.markers.file)
    return [*gathered.markers.values(), *told.markers], left_out + told.faults


def _by_start(incident: Incident) -> tuple[int, str, str]:
    return incident.started_us, incident.service, incident.signal


def _notes(gathered: Gathered, walks: Sequence[Walk]) -> list[str]:
    """What the user should know."""
    if gathered.timed and not walks:
        return ["no line lies between --since and --until"]
    short = [one for one in walks if (one.end - one.first) * one.store.width_us < 2 * YOUNG_US]
    return [
        f"history too short: {(one.end_us - one.first_us) / 60e6:.0f} min; "
        f"the first hour of a service is learned, not judged"
        for one in short
    ]
