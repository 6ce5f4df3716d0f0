"""How bad an incident is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from detector.causes import Forecast
from detector.config import Settings
from detector.severity import rate, severity
from tests.report.making import BEGIN, MINUTE, incident

NEVER = Forecast(BEGIN, 600.0, "lines/min", "settings", None, "level", 0.4)
HOUR = 60 * MINUTE


def due(after_us: int, **changes: Any) -> Forecast:
    """A forecast of an overload."""
    return replace(NEVER, overload_us=BEGIN + after_us, **changes)


@pytest.mark.parametrize(
    ("expected", "forecast", "factor", "lasted"),
    [
        ("critical", due(0), 1.2, 60), ("critical", due(30 * MINUTE), 1.2, 60),
        ("warning", due(31 * MINUTE), 1.2, 60), ("warning", due(6 * HOUR), 1.2, 60),
        ("info", due(7 * HOUR), 9.0, 60), ("info", NEVER, 9.0, 60),
        ("warning", None, 2.0, 5), ("info", None, 1.9, 60), ("info", None, 9.0, 4),
        ("warning", replace(NEVER, source="learned"), 9.0, 60), ("info", replace(NEVER, source="learned"), 1.5, 60),
        ("critical", replace(NEVER, source="learned", load=1.2, course="linear"), 1.2, 60),
        ("info", replace(NEVER, source="learned", load=1.2), 1.2, 60),
        ("warning", replace(NEVER, load_of_all=1.1), 1.2, 60), ("info", replace(NEVER, load_of_all=0.9), 1.2, 60),
    ],
)  # fmt: skip
def test_the_table(expected, forecast, factor, lasted):
    """Overload first, then height; what is only learned makes nothing harmless."""
    one = incident(observed=factor * 22.0, ended_us=BEGIN + lasted * MINUTE)
    assert expected == severity(one, forecast, None, Settings())


def test_a_surge_that_lasts_is_measured_to_the_end_of_the_input():
    """Not to the moment it was noticed."""
    one = incident(ended_us=None, detected_us=BEGIN + MINUTE)
    assert ["warning", "info"] == [severity(one, None, end, Settings()) for end in (BEGIN + HOUR, None)]


def test_every_number_is_a_setting():
    """Of the table, and which severities page."""
    one, settings = incident(), Settings(warning_factor=20.0, critical_within="2h", page_on="critical")
    assert ("info", False) == (rate(one, None, None, settings).severity, rate(one, None, None, settings).page)
    found = rate(one, due(HOUR), None, settings)
    assert ("critical", True) == (found.severity, found.page)
    assert not rate(replace(one, page=False), due(HOUR), None, settings).page  # beyond the budget
