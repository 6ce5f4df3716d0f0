"""What services can bear, as the settings say it: `[capacity."service-pattern"]`."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from detector.errors import SettingsError

SIZES = {"": 1.0, "b": 1.0, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "pb": 1e15,
         "kib": 2.0**10, "mib": 2.0**20, "gib": 2.0**30, "tib": 2.0**40, "pib": 2.0**50}  # fmt: skip
THOUSANDS = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9}
PERIODS = {"s": 1.0, "sec": 1.0, "second": 1.0, "min": 60.0, "minute": 60.0, "h": 3600.0, "hour": 3600.0,
           "d": 86_400.0, "day": 86_400.0}  # fmt: skip
"""Seconds."""
OWN_PERIODS = {"lines_per_minute": 60.0, "bytes_per_second": 1.0, "bytes_per_day": 86_400.0, "free_bytes": None}
"""Key -> seconds of the period that its name states; None: no rate."""
EXAMPLES = {"lines_per_minute": "600000/min", "bytes_per_second": "50MB/s", "bytes_per_day": "20GB/day",
            "free_bytes": "500GB"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Capacity:
    """What the services that a pattern fits can bear; None: not said.

    Attributes:
        pattern: of the service's name, with `*` and `?`.
        lines_per_minute, bytes_per_second: at most.
        bytes_per_day: quota of what is taken in from midnight to midnight, UTC.
        free_bytes: room for the log.
    """

    pattern: str
    lines_per_minute: float | None = None
    bytes_per_second: float | None = None
    bytes_per_day: float | None = None
    free_bytes: float | None = None

    def stated(self) -> dict[str, float]:
        """The keys that were given, with their numbers."""
        found = {key: getattr(self, key) for key in OWN_PERIODS}
        return {key: value for key, value in found.items() if value is not None}


def capacity_for(service: str, rules: tuple[Capacity, ...]) -> Capacity | None:
    """What is said of a service: of several patterns that fit, the later ones count, key by key; None: nothing is."""
    found = None
    for rule in rules:
        if fnmatchcase(service, rule.pattern):
            found = rule if found is None else replace(found, **rule.stated())  # type: ignore[arg-type]
    return found


def parse_capacities(raw: object) -> tuple[Capacity, ...]:
    """The tables below `capacity` -> rules, in their order; rules stay as they are.

    Raises:
        SettingsError: something is no table, no known key, or no number with a sensible unit; says which.
    """
    if isinstance(raw, tuple) and all(isinstance(rule, Capacity) for rule in raw):
        return raw
    if not isinstance(raw, Mapping):
        raise SettingsError(f'must be a table for each pattern of services, [capacity."api-*"], not {raw!r}')
    return tuple(_rule(str(pattern), table) for pattern, table in raw.items())


def show_capacities(rules: tuple[Capacity, ...]) -> dict[str, dict[str, str]]:
    """The tables that `parse_capacities` reads as these rules."""
    units = {"lines_per_minute": "/min", "bytes_per_second": "B/s", "bytes_per_day": "B/day", "free_bytes": "B"}
    return {rule.pattern: {key: f"{value:.15g}{units[key]}" for key, value in rule.stated().items()} for rule in rules}


def _rule(pattern: str, table: object) -> Capacity:
    if not isinstance(table, Mapping):
        raise SettingsError(f'"{pattern}" must be a table with any of {", ".join(OWN_PERIODS)}, not {table!r}')
    for key in table:
        if key not in OWN_PERIODS:
            raise SettingsError(f'"{pattern}": unknown key `{key}`; known are {", ".join(OWN_PERIODS)}')
    if not table:
        raise SettingsError(f'"{pattern}" says nothing: give any of {", ".join(OWN_PERIODS)}')
    return Capacity(pattern, **{key: _number(pattern, key, value) for key, value in table.items()})


def _number(pattern: str, key: str, raw: object) -> float:
    """`50MB/s`, or a plain number in the unit that the key names."""
    sizes = THOUSANDS if key == "lines_per_minute" else SIZES
    found = re.fullmatch(r"(\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)\s*([A-Za-z]*)\s*(?:/\s*([A-Za-z]+))?", str(raw).strip())
    own = OWN_PERIODS[key]
    if found is None or isinstance(raw, bool):
        raise _wrong(pattern, key, raw)
    size, period = found[2].lower(), (found[3] or "").lower()
    if size not in sizes or (period and (own is None or period not in PERIODS)):
        raise _wrong(pattern, key, raw)
    value = float(found[1]) * sizes[size]
    if own is not None and period:
        value *= own / PERIODS[period]
    if not (math.isfinite(value) and value > 0):
        raise _wrong(pattern, key, raw)
    return value


def _wrong(pattern: str, key: str, raw: object) -> SettingsError:
    kind = "amount" if OWN_PERIODS[key] is None else "rate"
    return SettingsError(f'"{pattern}": `{key}`: {raw!r} is no {kind} above 0: write it such as {EXAMPLES[key]}')
