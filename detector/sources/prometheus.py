"""What Prometheus and Loki answer to `query_range`: series of points.

Source: https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries and
https://grafana.com/docs/loki/latest/reference/loki-http-api/ (metric queries answer the same matrix; log queries answer
streams, which are lines and no counts).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from detector.sources.labels import service_of
from detector.sources.series import NoCountsError, Series

HEAD = re.compile(
    rb'\s*\{\s*(?:"(?:status|isPartial)"\s*:\s*(?:"success"|true|false)\s*,\s*)*"data"\s*:\s*\{\s*'
    rb'(?:"resultType"\s*:\s*"\w+"|"result"\s*:\s*\[\s*\{\s*"(?:metric|stream)"\s*:)'
    rb'|\s*\{\s*"status"\s*:\s*"error"\s*,\s*"errorType"\s*:'
)
KINDS = {
    "streams": "log lines; ask for counts, sum by (...) (count_over_time(...)), or lines, logcli query --output=raw",
    "vector": "one point of each series; ask query_range for a course",
}


class _Series(msgspec.Struct):
    metric: dict[str, str] = {}
    values: list[tuple[float, str]] = []


class _Kind(msgspec.Struct):
    resultType: str  # noqa: N815  its name there


class _Of(msgspec.Struct):
    status: str
    error: str = ""
    data: _Kind | None = None


class _Matrix(msgspec.Struct):
    result: list[_Series]


class _Answer(msgspec.Struct):
    data: _Matrix


def read_answer(text: bytes) -> Iterator[Series]:
    """The series of an answer.

    Raises:
        NoCountsError: it is an error, or holds something else.
        msgspec.MsgspecError: it is not whole, or not of this shape.
    """
    about = msgspec.json.decode(text, type=_Of)
    if about.data is None:
        raise NoCountsError(f"is an error that the server answered: {about.error[:200]}")
    kind = about.data.resultType
    if kind != "matrix":
        raise NoCountsError(f"is an answer of type {kind}: {KINDS.get(kind, 'no counts; ask query_range')}")
    for series in msgspec.json.decode(text, type=_Answer).data.result:
        times, values = zip(*series.values, strict=True) if series.values else ((), ())
        yield Series(service_of(_without_name(series.metric)), [time * 1e6 for time in times], values)


def _without_name(labels: dict[str, str]) -> dict[str, str]:
    """The name of the metric is a label too, but says nothing about who it is of, unless it stands alone."""
    return {name: value for name, value in labels.items() if name != "__name__"} or labels
