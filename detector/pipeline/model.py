"""The state of a run to the tables of a model, and back."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detector.baseline.habits import Habits
from detector.baseline.store import Manifest, load, save, settings_hash
from detector.config import Settings
from detector.detect.verdicts import Detector
from detector.errors import ModelError
from detector.pipeline.advance import State
from detector.pipeline.stores import Numbers

SHAPING = ("by", "service", "service_name", "client", "timezone")
"""Settings that decide what a service is and when its lines were: a model learned under others does not fit."""
MEMORY = ("counts", "exposure", "cells", "cells_exposure")
NOISE = ("sums", "phi", "dispersion")
SUMS = 6
"""That `Noise.sums` has."""


def fingerprint(settings: Settings) -> str:
    """Hash of the settings that a model depends on."""
    return settings_hash({name: getattr(settings, name) for name in SHAPING})


def save_states(folder: str, states: list[State], from_us: int, to_us: int, settings: Settings) -> None:
    """Write what the tiles of a run know as one model."""
    after = max((state.history.next or 0 for state in states), default=0)
    manifest = Manifest("", states[0].width_us, from_us, to_us, after, fingerprint(settings), {})
    tables = {"rows": pl.concat(map(_rows, states))}
    if any(len(state.falls.services) for state in states):
        tables["falls"] = pl.concat(map(_falls, states))
    save(folder, tables, manifest)


def _rows(state: State) -> pl.DataFrame:
    """What is known of each row, one line each."""
    names = np.repeat(np.array(state.names, object), len(state.signals))
    columns: dict[str, object] = {"service": pl.Series(names, dtype=pl.String),
                                  "signal": list(state.signals) * len(state.names)}  # fmt: skip
    columns |= {each.name: getattr(state.habits, each.name) for each in fields(Habits)}
    columns |= {f"last_{name}": np.ascontiguousarray(getattr(state.history, name)) for name in MEMORY}
    return pl.DataFrame(columns | _scatter(state.detector))


def _falls(state: State) -> pl.DataFrame:
    """How the falls of each service scatter that is watched for them, one line each."""
    names = pl.Series([state.names[service] for service in state.falls.services], dtype=pl.String)
    return pl.DataFrame({"service": names} | _scatter(state.falls.detector))


def _scatter(detector: Detector) -> dict[str, object]:
    columns: dict[str, object] = {f"noise_{name}": _by_row(getattr(detector.noise, name)) for name in NOISE}
    return columns | {"peaks": _by_row(detector.peaks.seen)}


def _by_row(array: NDArray[np.floating]) -> NDArray[np.floating]:
    """A line for each row of an array whose rows lie along the second axis, or along the third as in `Noise.sums`."""
    axis = 2 if len(array) == SUMS and array.ndim == 3 else 1
    return np.ascontiguousarray(np.moveaxis(array, axis, 0).reshape(array.shape[axis], -1))


def recall(folder: str, state: State, settings: Settings, first: int | None) -> None:
    """Teach a state without a history what a model knows; services that it does not know stay as they are.

    Args:
        folder: of the model.
        state: changed in place.
        settings: in force, which must be those of the model.
        first: window in which the input begins; before the model's end only the scatter is taken over, since what was
            seen later is nothing to judge earlier windows by. None: what the model has seen is not looked at again.

    Raises:
        ModelError: the model cannot be read, or does not fit the window or the settings.
    """
    tables, manifest = load(folder)
    _check_fit(folder, manifest, state.width_us, settings)
    after = first is None or first >= manifest.next_window
    try:
        _fill(state, tables["rows"], memory=after)
        if "falls" in tables:
            _fill_falls(state, tables["falls"])
    except (pl.exceptions.PolarsError, KeyError, ValueError) as error:
        raise ModelError(f"model {folder}: its tables lack something ({error}); learn anew") from error
    if after:
        state.history.next = manifest.next_window


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


def _fill(state: State, rows: pl.DataFrame, *, memory: bool) -> None:
    """Put the lines of the table in the places of their rows."""
    keys = zip(rows["service"].to_list(), rows["signal"].to_list(), strict=True)
    place = {key: index for index, key in enumerate(keys)}
    ours = [(name, signal) for name in state.names for signal in state.signals]
    mine = np.array([index for index, key in enumerate(ours) if key in place], np.int64)
    theirs = np.array([place[ours[index]] for index in mine], np.int64)
    for each in fields(Habits):
        getattr(state.habits, each.name)[mine] = rows[each.name].to_numpy()[theirs]
    if memory:
        for name in MEMORY:
            getattr(state.history, name)[mine] = _matrix(rows[f"last_{name}"])[theirs]
    _recall(state.detector, rows, mine, theirs)


def _fill_falls(state: State, rows: pl.DataFrame) -> None:
    """Likewise for the falls of those that are watched for them now."""
    place = {name: index for index, name in enumerate(rows["service"].to_list())}
    ours = [state.names[service] for service in state.falls.services]
    mine = np.array([index for index, name in enumerate(ours) if name in place], np.int64)
    theirs = np.array([place[ours[index]] for index in mine], np.int64)
    _recall(state.falls.detector, rows, mine, theirs)


def _recall(detector: Detector, rows: pl.DataFrame, mine: Numbers, theirs: Numbers) -> None:
    """What lines `theirs` say of the scatter of rows `mine`."""
    noise, peaks = detector.noise, detector.peaks
    tests = len(noise.phi)
    noise.sums[..., mine] = _matrix(rows["noise_sums"])[theirs].reshape(-1, SUMS, tests).transpose(1, 2, 0)
    noise.phi[:, mine] = _matrix(rows["noise_phi"])[theirs].T
    noise.dispersion[:, mine] = _matrix(rows["noise_dispersion"])[theirs].T
    peaks.seen[:, mine] = _matrix(rows["peaks"])[theirs].reshape(len(mine), tests, -1).transpose(1, 0, 2)
    peaks.measure()


def _matrix(column: pl.Series) -> NDArray[np.floating]:
    return np.asarray(column.explode().to_numpy().reshape(len(column), -1))
