"""The state of a run to the tables of a model, and back."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import polars as pl

from detector.baseline.level import Level
from detector.baseline.store import Manifest, load, save, settings_hash
from detector.config import Settings
from detector.detect.outbursts import PLAIN
from detector.errors import ModelError
from detector.pipeline.advance import State

SHAPING = ("by", "service", "service_name", "client", "timezone")
"""Settings that decide what a service is and when its lines were: a model learned under others does not fit."""
TAIL = ("ticks", "peaks", "excess")
SCALE = ("scatter", "weight", "seen")
STALE_US = 86_400_000_000
"""After a longer pause the level of the last hour says nothing."""


def fingerprint(settings: Settings) -> str:
    """Hash of the settings that a model depends on."""
    return settings_hash({name: getattr(settings, name) for name in SHAPING})


def save_states(folder: str, states: list[State], from_us: int, to_us: int, settings: Settings) -> None:
    """Write what the tiles of a run know as one model."""
    last_day = max(state.season.day for state in states)
    manifest = Manifest("", states[0].width_us, from_us, to_us, last_day, fingerprint(settings), {})
    services, seasons = pl.concat(map(_services, states)), pl.concat(map(_seasons, states))
    save(folder, {"services": services, "seasons": seasons}, manifest)


def _services(state: State) -> pl.DataFrame:
    columns: dict[str, object] = {"service": state.names, "born": state.born}
    columns["born_day"] = state.season.born
    columns |= {f"level_{each.name}": getattr(state.level, each.name) for each in fields(Level)}
    columns |= {f"outbursts_{name}": getattr(state.outbursts, name) for name in PLAIN}
    for index, scale in enumerate(state.detector.scales):
        columns |= {f"tail{index}_{name}": getattr(scale.tail, name) for name in TAIL}
        columns |= {f"scale{index}_{name}": getattr(scale, name) for name in SCALE}
    return pl.DataFrame(columns)


def _seasons(state: State) -> pl.DataFrame:
    arrays = {"cross": state.season.cross.T, "coefficients": state.season.coefficients.T,
              "last_day": state.bursts.last, "day_before": state.bursts.before,
              "outbursts": state.outbursts.largest, "last_tick": state.outbursts.before,
              "recent": state.detector.counts, "recent_expected": state.detector.expected}  # fmt: skip
    series = [pl.Series(name, np.ascontiguousarray(array)) for name, array in arrays.items()]
    return pl.DataFrame([pl.Series("service", state.names, dtype=pl.String), *series])


def recall(folder: str, state: State, settings: Settings, first: int) -> None:
    """Teach a state without a history what a model knows; services that it does not know stay as they are.

    Args:
        folder: of the model.
        state: changed in place.
        settings: in force, which must be those of the model.
        first: window in which the input begins.

    Raises:
        ModelError: the model cannot be read, or does not fit the window or the settings.
    """
    tables, manifest = load(folder)
    _check_fit(folder, manifest, state.width_us, settings)
    try:
        _fill(state, tables)
    except (pl.exceptions.PolarsError, KeyError, ValueError) as error:
        raise ModelError(f"model {folder}: its tables lack something ({error}); learn anew") from error
    state.season.day = state.bursts.day = manifest.last_day
    if first * state.width_us - manifest.to_us > STALE_US:
        state.level.fast_seen[:] = state.level.fast_expected[:] = 0.0


def _check_fit(folder: str, manifest: Manifest, width_us: int, settings: Settings) -> None:
    if manifest.window_us != width_us:
        learned, asked = f"{manifest.window_us / 1e6:g}", f"{width_us / 1e6:g}"
        raise ModelError(
            f"model {folder}: learned with windows of {learned} s, asked for {asked} s; "
            f"use --window {learned}s or learn anew"
        )
    if manifest.settings_sha256 != fingerprint(settings):
        shaping = ", ".join(SHAPING)
        raise ModelError(f"model {folder}: learned with other settings ({shaping}); use the same or learn anew")


def _fill(state: State, tables: dict[str, pl.DataFrame]) -> None:
    """Put the rows of the tables in the places of their services."""
    services, seasons = tables["services"], tables["seasons"]
    row = {name: index for index, name in enumerate(services["service"].to_list())}
    mine = np.array([index for index, name in enumerate(state.names) if name in row], np.int64)
    theirs = np.array([row[state.names[index]] for index in mine], np.int64)

    def put(target: np.ndarray, column: pl.Series) -> None:
        target[mine] = column.to_numpy()[theirs]

    put(state.born, services["born"])
    put(state.season.born, services["born_day"])
    for each in fields(Level):
        put(getattr(state.level, each.name), services[f"level_{each.name}"])
    for name in PLAIN:
        put(getattr(state.outbursts, name), services[f"outbursts_{name}"])
    for index, scale in enumerate(state.detector.scales):
        for name in TAIL:
            put(getattr(scale.tail, name), services[f"tail{index}_{name}"])
        for name in SCALE:
            put(getattr(scale, name), services[f"scale{index}_{name}"])
    state.season.cross[:, mine] = _matrix(seasons["cross"])[theirs].T
    state.season.coefficients[:, mine] = _matrix(seasons["coefficients"])[theirs].T
    state.bursts.last[mine] = _matrix(seasons["last_day"])[theirs]
    state.bursts.before[mine] = _matrix(seasons["day_before"])[theirs]
    state.outbursts.largest[mine] = _matrix(seasons["outbursts"])[theirs]
    state.outbursts.before[mine] = _matrix(seasons["last_tick"])[theirs]
    state.detector.counts[mine] = _matrix(seasons["recent"])[theirs]
    state.detector.expected[mine] = _matrix(seasons["recent_expected"])[theirs]


def _matrix(column: pl.Series) -> np.ndarray:
    return column.explode().to_numpy().reshape(len(column), -1)
