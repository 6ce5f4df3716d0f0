"""`learn`: the same walk as a scan, for what it learns."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np

from detector.baseline.store import load
from detector.config import Settings
from detector.errors import InputError
from detector.pipeline.advance import State, advance
from detector.pipeline.aids import NO_AIDS, Aids
from detector.pipeline.gather import gather
from detector.pipeline.model import save_states
from detector.pipeline.signals import measures_of, rows_of
from detector.pipeline.stores import Store, days_of, numbers_of
from detector.pipeline.walk import begin
from detector.schemas import InputSummary

TILE = 1024
"""Services that are walked together: their arrays stay in the processor's cache; no result depends on threads."""
JUDGED_DAYS = 5
"""How strange windows usually are and how they scatter is forgotten within days: only the last ones are judged."""


@dataclass(frozen=True, slots=True)
class LearnResult:
    """What was learned.

    Attributes:
        services: that the model knows of.
        from_us, to_us: the span of the input, microseconds since 1970 UTC.
        input: what was read.
        path: the model's folder.
    """

    services: int
    from_us: int
    to_us: int
    input: InputSummary
    path: str


def learn(
    paths: Sequence[str], settings: Settings, model: str, now_us: int, aids: Aids = NO_AIDS, *, update: bool = False
) -> LearnResult:
    """Learn a baseline for every service and store it.

    Args:
        paths, settings, now_us, aids: as for `scan`.
        model: its folder, replaced; with `update`, gone on from: days that it knows are not learned again.
        update: go on from the model that is there.

    Raises:
        InputError: nothing could be read, or nothing in it has a time.
        ModelError: the model cannot be read or written.
    """
    gathered = gather(paths, settings, now_us, aids)
    store = _only(gathered.stores())
    known = load(model)[0]["rows"]["service"].to_list() if update else []
    names = sorted({*store.services, *known})
    tiles = [names[at : at + TILE] for at in range(0, len(names), TILE)]
    learn_tile = partial(_learn_tile, store, settings, model if update else None)
    with ThreadPoolExecutor(settings.threads) as pool:
        states = list(pool.map(learn_tile, tiles))
    from_us, to_us = (edge * store.width_us for edge in store.span())
    save_states(model, states, from_us, to_us, settings)
    return LearnResult(len(names), from_us, to_us, gathered.summary, model)


def _only(stores: Sequence[Store]) -> Store:
    """What there is to learn from.

    Raises:
        InputError: nothing, or more than one kind.
    """
    if not stores:
        raise InputError("nothing with a time to learn from")
    if len(stores) > 1:
        raise InputError("logs and counts tables, or tables with different steps: learn one kind at a time")
    return stores[0]


def _learn_tile(store: Store, settings: Settings, model: str | None, names: list[str]) -> State:
    """Walk the days of some services; what the model knows already is not walked again."""
    state = begin(store, names, settings, np.inf, model, resume=True)
    first, end = store.span()
    order = numbers_of(store, names)
    measures, judged_from = measures_of(state.signals), end - JUDGED_DAYS * store.windows_per_day
    for day in days_of(store, first, end):
        after = (day + 1) * store.windows_per_day
        if after > (state.history.next or 0):
            rows = rows_of(store.matrices(day, order, measures), state.signals)
            advance(state, day, rows, end, judge=after > judged_from)
    return state
