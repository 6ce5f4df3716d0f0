"""Layers of settings merged to those in force: each value is checked where it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from detector.capacity import parse_capacities
from detector.config import (
    BY,
    COLORS,
    FAIL_ON,
    FORMATS,
    SECONDS,
    Display,
    Settings,
    known_keys,
    parse_budget,
    parse_moment,
    parse_severities,
    parse_share,
    parse_span,
    suggestion,
    types_of,
)
from detector.errors import SettingsError


class Layer(NamedTuple):
    """Settings from one place.

    Attributes:
        where: the place in words: a file, `environment`, `flags`.
        values: key -> value as given.
        is_text: all values are texts, from which numbers have to be read.
    """

    where: str
    values: Mapping[str, object]
    is_text: bool = False


@dataclass(frozen=True, slots=True)
class Resolved:
    """The settings in force, and the place that each came from (`default` where none was given)."""

    settings: Settings
    display: Display
    origins: Mapping[str, str]

    def items(self) -> Iterable[tuple[str, object, str]]:
        """Key, value and origin of every setting, in the order in which they are documented."""
        for part in (self.settings, self.display):
            for one in fields(part):
                yield one.name, getattr(part, one.name), self.origins.get(one.name, "default")


def resolve(layers: Iterable[Layer]) -> Resolved:
    """Merge layers, the lowest first; each value is checked where it stands.

    Raises:
        SettingsError: a key is unknown, or a value is of the wrong type or out of range; says which and where.
    """
    found: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for layer in layers:
        for key, raw in layer.values.items():
            if key not in known_keys():
                raise SettingsError(f"{layer.where}: unknown setting `{key}`{suggestion(key, known_keys())}")
            found[key] = convert(key, raw, layer)
            origins[key] = layer.where
    settings, display = ({key: found[key] for key in types_of(part) if key in found} for part in (Settings, Display))
    return Resolved(Settings(**settings), Display(**display), origins)


def settings_of(arguments: Mapping[str, object]) -> Settings:
    """Settings from named arguments, checked.

    Raises:
        SettingsError: one is unknown, of the wrong type or out of range.
    """
    display = next((key for key in arguments if key in types_of(Display)), None)
    if display is not None:
        raise SettingsError(f"arguments: `{display}` is a setting of the command line only")
    return resolve([Layer("arguments", arguments)]).settings


def convert(key: str, raw: object, layer: Layer) -> object:
    """The value of a setting with its type, checked.

    Raises:
        SettingsError: one line: where, which key, what is wrong.
    """
    import msgspec  # not needed to show --help

    wanted = {**types_of(Settings), **types_of(Display)}[key]
    try:
        if key in PARSERS:
            value: object = PARSERS[key](raw)
        else:
            value = msgspec.convert(raw, wanted, strict=not layer.is_text)
        if value is not None and key in CHECKS:
            CHECKS[key](value)
    except msgspec.ValidationError:
        kind = next(word for known, word in KINDS.items() if known in str(wanted))
        raise SettingsError(f"{layer.where}: `{key}` must be {kind}, not {raw!r}") from None
    except SettingsError as error:
        raise SettingsError(f"{layer.where}: `{key}`: {error}") from None
    return value


PARSERS: Mapping[str, Callable[[object], object]] = {"max_unparsed": parse_share, "capacity": parse_capacities}
"""What reads a value that is written otherwise than it is kept."""
KINDS = {"bool": "true or false", "int": "a whole number", "float": "a number", "str": "a text"}


def check_zone(name: str) -> None:
    """Refuse what is no zone of the IANA database."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise SettingsError(f"{name!r} is no time zone: write a name such as Europe/Berlin or UTC") from None


def one_of(*choices: str) -> Callable[[str], None]:
    """Refuse what is not among `choices`."""

    def check(value: str) -> None:
        if value not in choices:
            raise SettingsError(f"{value!r} is not one of {', '.join(choices)}{suggestion(value, choices)}")

    return check


def between(low: float, high: float) -> Callable[[float], None]:
    """Refuse a number outside low..high."""

    def check(value: float) -> None:
        if not low <= value <= high:
            raise SettingsError(f"{value} is not between {low} and {high}")

    return check


def check_window(text: str) -> None:
    """`auto`, or a span of at least a second and at most a day."""
    if text != "auto" and not 1 <= parse_span(text) <= SECONDS["d"]:
        raise SettingsError(f"{text!r} is no length of a window: write auto, or a span from 1s to 1d")


def check_settling(text: str) -> None:
    """A span of an hour or more."""
    if parse_span(text) < SECONDS["h"]:
        raise SettingsError(f"{text!r} is too short: a surge has to last an hour or more, such as 24h, to be settled")


CHECKS: Mapping[str, Callable[[Any], object]] = {
    "timezone": check_zone,
    "year": between(1970, 2261),
    "since": parse_moment,
    "until": parse_moment,
    "by": one_of(*BY),
    "window": check_window,
    "budget": parse_budget,
    "incident_budget": parse_budget,
    "least_excess": between(0, 1e12),
    "least_factor": between(1, 1e6),
    "threads": between(1, 1024),
    "critical_within": parse_span,
    "warning_within": parse_span,
    "warning_factor": between(1, 1e6),
    "warning_lasts": parse_span,
    "page_on": parse_severities,
    "settle_after": check_settling,
    "format": one_of(*FORMATS),
    "fail_on": one_of(*FAIL_ON),
    "color": one_of(*COLORS),
}
"""What refuses a value, by key."""
