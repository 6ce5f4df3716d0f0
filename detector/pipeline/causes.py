"""What drives an incident, from the counts around it."""

from __future__ import annotations

import numpy as np

from detector.explain.drivers import largest, split
from detector.pipeline.signals import LINES
from detector.pipeline.stores import Store
from detector.schemas import Cause, Incident

SPARK = 60
"""Windows shown on either side of the begin of an incident."""
HORIZON = 60
"""Windows over which clients are counted, at least; twice as many at most."""

Factors = tuple[float, float, float]
"""Clients, messages per client and window, bytes per message."""


def cause_of(incident: Incident, store: Store, end: int) -> Cause:
    """The factors of volume before and during an incident of a store that was walked up to window `end`."""
    service = store.services[incident.service]
    start = incident.started_us // store.width_us
    last = end if incident.ended_us is None else incident.ended_us // store.width_us
    stop = max(min(end, last), start + 1)
    series = store.series(service, start - SPARK, max(stop, min(end, start + SPARK)))
    observed = tuple(np.nan_to_num(series["lines"]).tolist())
    length = int(np.clip(stop - start, HORIZON, 2 * HORIZON))
    usual = _factors(store, service, start - length, start)
    seen = _factors(store, service, start, start + length)
    lines = _lines_expected(incident, usual)
    expected = () if lines is None else (lines,) * len(observed)
    if usual is None or seen is None or lines is None:
        return Cause("volume", None, None, None, observed, expected)
    clients, messages, size = usual
    scale = lines / (clients * messages)
    factors = split((clients, messages * scale, size), seen)
    return Cause(largest(factors), factors[0], factors[1], factors[2], observed, expected)


def _lines_expected(incident: Incident, usual: Factors | None) -> float | None:
    """Lines per window without the surge: what was expected of them, else as many as before; None: not known."""
    if incident.signal == LINES:
        return incident.expected
    return None if usual is None else usual[0] * usual[1]


def _factors(store: Store, service: int, first: int, end: int) -> Factors | None:
    """The factors of volume in windows first..end-1; None where one is unknown.

    Clients are counted over a stretch in which nearly all of them speak, the same before and during: in a single
    window more of them would be seen merely because each of them sends more.
    """
    series = store.series(service, first, end)
    lines, size = float(np.nansum(series["lines"])), float(np.nansum(series["bytes"]))
    clients = store.distinct(service, first, end)
    if not (clients and lines and size):
        return None
    known = int(np.isfinite(series["lines"]).sum())
    return float(clients), lines / known / clients, size / lines
