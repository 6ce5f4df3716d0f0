"""What Datadog answers to a timeseries query, of either version of its API.

Source: https://docs.datadoghq.com/api/latest/metrics/#query-timeseries-points (v1) and
https://docs.datadoghq.com/api/latest/metrics/#query-timeseries-data-across-multiple-products (v2)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from detector.sources.labels import labels_of, service_of
from detector.sources.series import NoCountsError, Series

HEAD = re.compile(
    rb'\s*\{(?=.{0,4000}?"(?:pointlist|group_tags)"\s*:)(?=.{0,2000}?"(?:series|attributes)"\s*:)'
    rb'\s*"(?:status|data|series|error|res_type|resp_version|query|from_date|to_date|message|group_by|values|times)"\s*:',
    re.DOTALL,
)


class _Points(msgspec.Struct):
    pointlist: list[tuple[float, float | None]] = []
    tag_set: list[str] = []
    scope: str = ""
    metric: str = ""


class _Group(msgspec.Struct):
    group_tags: list[str] = []


class _Columns(msgspec.Struct):
    series: list[_Group]
    times: list[float]
    values: list[list[float | None]]


class _Data(msgspec.Struct):
    attributes: _Columns


class _Answer(msgspec.Struct):
    series: list[_Points] | None = None
    data: _Data | None = None


def read_answer(text: bytes) -> Iterator[Series]:
    """The series of an answer.

    Raises:
        NoCountsError: it holds something else.
        msgspec.MsgspecError: it is not whole, or not of this shape.
    """
    answer = msgspec.json.decode(text, type=_Answer)
    if answer.data is not None:
        columns = answer.data.attributes
        times = [time * 1e3 for time in columns.times]
        for group, values in zip(columns.series, columns.values, strict=False):
            yield Series(service_of(labels_of(group.group_tags)), times, values)
    elif answer.series is not None:
        for one in answer.series:
            name = service_of(labels_of(one.tag_set or one.scope.split(","))) or one.metric
            yield Series(name, [time * 1e3 for time, _ in one.pointlist], [value for _, value in one.pointlist])
    else:
        raise NoCountsError("is an answer without series")
