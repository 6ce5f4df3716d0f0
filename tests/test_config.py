"""Settings: layers, types, suggestions."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import get_type_hints

import pytest

import detector
from detector.checks import CHECKS
from detector.config import (
    SECTIONS,
    Settings,
    known_keys,
    parse_budget,
    parse_moment,
    parse_share,
    parse_span,
    score_of,
    weeks_of,
)
from detector.errors import SettingsError
from detector.layers import Layer, resolve, settings_of
from detector.overrides import Overrides


def test_the_last_layer_wins_and_is_remembered():
    """Each value has the place that it came from."""
    layers = [Layer("a.toml", {"window": "1m", "year": 2020}), Layer("environment", {"year": "2021"}, is_text=True)]
    resolved = resolve(layers)
    assert ("1m", 2021) == (resolved.settings.window, resolved.settings.year)
    assert {"window": "a.toml", "year": "environment"} == resolved.origins


def test_every_setting_is_listed_with_its_origin():
    """In order, the defaults too."""
    assert known_keys() == [key for key, _, _ in resolve([]).items()]
    assert {"default"} == {origin for _, _, origin in resolve([]).items()}


@pytest.mark.parametrize(
    ("expected", "values"),
    [
        ("x.toml: unknown setting `windw`; did you mean `window`?", {"windw": "1m"}),
        ("x.toml: unknown setting `zzz`", {"zzz": 1}),
        ("x.toml: `year` must be a whole number, not '2020'", {"year": "2020"}),
        ("x.toml: `year` must be a whole number, not True", {"year": True}),
        ("x.toml: `quiet` must be true or false, not 1", {"quiet": 1}),
        ("x.toml: `window` must be a text, not 60", {"window": 60}),
        ("x.toml: `threads`: 0 is not between 1 and 1024", {"threads": 0}),
        ("x.toml: `by`: 'services' is not one of service, service,host; did you mean `service`?", {"by": "services"}),
        ("x.toml: `timezone`: 'Mars' is no time zone: write a name such as Europe/Berlin or UTC", {"timezone": "Mars"}),
        ("x.toml: `timezone`: '../x' is no time zone: write a name such as Europe/Berlin or UTC", {"timezone": "../x"}),
        ("x.toml: `max_unparsed`: '7' is no share: write a percentage such as 5%, or a number from 0 to 1",
         {"max_unparsed": 7}),
        ("x.toml: `window`: '2d' is no length of a window: write auto, or a span from 1s to 1d", {"window": "2d"}),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_in_one_line(expected, values):
    """Where, which key, what, and what to write."""
    with pytest.raises(SettingsError) as caught:
        resolve([Layer("x.toml", values)])
    assert expected == str(caught.value)


def test_texts_of_the_environment_become_numbers():
    """Not so in files, where a number can be written."""
    values = {"year": "2020", "quiet": "true", "least_excess": "2.5", "max_unparsed": "7%"}
    resolved = resolve([Layer("environment", values, is_text=True)])
    assert (2020, 2.5, 0.07) == (resolved.settings.year, resolved.settings.least_excess, resolved.settings.max_unparsed)
    assert resolved.display.quiet is True


def test_defaults_pass_their_own_checks():
    """Nobody has to write them out."""
    settings = resolve([]).settings
    written = {one.name: getattr(settings, one.name) for one in fields(Settings) if one.name not in SECTIONS}
    given = {key: value for key, value in written.items() if value is not None}
    assert settings == resolve([Layer("x.toml", given)]).settings


def test_checks_and_overrides_name_known_settings():
    """The tables do not drift apart."""
    assert set() == set(CHECKS) - set(known_keys())
    assert [one.name for one in fields(Settings)] == list(get_type_hints(Overrides))


def test_settings_of_the_command_line_are_no_arguments():
    """A function has no colours."""
    with pytest.raises(SettingsError, match="`color` is a setting of the command line only"):
        settings_of({"color": "never"})


SPANS = [(90, "90s"), (300, "5m"), (5400, "1.5h"), (86_400, "1d"), (604_800, " 1w ")]


@pytest.mark.parametrize(("expected", "text"), SPANS)
def test_spans(expected, text):
    """A number and a unit."""
    assert expected == parse_span(text)


@pytest.mark.parametrize("text", ["", "5", "m", "-5m", "0s", "5 minutes", "1h30m"])
def test_no_spans(text):
    """Anything else is refused."""
    with pytest.raises(SettingsError):
        parse_span(text)


@pytest.mark.parametrize(("expected", "text"), [(1.0, "1/week"), (0.5, "2/week"), (1 / 7, "1 / day")])
def test_budgets(expected, text):
    """Weeks between two false alarms."""
    assert expected == parse_budget(text)


@pytest.mark.parametrize(("expected", "raw"), [(0.05, "5%"), (0.05, 0.05), (0.0, "0"), (1.0, "100%"), (0.5, ".5")])
def test_shares(expected, raw):
    """Percent or a fraction."""
    assert expected == parse_share(raw)


@pytest.mark.parametrize(
    ("expected", "text"),
    [(timedelta(hours=2), "2h"), (datetime(2026, 7, 15, tzinfo=UTC), "2026-07-15"),
     (datetime(2026, 7, 15, 11, 30, tzinfo=UTC), "2026-07-15T11:30:00Z"),
     (datetime(2026, 7, 15, 9, 30, tzinfo=UTC), "2026-07-15T11:30:00+02:00")],
)  # fmt: skip
def test_moments(expected, text):
    """A span, a date, or RFC 3339."""
    assert expected == parse_moment(text)


def test_moments_without_zone_are_local():
    """In the zone of the settings."""
    assert datetime(2026, 7, 14, 22, tzinfo=UTC) == parse_moment("2026-07-15", "Europe/Berlin")


def test_the_version_of_the_package_is_that_of_the_project():
    """One number, in two places."""
    import tomllib
    from pathlib import Path

    project = Path(detector.__file__).parent.parent / "pyproject.toml"
    assert tomllib.loads(project.read_text("utf-8"))["project"]["version"] == detector.__version__


def test_scores_and_weeks_are_told_alike() -> None:
    """What a score says in weeks is what it was made of, and the default budget is one false incident a month."""
    for weeks in (0.1, 1.0, 4.35, 520.0):
        assert weeks == pytest.approx(weeks_of(score_of(weeks)), rel=1e-4)
    assert 0.728 == round(score_of(parse_budget(Settings().incident_budget)), 3)
