"""One store's days in order, as if they were lived: what a scan and `learn` do alike."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from detector.baseline.ahead import Ahead
from detector.baseline.prior import load_prior
from detector.causes import Forecast, Rise
from detector.config import Settings
from detector.pipeline.advance import Results, State, advance
from detector.pipeline.digest import NOTHING, Digest, Keep
from detector.pipeline.forecasts import foretell
from detector.pipeline.model import recall
from detector.pipeline.period import Period
from detector.pipeline.signals import measures_of, rows_of, signals_of
from detector.pipeline.stores import Numbers, Real, Store, days_of, numbers_of
from detector.schemas import Incident

NEVER = np.iinfo(np.int64).max


@dataclass(slots=True)
class Walk:
    """What a walk over a store gave.

    Attributes:
        store: the counts.
        names: of its services, sorted, so that the order of arrival does not matter.
        first, end: the first window, and the one after the last.
        incidents: those that closed, then those that last.
        born: when each service spoke first, microseconds since 1970 UTC; 0 where the model knows it.
        rises: id of an incident -> the version that stands out in it.
        days: number of the day -> its counts (S x windows) and verdicts, if they were kept.
        digest: the coarse course of every service, if anything was to be kept.
        forecasts: by id of the incident, of services of which it is known what they can bear.
    """

    store: Store
    names: list[str]
    first: int
    end: int
    incidents: list[Incident] = field(default_factory=list)
    born: Numbers = field(default_factory=lambda: np.empty(0, np.int64))
    rises: dict[str, Rise] = field(default_factory=dict)
    days: dict[int, tuple[Real, Results]] = field(default_factory=dict)
    forecasts: dict[str, Forecast] = field(default_factory=dict)
    digest: Digest | None = None

    @property
    def first_us(self) -> int:
        """Begin, microseconds since 1970 UTC."""
        return self.first * self.store.width_us

    def hear(self, day: int, lines: Real) -> None:
        """Note who spoke first on a day, S x windows."""
        mute = np.flatnonzero(self.born == NEVER)
        spoke = lines[mute] > 0
        new = spoke.any(axis=1)
        self.born[mute[new]] = (day * self.store.windows_per_day + spoke[new].argmax(axis=1)) * self.store.width_us

    @property
    def end_us(self) -> int:
        """End, microseconds since 1970 UTC."""
        return self.end * self.store.width_us


def walk(store: Store, period: Period, settings: Settings, open_at: float, keep: Keep = NOTHING) -> Walk:
    """Score all days up to the end of the period.

    Args:
        store: the counts; not empty.
        period: what lies after it is not looked at.
        settings: how to judge, and by which model.
        open_at: score at which an incident opens.
        keep: what is kept of the windows.

    Raises:
        ModelError: the model that the settings name cannot be read or does not fit.
    """
    names = sorted(store.services)
    order = numbers_of(store, names)
    first, end = store.span()
    state = begin(store, names, settings, open_at, settings.model)
    heard = state.habits.quarters[:: len(state.signals)] > 0
    found = Walk(store, names, first, period.end(end, store.width_us), born=np.where(heard, 0, NEVER))
    if keep != NOTHING:
        found.digest = Digest(names, period.begin(found.first_us) // store.width_us, found.end)
    ahead: dict[str, Ahead] = {}
    for day in days_of(store, first, found.end):
        counts, results = live(state, store, order, day, found.end, keep=keep != NOTHING)
        found.incidents += results.incidents
        found.hear(day, counts)
        ahead |= results.ahead
        if found.digest is not None:
            found.digest.take(day * store.windows_per_day, counts, results)
        if keep.windows:
            found.days[day] = counts, results
    lasting = state.still_open(found.end)
    found.incidents += lasting
    ahead |= state.ahead_of(lasting, state.history.next or found.end)
    found.forecasts = foretell(store, found.incidents, ahead, found.end, settings)
    return found


def live(state: State, store: Store, order: Numbers, day: int, end: int, *, keep: bool) -> tuple[Real, Results]:
    """Score one day of the services `order` of a store, up to window `end`, and learn from it.

    Returns:
        the lines, S x windows, and what came of them.
    """
    matrices = store.matrices(day, order, measures_of(state.signals))
    return matrices["lines"], advance(state, day, rows_of(matrices, state.signals), end, keep=keep)


def begin(
    store: Store, names: list[str], settings: Settings, open_at: float, model: str | None, *, resume: bool = False
) -> State:
    """What is known of services before the store's first window.

    Args:
        store: the counts to come.
        names: of the services, sorted.
        settings: how to judge.
        open_at: score at which an incident opens.
        model: folder of what is known; None: only the prior.
        resume: what the model has seen will not be walked again.

    Raises:
        ModelError: the model cannot be read or does not fit.
    """
    state = State(store.width_us, signals_of(store), load_prior(), settings, open_at)
    state.grow(list(names))
    if model:
        recall(model, state, settings, None if resume else store.span()[0])
    return state
