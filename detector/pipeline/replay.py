"""Lives through the days of a store again and again, each time with other surges planted, always causally.

The services are walked once as they are. On some days the state of that morning is copied, the copy lives through the
day with one surge in each service, tells what it raised, and is thrown away: no surge teaches the detector about the
next one, and memory depends on services, not on days.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass

import numpy as np

from detector.config import Settings, parse_budget
from detector.incidents.pages import mark_pages
from detector.pipeline.planned import mark_planned
from detector.pipeline.planting import Mask, Planted, Slot, choose
from detector.pipeline.stores import Numbers, Real, Store, days_of
from detector.pipeline.walk import begin, live
from detector.schemas import Incident
from detector.severity import rate
from detector.trials import Trial

WARM_US = 2 * 86_400_000_000
WARM_SHARE = 0.2
"""No surge in the first two days of a service, or the first fifth of its time if that is longer."""
TURNS = 24
"""Surges of each size and kind in each service, about."""
MOST_TURNS = 6
"""In one day, each in a copy of its own."""
CLEAR_US = 30 * 60_000_000
"""Distance from what was raised on the services as they are."""
Test = tuple[float, str]
"""Size and kind of a surge."""
Plan = dict[int, list[dict[int, Slot]]]
"""Number of the day -> for each turn, number of the service -> where it surges."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Where surges may be planted.

    Attributes:
        store: the counts.
        names: of the S services, sorted.
        order: their numbers.
        ready: the first window in which each may surge, S.
        end: the window at which the input ends.
        raised: incidents of the services as they are, by any budget.
    """

    store: Store
    names: list[str]
    order: Numbers
    ready: Numbers
    end: int
    raised: Sequence[Incident]

    def allowed(self, day: int, lines: Real) -> Mask:
        """Windows of a day in which a surge may lie, S x windows."""
        window = day * self.store.windows_per_day + np.arange(lines.shape[1])
        free = np.isfinite(lines) & (window >= self.ready[:, None]) & (window < self.end)
        clear = CLEAR_US // self.store.width_us + 1
        row = {name: number for number, name in enumerate(self.names)}
        for one in self.raised:
            if one.service in row:
                ended = self.end if one.ended_us is None else one.ended_us // self.store.width_us
                busy = (window >= one.started_us // self.store.width_us - clear) & (window < ended + clear)
                free[row[one.service]] &= ~busy
        return free


def ready_at(store: Store, services: Numbers, end: int) -> Numbers:
    """The first window in which each service may surge, S: after it has been known for a while."""
    first = _first_known(store, services, end)
    warm = np.maximum(WARM_US // store.width_us, (WARM_SHARE * (end - first)).astype(np.int64))
    return np.asarray(first + warm)


def _first_known(store: Store, services: Numbers, end: int) -> Numbers:
    """The first window in which anything is known of each service, S; `end` where nothing is."""
    first = np.full(len(services), end)
    for day in days_of(store, store.span()[0], end):
        known = np.isfinite(store.matrices(day, services, ("lines",))["lines"])
        new = known.any(axis=1) & (first == end)
        first[new] = day * store.windows_per_day + known[new].argmax(axis=1)
        if (first < end).all():
            break
    return first


def make_plan(ground: Ground) -> Plan:
    """Spread the surges over the days after the begin of every service, as evenly as they allow."""
    store = ground.store
    days = [day for day in days_of(store, store.span()[0], ground.end)
            if ((day + 1) * store.windows_per_day > ground.ready).any()]  # fmt: skip
    if not days:
        return {}
    chosen = sorted({days[round(at)] for at in np.linspace(0, len(days) - 1, min(TURNS, len(days)))})
    turns = min(MOST_TURNS, max(1, round(TURNS / len(chosen))))
    return {day: _plan_day(ground, day, range(at * turns, (at + 1) * turns)) for at, day in enumerate(chosen)}


def _plan_day(ground: Ground, day: int, turns: range) -> list[dict[int, Slot]]:
    """For each turn, where each service surges."""
    store, first = ground.store, day * ground.store.windows_per_day
    matrices = store.matrices(day, ground.order, ("lines", "bytes", "clients"))
    allowed = ground.allowed(day, matrices["lines"])
    plan: list[dict[int, Slot]] = [{} for _ in turns]
    for row in np.flatnonzero(allowed.any(axis=1)).tolist():
        mine = {name: matrix[row] for name, matrix in matrices.items()}
        for turn, slots in zip(turns, plan, strict=True):
            slot = choose(mine, allowed[row], ground.names[row], first, turn, store.width_us)
            if slot is not None:
                slots[int(ground.order[row])] = slot
    return plan


@dataclass(frozen=True, slots=True)
class Seen:
    """One surge that was lived through.

    Attributes:
        slot, factor, kind: what was planted.
        row: of the service.
        lines: of that day, with the surge, one per window.
        incident: what it raised; None: nothing.
    """

    slot: Slot
    factor: float
    kind: str
    row: int
    lines: Real
    incident: Incident | None


def replay(
    ground: Ground, plan: Plan, tests: Sequence[Test], settings: Settings, open_at: float
) -> Iterator[tuple[int, list[Seen]]]:
    """Live through all days, and through those of the plan once more for each turn and test.

    Args:
        ground, plan: where surges are planted.
        tests: sizes and kinds.
        settings: how to judge, and by which model.
        open_at: score at which an incident opens.

    Yields:
        day by day its number, and what became of the surges planted in it.

    Raises:
        ModelError: the model that the settings name cannot be read or does not fit.
    """
    store, last = ground.store, max(plan, default=-1)
    state = begin(store, ground.names, settings, open_at, settings.model)
    for day in days_of(store, store.span()[0], ground.end):
        if day > last:
            return
        seen: list[Seen] = []
        for slots in plan.get(day, ()):
            for factor, kind in tests:
                mine = {number: slot for number, slot in slots.items() if kind in slot.kinds}
                if mine:
                    planted = Planted(store, mine, factor, kind)
                    fork = deepcopy(state)
                    end = max(slot.end for slot in mine.values()) + 1  # nobody asks what the copy learns of the day
                    lines, results = live(fork, planted, ground.order, day, end, keep=False)
                    raised = results.incidents + fork.still_open(end)
                    seen += _outcomes(ground, planted, lines, raised)
        yield day, seen
        live(state, store, ground.order, day, ground.end, keep=False)


def _outcomes(ground: Ground, planted: Planted, lines: Real, raised: Sequence[Incident]) -> Iterator[Seen]:
    """What became of each surge of one copy of a day: an alarm counts until the window after the surge."""
    row = {number: row for row, number in enumerate(ground.order.tolist())}
    width_us = planted.width_us
    for number, slot in planted.slots.items():
        first_us, end_us = slot.first * width_us, (slot.end + 1) * width_us
        found = [one for one in raised if one.service == slot.service and first_us < one.detected_us <= end_us]
        earliest = min(found, key=lambda one: one.detected_us, default=None)
        yield Seen(slot, planted.factor, planted.kind, row[number], lines[row[number]], earliest)


def trial_of(seen: Seen, width_us: int, services: int, settings: Settings) -> Trial:
    """The row of a surge; it pages by the budget of so many services and by its height, if it is unplanned."""
    slot, incident = seen.slot, seen.incident
    started_us = slot.first * width_us
    found = [] if incident is None else mark_planned([incident], settings.calendar, slot.end * width_us)
    marked = mark_pages(found, lambda _: services, parse_budget(settings.budget))
    pages = [rate(one, None, (slot.end + 1) * width_us, settings) for one in marked]
    return Trial(
        slot.service, seen.kind, slot.shape, seen.factor, started_us, slot.end * width_us,
        None if incident is None else incident.detected_us - started_us, any(one.page for one in pages),
    )  # fmt: skip
