"""Prometheus' text format (0.0.4), for the textfile collector of the node exporter.

Series are bounded: one per service and signal, of its newest incident, the strangest `MOST_SERIES` of them; what is
left out is counted. Ids are no labels, since each would be a series for ever.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from detector.report.escape import escape
from detector.report.look import Look
from detector.report.shape import IncidentShape, ScanShape, shape_scan
from detector.schemas import ScanResult
from detector.times import micros

MOST_SERIES = 100
SEVERITIES = ("info", "warning", "critical")
Sample = tuple[dict[str, str], float]
OF_INCIDENTS: Sequence[tuple[str, str, Callable[[IncidentShape], float]]] = (
    ("incident_active", "Whether the newest incident lasts.", lambda one: float(one.ended_at is None)),
    ("incident_factor", "How many times what was expected.", lambda one: one.factor),
    ("incident_score", "log10 of one plus the service-weeks between false alarms as strange.", lambda one: one.score),
    ("incident_page", "Whether it is within the budget of pages.", lambda one: float(one.page)),
    ("incident_load", "Share of what the service can bear; missing where that is not known.",
     lambda one: math.nan if one.forecast.load is None else one.forecast.load),
    ("incident_overload_timestamp_seconds", "When it will be overloaded; missing: not within a day, or not known.",
     lambda one: math.nan if one.forecast.overload_at is None else micros(one.forecast.overload_at) / 1e6),
    ("incident_started_timestamp_seconds", "Begin of the surge.", lambda one: micros(one.started_at) / 1e6),
    ("incident_detected_timestamp_seconds", "When it was noticed.", lambda one: micros(one.detected_at) / 1e6),
)


def render(result: ScanResult, look: Look) -> bytes:  # noqa: ARG001  all formats are called alike
    """All metrics; names begin with `detector_`."""
    scan = shape_scan(result)
    newest = _newest(scan.incidents)
    shown = sorted(newest, key=lambda one: (-one.score, one.service, one.signal))[:MOST_SERIES]
    shown.sort(key=lambda one: (one.service, one.signal))
    lines = [*_totals(scan, len(newest) - len(shown))]
    for name, about, value in OF_INCIDENTS if shown else ():
        values = [({"service": one.service, "signal": one.signal}, value(one)) for one in shown]
        samples = [sample for sample in values if not math.isnan(sample[1])]
        lines += _metric(name, about, samples) if samples else []
    return ("\n".join(lines) + "\n").encode()


def _newest(incidents: Sequence[IncidentShape]) -> list[IncidentShape]:
    """Of each service and signal. Names that look alike once they are escaped are one series."""
    return list({(escape(one.service), one.signal): one for one in incidents}.values())


def _totals(scan: ScanShape, left_out: int) -> Iterator[str]:
    severities = Counter(one.severity for one in scan.incidents)
    by_severity = [({"severity": name}, float(severities[name])) for name in SEVERITIES]
    yield from _metric("incidents", "Incidents of the scan.", by_severity)
    yield from _metric("incidents_left_out", "Services and signals beyond the limit of series.", [({}, left_out)])
    yield from _metric("services", "Services seen.", [({}, scan.services)])
    yield from _metric("lines_read", "Physical lines read.", [({}, scan.input.lines_read)])
    unparsed = [({"reason": name}, float(count)) for name, count in scan.input.lines_unparsed.items()]
    yield from _metric("lines_unparsed", "Lines that are no records.", unparsed)
    yield from _metric("input_faults", "Sources with trouble.", [({}, len(scan.input.faults))])
    if scan.to is not None:
        yield from _metric("input_end_timestamp_seconds", "End of the last window.", [({}, micros(scan.to) / 1e6)])


def _metric(name: str, about: str, samples: Sequence[Sample]) -> Iterator[str]:
    yield f"# HELP detector_{name} {about}"
    yield f"# TYPE detector_{name} gauge"
    for labels, value in samples:
        written = ",".join(f'{key}="{label(text)}"' for key, text in labels.items())
        yield f"detector_{name}{f'{{{written}}}' if written else ''} {value:.12g}"


def label(text: str) -> str:
    """The value of a label: harmful characters, then backslashes, quotes and line breaks are escaped."""
    return escape(text).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
