"""`learn`: the same walk as a scan, for what it learns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from detector.baseline.prior import load_prior
from detector.baseline.store import load
from detector.config import Settings
from detector.errors import InputError
from detector.pipeline.advance import State, advance
from detector.pipeline.gather import Progress, gather
from detector.pipeline.model import load_state, save_states
from detector.schemas import InputSummary
from detector.sources.files import SourceFile
from detector.windows.grid import Grid
from detector.windows.totals import Totals

TILE = 512
"""Services that are walked together: their arrays stay in the processor's cache, and results do not depend on threads."""
JUDGED_DAYS = 8
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


def learn(paths: Sequence[str], settings: Settings, model_dir: str, now_us: int, *, update: bool = False, stdin: BinaryIO | None = None,
          begin: Callable[[list[SourceFile]], None] | None = None, progress: Progress | None = None) -> LearnResult:  # fmt: skip
    """Learn a baseline for every service and store it.

    Args:
        paths, settings, now_us, stdin, begin, progress: as for `scan`.
        model_dir: folder of the model, replaced; with `update`, gone on from: days that it knows are not learned again.

    Raises:
        InputError: nothing could be read, or nothing in it has a time.
        ModelError: the model cannot be read or written.
    """
    gathered = gather(paths, settings, now_us, stdin, begin, progress)
    stores = [store for store in (gathered.totals, *gathered.grids.values()) if store.services]
    if len(stores) != 1:
        raise InputError("nothing with a time to learn from" if not stores else "logs and counts tables, or tables with different steps: learn one kind at a time")
    store = stores[0]
    first, end = store.span()
    known = load(model_dir)[0]["services"]["service"].to_list() if update else []
    names = sorted({*store.services, *known})

    def walk(names: list[str]) -> State:
        state = State(store.width_us, load_prior(), np.inf, settings.least_excess)
        if update:
            state, _ = load_state(model_dir, names, store.width_us, settings, prior=load_prior(), open_at=np.inf, first=first)
        else:
            state.grow(names, np.full(len(names), first))
        learn_days(state, store, first, end)
        return state

    tiles = [names[begin : begin + TILE] for begin in range(0, len(names), TILE)]
    with ThreadPoolExecutor(settings.threads) as pool:
        states = list(pool.map(walk, tiles))
    save_states(model_dir, states, first * store.width_us, end * store.width_us, settings)
    return LearnResult(len(names), first * store.width_us, end * store.width_us, gathered.summary, model_dir)


def learn_days(state: State, store: Totals | Grid, first: int, end: int) -> None:
    """Walk the days that the state does not know yet."""
    order = np.array([store.services.get(name, -1) for name in state.names], np.int64)
    per_day = store.windows_per_day
    for day in range(max(first // per_day, state.season.day + 1), (end - 1) // per_day + 1):
        counts = store.matrices(day, order, ("lines",))["lines"]
        judge = end - day * per_day <= JUDGED_DAYS * per_day
        advance(state, day, counts, until=end, judge=judge)
