"""Pages: the budget of the installation, divided among the services known."""

from __future__ import annotations

import pytest

from detector.incidents.pages import known_at, mark_pages
from detector.schemas import Incident

DAY_US = 86_400_000_000
MINUTE_US = 60_000_000
NOON_US = 100 * DAY_US + DAY_US // 2


@pytest.mark.parametrize(
    ("expected", "births"),
    [(0, []), (1, [NOON_US - 1]), (0, [NOON_US]), (2, [NOON_US - 2, NOON_US - 1]), (1, [NOON_US - DAY_US]),
     (1, [NOON_US - DAY_US, NOON_US - 1]), (1, [100 * DAY_US - 1, 100 * DAY_US]), (3, [0, 0, 99 * DAY_US, NOON_US])],
)  # fmt: skip
def test_those_known_at_midnight_count(expected, births):
    """Who came since then counts from the next midnight on; on the first day all that came before."""
    assert expected == known_at(births, NOON_US)


def incident(**changes: object) -> Incident:
    """One that is noticed at noon."""
    values = {"id": "x", "service": "a", "signal": "lines", "started_us": NOON_US - MINUTE_US, "detected_us": NOON_US,
              "ended_us": None, "observed": 2.0, "expected": 1.0, "score": 1.0, "window_us": MINUTE_US}  # fmt: skip
    return Incident(**(values | changes))  # type: ignore[arg-type]


def test_an_incident_asks_for_the_services_of_its_own_time():
    """The time at which it was noticed, not the end of the input."""
    asked: list[int] = []

    def known(moment_us: int) -> int:
        asked.append(moment_us)
        return 7

    (marked,) = mark_pages([incident()], known, 1.0)
    assert ([NOON_US], 7, True) == (asked, marked.services_known, marked.page)


def test_what_was_planned_does_not_page():
    """However strange it is."""
    (marked,) = mark_pages([incident(calendar="load test", score=9.0)], lambda _: 1, 1.0)
    assert marked.page is False
