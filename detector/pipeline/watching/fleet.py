"""All services of a watch, in tiles that fit the processor's cache and are judged on several threads.

A service may come at any time. In a log it was silent before, as long as its stream was heard, and it is judged like
that: as a copy of a service that never spoke, of which one is kept for every window in which a stream began.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from detector.config import Settings
from detector.errors import SettingsError
from detector.incidents.follower import NEVER, Follower
from detector.incidents.surge import Surge
from detector.pipeline.advance import State
from detector.pipeline.knobs import knobs_of
from detector.pipeline.signals import measures_of, rows_of
from detector.pipeline.ticks import Ticking
from detector.schemas import Incident
from detector.windows.cells import Cells
from detector.windows.denominators import Denominators

Real = NDArray[np.float64]
Numbers = NDArray[np.int64]
TILE = 1024
SILENT = -1
"""The number of the tile of the services that never speak."""
MOST_PREPARED = 4
"""Tiles that are prepared at once: a fraction of a second of work, after which what arrived is looked at."""
NOT_YET = np.iinfo(np.int64).max


@dataclass(slots=True)
class Fleet:
    """The services.

    Attributes:
        fresh: makes the state of no services.
        pool: threads that judge.
        tiles: of `TILE` services each, in the order of their numbers.
        silent: one service for every window in which a stream began, `since` of them by number.
        since: of each service, the first window in which silence means zero; by number.
        per: what lines are counted per.
    """

    fresh: Callable[[], State]
    pool: Executor
    tiles: dict[int, Ticking] = field(default_factory=dict)
    silent_since: list[int] = field(default_factory=list)
    since: list[int] = field(default_factory=list)
    per: Denominators = field(default_factory=Denominators)

    def __post_init__(self) -> None:
        if not self.tiles:
            self.tiles[SILENT] = Ticking(self.fresh())

    @property
    def next(self) -> int | None:
        """The window that comes next; None before the first."""
        return self.tiles[SILENT].next

    def begin_stream(self, since: int) -> None:
        """From this window on, which was not judged yet, silence of the services of a stream means zero."""
        if since not in self.silent_since:
            self.silent_since.append(since)
            self.tiles[SILENT].grow([str(since)])

    def grow(self, names: Sequence[str]) -> set[int]:
        """Add services, the next numbers, that are not judged yet; the numbers of the tiles that changed."""
        first, end = len(self.since), len(self.since) + len(names)
        self.since += [NOT_YET] * len(names)
        changed = set(range(first // TILE, (end - 1) // TILE + 1)) if names else set()
        for number in changed:
            begin, stop = max(first, number * TILE), min(end, (number + 1) * TILE)
            if number not in self.tiles:
                self.tiles[number] = Ticking(replace(self.fresh(), signals=self.tiles[SILENT].state.signals, names=[]))
                self.tiles[number].follow(self.tiles[SILENT])
            self.tiles[number].grow(list(names[begin - first : stop - first]))
        return changed

    def welcome(self, numbers: Sequence[int], since: int) -> set[int]:
        """From now on services are judged, as if they had been silent since a window; the tiles that changed.

        What a model knows of a service stands.
        """
        source, silent = self.tiles[SILENT], self.silent_since.index(since)
        changed = {number // TILE for number in numbers}
        for number in changed:
            tile = self.tiles[number]
            ours = [one % TILE for one in numbers if one // TILE == number and not tile.is_known(one % TILE)]
            tile.copy(source, [silent] * len(ours), ours)
        for number in numbers:
            self.since[number] = since
        return changed

    def widen(self, signals: tuple[str, ...]) -> None:
        """Judge by more signals from now on: clients are known that were not known before."""
        for number, old in self.tiles.items():
            new = Ticking(replace(self.fresh(), signals=signals, names=[]))
            new.grow(old.state.names)
            new.follow(old)
            new.copy(old, range(len(old.state.names)), range(len(old.state.names)))
            new.take_surges(old)
            self.tiles[number] = new

    def tick(self, first: int, windows: Sequence[Cells]) -> list[Incident]:
        """Judge windows that closed, in order; the incidents that closed."""
        clients = [cells.clients(self.per) for cells in windows]

        def judge(tile: int) -> list[Incident]:
            matrices = self._matrices(tile, first, windows, clients)
            return self.tiles[tile].tick(first, *rows_of(matrices, self.tiles[tile].state.signals))

        closed = [incident for found in self.pool.map(judge, sorted(self.tiles)) for incident in found]
        return sorted(closed, key=lambda one: (one.ended_us or 0, one.service, one.signal))

    def retune(self, settings: Settings, open_at: float) -> None:
        """Judge by other settings from now on.

        Raises:
            SettingsError: other services would be watched for falls, of which nothing is known; nothing was changed.
        """
        for tile in self.tiles.values():
            state = tile.state
            knobs = knobs_of(state.names, settings, open_at, state.width_us)
            if np.flatnonzero(knobs.falling & ~knobs.ignored).tolist() != state.falls.services.tolist():
                raise SettingsError("which services are watched for falls cannot change while a watch runs; restart it")
        prior, signals = self.tiles[SILENT].state.prior, self.tiles[SILENT].state.signals
        self.fresh = partial(State, self.tiles[SILENT].state.width_us, signals, prior, settings, open_at)
        for tile in self.tiles.values():
            tile.state.retune(settings, open_at)

    def dismiss(self, service: int) -> Incident | None:
        """Somebody says that the surge of a service is none; the incident that is over by it."""
        tile = self.tiles[service // TILE]
        surge, name = _dismiss(tile.state.follower, service % TILE), tile.state.names[service % TILE]
        return None if surge is None else tile.state.follower.incident(name, surge, tile.next or 0, "dismissed")

    def again(self, windows: Sequence[tuple[int, Cells]], dismissed: Sequence[tuple[int, int]]) -> None:
        """Judge windows that were judged before, each tile those that it has not learned from; nothing is told.

        Args:
            windows: number and counts.
            dismissed: before which window the surge of which service was.
        """
        clients = [cells.clients(self.per) for _, cells in windows]

        def judge(number: int) -> None:
            tile = self.tiles[number]
            mine = [(at, service) for at, service in dismissed if service // TILE == number]
            for (window, cells), distinct in zip(windows, clients, strict=True):
                if tile.next is None or window >= tile.next:
                    for at, service in mine:
                        if at == window:
                            _dismiss(tile.state.follower, service % TILE)
                    matrices = self._matrices(number, window, [cells], [distinct])
                    tile.tick(window, *rows_of(matrices, tile.state.signals))

        list(self.pool.map(judge, sorted(self.tiles)))

    def _matrices(
        self, tile: int, first: int, windows: Sequence[Cells], clients: Sequence[Real]
    ) -> dict[str, Real]:
        """The measures of the services of a tile, S x n; NaN where they are unknown."""
        since = self.silent_since if tile == SILENT else self.since[tile * TILE : (tile + 1) * TILE]
        known = np.array(since, np.int64)[:, None] <= first + np.arange(len(windows))
        wanted = measures_of(self.tiles[tile].state.signals)
        found = {name: np.where(known & (name != "clients"), 0.0, np.nan) for name in wanted}
        for column, (cells, distinct) in enumerate(zip(windows, clients, strict=True)):
            begin, end = np.searchsorted(cells.services, (tile * TILE, (tile + 1) * TILE)) if tile != SILENT else (0, 0)
            rows = cells.services[begin:end] - tile * TILE
            for name, values in (("lines", cells.measures[0]), ("bytes", cells.measures[1]), ("clients", distinct)):
                if name in found:
                    found[name][rows, column] = values[begin:end]
        return found

    def prepare(self) -> bool:
        """Do what the next tick would do first, for some tiles; whether there were any."""
        waiting = [tile for tile in self.tiles.values() if not tile.is_ready][:MOST_PREPARED]
        list(self.pool.map(Ticking.prepare, waiting))
        return bool(waiting)

    def lasting(self) -> list[Incident]:
        """The incidents that are open."""
        return [
            incident
            for tile in self.tiles.values()
            if tile.state.follower.surges or tile.state.falls.follower.surges
            for incident in tile.state.still_open(tile.next or 0)
        ]


def _dismiss(follower: Follower, service: int) -> Surge | None:
    """End the surge of a service: the same, if it was open.

    As after a settled one, only what comes on top of it opens a new one until its score has fallen.
    """
    surge = follower.surges.pop(service, None)
    if surge is not None:
        follower.over[service] = NEVER, surge.factor
    return surge
