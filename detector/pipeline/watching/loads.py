"""What services bore so far, for the forecasts of a watch: their highest loads without failures, and today's bytes."""

from __future__ import annotations

import sqlite3
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from detector.capacity import capacity_for
from detector.config import Settings
from detector.explain.forecast import HEALTHY, borne, sustained
from detector.pipeline.forecasts import Best
from detector.pipeline.stores import Numbers, Real
from detector.pipeline.watching import memory
from detector.windows.cells import EMPTY, Cells, Recent

KEPT_US = 48 * 3_600_000_000
"""No incident lasts longer: of what was borne before only the highest is kept."""
NEARLY = 1 - 1e-9
LINES, BYTES, ERRORS = 0, 1, 2
"""Rows of the measures of cells."""


@dataclass(slots=True)
class Loads:
    """Of the services that state a status, and of those with a quota of a day.

    Attributes:
        recent: the windows that closed last.
        best: number of a service -> what it bore.
        today: number of a service with a quota -> bytes since midnight.
        day: the number of that day.
    """

    recent: Recent
    best: dict[int, Best] = field(default_factory=dict)
    today: dict[int, int] = field(default_factory=dict)
    day: int = -1

    def take(self, first: int, end: int, since: Sequence[int], settings: Settings) -> list[int]:
        """Take in windows first..end-1, which closed; the numbers of those that bore more than ever.

        Args:
            first, end: they are among the recent ones.
            since: by number of a service, the window from which on its silence means zero.
            settings: which services have a quota.
        """
        self._count_today(first, end, settings)
        stated = (self.recent.services.get(name) for name in self.recent.told.get("status", ()))
        numbers = np.array(sorted(one for one in stated if one is not None and one < len(since)), np.int64)
        before = sustained(self.recent.width_us) - 1
        lines, errors = self._matrices(numbers, first - before, end, np.array(since, np.int64))
        highest = np.array([self._highest(number) for number in numbers.tolist()])
        changed = []
        for row in np.flatnonzero(_tops(lines, errors, before + 1) > highest * NEARLY).tolist():
            number = int(numbers[row])
            old = self.best.get(number, Best(since[number], [], []))
            found = _higher(old, borne(lines[row], errors[row], self.recent.width_us), first)
            if found is not old:
                self.best[number] = self._pruned(found, end)
                changed.append(number)
        return changed

    def _highest(self, number: int) -> float:
        known = self.best.get(number)
        return known.loads[-1] if known is not None and known.loads else 0.0

    def _pruned(self, best: Best, now: int) -> Best:
        """Without what nobody asks for any more."""
        old = bisect_left(best.ends, now - KEPT_US // self.recent.width_us) - 1
        return best if old <= 0 else Best(best.first, best.ends[old:], best.loads[old:])

    def _matrices(self, numbers: Numbers, first: int, end: int, since: Numbers) -> tuple[Real, Real]:
        """Lines and errors of services, S x windows each; NaN where they are unknown."""
        found = np.full((2, len(numbers), end - first), np.nan)
        for window in range(first, end):
            cells = self.recent.windows.get(window)
            if cells is not None:
                found[:, :, window - first] = _of(cells, numbers)[[LINES, ERRORS]]
        known = since[numbers][:, None] <= np.arange(first, end)
        lines, errors = np.where(known, found, np.nan)
        return lines, errors

    def _count_today(self, first: int, end: int, settings: Settings) -> None:
        rules = settings.capacity if any(rule.bytes_per_day is not None for rule in settings.capacity) else ()
        if not rules:
            return
        named = ((number, capacity_for(name, rules)) for name, number in self.recent.services.items())
        numbers = np.array([number for number, rule in named if rule is not None and rule.bytes_per_day is not None],
                           np.int64)  # fmt: skip
        for window in range(first, end):
            if window // self.recent.windows_per_day != self.day:
                self.day, self.today = window // self.recent.windows_per_day, {}
            sizes = _of(self.recent.windows.get(window, EMPTY), numbers)[BYTES]
            for number, size in zip(numbers.tolist(), sizes.tolist(), strict=True):
                self.today[number] = self.today.get(number, 0) + int(size)

    def store(self, connection: sqlite3.Connection, changed: Sequence[int]) -> None:
        """Write what changed; the caller commits."""
        rows = [(number, msgspec.json.encode(_body(self.best[number]))) for number in changed]
        connection.executemany("INSERT OR REPLACE INTO watch_loads VALUES (?, ?)", rows)
        if self.today:
            memory.write_run(connection, "today", [self.day, list(self.today.items())])

    def restore(self, connection: sqlite3.Connection) -> None:
        """Take up what is stored."""
        for number, data in connection.execute("SELECT service, body FROM watch_loads").fetchall():
            first, ends, loads = msgspec.json.decode(data)
            self.best[number] = Best(first, ends, [float(load) for load in loads])
        day, today = memory.read_run(connection, "today") or (-1, [])
        self.day, self.today = day, dict(today)


def _tops(lines: Real, errors: Real, size: int) -> Real:
    """About the highest load of each row that was borne for so many windows, S; the whole of `borne` at once."""
    calm = ~sliding_window_view(~(errors <= HEALTHY * lines), size, axis=1).any(axis=2)
    means = sliding_window_view(np.nan_to_num(lines), size, axis=1).mean(axis=2)
    return np.asarray(np.where(calm, means, 0.0).max(axis=1, initial=0.0))


def _higher(best: Best, means: Real, first: int) -> Best:
    """With the loads that are higher than all before, of windows from `first` on; the same if there are none."""
    ends, loads = list(best.ends), list(best.loads)
    for window, mean in enumerate(means.tolist(), first):
        if mean > (loads[-1] if loads else 0.0):  # NaN is not
            ends.append(window + 1)
            loads.append(mean)
    return best if len(ends) == len(best.ends) else Best(best.first, ends, loads)


def _body(best: Best) -> tuple[int, list[int], list[float]]:
    return best.first, best.ends, best.loads


def _of(cells: Cells, numbers: Numbers) -> Numbers:
    """The measures of services in a window, 4 x S; zero where they said nothing."""
    found = np.zeros((len(cells.measures), len(numbers)), np.int64)
    if len(cells.services):
        place = np.minimum(np.searchsorted(cells.services, numbers), len(cells.services) - 1)
        there = cells.services[place] == numbers
        found[:, there] = cells.measures[:, place[there]]
    return found
