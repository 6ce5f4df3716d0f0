"""Forecasts of a watch: of the moment an incident was noticed, and of now as long as it lasts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from detector.baseline.ahead import look_ahead
from detector.capacity import capacity_for
from detector.causes import Forecast, Rise
from detector.config import Settings
from detector.pipeline.forecasts import LEVEL_US, Telling, bare, with_all
from detector.pipeline.stores import Real
from detector.pipeline.watching.fleet import TILE, Fleet
from detector.pipeline.watching.loads import Loads
from detector.schemas import Incident

MOST = 20
"""Incidents of which the forecast is told anew when windows close, one hundredth of a second each."""
Before = Mapping[str, list[float | None]]
"""Measure -> the hour before an incident, window by window; None where it is not known."""


@dataclass(frozen=True, slots=True)
class Live(Telling):
    """What a watch knows for a forecast: windows of long ago are forgotten but for the hour before the incident.

    Attributes:
        before: that hour.
        today: bytes since midnight.
    """

    before: Before
    today: float

    def series(self, first: int, end: int) -> dict[str, Real]:
        """As of the windows that are kept, with those before the incident."""
        found = self.store.series(self.store.services[self.incident.service], first, end)
        for name, values in self.before.items():
            at = np.arange(self._start - len(values), self._start) - first
            here = (at >= 0) & (at < end - first)
            at, kept = at[here], np.array(values, np.float64)[here]
            found[name][at] = np.where(np.isfinite(found[name][at]), found[name][at], kept)
        return found

    def total(self, measure: str, first: int, end: int) -> float:  # noqa: ARG002  that is only ever asked since midnight
        """Bytes since midnight."""
        return self.today


def hour_before(incident: Incident, loads: Loads) -> Before:
    """What is kept of the windows before an incident, as long as it lasts."""
    recent = loads.recent
    start, length = incident.started_us // recent.width_us, max(1, LEVEL_US // recent.width_us)
    series = recent.series(recent.services[incident.service], start - length, start)
    return {
        name: [value if np.isfinite(value) else None for value in series[name].tolist()] for name in ("lines", "bytes")
    }


def foresee(
    incident: Incident, before: Before, known: tuple[Fleet, Loads], end: int, settings: Settings
) -> Forecast | None:
    """When its service will be overloaded, as of the window `end`; None where it is not known what it can bear.

    Args:
        incident: one that lasts; of one that is over the moment it was noticed counts.
        before: the hour before it.
        known: of the services.
        end: the window after the last one that is known.
        settings: what services can bear.
    """
    fleet, loads = known
    number = loads.recent.services[incident.service]
    rule, best = capacity_for(incident.service, settings.capacity), loads.best.get(number)
    if incident.signal == "version" or incident.factor < 1 or (rule is None and best is None):
        return None
    state = fleet.tiles[number // TILE].state
    noticed = incident.detected_us // state.width_us
    learned = (noticed - 1) // state.block * state.block if end <= noticed else state.history.next or end
    usual = look_ahead(state.history, number % TILE * len(state.signals), learned)
    told = Live(loads.recent, incident, usual, end, before, float(loads.today.get(number, 0)))
    return told.by(rule, best)


def load_of_all(
    incident: Incident, rise: Rise, known: Forecast | None, loads: Loads, settings: Settings
) -> Forecast | None:
    """What is known, with the load if all clients had a version; arguments as for `bare`."""
    best = loads.best.get(loads.recent.services[incident.service])
    mine = known or bare(loads.recent, incident, rise, best, settings, incident.detected_us // loads.recent.width_us)
    return None if mine is None else with_all(mine, incident, rise)
