"""Which times of an incident are compared."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detector.pipeline.reference import Reference
from detector.pipeline.walk import Walk
from detector.schemas import Incident
from detector.windows.counting import Partial
from detector.windows.totals import Totals

MINUTE = 60_000_000
FIRST, END = 1000, 4000
PLENTY = 1e9


def incident(begin: int, end: int | None, service: str = "a") -> Incident:
    """A surge in windows begin..end-1 of a minute."""
    ended = None if end is None else end * MINUTE
    return Incident(f"{service}{begin}", service, "lines", begin * MINUTE, begin * MINUTE, ended, 9.0, 1.0, 5.0, MINUTE)


def walk(*incidents: Incident, per_minute: int = 10) -> Walk:
    """A walk over two services that each say `per_minute` lines in every minute."""
    window = np.repeat(np.arange(FIRST, END), 2)
    measures = np.zeros((4, len(window)), np.int64)
    measures[0] = per_minute
    totals = Totals(MINUTE)
    totals.add(Partial(["a", "b"], window, np.arange(len(window)) % 2, measures), "stream")
    return Walk(totals, ["a", "b"], FIRST, END, list(incidents))


def minutes(surges: Walk, one: Incident, share: float = PLENTY) -> tuple[int, ...]:
    """Begin and end of both periods, as numbers of windows."""
    periods = Reference(surges, share).periods(one)
    return tuple(edge // MINUTE for edge in (*periods.before, *periods.during))


@pytest.mark.parametrize(
    ("expected", "begin", "end"),
    [
        ((1940, 2000, 2000, 2060), 2000, 2500),
        ((1940, 2000, 2000, 2010), 2000, 2010),
        ((3930, 3990, 3990, 4000), 3990, None),
        ((1000, 1030, 1030, 1090), 1030, None),
        ((1940, 2000, 2000, 2001), 2000, 2000),
    ],
)
def test_an_hour_before_and_the_first_hour(expected, begin, end):
    """As far as the incident lasts and the input goes."""
    one = incident(begin, end)
    assert expected == minutes(walk(one), one)


def test_what_is_read_is_bounded_by_lines_of_all_services():
    """Twenty lines a minute: a share of 400 allows twenty minutes; five minutes are always looked at."""
    one = incident(2000, 2500)
    assert (1980, 2000, 2000, 2020) == minutes(walk(one), one, share=400)
    assert (1995, 2000, 2000, 2005) == minutes(walk(one, per_minute=1000), one, share=400)


def test_the_usual_time_lies_before_other_incidents_of_the_service():
    """Another service's incident does not matter, nor does one that is long over."""
    early, late, one = incident(1900, 1950), incident(1960, 1990), incident(2000, 2500)
    other, old = incident(1990, 1999, "b"), incident(1500, 1510)
    assert (1840, 1900, 2000, 2060) == minutes(walk(early, late, one, other, old), one)
    assert (1940, 2000, 2000, 2060) == minutes(walk(other, old, one), one)


def test_the_same_times_at_any_day_boundary():
    """A period may lie in two days."""
    one = incident(2880 + 10, 2880 + 100)
    expected = (2830, 2890, 2890, 2950)
    assert expected == minutes(walk(one), one)
    assert expected == minutes(walk(one), replace(one, id="other"))
