"""The signals of a service as rows: what is counted in each window, and what it is counted per."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from detector.pipeline.stores import Store

Real = NDArray[np.float64]
LINES, PER_CLIENT, PER_LINE = "lines", "lines_per_client", "bytes_per_line"
SOURCES = {LINES: ("lines",), PER_CLIENT: ("lines", "clients"), PER_LINE: ("bytes", "lines")}
"""Signal -> the measure that is counted, and the one that it is counted per (none: per window)."""


PARTS = {LINES: 4, PER_CLIENT: 4, PER_LINE: 1}
"""Of the false alarms: parts that each signal may raise."""


def signals_of(store: Store) -> tuple[str, ...]:
    """The signals that the store's measures allow; lines come first."""
    known = store.measures()
    return tuple(name for name, needed in SOURCES.items() if known.issuperset(needed))


def measures_of(signals: tuple[str, ...]) -> tuple[str, ...]:
    """The measures that signals need."""
    return tuple(dict.fromkeys(measure for name in signals for measure in SOURCES[name]))


def rows_of(matrices: Mapping[str, Real], signals: tuple[str, ...]) -> tuple[Real, Real]:
    """Counts and exposure of S services as rows, (S * signals) x windows; exposure 0 where something is unknown.

    The rows of a service stand together, in the order of the signals.
    """
    counts, exposures = [], []
    for name in signals:
        counted, *per = (matrices[measure] for measure in SOURCES[name])
        exposure = per[0] if per else np.ones(counted.shape)
        known = ~np.isnan(counted) & (np.nan_to_num(exposure) > 0)
        counts.append(np.where(known, counted, 0.0))
        exposures.append(np.where(known, exposure, 0.0))
    shape = (-1, counts[0].shape[1])
    return np.stack(counts, axis=1).reshape(shape), np.stack(exposures, axis=1).reshape(shape)


def shares_of(signals: tuple[str, ...]) -> Real:
    """log10 of the share of the false alarms that each signal may raise."""
    parts = np.array([PARTS[name] for name in signals])
    return np.asarray(np.log10(parts / parts.sum()))
