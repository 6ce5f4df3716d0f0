"""Lines per client of each version against the others at the same moment, day by day: judge, then learn.

A version is compared with the others of its family (`FleetApp/4.9.0` with `FleetApp/4.8.2`) where enough clients of
these talk, else with all others of the service; how much it usually differs from them is learned once a day. Of a
version that was there from the beginning, or is alone in its family, hardly anything is said before that is known.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from detector.causes import Rise
from detector.detect.talk import HOUR, MEASURES, compare, score_of, times_to_look
from detector.incidents.follower import incident_id
from detector.pipeline.version_scene import (
    FAMILY,
    WAVER,
    Known,
    Numbers,
    Scene,
    learn,
    rise_of,
    scene_of,
    started,
    suspects,
)
from detector.pipeline.version_surges import VersionSurge
from detector.schemas import Incident
from detector.windows.versions import TILE_US, TILES_PER_DAY, VersionTotals

MOST_VERSIONS = 16
"""Of each service the largest are judged in each tile; all of them count as others."""
LEAST_RATIO = 1.5
LEAST_OTHERS = 1.0
"""Clients of others for each one of a version that stands out: fewer are on their way to it, and do not tell."""


class Found(NamedTuple):
    """An incident and the version that it is about."""

    incident: Incident
    rise: Rise


class Limits(NamedTuple):
    """What the versions of a service are judged by.

    Attributes:
        open_at: score at which an incident opens.
        least: lines an hour more than the others would have sent that an incident needs.
        least_factor: times what the others send that it needs.
        warmup: tiles for which the service is known before it is judged.
    """

    open_at: float
    least: float
    least_factor: float
    warmup: float


class Seen(NamedTuple):
    """The counts of a service on a day and the day before.

    Attributes:
        totals: of all services.
        versions: their names by number.
        number: of the service.
        days: its rows of the two days.
    """

    totals: VersionTotals
    versions: list[str]
    number: int
    days: list[list[Numbers]]

    def day(self, day: int, end: int) -> Scene:
        """The day up to a tile, with the hour before it."""
        span = range(day * TILES_PER_DAY - HOUR + 1, end)
        return scene_of(self.totals, self.versions, self.number, span, _between(self.days, span.start, end))


@dataclass(slots=True)
class Judge:
    """Judges the versions of services.

    Attributes:
        totals: what their clients sent.
        width_us: length of a window, for what is told.
        limits: of the services that are judged, by name.
        services: name -> what is known.
    """

    totals: VersionTotals
    width_us: int
    limits: Mapping[str, Limits]
    services: dict[str, Known] = field(default_factory=dict)

    def advance(self, first: int, end: int) -> list[Found]:
        """Judge tiles first..end-1 of one day, and learn from the day when it is over; tiles come in order.

        Returns:
            what closed. However the tiles of a day are cut, it is the same.
        """
        closed: list[Found] = []
        day = first // TILES_PER_DAY
        rows = self.totals.rows(day - 1, day * TILES_PER_DAY - HOUR + 1), self.totals.rows(day)
        every = list(self.totals.versions)
        for service, number in sorted(self.totals.totals.services.items()):
            if service in self.limits:
                mine = [_of_service(side, number) for side in rows]
                columns = _between(mine, first - HOUR + 1, end)
                if service not in self.services:
                    if not len(columns[1]):
                        continue
                    self.services[service] = Known(int(columns[1].min()))
                closed += self._judge(service, Seen(self.totals, every, number, mine), range(first, end), columns)
        return closed

    def _judge(self, service: str, seen: Seen, tiles: range, columns: list[Numbers]) -> list[Found]:
        """Judge the tiles of a service."""
        known, day = self.services[service], tiles.start // TILES_PER_DAY
        scene = None
        if len(columns[1]) or known.surges:
            span = range(tiles.start - HOUR + 1, tiles.stop)
            scene = scene_of(self.totals, seen.versions, seen.number, span, columns)
        closed = [] if scene is None else self._live(service, known, scene, seen)
        if tiles.stop % TILES_PER_DAY == 0:
            whole = scene if tiles.start % TILES_PER_DAY == 0 else seen.day(day, tiles.stop)
            if whole is not None and (len(whole.rows.tile) or known.surges or known.held):
                learn(known, whole, frozenset(known.held))
                known.forget(whole.first)
            known.held = set(known.surges)
        return closed

    def still_open(self) -> list[Found]:
        """What lasts."""
        return [self._found(service, version, surge)
                for service, known in sorted(self.services.items())
                for version, surge in sorted(known.surges.items())]  # fmt: skip

    def _live(self, service: str, known: Known, scene: Scene, seen: Seen) -> list[Found]:
        """Go through some tiles of a day in order of time."""
        closed: list[Found] = []
        known.note(scene)
        first = scene.first + HOUR - 1
        limits = self.limits[service]
        limits = limits._replace(least_factor=max(limits.least_factor, LEAST_RATIO))
        looks = _looks(known, scene, limits)
        if looks and first % TILES_PER_DAY:  # when it began is sought in the whole day
            scene = seen.day(first // TILES_PER_DAY, scene.first + scene.hours.lines.shape[1])
            looks = _looks(known, scene, limits)
        for tile in range(first - scene.first, scene.hours.lines.shape[1]):
            for version in looks.get(tile, ()):
                is_warm = scene.first + tile >= known.began + limits.warmup
                if is_warm and scene.names[version] not in known.surges.keys() | known.dismissed:
                    _open(known, scene, version, tile, limits)
            for name in sorted(known.surges):
                known.held.add(name)
                end = go_on(known, known.surges[name], scene, name, tile)
                if end:
                    closed.append(self._found(service, name, known.surges.pop(name), end))
        return closed

    def _found(self, service: str, version: str, surge: VersionSurge, end: str = "") -> Found:
        key = incident_id(service, f"version {version}", surge.detected * TILE_US)
        return Found(surge.incident(key, service, self.width_us, end), surge.rise)


def _looks(known: Known, scene: Scene, limits: Limits) -> dict[int, list[int]]:
    """Tile -> the versions that may stand out in it."""
    looks: dict[int, list[int]] = {}
    for tile, version in times_to_look(suspects(known, scene, *limits[:3]), scene.hours.lines, MOST_VERSIONS):
        looks.setdefault(tile, []).append(version)
    return looks


def _open(known: Known, scene: Scene, version: int, tile: int, limits: Limits) -> None:
    """Open a surge if the clients of the hour bear it out, one by one."""
    found = scene.others(version, tile)
    if found is None:
        return
    kind, others = found
    name, hour = scene.names[version], scene.rows.within(tile - HOUR + 1, tile + 1)
    best: tuple[float, int] | None = None
    for measure in range(MEASURES):
        ratio = compare(hour, version, others, measure, spare=True)
        if ratio is None:
            continue
        habit = known.habit(name, kind, measure)
        spread = ratio.variance + 1 / habit.precision + WAVER[kind] ** 2
        score = round(score_of((ratio.log - habit.mean) / math.sqrt(spread)), 6)
        rises = ratio.log - max(habit.mean, 0.0) >= math.log(limits.least_factor)
        if score >= limits.open_at and rises and (best is None or score > best[0]):
            best = score, measure
    if best is None:
        return
    score, measure = best
    rate = scene.rate(others, measure, tile) * math.exp(max(known.habit(name, kind, measure).mean, 0.0))
    rise = rise_of(known, scene, (version, measure, rate), _group(kind, version, scene), tile)
    rise = replace(rise, lines_then=rise.lines_now, full_then=rise.lines_at_full)
    begin = started(scene, version, measure, tile, rate * (1 + rise.ratio) / 2)
    known.surges[name] = VersionSurge(measure, kind, begin, scene.first + tile + 1, score, rate, rise)


def _of_service(rows: Sequence[Numbers], number: int) -> list[Numbers]:
    """The rows of a service; they are sorted by it."""
    low, high = np.searchsorted(rows[0], (number, number + 1))
    return [column[low:high] for column in rows]


def _between(days: Sequence[list[Numbers]], first: int, end: int) -> list[Numbers]:
    """The rows of tiles first..end-1, of days in order, each sorted by tile."""
    parts = []
    for columns in days:
        low, high = np.searchsorted(columns[1], (first, end))
        parts.append([column[low:high] for column in columns])
    return [np.concatenate(both) for both in zip(*parts, strict=True)]


def go_on(known: Known, surge: VersionSurge, scene: Scene, name: str, tile: int) -> str:
    """Take one more tile into a surge; why it closes now, or nothing."""
    if name not in scene.names:
        return surge.take(scene.first + tile, 0.0, 0.0, None)
    version = scene.names.index(name)
    found = scene.others(version, tile)
    is_known = found is not None and found[0] == surge.kind and _are_enough(scene, version, found[1], tile)
    if found is not None and is_known:
        usual = math.exp(max(known.habit(name, surge.kind, surge.measure).mean, 0.0))
        surge.rate = scene.rate(found[1], surge.measure, tile) * usual
    lines, exposure = scene.lately(version, surge.measure, tile)
    each, talking = scene.alone(version, surge.measure)
    ratio = lines / exposure / surge.rate if exposure else None
    end = surge.take(scene.first + tile, float(each[tile]), float(talking[tile]), ratio)
    if ratio is not None and not surge.quiet:
        against = (version, surge.measure, surge.rate)
        rise = rise_of(known, scene, against, _group(surge.kind, version, scene), tile)
        last = surge.rise
        rise = replace(rise, noticed_us=last.noticed_us, lines_then=last.lines_then, full_then=last.full_then)
        surge.rise = rise if is_known else replace(rise, ratio=last.ratio, against=last.against)
    return end


def _are_enough(scene: Scene, version: int, others: Numbers, tile: int) -> bool:
    """Else hardly anybody of the others is left: the version is held to what they last sent."""
    talking = scene.hours.talking[1, :, tile]
    return bool(talking[others].sum() >= LEAST_OTHERS * talking[version])


def _group(kind: str, version: int, scene: Scene) -> Numbers | None:
    """The family of a version; None: all of the service."""
    return np.flatnonzero(scene.families == scene.families[version]) if kind == FAMILY else None
