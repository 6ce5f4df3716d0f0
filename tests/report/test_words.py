"""Numbers, times, bars and names in words."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector import times
from detector.report import numbers
from detector.report.escape import cells, escape, escape_json, is_harmful, shorten
from detector.report.look import BARS
from detector.report.spark import sparkline

MINUTE = 60_000_000


@pytest.mark.parametrize(
    ("expected", "value"),
    [("0", 0.0), ("almost 0", 0.0003), ("0.05", 0.049), ("0.4", 0.44), ("9.7", 9.7), ("12", 12.0), ("99.9", 99.9),
     ("215", 215.4), ("33,996", 33_996.0), ("-", float("inf"))],
)  # fmt: skip
def test_brief_numbers(expected, value):
    """As many digits as matter."""
    assert expected == numbers.brief(value)


@pytest.mark.parametrize(
    ("expected", "value"),
    [("0 bytes", 0), ("1 byte", 1), ("999 bytes", 999), ("1 kB", 1000), ("1 MB", 999_999), ("12.3 MB", 12_345_678),
     ("1 TB", 999_999_999_999), ("5,000 TB", 5 * 10**15)],
)  # fmt: skip
def test_sizes(expected, value):
    """Three digits and a unit."""
    assert expected == numbers.size(value)


@pytest.mark.parametrize(
    ("expected", "factor"), [("x9.7 normal", 9.7), ("x1,000 normal", 1000.0), ("over x1,000 normal", 1001.0),
                             ("from nothing", 1e6), ("fell to x0.3 normal", 0.3), ("fell to x0.04 normal", 0.04),
                             ("fell silent", 0.0049), ("fell silent", 0.0)],
)  # fmt: skip
def test_factors(expected, factor):
    """Nobody needs six digits of a factor."""
    assert expected == numbers.times_normal(factor)


@pytest.mark.parametrize(
    ("expected", "minutes"),
    [("20 s", 1 / 3), ("1 min", 1), ("90 s", 1.5), ("14 min", 14), ("119 min", 119), ("2 h", 120), ("3 h 20 min", 200),
     ("47 h 59 min", 2879), ("2 d", 2880), ("2 d 4 h", 52 * 60)],
)  # fmt: skip
def test_durations(expected, minutes):
    """What a person would say."""
    assert expected == times.duration(minutes * MINUTE)


def test_spans():
    """The second day is named if it is another one."""
    assert "1 Jan 1970 00:00 - 12:30 UTC" == times.span(0, 750 * MINUTE)
    assert "1 Jan 1970 00:00 - 2 Jan 1970 00:00 UTC" == times.span(0, 1440 * MINUTE)


def test_instants():
    """A fraction only where there is one."""
    assert ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000001Z") == (times.rfc3339(0), times.rfc3339(1))


@given(st.lists(st.floats(0, 1e9), max_size=200))
def test_a_bar_is_the_highest_of_its_stretch(values):
    """So the highest value shows as a full bar, and no more bars are drawn than asked for."""
    bars = sparkline(values, BARS, 24)
    assert 24 >= len(bars)
    assert (max(values, default=0) > 0) == (BARS[-1] in bars)


def test_unknown_values_are_drawn_as_nothing():
    """A gap is no peak."""
    assert "▁█▅" == sparkline([float("nan"), 2.0, 1.0], BARS)


@given(st.text())
def test_escaping_leaves_nothing_harmful(text):
    """And is the same when it is done again."""
    safe = escape(text)
    assert [] == [one for one in safe if is_harmful(one)]
    assert safe == escape(safe)


@pytest.mark.parametrize(
    ("expected", "text"),
    [("web-1", "web-1"), ("größe", "größe"), (r"\x1b[2J", "\x1b[2J"), (r"a\nb", "a\nb"), (r"\u202eevil", "\u202eevil"),
     (r"a\u200bb", "a\u200bb"), (r"\x85", "\x85"), (r"\U000e0041", "\U000e0041"), ("東京", "東京")],
)  # fmt: skip
def test_escapes(expected, text):
    """Writing of all languages stays, what harms is spelt out."""
    assert expected == escape(text)


@given(st.text())
def test_json_means_the_same(text):
    """Escaped or not."""
    assert text == json.loads(escape_json(json.dumps(text, ensure_ascii=False)))


@given(st.text(), st.integers(8, 60))
def test_short_names_fit(text, width):
    """In columns of the terminal, wide characters included."""
    assert width >= cells(shorten(text, width))
