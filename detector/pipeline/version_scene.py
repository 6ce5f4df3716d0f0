"""One day of one service as its versions saw it, and what is usual for each of them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from detector.causes import Rise
from detector.detect.talk import HOUR, LEAST_CLIENTS, LEAST_SCATTER, MEASURES, Hours, Rows, score_of, sum_hours
from detector.pipeline.version_surges import VersionSurge
from detector.windows.versions import TILE_US, TILES_PER_DAY, VersionTotals, sort_with

FAMILY, REST = "family", "rest"
DIFFER = {FAMILY: 0.2, REST: 1.5}
"""Standard deviation (ln) by which versions differ for good: of the same family, and of all kinds."""
WAVER = {FAMILY: 0.1, REST: 0.5}
"""Of an hour, around what is usual."""
DAILY = 0.3
"""Of a day: so much does one day say about what is usual."""
KNOWN_DAYS = 30
KEPT_TILES = 7 * TILES_PER_DAY
"""A version that nobody had for so long is new when it comes again."""
VERSION = re.compile(r"^(.*?)[ /:@_-]*v?\d[\w.+-]*$")
Real = NDArray[np.float64]
Numbers = NDArray[np.int64]


def family_of(version: str) -> str:
    """What stands before the number: `FleetApp` of `FleetApp/4.9.0`; all of it where there is no number."""
    found = VERSION.match(version)
    return found[1] if found else version


LATELY, LATELY_CLIENTS = 3, 20
"""Tiles that say whether it is over, more where fewer clients than this have talked in them, an hour at most."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One day of one service with the hour before it, t tiles and v versions.

    Attributes:
        first: number of the first tile.
        names: of the versions, sorted.
        families: number of the family of each, v.
        rows, hours: who sent what.
        totals: lines of the service in each tile, sampled or not, t.
    """

    first: int
    names: list[str]
    families: Numbers
    rows: Rows
    hours: Hours
    totals: Real

    def others(self, version: int, tile: int) -> tuple[str, Numbers] | None:
        """What a version is compared with in the hour up to the end of a tile: kind and versions."""
        talking = self.hours.talking[1, :, tile]
        alone = np.arange(len(self.names)) != version
        for kind, mine in ((FAMILY, alone & (self.families == self.families[version])), (REST, alone)):
            if talking[mine].sum() >= LEAST_CLIENTS:
                return kind, np.flatnonzero(mine)
        return None

    def rate(self, versions: Numbers, measure: int, tile: int) -> float:
        """Lines per exposure of some versions together, in the hour up to the end of a tile."""
        return float(self.hours.lines[versions, tile].sum() / self.hours.talking[measure, versions, tile].sum())

    def lately(self, version: int, measure: int, tile: int) -> tuple[float, float]:
        """Lines and exposure of a version in the last tiles, as few as the measure allows."""
        if measure:
            return float(self.hours.lines[version, tile]), float(self.hours.talking[measure, version, tile])
        lines, clients = np.cumsum(self.hours.each[:, version, max(0, tile - HOUR + 1) : tile + 1][:, ::-1], axis=1)
        last = min(max(LATELY - 1, int(np.searchsorted(clients, LATELY_CLIENTS))), len(clients) - 1)
        return float(lines[last]), float(clients[last])

    def alone(self, version: int, measure: int) -> tuple[Real, Real]:
        """Lines and exposure of a version in each tile alone; those in the hour are spread over it evenly."""
        lines, clients = self.hours.each[:, version]
        return lines, self.hours.talking[1, version] / HOUR if measure else clients


def scene_of(totals: VersionTotals, every: list[str], service: int, span: range, columns: list[Numbers]) -> Scene:
    """The scene of a service.

    Args:
        totals: the counts.
        every: the names of their versions by number.
        service: its number.
        span: the tiles.
        columns: its rows as `VersionTotals.rows` gives them, sorted by tile.
    """
    _, tile, version, slot, lines = columns
    rank = np.zeros(len(every), np.int64)
    rank[version] = 1
    ranked = sorted(np.flatnonzero(rank).tolist(), key=every.__getitem__)
    rank[ranked] = np.arange(len(ranked))
    first, until = span.start, span.stop
    rows = Rows(tile - first, rank[version], slot, lines).within(0, until - first)
    names = [every[number] for number in ranked]
    groups = {family: at for at, family in enumerate(sorted(set(map(family_of, names))))}
    families = np.array([groups[family_of(name)] for name in names], np.int64)
    hours = sum_hours(rows, len(names), until - first)
    return Scene(first, names, families, rows, hours, totals.series(service, first, until))


def suspects(known: Known, scene: Scene, open_at: float, least: float, least_factor: float) -> NDArray[np.bool_]:
    """Where a version may stand out, v x t: by sums, as if clients differed as little as they ever do."""
    found = np.zeros(scene.hours.lines.shape, bool)
    talking = scene.hours.talking
    needed = next(z for z in np.arange(0, 8, 0.05).tolist() if score_of(z) >= open_at or z > 7.9)
    for version in np.flatnonzero(talking[1].max(axis=1, initial=0) >= LEAST_CLIENTS).tolist():
        mine = scene.families == scene.families[version]
        if not scene.names[version] or len(mine) < 2:
            continue
        lines, clients = scene.hours.lines[version], talking[:, version]
        siblings = talking[1, mine].sum(axis=0) - clients[1] >= LEAST_CLIENTS
        for kind, group, judged in ((FAMILY, mine, siblings), (REST, np.ones(len(mine), bool), ~siblings)):
            others, exposure = scene.hours.lines[group].sum(axis=0) - lines, talking[:, group].sum(axis=1) - clients
            enough = judged & (clients[1] >= LEAST_CLIENTS) & (exposure[1] >= LEAST_CLIENTS)
            for measure in range(MEASURES):
                habit = known.habit(scene.names[version], kind, measure)
                usual = others / np.maximum(exposure[measure], 1) * clients[measure]
                log = np.log(np.maximum(lines, 1) / np.maximum(usual, 1e-9))
                spread = LEAST_SCATTER / np.maximum(clients[1], 1) + LEAST_SCATTER / np.maximum(exposure[1], 1)
                spread += 1 / habit.precision + WAVER[kind] ** 2
                level = usual * math.exp(max(habit.mean, 0.0))
                high = (log - habit.mean >= needed * np.sqrt(spread)) & (lines >= least_factor * level)
                found[version] |= enough & high & (lines - level >= least)
    return found


def rise_of(known: Known, scene: Scene, surge: tuple[int, int, float], group: Numbers | None, tile: int) -> Rise:
    """What is told of a version.

    Args:
        known: when versions were seen.
        scene: the day.
        surge: version, measure and the rate of the others.
        group: the versions of the family, with it; None: it is compared with all of the service.
        tile: in the hour up to the end of which.
    """
    version, measure, rate = surge
    every = np.arange(len(scene.names)) if group is None else group
    lines, clients = scene.hours.lines[:, tile], scene.hours.talking[:, :, tile]
    above = np.maximum(lines - rate * clients[measure], 0.0)
    now = scene.totals[max(0, tile - HOUR + 1) : tile + 1].sum()
    scale = now / max(lines.sum(), 1.0) / (HOUR * TILE_US / 60e6)
    mine = float(lines[version] / max(clients[measure, version], 1.0))
    others = [] if group is None else [one for one in group.tolist() if one != version and clients[1, one] > 0]
    largest = max(others, key=lambda one: (clients[1, one], scene.names[one]), default=None)
    missing = max(mine * clients[measure, every].sum() - lines[every].sum(), 0.0)
    return Rise(
        version=scene.names[version],
        against=None if largest is None else scene.names[largest],
        first_us=known.seen[scene.names[version]][0] * TILE_US,
        share_of_clients=float(clients[1, version] / max(clients[1, every].sum(), 1.0)),
        ratio=mine / rate,
        share_of_excess=float(above[version] / max(above[every].sum(), 1e-9)),
        before=float(rate * clients[measure, version] * scale),
        during=float(lines[version] * scale),
        lines_now=float(lines.sum() * scale),
        lines_at_full=float((lines.sum() + missing) * scale),
        noticed_us=(scene.first + tile + 1) * TILE_US,
    )


def started(scene: Scene, version: int, measure: int, tile: int, middle: float) -> int:
    """The tile in which a version began to talk more than `middle`, half way between before and after (Page 1955)."""
    lines, exposure = scene.alone(version, measure)
    above = (lines - exposure * middle)[: tile + 1]
    return scene.first + tile - int(np.cumsum(above[::-1]).argmax())


def learn(known: Known, scene: Scene, held: frozenset[str]) -> None:
    """How the versions of a whole day differ from the others, but for groups with one that stands out."""
    today = scene.rows.within(HOUR - 1, scene.hours.lines.shape[1])
    moments = _moments(today, len(scene.names))
    exposure = np.stack([moments[1], scene.hours.talking[1, :, HOUR - 1 :].sum(axis=1) / HOUR])
    out = np.isin(scene.names, sorted(held))
    for version in np.flatnonzero(moments[0] >= LEAST_CLIENTS).tolist():
        same = scene.families == scene.families[version]
        for kind, group in ((FAMILY, same), (REST, np.ones(len(same), bool))):
            others = group & (np.arange(len(group)) != version)
            if out[group].any() or moments[0, others].sum() < LEAST_CLIENTS:
                continue
            variance = _variance(moments[:, [version]]) + _variance(moments[:, others])
            for measure in range(MEASURES):
                mine, theirs = (moments[2, one].sum() / exposure[measure, one].sum() for one in (version, others))
                habit = known.habit(scene.names[version], kind, measure)
                habit.learn(math.log(mine / theirs), variance)
                known.habits[scene.names[version], kind, measure] = habit


def _moments(rows: Rows, versions: int) -> Real:
    """Clients, tiles with them, lines, and sums of lines^2, lines x tiles, tiles^2 over clients, 6 x v."""
    who, sent = sort_with((rows.version << 32 | rows.client).view(np.uint64), rows.lines)
    begins = np.flatnonzero(np.append(True, who[1:] != who[:-1])[: len(who)])
    lines = np.add.reduceat(sent, begins).astype(np.float64) if len(begins) else np.empty(0)
    tiles, version = np.diff(begins, append=len(who)), (who[begins] >> np.uint64(32)).astype(np.int64)
    each = (np.ones(len(begins)), tiles, lines, lines**2, lines * tiles, tiles**2)
    return np.stack([np.bincount(version, one, versions) for one in each])


def _variance(moments: Real) -> float:
    """Of ln of the rate of some versions together, clients as clusters; 6 x some."""
    number, tiles, lines, squares, mixed, of_tiles = moments.sum(axis=1).tolist()
    rate = lines / tiles
    spread = number * (squares - 2 * rate * mixed + rate**2 * of_tiles) / lines**2
    return max(float(spread), LEAST_SCATTER) / float(number) + 1 / float(lines)


@dataclass(slots=True)
class Habit:
    """How a version usually differs from the others: ln of the ratio, and how sure that is."""

    mean: float
    precision: float

    def learn(self, log: float, variance: float) -> None:
        """Take in a day."""
        weight = 1 / (DAILY**2 + variance)
        self.precision = min(self.precision, KNOWN_DAYS / DAILY**2) + weight
        self.mean += weight * (log - self.mean) / self.precision


@dataclass(slots=True)
class Known:
    """What is known of the versions of a service.

    Attributes:
        began: the first tile with a client of any version.
        habits: version, kind of the others and measure -> how it differs.
        seen: version -> the first and the last tile with a client of it.
        surges: version -> what lasts.
        held: versions that stood out today, which does not teach what is usual.
        dismissed: versions of which somebody said that nothing is wrong.
    """

    began: int
    habits: dict[tuple[str, str, int], Habit] = field(default_factory=dict)
    seen: dict[str, tuple[int, int]] = field(default_factory=dict)
    surges: dict[str, VersionSurge] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    dismissed: set[str] = field(default_factory=set)

    def habit(self, version: str, kind: str, measure: int) -> Habit:
        """How a version differs; if that is not known, from nothing; of one that was always there little is sure."""
        old = self.seen[version][0] < self.began + HOUR
        return self.habits.get((version, kind, measure)) or Habit(0.0, DIFFER[REST if old else kind] ** -2)

    def note(self, scene: Scene) -> None:
        """Remember when versions were seen."""
        talks = scene.hours.each[1] > 0
        firsts, lasts = talks.argmax(axis=1), talks.shape[1] - 1 - talks[:, ::-1].argmax(axis=1)
        for version in np.flatnonzero(talks.any(axis=1)).tolist():
            name, early, late = scene.names[version], *(scene.first + int(one[version]) for one in (firsts, lasts))
            self.seen[name] = self.seen.get(name, (early, late))[0], late

    def forget(self, first: int) -> None:
        """Forget versions that were not seen for long, at the end of a day that begins about tile `first`."""
        gone = [name for name, (_, last) in self.seen.items() if last < first - KEPT_TILES]
        for name in gone:
            del self.seen[name]
            self.dismissed.discard(name)
            for key in [key for key in self.habits if key[0] == name]:
                del self.habits[key]
