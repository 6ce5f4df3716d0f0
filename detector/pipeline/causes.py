"""What drives an incident, from the counts around it."""

from __future__ import annotations

import numpy as np

from detector.causes import Cause
from detector.explain.counting import Periods
from detector.explain.drivers import largest, split
from detector.explain.occupancy import are_hidden, fleet
from detector.pipeline.signals import LINES
from detector.pipeline.stores import Store
from detector.schemas import Incident

SPARK = 60
"""Windows shown on either side of the begin of an incident."""
HORIZON = 60
"""Windows over which clients are counted, at least, and a day at most; as many before an incident as in it."""
MINUTE_US = 60_000_000

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
    length = int(np.clip(stop - start, HORIZON, max(HORIZON, store.windows_per_day)))
    usual = _factors(store, service, start - length, start)
    seen = _factors(store, service, start, start + length)
    lines = _lines_expected(incident, usual)
    expected = () if lines is None else (lines,) * len(observed)
    per = store.counted_per(service)
    if usual is None or seen is None or lines is None:
        return Cause("volume", None, None, None, observed, expected, per=per)
    clients, messages, size = usual
    scale = lines / (clients * messages)
    factors = split((clients, messages * scale, size), seen)
    return Cause(largest(factors), factors[0], factors[1], factors[2], observed, expected, per=per)


def _lines_expected(incident: Incident, usual: Factors | None) -> float | None:
    """Lines per window without the surge: what was expected of them, else as many as before; None: not known."""
    if incident.signal == LINES:
        return incident.expected
    return None if usual is None else usual[0] * usual[1]


def _factors(store: Store, service: int, first: int, end: int) -> Factors | None:
    """The factors of volume in windows first..end-1; None where one is unknown.

    Clients are counted over stretches of equal length before and during, and those that were not seen in it are added:
    else more of them would be there merely because each of them sends more. Each request is another one; they are
    counted window by window.
    """
    series = store.series(service, first, end)
    lines, size = float(np.nansum(series["lines"])), float(np.nansum(series["bytes"]))
    known = int(np.isfinite(series["lines"]).sum())
    requests = float(np.nansum(series["clients"])) / max(known, 1)
    is_request = store.counted_per(service) == "request"
    clients = requests if is_request else _clients(store, service, first, end, lines / max(known, 1))
    if not (clients and lines and size):
        return None
    return clients, lines / known / clients, size / lines


def fleet_growth(store: Store, name: str, periods: Periods) -> float:
    """Times as many clients of a service in the second period as in the first; 1 where that is not known."""
    spans = [(begin // store.width_us, end // store.width_us) for begin, end in (periods.before, periods.during)]
    before, during = (_factors(store, store.services[name], *span) for span in spans)
    return 1.0 if before is None or during is None else during[0] / before[0]


def _clients(store: Store, service: int, first: int, end: int, lines: float) -> float | None:
    """Clients in windows first..end-1 of `lines` lines each; None where they are unknown."""
    seen = store.distinct(service, first, end)
    if store.counted_per(service) == "host":
        return seen
    if not seen or are_hidden(seen, lines * MINUTE_US / store.width_us):
        return None
    return fleet(seen, lines * (end - first) if store.names_clients else lines)
