"""Markers: when something was done to services, such as a deploy; `[markers]` says where they are told.

In a file each line is `2026-07-15T11:30:00Z fleet-api: deploy 4.9.0`: a time (RFC 3339), services (a pattern, with a
colon; all if it is left out), and what was done. In a log each line that fits a pattern is one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import NamedTuple

from detector.errors import SettingsError

BEFORE_US = 3_600_000_000
"""What was done longer before an incident began has nothing to do with it."""
LONGEST = 200
KEYS = ("file", "pattern")
LINE = re.compile(r"(\S+)\s+(?:(\S+):\s+)?(\S.*)")


class Marker(NamedTuple):
    """Something that was done to services.

    Attributes:
        at_us: when, microseconds since 1970 UTC.
        services: to which; a pattern with `*` and `?`.
        text: what; one word is a version that was deployed.
    """

    at_us: int
    services: str
    text: str


@dataclass(frozen=True, slots=True)
class Markers:
    """Where markers are told.

    Attributes:
        file: one a line.
        pattern: of lines in the logs themselves; a regular expression of linear time (Rust's) with a group `version`,
            and one `service` if the line does not belong to the service that it is about.
    """

    file: str | None = None
    pattern: str | None = None


def parse_markers(raw: object) -> Markers | None:
    """The table `[markers]`.

    Raises:
        SettingsError: it is no table, or a key is unknown or no text.
    """
    if raw is None or isinstance(raw, Markers):
        return raw
    if not isinstance(raw, Mapping) or not raw:
        raise SettingsError('must be a table: write [markers] with file = "..." or pattern = "..."')
    for key, value in raw.items():
        if key not in KEYS:
            raise SettingsError(f"unknown key `{key}`; known are {', '.join(KEYS)}")
        if not isinstance(value, str) or not value:
            raise SettingsError(f"`{key}` must be a text, not {value!r}")
    return Markers(**raw)


def parse_marker(line: str) -> Marker:
    """A line of a file of markers.

    Raises:
        SettingsError: what is wrong with it.
    """
    found = LINE.fullmatch(line.strip())
    try:
        at = datetime.fromisoformat(found[1] if found else "")
    except ValueError:
        raise SettingsError("no marker: write a time and what was done: 2026-07-15T11:30:00Z shop: 4.9.0") from None
    at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    assert found is not None
    return Marker(round(at.timestamp() * 1e6), (found[2] or "*")[:LONGEST], found[3][:LONGEST])


def markers_of(service: str, started_us: int, detected_us: int, markers: Iterable[Marker]) -> tuple[Marker, ...]:
    """Those of an incident, ascending: from an hour before it began until it was noticed; what came again once."""
    first: dict[tuple[str, str], Marker] = {}
    for one in sorted(markers):
        if started_us - BEFORE_US <= one.at_us <= detected_us and fnmatchcase(service, one.services):
            first.setdefault((one.services, one.text), one)
    return tuple(first.values())
