"""Markers in what is read: lines of logs that fit the pattern of the settings, and the file that they name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

import polars as pl

from detector.causes import Cause
from detector.config import Settings
from detector.errors import SettingsError
from detector.formats.lines import Lines, cut_lines
from detector.formats.records import Recipe, read_records
from detector.markers import LONGEST, Marker, markers_of
from detector.schemas import Incident

MOST = 100
"""Markers of one block."""
GROUPS = ("service", "version")
MINUTE_US = 60_000_000


def pattern_from(settings: Settings) -> str:
    """The pattern of lines that are markers; empty: none are.

    Raises:
        SettingsError: it is no expression, or has not the groups that it needs.
    """
    pattern = settings.markers.pattern if settings.markers is not None else None
    if pattern is not None:
        _check(pattern)
    return pattern or ""


@lru_cache(maxsize=4)
def _check(pattern: str) -> None:
    try:
        groups = pl.Series([""]).str.extract_groups(pattern).struct.fields
    except pl.exceptions.ComputeError as error:
        cause = str(error).split("error: ")[-1].splitlines()[0]
        raise SettingsError(f"`markers`: `pattern`: no valid regular expression: {cause}") from None
    if "version" not in groups or not set(groups) <= set(GROUPS):
        raise SettingsError(
            "`markers`: `pattern`: needs a group (?<version>...), and may have (?<service>...), no others"
        )


def find_markers(
    lines: Lines, frame: pl.DataFrame, stem: str, recipe: Recipe, pattern: str
) -> tuple[list[Marker], int]:
    """The lines that fit the pattern, each service and version once.

    Args:
        lines: n physical lines.
        frame: n rows of what was read in them, with `timestamp`, and `service` where that is known.
        stem: the service of lines that do not say whose they are.
        recipe: how they are read.
        pattern: with groups of `GROUPS`.

    Returns:
        the markers, and how many lines were left out, since they have no time or are too many.
    """
    rows = lines.text.str.contains(pattern).arg_true()
    if not len(rows):
        return [], 0
    hits = lines.text.gather(rows)
    exact = replace(recipe, calendar=replace(recipe.calendar, whole_minutes=False))
    alone = read_records(cut_lines("".join(f"{line}\n" for line in hits).encode()), exact, frozenset()).frame
    times = pl.DataFrame({"alone": alone["timestamp"], "among": frame["timestamp"].gather(rows)})
    at = times.select(pl.coalesce("alone", "among").dt.timestamp("us")).to_series()
    found = hits.str.extract_groups(pattern).struct.unnest()
    services = frame["service"].gather(rows) if "service" in frame.columns else [None] * len(rows)
    named = found["service"] if "service" in found.columns else [None] * len(rows)
    markers: dict[tuple[str, str], Marker] = {}
    for moment, said, spoke, version in zip(at, named, services, found["version"], strict=True):
        if moment is not None and version:
            service = re.sub(r"([*?\[])", r"[\1]", said or spoke or stem)  # a log names a service, no pattern
            one = Marker(moment, service[:LONGEST], version[:LONGEST])
            markers.setdefault((one.services, one.text), one)
    untimed = at.null_count()
    return list(markers.values())[:MOST], untimed + max(0, len(markers) - MOST)


def merge_markers(known: dict[tuple[str, str, int], Marker], new: Iterable[Marker]) -> None:
    """Take in markers, of those that come again in the same minute the first."""
    for one in new:
        key = (one.services, one.text, one.at_us // MINUTE_US)
        known[key] = min(one, known.get(key, one))


def with_markers(
    incidents: Sequence[Incident], causes: Mapping[str, Cause], markers: Iterable[Marker]
) -> dict[str, Cause]:
    """The causes of incidents with what was done shortly before."""
    every = sorted(markers)
    return dict(causes) | {
        one.id: replace(causes[one.id], markers=markers_of(one.service, one.started_us, one.detected_us, every))
        for one in incidents
    }
