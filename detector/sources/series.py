"""Answers of monitoring systems as counts tables: time series, however they are written, become rows of a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

Time = float | str
"""Microseconds since 1970 UTC, or a text as it stands in the answer."""
Value = float | str | None


class Series(NamedTuple):
    """One time series.

    Attributes:
        service: what it is of; empty where it does not say.
        times: of its points.
        values: likewise; a missing one (None, empty, NaN) is a gap.
    """

    service: str
    times: Sequence[Time]
    values: Sequence[Value]


Reader = Callable[[bytes], Iterator[Series]]


class NoCountsError(Exception):
    """The answer holds no series of points; the message says what it is."""


class UnfinishedError(Exception):
    """The answer is good but goes on elsewhere."""
