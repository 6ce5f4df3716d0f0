"""Which times of an incident are compared: an hour before it and its first hour, fewer where much was written.

They are chosen from the counts, which are the same for every way of cutting the input.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from detector.explain.counting import Periods
from detector.pipeline.stores import Real, numbers_of
from detector.pipeline.walk import Walk
from detector.schemas import Incident

MOST_US, LEAST_US = 3_600_000_000, 300_000_000
"""Lengths of a period."""
MOST_LINES = 400_000
"""Lines in the periods of all incidents together, about: to read them takes a second."""
BACK_US = 24 * 3_600_000_000
"""So far before an incident its usual time may lie, if others of its service lie between."""
SERVICES = 256
"""Looked at together."""


@dataclass(slots=True)
class Reference:
    """The times around the incidents of one walk.

    Attributes:
        walk: over the counts.
        share: lines that one period may have.
    """

    walk: Walk
    share: float
    _days: dict[int, Real] = field(default_factory=dict)

    def periods(self, incident: Incident) -> Periods:
        """What is compared for an incident: before it, where no other one of its service was; and its begin."""
        width_us, walk = self.walk.store.width_us, self.walk
        start = incident.started_us // width_us
        end = walk.end if incident.ended_us is None else incident.ended_us // width_us
        stop = start + self._reach(self.lines(start, max(min(end, start + self._most), start + 1)))
        until = self._undisturbed(incident, start)
        since = until - self._reach(self.lines(max(until - self._most, walk.first), until)[::-1])
        return Periods((since * width_us, until * width_us), (start * width_us, stop * width_us))

    @property
    def _most(self) -> int:
        return max(1, MOST_US // self.walk.store.width_us)

    def _reach(self, lines: Real) -> int:
        """How many of these windows may be read."""
        fitting = int(np.searchsorted(np.cumsum(lines), self.share, side="right"))
        return min(len(lines), max(fitting, LEAST_US // self.walk.store.width_us, 1))

    def _undisturbed(self, incident: Incident, start: int) -> int:
        """The window at which the usual time ends: where another incident lies in it, before that one."""
        width_us, until = self.walk.store.width_us, start
        others = [one for one in self.walk.incidents if one.service == incident.service and one.id != incident.id]
        for other in sorted(others, key=_start, reverse=True):
            begin = other.started_us // width_us
            end = other.ended_us // width_us if other.ended_us is not None else start
            if begin < until and end > until - self._most and begin > start - BACK_US // width_us:
                until = begin
        return max(until, self.walk.first)

    def lines(self, first: int, end: int) -> Real:
        """Lines of all services in windows first..end-1: all of them have to be read."""
        per_day = self.walk.store.windows_per_day
        if first >= end:
            return np.empty(0)
        days = range(first // per_day, (end - 1) // per_day + 1)
        lines = np.concatenate([self._day(number) for number in days])
        return lines[first - days[0] * per_day : end - days[0] * per_day]

    def _day(self, number: int) -> Real:
        if number not in self._days:
            store, names, total = self.walk.store, self.walk.names, np.zeros(self.walk.store.windows_per_day)
            for begin in range(0, len(names), SERVICES):
                some = numbers_of(store, names[begin : begin + SERVICES])
                total += np.nansum(store.matrices(number, some, ("lines",))["lines"], axis=0)
            self._days[number] = total
        return self._days[number]


def _start(incident: Incident) -> int:
    return incident.started_us
