"""Settings that are tables."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest

from detector.calendars import Calendar
from detector.cli.places import of_environment
from detector.config import OfServices
from detector.errors import SettingsError
from detector.layers import Layer, resolve, settings_of

NIGHT = {"name": "batch", "from": "22:00", "to": "02:00"}


def test_the_closest_pattern_counts_key_by_key():
    """A name is closer than a pattern, a long pattern than a short one; what it does not say the next one says."""
    rules = {"*": {"least_factor": 3, "warmup": "1d"}, "batch-*": {"least_factor": 2}, "batch-a": {"ignore": True}}
    settings = settings_of({"services": rules})
    told = [settings.told("least_factor", name, 1.1) for name in ("shop", "batch-b", "batch-a")]
    assert [3.0, 2.0, 2.0] == told
    assert ["1d", "1d"] == [settings.told("warmup", name, "1h") for name in ("shop", "batch-a")]
    assert [False, True] == [settings.told("ignore", name, usual=False) for name in ("batch-b", "batch-a")]


def test_patterns_know_letters_and_brackets():
    """Large letters are others than small ones; brackets stand for one of several."""
    settings = settings_of({"services": {"shop-[ab]": {"direction": "down"}}})
    told = [settings.told("direction", name, "up") for name in ("shop-a", "shop-b", "shop-c", "Shop-a")]
    assert ["down", "down", "up", "up"] == told


@pytest.mark.parametrize("order", [("a*", "*a"), ("*a", "a*")])
def test_patterns_as_close_are_told_apart_by_their_letters(order):
    """In whatever order they were written."""
    settings = settings_of({"services": {pattern: {"warmup": f"{2 + (pattern == 'a*')}h"} for pattern in order}})
    assert "3h" == settings.told("warmup", "aa", "1h")


def test_layers_are_merged_key_by_key():
    """A pattern of a higher file adds to that of a lower one; a calendar stands for its namesake."""
    low = {"services": {"a": {"warmup": "2h", "ignore": True}}, "calendar": [NIGHT, {**NIGHT, "name": "other"}]}
    high = {"services": {"a": {"ignore": False}}, "calendar": [{**NIGHT, "to": "03:00"}]}
    resolved = resolve([Layer("low.toml", low), Layer("high.toml", high)])
    assert (OfServices("a", warmup="2h", ignore=False),) == resolved.settings.services
    assert [time(3), time(2)] == [one.end for one in resolved.settings.calendar]
    heading, lines = next(iter(resolved.sections.tables()))
    assert '[services."a"]' == heading
    assert [("warmup", "2h", "low.toml"), ("ignore", False, "high.toml")] == lines


def test_times_of_toml_and_texts_are_alike():
    """So are dates with their zone, without one, and as texts."""
    begin = datetime(2026, 7, 15, 8, tzinfo=UTC)
    texts = settings_of({"calendar": [NIGHT, {"name": "x", "from": "2026-07-15T10:00:00+02:00", "to": "2026-07-16"}]})
    native = settings_of(
        {"calendar": [{**NIGHT, "from": time(22), "to": time(2)},
                      {"name": "x", "from": begin, "to": datetime(2026, 7, 16)}]}  # noqa: DTZ001  as TOML gives it
    )  # fmt: skip
    assert native.calendar == texts.calendar
    assert Calendar("batch", time(22), time(2)) == texts.calendar[0]


def test_calendars_are_in_the_zone_of_the_settings():
    """If they name none."""
    settings = settings_of({"timezone": "Asia/Tokyo", "calendar": [NIGHT, {**NIGHT, "name": "b", "timezone": "UTC"}]})
    assert ["Asia/Tokyo", "UTC"] == [one.timezone for one in settings.calendar]


@pytest.mark.parametrize(
    ("expected", "values"),
    [
        ('unknown setting `services."a".ignored`; did you mean `ignore`?', {"services": {"a": {"ignored": True}}}),
        ('`services."a".ignore` must be true or false, not 1', {"services": {"a": {"ignore": 1}}}),
        ('`services."a".least_factor`: 0.5 is not between 1 and 1000000.0', {"services": {"a": {"least_factor": 0.5}}}),
        ('`services."a".direction`: \'upp\' is not one of up, down, both; did you mean `up`?',
         {"services": {"a": {"direction": "upp"}}}),
        ("`services` must be a table, not 'a'", {"services": "a"}),
        ('`services."a"` must be a table, not 1', {"services": {"a": 1}}),
        ("`calendar` must be a list of tables: write [[calendar]] above each", {"calendar": {"a": 1}}),
        ("unknown setting `calendar.form`; did you mean `from`?", {"calendar": [{**NIGHT, "form": "1"}]}),
        ("`calendar`: `to` is missing; a calendar needs name, from and to",
         {"calendar": [{"name": "x", "from": "1:0"}]}),
        ("calendar 'batch': '7' is no time: write 22:00, or 2026-07-15T22:00:00Z",
         {"calendar": [{**NIGHT, "to": "7"}]}),
        ("calendar 'batch': '25:00' is no time: write 22:00, or 2026-07-15T22:00:00Z",
         {"calendar": [{**NIGHT, "to": "25:00"}]}),
        ("calendar 'batch': write two times of day, or two dates, as `from` and `to`",
         {"calendar": [{**NIGHT, "to": "2026-07-15"}]}),
        ("calendar 'batch': `to` must be after `from`",
         {"calendar": [{**NIGHT, "from": "2026-07-15", "to": "2026-07-15"}]}),
        ("calendar 'batch': `days` go with times of day only",
         {"calendar": [{**NIGHT, "from": "2026-07-15", "to": "2026-07-16", "days": ["mon"]}]}),
        ("calendar 'batch': 'monday' is not one of mon, tue, wed, thu, fri, sat, sun; did you mean `mon`?",
         {"calendar": [{**NIGHT, "days": ["monday"]}]}),
        ("`calendar.days` must be a list of texts, not 'mon'", {"calendar": [{**NIGHT, "days": "mon"}]}),
        ("`calendar.timezone`: 'Mars' is no time zone: write a name such as Europe/Berlin or UTC",
         {"calendar": [{**NIGHT, "timezone": "Mars"}]}),
        ("unknown setting `service_s`; did you mean `services`?", {"service_s": {}}),
        ("`warmup`: '5m' is too short: nothing is judged in its first hour; write 1h or more, such as 1d",
         {"warmup": "5m"}),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_table_is_told_in_one_line(expected, values):
    """Where, which key, what, and what to write."""
    with pytest.raises(SettingsError) as caught:
        resolve([Layer("x.toml", values)])
    assert f"x.toml: {expected}" == str(caught.value)


@pytest.mark.parametrize("name", ["DETECTOR_SERVICES", "DETECTOR_CALENDAR"])
def test_tables_stand_in_files_only(name):
    """A variable cannot hold one, and is not taken for another setting that looks alike."""
    with pytest.raises(SettingsError, match=f"environment: `{name}`: tables of settings stand in files only"):
        of_environment({name: "x"})
