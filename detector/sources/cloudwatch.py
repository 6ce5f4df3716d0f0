"""What `aws cloudwatch get-metric-data` answers.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from detector.sources.series import Series, UnfinishedError

HEAD = re.compile(rb'\s*\{\s*(?:"Messages"\s*:\s*\[\s*\]\s*,\s*)?"MetricDataResults"\s*:\s*\[')


class _Result(msgspec.Struct):
    Id: str = ""
    Label: str = ""
    Timestamps: list[str | float] = []
    Values: list[float] = []


class _Answer(msgspec.Struct):
    MetricDataResults: list[_Result]
    NextToken: str | None = None


def read_answer(text: bytes) -> Iterator[Series]:
    """The series of an answer; one is named by its label, else by its id.

    Raises:
        msgspec.MsgspecError: it is not whole, or not of this shape.
        UnfinishedError: at the end: there are more pages.
    """
    answer = msgspec.json.decode(text, type=_Answer)
    for result in answer.MetricDataResults:
        times = [time if isinstance(time, str) else time * 1e6 for time in result.Timestamps]
        yield Series(result.Label or result.Id, times, result.Values)
    if answer.NextToken:
        raise UnfinishedError("is one page of several: the answer goes on (NextToken)")
