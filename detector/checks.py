"""What refuses the value of a setting, by key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from detector.capacity import parse_capacities
from detector.config import (
    BY,
    COLORS,
    DIRECTIONS,
    FAIL_ON,
    FORMATS,
    SECONDS,
    parse_budget,
    parse_moment,
    parse_severities,
    parse_share,
    parse_span,
    suggestion,
)
from detector.errors import SettingsError
from detector.markers import parse_markers


def checked(key: str, raw: object, wanted: Any, *, is_text: bool = False, label: str | None = None) -> Any:
    """The value of a setting with its type, checked.

    Args:
        key: of the setting.
        raw: as given.
        wanted: its type.
        is_text: numbers have to be read from a text.
        label: what the setting is called in errors; None: as its key.

    Raises:
        SettingsError: which key, what is wrong.
    """
    import msgspec  # not needed to show --help

    try:
        value = PARSERS[key](raw) if key in PARSERS else msgspec.convert(raw, wanted, strict=not is_text)
        if value is not None and key in CHECKS:
            CHECKS[key](value)
    except msgspec.ValidationError:
        kind = next(word for known, word in KINDS.items() if known in str(wanted))
        raise SettingsError(f"`{label or key}` must be {kind}, not {raw!r}") from None
    except SettingsError as error:
        raise SettingsError(f"`{label or key}`: {error}") from None
    return value


PARSERS: Mapping[str, Callable[[object], object]] = {
    "max_unparsed": parse_share, "capacity": parse_capacities, "markers": parse_markers,
}  # fmt: skip
"""What reads a value that is written otherwise than it is kept."""
KINDS = {"list": "a list of texts", "bool": "true or false", "int": "a whole number", "float": "a number",
         "str": "a text"}  # fmt: skip


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


def check_warmup(text: str) -> None:
    """A span of an hour or more: what is known for less is not judged anyway."""
    if parse_span(text) < SECONDS["h"]:
        raise SettingsError(f"{text!r} is too short: nothing is judged in its first hour; write 1h or more, such as 1d")


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
    "direction": one_of(*DIRECTIONS),
    "warmup": check_warmup,
    "threads": between(1, 1024),
    "lateness": parse_span,
    "idle": parse_span,
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
