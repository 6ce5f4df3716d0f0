"""What services can bear, as the settings say it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.capacity import Capacity, capacity_for, parse_capacities, show_capacities
from detector.errors import SettingsError


def number(key: str, raw: object) -> float | None:
    """The number of one key."""
    found: float | None = getattr(parse_capacities({"a": {key: raw}})[0], key)
    return found


@pytest.mark.parametrize(
    ("key", "raw", "expected"),
    [
        ("lines_per_minute", "600000/min", 6e5), ("lines_per_minute", "10k/s", 6e5), ("lines_per_minute", 50, 50.0),
        ("lines_per_minute", "36M/h", 6e5), ("bytes_per_second", "50MB/s", 5e7),
        ("bytes_per_second", "1 MiB / s", 2**20),
        ("bytes_per_second", "6GB/min", 1e8), ("bytes_per_day", "20GB/day", 2e10), ("bytes_per_day", "20 GB", 2e10),
        ("free_bytes", "500 GiB", 500 * 2.0**30), ("free_bytes", 1e12, 1e12), ("free_bytes", "1.5TB", 1.5e12),
    ],
)  # fmt: skip
def test_units_are_read(key, raw, expected):
    """A plain number is in the unit that the key names."""
    assert expected == number(key, raw)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ("soon", "must be a table for each pattern"),
        ({"lines_per_minute": 5}, "must be a table with any of"),
        ({"a": {}}, '"a" says nothing'),
        ({"a": {"lines": 5}}, '"a": unknown key `lines`; known are lines_per_minute'),
        ({"a": {"lines_per_minute": "50MB/s"}}, "`lines_per_minute`: '50MB/s' is no rate above 0"),
        ({"a": {"lines_per_minute": True}}, "is no rate above 0: write it such as 600000/min"),
        ({"a": {"bytes_per_day": "0GB/day"}}, "is no rate above 0: write it such as 20GB/day"),
        ({"a": {"bytes_per_day": "20GB/fortnight"}}, "is no rate"),
        ({"a": {"free_bytes": "5GB/day"}}, "is no amount above 0: write it such as 500GB"),
        ({"a": {"free_bytes": "nan"}}, "is no amount"),
        ({"a": {"free_bytes": "1e400"}}, "is no amount"),
    ],
)
def test_nonsense_is_refused(raw, message):
    """One line says what is wrong and what to write."""
    with pytest.raises(SettingsError) as error:
        parse_capacities(raw)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@given(st.dictionaries(st.sampled_from(["lines_per_minute", "bytes_per_second", "bytes_per_day", "free_bytes"]),
                       st.floats(1e-3, 1e15).map(lambda value: float(f"{value:.9f}")), min_size=1))  # fmt: skip
def test_what_is_shown_is_read_again(table):
    """`config show` prints what a settings file may hold."""
    rules = parse_capacities({"a*": table})
    for rule, again in zip(rules, parse_capacities(show_capacities(rules)), strict=True):
        assert pytest.approx(rule.stated(), rel=1e-12) == again.stated()


def test_later_patterns_count_key_by_key():
    """What fits more narrowly stands below and overrides; what it does not say stays."""
    rules = parse_capacities({"*": {"lines_per_minute": 5, "free_bytes": "1TB"}, "api-?": {"lines_per_minute": 7}})
    assert Capacity("*", 7.0, free_bytes=1e12) == capacity_for("api-1", rules)
    assert Capacity("*", 5.0, free_bytes=1e12) == capacity_for("api-10", rules)
    assert capacity_for("api", rules[1:]) is None
