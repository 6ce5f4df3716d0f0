"""Begin a watch, or go on with one: what is stored is taken up, and the windows that closed since are judged again."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from concurrent.futures import Executor
from functools import partial
from typing import Any

import msgspec
import numpy as np

from detector.baseline.prior import load_prior
from detector.baseline.store import load
from detector.config import Settings, parse_span
from detector.errors import SettingsError
from detector.pipeline.advance import State
from detector.pipeline.marking import pattern_from
from detector.pipeline.model import fingerprint, recall
from detector.pipeline.opening import width_of
from detector.pipeline.scan import opens_at
from detector.pipeline.signals import LINES, PER_LINE
from detector.pipeline.watching import memory
from detector.pipeline.watching.asking import ask_again
from detector.pipeline.watching.cases import Speak, case_of
from detector.pipeline.watching.fleet import NOT_YET, SILENT, Fleet
from detector.pipeline.watching.intake import Intake
from detector.pipeline.watching.packing import unpack
from detector.pipeline.watching.watch import Watch
from detector.windows.cells import Cells, Recent
from detector.windows.watermark import Watermark

KEPT_US, LEAST_KEPT = 3 * 3_600_000_000, 240
"""Windows that closed are kept for so long, so many at least."""


def begin(connection: sqlite3.Connection, settings: Settings, now_us: int, pool: Executor, speak: Speak) -> Watch:
    """A watch with all that its state knows.

    Args:
        connection: of the state.
        settings: how to read and judge.
        now_us: the clock, microseconds since 1970 UTC.
        pool: threads that judge.
        speak: tells of incidents.

    Raises:
        ModelError: the model, or what is stored, cannot be read or does not fit.
        SettingsError: the state was made under other settings, or lines cannot be found by them.
    """
    width_us = width_of(settings)
    pattern_from(settings)  # refused now, not when a file comes
    _check_fit(connection, settings, width_us)
    opens = opens_at(settings.incident_budget)
    fresh = partial(State, width_us, (LINES, PER_LINE), load_prior(), settings, opens)
    watermark = Watermark(round(parse_span(settings.lateness) * 1e6), round(parse_span(settings.idle) * 1e6))
    recent = Recent(width_us, max(LEAST_KEPT, KEPT_US // width_us))
    intake = Intake(settings, width_us, watermark)
    watch = Watch(connection, settings, intake, Fleet(fresh, pool), recent, speak)
    run = memory.read_run(connection, "run")
    if run is not None:
        _restore(watch, run, now_us)
    elif settings.model:
        _recall(watch, settings.model)
    with connection:
        ask_again(watch)
        memory.write_run(connection, "budgets", [settings.budget, settings.incident_budget])
    return watch


def _check_fit(connection: sqlite3.Connection, settings: Settings, width_us: int) -> None:
    """Refuse a state that was made under settings by which windows or services were others."""
    made = {"window_us": width_us, "settings": fingerprint(settings)}
    known = memory.read_run(connection, "made")
    if known is None:
        with connection:
            memory.write_run(connection, "made", made)
    elif known["window_us"] != width_us:
        raise SettingsError(
            f"the state was made with windows of {known['window_us'] / 1e6:g} s, asked for {width_us / 1e6:g} s; "
            f"use --window {known['window_us'] / 1e6:g}s, or another folder with --state"
        )
    elif known["settings"] != made["settings"]:
        raise SettingsError(
            "the state was made with other settings of services or clients (by, service, service_name, client, "
            "timezone); use the same, or another folder with --state"
        )


def _recall(watch: Watch, model: str) -> None:
    """Know at once the services of a model."""
    table = load(model)[0]["rows"]
    names = list(dict.fromkeys(table["service"].to_list()))
    signals = tuple(dict.fromkeys(table["signal"].to_list()))
    watch.fleet.widen(signals)
    for name in names:
        watch.intake.number(name)
    watch.fleet.grow(names)
    for number, tile in watch.fleet.tiles.items():
        if number != SILENT:
            recall(model, tile.state, watch.settings, None)


def _restore(watch: Watch, run: Mapping[str, Any], now_us: int) -> None:
    """Take up what is stored."""
    connection, intake = watch.connection, watch.intake
    for source, body in connection.execute("SELECT source, body FROM watch_streams ORDER BY source").fetchall():
        intake.restore(source, msgspec.json.decode(body), now_us)
    rows = connection.execute("SELECT number, name, since FROM watch_services ORDER BY number").fetchall()
    intake.services.update({name: number for number, name, _ in rows})
    watch.named = len(rows)
    watch.born = [at for (at,) in connection.execute("SELECT born_us FROM watch_services WHERE born_us IS NOT NULL"
                                                     " ORDER BY born_us")]  # fmt: skip
    intake.pending = {int(at): set(logs) for at, logs in run["pending"].items()}
    intake.closed, intake.watermark.reached = run["closed"], run["reached"]
    intake.tally.update(run["tally"])
    told = memory.read_run(connection, "told") or {}
    intake.told.update({column: set(names) for column, names in told.items()})
    watch.loads.restore(connection)
    intake.versions.restore(connection)
    watch.joining.restore(connection)
    watch.hearing.restore(connection)
    intake.trails.restore(connection, run["reached"] or 0)
    for number, data in memory.windows(connection, "open"):
        intake.windows.setdefault(number, []).append(Cells.decode(data))
    for kind in ("closed", "late"):
        for number, data in memory.windows(connection, kind):
            if kind == "closed" or number in watch.recent.windows:
                watch.recent.add(number, Cells.decode(data))
    per, kinds = watch.recent.per, memory.read_run(connection, "per")
    per.kinds = np.array(kinds or [], np.int8)
    per.settle(cells.telling() for cells in watch.recent.windows.values())  # of a state that does not say it
    _restore_tiles(watch, {number: since for number, _, since in rows if since is not None})
    for (data,) in connection.execute("SELECT body FROM watch_incidents WHERE ended_us IS NULL").fetchall():
        case = case_of(data)
        watch.lasting[case.incident.id] = case


def _restore_tiles(watch: Watch, since: Mapping[int, int]) -> None:
    """What is known of services, brought up to the last window that closed."""
    fleet, connection = watch.fleet, watch.connection
    closed = memory.windows(connection, "closed")
    for number, data in connection.execute("SELECT number, body FROM watch_tiles ORDER BY number").fetchall():
        fleet.tiles[number] = unpack(data, fleet.fresh())
        watch.stored[number] = fleet.tiles[number].learned
    fleet.silent_since = [int(name) for name in fleet.tiles[SILENT].state.names]
    services = sum(len(tile.state.names) for number, tile in fleet.tiles.items() if number != SILENT)
    fleet.since = [since.get(number, NOT_YET) for number in range(services)]
    dismissed = [
        (one.applied, watch.intake.services[one.service])
        for one in memory.answers(connection, applied=True)
        if one.applied is not None
    ]
    fleet.again([(number, Cells.decode(data)) for number, data in closed], dismissed)
    for at, service in dismissed:
        if at == watch.intake.closed:
            fleet.dismiss(service)
