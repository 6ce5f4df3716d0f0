"""When the services of a walk will be overloaded: their surges so far, continued along what they usually do.

A forecast is of one moment, and nothing that came later is in it: of the end of the input for an incident that lasts,
since that is what an operator can still act on; of the moment it was noticed for one that is over, since that is what
would have been said then.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from detector.baseline.ahead import Ahead
from detector.capacity import Capacity, capacity_for
from detector.causes import Forecast, Rise
from detector.config import Settings
from detector.explain.forecast import Lead, Room, Surge, borne, fill, forecast, sustained
from detector.pipeline.stores import Real, Store, days_of, numbers_of
from detector.schemas import Incident

MINUTE_US, HOUR_US, DAY_US = 60_000_000, 3_600_000_000, 86_400_000_000
MOST_US, LEVEL_US = HOUR_US, HOUR_US
"""So much of a surge tells how it grows (releases go in steps), and so much before it how busy the day is."""
LEAST_KNOWN_US = 12 * HOUR_US
"""What a service bore in less time says nothing of what it can bear."""
NEAR = 0.8
"""An incident that was borne up to a height is still there while its load is at least so much of it."""
SMALLEST = 1e-9


@dataclass(frozen=True, slots=True)
class Best:
    """The highest loads that a service bore, each higher than those before it.

    Attributes:
        first: the first window that is known.
        ends: the windows after each of them, in order.
        loads: lines per window.
    """

    first: int
    ends: list[int]
    loads: list[float]

    def before(self, window: int) -> tuple[float, int] | None:
        """The highest up to a window, and where it ended; None: nothing is known."""
        place = bisect_right(self.ends, window) - 1
        return None if place < 0 else (self.loads[place], self.ends[place])


def foretell(
    store: Store, incidents: Sequence[Incident], ahead: Mapping[str, Ahead], end: int, settings: Settings
) -> dict[str, Forecast]:
    """Forecasts by the id of the surge, of those of which it is known what their service can bear.

    Args:
        store: the counts.
        incidents: found in them.
        ahead: id -> what the service usually sends around the moment of the forecast.
        end: the window at which the input ends.
        settings: what services can bear.
    """
    rules = {one.service: capacity_for(one.service, settings.capacity) for one in incidents}
    learned = learn_capacities(store, sorted(name for name, rule in rules.items() if rule is None), end)
    found = {}
    for incident in incidents:
        usual = ahead.get(incident.id) if incident.factor >= 1 else None
        one = None if usual is None else Telling(store, incident, usual, end)
        told = None if one is None else one.by(rules[incident.service], learned.get(incident.service))
        if told is not None:
            found[incident.id] = told
    return found


def foretell_rises(
    store: Store, incidents: Sequence[Incident], rises: Mapping[str, Rise], known: Mapping[str, Forecast], end: int,
    settings: Settings,
) -> dict[str, Forecast]:
    """Forecasts of incidents that a version has to do with: what is known, with the load if all clients had it.

    What only a version raised may be too small yet to tell how the whole service grows: then no time is told.
    """
    moved = [one for one in incidents if one.id in rises]
    learned = learn_capacities(store, sorted({one.service for one in moved}), end)
    found = {}
    for incident in moved:
        rise, mine = rises[incident.id], known.get(incident.id)
        mine = mine or bare(store, incident, rise, learned.get(incident.service), settings, end)
        if mine is not None:
            found[incident.id] = with_all(mine, incident, rise)
    return found


def with_all(known: Forecast, incident: Incident, rise: Rise) -> Forecast:
    """A forecast with the load if all clients had a version, as of the same moment."""
    full = rise.lines_at_full if incident.ended_us is None else rise.full_then
    return replace(known, load_of_all=full / known.capacity) if known.unit == "lines/min" else known


def bare(
    store: Store, incident: Incident, rise: Rise, best: Best | None, settings: Settings, end: int
) -> Forecast | None:
    """The load alone; None where it is not known what the service can bear. `end`: the window after the last one."""
    rule, width = capacity_for(incident.service, settings.capacity), store.width_us
    is_over = incident.ended_us is not None
    moment, lines = (incident.detected_us, rise.lines_then) if is_over else (end * width, rise.lines_now)
    if rule is not None and rule.lines_per_minute is not None:
        limit = rule.lines_per_minute
        return Forecast(moment, limit, "lines/min", "settings", None, "level", lines / limit)
    if rule is not None or best is None or best.first < 0 or moment - best.first * width < LEAST_KNOWN_US:
        return None
    borne_most = best.before(moment // width)
    if borne_most is None:
        return None
    limit = borne_most[0] * MINUTE_US / width
    learned_us = (borne_most[1] - sustained(width)) * width
    return Forecast(moment, limit, "lines/min", "learned", learned_us, "level", lines / limit)


def learn_capacities(store: Store, names: Sequence[str], end: int) -> dict[str, Best]:
    """What each of these services bore without failing, of those whose records state a status."""
    names = [name for name in names if store.tells("status", name)]
    if not names:
        return {}
    order, size = numbers_of(store, list(names)), sustained(store.width_us)
    kept = np.full((2, len(names), size - 1), np.nan)
    found = {name: Best(-1, [], []) for name in names}
    for day in days_of(store, store.span()[0], end):
        matrices = store.matrices(day, order, ("lines", "errors"))
        lines, errors = (np.hstack([old, matrices[name]]) for old, name in zip(kept, ("lines", "errors"), strict=True))
        kept = np.stack([side[:, side.shape[1] - size + 1 :] for side in (lines, errors)])
        first = day * store.windows_per_day
        for row, name in enumerate(names):
            found[name] = _improve(found[name], borne(lines[row], errors[row], store.width_us), matrices["lines"][row],
                                   first)  # fmt: skip
    return found


def _improve(best: Best, means: Real, lines: Real, first: int) -> Best:
    """What a day adds, whose first window is `first`."""
    known = np.flatnonzero(np.isfinite(lines))
    begin = best.first if best.first >= 0 or not len(known) else first + int(known[0])
    filled = np.nan_to_num(means, nan=0.0)
    highest = np.maximum.accumulate(np.r_[best.loads[-1] if best.loads else 0.0, filled])
    higher = np.flatnonzero(np.diff(highest) > 0)
    return Best(begin, [*best.ends, *(first + higher + 1).tolist()], [*best.loads, *filled[higher].tolist()])


@dataclass(frozen=True, slots=True)
class Telling:
    """One incident and what is known for its forecast."""

    store: Store
    incident: Incident
    usual: Ahead
    end: int

    @property
    def moment(self) -> int:
        """The window after the last one that the forecast knows."""
        return self.end if self.incident.ended_us is None else self.incident.detected_us // self.store.width_us

    def by(self, rule: Capacity | None, best: Best | None) -> Forecast | None:
        """By what the settings say, else by what the service bore; None where neither says anything."""
        found = self._learned(best) if rule is None else self._set(rule)
        return None if not found else min(found, key=_urgency)

    def _set(self, rule: Capacity) -> list[Forecast]:
        """One forecast for each number that the settings state and the counts can be held against."""
        width = self.store.width_us
        lines, data = self._surge("lines"), self._surge("bytes")
        found = []
        if rule.lines_per_minute is not None and lines is not None:
            lead = forecast(lines, rule.lines_per_minute * width / MINUTE_US)
            found.append(self._tell(lead, rule.lines_per_minute, "lines/min"))
        if rule.bytes_per_second is not None and data is not None:
            lead = forecast(data, rule.bytes_per_second * width / 1e6)
            found.append(self._tell(lead, rule.bytes_per_second, "bytes/s"))
        if data is None or self.store.tells("payload_bytes", self.incident.service):
            return found  # what is counted is not the size of the log
        if rule.bytes_per_day is not None:
            found.append(self._tell(fill(data, self._quota(rule.bytes_per_day)), rule.bytes_per_day, "bytes/day"))
        if rule.free_bytes is not None and self.incident.ended_us is None:
            found.append(self._tell(fill(data, Room(rule.free_bytes)), rule.free_bytes, "bytes"))
        return found

    def _quota(self, bytes_per_day: float) -> Room:
        """What is left of the day's quota."""
        per_day = self.store.windows_per_day
        midnight = self.moment // per_day * per_day
        return Room(bytes_per_day - self.total("bytes", midnight, self.moment), bytes_per_day,
                    midnight + per_day - self.moment)  # fmt: skip

    def _learned(self, best: Best | None) -> list[Forecast]:
        """By the highest load that was borne.

        Where it bears more than before the incident, nobody knows where that ends; where it fails there, it is over.
        """
        start, width = self._start, self.store.width_us
        if best is None or best.first < 0 or (start - best.first) * width < LEAST_KNOWN_US:
            return []
        before, known, surge = best.before(start), best.before(self.moment), self._surge("lines")
        if before is None or known is None or surge is None:
            return []
        lead = forecast(surge, known[0])
        present = (lead.load or 0.0) * known[0]
        if present >= max(before[0], NEAR * known[0]):
            if self._bears():
                lead, known = Lead(lead.course, present / before[0]), before
            else:
                lead = Lead(lead.course, lead.load, *[self.moment * width] * 3)
        learned_us = (known[1] - sustained(width)) * width
        return [self._tell(lead, known[0] * MINUTE_US / width, "lines/min", learned_us)]

    def _bears(self) -> bool:
        """Did nothing fail in the last minutes?"""
        size, width = sustained(self.store.width_us), self.store.width_us
        series = self.series(self.moment - size, self.moment)
        return bool(np.isfinite(borne(series["lines"], series["errors"], width)).any())

    def _tell(self, lead: Lead, capacity: float, unit: str, learned_us: int | None = None) -> Forecast:
        load = 0.0 if lead.load is None else lead.load
        source = "settings" if learned_us is None else "learned"
        return Forecast(
            self.moment * self.store.width_us, capacity, unit, source, learned_us, lead.course, load, None,
            lead.overload_us, lead.earliest_us, lead.latest_us,
        )  # fmt: skip

    @property
    def _start(self) -> int:
        return self.incident.started_us // self.store.width_us

    @property
    def _from(self) -> int:
        """The first window of the surge that is looked at."""
        return min(max(self._start, self.moment - MOST_US // self.store.width_us), self.moment - 1)

    def series(self, first: int, end: int) -> dict[str, Real]:
        """Every measure of the service in windows first..end-1; NaN where unknown."""
        return self.store.series(self.store.services[self.incident.service], first, end)

    def total(self, measure: str, first: int, end: int) -> float:
        """Sum of a measure in windows first..end-1."""
        return float(np.nansum(self.series(first, end)[measure])) if first < end else 0.0

    def _surge(self, measure: str) -> Surge | None:
        """Its windows so far; None where the measure is not known."""
        observed = self.series(self._from, self.moment).get(measure)
        if observed is None or not np.isfinite(observed).any():
            return None
        place = np.arange(len(observed))
        known = np.isfinite(observed)
        observed = np.interp(place, place[known], observed[known])
        expected = self._expected(measure)
        width = self.store.width_us
        return Surge(observed, expected[: len(observed)], expected[len(observed) :], self.moment * width, width)

    def _expected(self, measure: str) -> Real:
        """Per window, from the first of the surge to a day after the moment: the usual day at the level before it."""
        before = max(1, LEVEL_US // self.store.width_us)
        usual = np.nan_to_num(self.usual.over(self._start - before, self.moment + DAY_US // self.store.width_us))
        series = self.series(self._start - before, self._start)
        hour, known = series[measure], np.isfinite(series[measure])
        level = float(hour[known].mean()) if known.any() else 0.0
        base = float(usual[:before][known].mean()) if known.any() else 0.0
        ahead = usual[before + self._from - self._start :]
        if base <= 0 or not ahead.any():
            return np.full(len(ahead), max(level, SMALLEST))
        return np.maximum(ahead * (level / base), SMALLEST)


def _urgency(one: Forecast) -> tuple[bool, int, float]:
    """The next overload first, then the highest load."""
    return one.overload_us is None, one.overload_us or 0, -one.load
