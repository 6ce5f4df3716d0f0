"""Settings that are tables: `[services."batch-*"]`, `[[calendar]]` and `[formats.mine]`."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from detector.calendars import WEEKDAYS, Calendar
from detector.checks import checked, one_of
from detector.config import OfServices, parse_moment, suggestion, types_of
from detector.describing import KEYS as OF_FORMATS
from detector.describing import user_format_of
from detector.errors import SettingsError

Values = dict[str, object]
OF_SERVICES = {key: kind for key, kind in types_of(OfServices).items() if key != "pattern"}
OF_CALENDARS: Mapping[str, Any] = {
    "name": str, "from": object, "to": object, "services": str, "days": list[str], "timezone": str, "page": bool,
    "learn": bool,
}  # fmt: skip


@dataclass(slots=True)
class Sections:
    """The tables of all layers, the higher ones over the lower ones, key by key.

    Attributes:
        services: pattern -> key -> value.
        calendars: name -> key -> value as written; a calendar of a higher layer stands for all of its namesake.
        formats: name -> key -> value as written; likewise.
        origins: kind of table, pattern or name, key -> where it was set.
    """

    services: dict[str, Values] = field(default_factory=dict)
    calendars: dict[str, Values] = field(default_factory=dict)
    formats: dict[str, Values] = field(default_factory=dict)
    origins: dict[tuple[str, str, str], str] = field(default_factory=dict)

    def take(self, kind: str, raw: object, where: str) -> None:
        """Take in the tables of a kind of one layer.

        Raises:
            SettingsError: one line, without the place: which key, what is wrong.
        """
        if kind == "services":
            for pattern, values in _table("services", raw).items():
                found = _values(f"services.{_quoted(pattern)}", values, OF_SERVICES)
                self.services[pattern] = self.services.get(pattern, {}) | found
                self.origins |= {(kind, pattern, key): where for key in found}
            return
        if kind == "formats":
            for name, values in _table("formats", raw).items():
                self.formats[name] = _values(f"formats.{name}", values, OF_FORMATS)
                user_format_of(name, self.formats[name])
                self.origins |= {(kind, name, key): where for key in self.formats[name]}
            return
        if not isinstance(raw, list):
            raise SettingsError("`calendar` must be a list of tables: write [[calendar]] above each")
        for values in raw:
            found = _values("calendar", values, OF_CALENDARS)
            name = str(found.get("name", ""))
            calendar_of(found, "UTC")
            self.calendars[name] = found
            self.origins |= {(kind, name, key): where for key in found}

    def settings(self, timezone: str) -> dict[str, Any]:
        """The tables as arguments of `Settings`; `timezone` is that of calendars that name none."""
        rules = [OfServices(pattern, **values) for pattern, values in self.services.items()]  # type: ignore[arg-type]
        calendars = [calendar_of(values, timezone) for values in self.calendars.values()]
        formats = tuple(user_format_of(name, values) for name, values in self.formats.items())
        services = tuple(sorted(rules, key=lambda one: one.closeness))
        return {"services": services, "calendar": tuple(calendars), "formats": formats}

    def tables(self) -> Iterator[tuple[str, list[tuple[str, object, str]]]]:
        """Heading and lines (key, value, origin) of every table, as a settings file would hold them."""
        for pattern, values in self.services.items():
            lines = [(key, value, self.origins["services", pattern, key]) for key, value in values.items()]
            yield f"[services.{_quoted(pattern)}]", lines
        for name, values in self.calendars.items():
            yield "[[calendar]]", [(key, value, self.origins["calendar", name, key]) for key, value in values.items()]
        for name, values in self.formats.items():
            yield (
                f"[formats.{name}]",
                [(key, value, self.origins["formats", name, key]) for key, value in values.items()],
            )


def _quoted(pattern: str) -> str:
    return json.dumps(pattern, ensure_ascii=False)


def _table(label: str, raw: object) -> Mapping[str, object]:
    if not isinstance(raw, Mapping):
        raise SettingsError(f"`{label}` must be a table, not {raw!r}")
    return raw


def _values(label: str, raw: object, known: Mapping[str, Any]) -> Values:
    """The values of one table, checked."""
    found: Values = {}
    for key, value in _table(label, raw).items():
        if key not in known:
            raise SettingsError(f"unknown setting `{label}.{key}`{suggestion(key, known)}")
        found[key] = checked(key, value, known[key], label=f"{label}.{key}")
    return found


def calendar_of(values: Values, timezone: str) -> Calendar:
    """A calendar from the values of its table.

    Raises:
        SettingsError: something is missing or does not fit.
    """
    missing = [key for key in ("name", "from", "to") if not values.get(key)]
    if missing:
        raise SettingsError(f"`calendar`: `{missing[0]}` is missing; a calendar needs name, from and to")
    label = f"calendar {values['name']!r}"
    rest: dict[str, Any] = {key: values[key] for key in ("services", "page", "learn") if key in values}
    zone = str(values.get("timezone", timezone))
    try:
        begin, end = (_when(values[key], zone) for key in ("from", "to"))
        days = tuple(_days(values))
    except SettingsError as error:
        raise SettingsError(f"{label}: {error}") from None
    if isinstance(begin, datetime) != isinstance(end, datetime):
        raise SettingsError(f"{label}: write two times of day, or two dates, as `from` and `to`")
    if isinstance(begin, datetime) and isinstance(end, datetime):
        if "days" in values:
            raise SettingsError(f"{label}: `days` go with times of day only")
        if begin >= end:
            raise SettingsError(f"{label}: `to` must be after `from`")
    return Calendar(str(values["name"]), begin, end, days=days, timezone=zone, **rest)


def _days(values: Values) -> list[str]:
    days = values.get("days", list(WEEKDAYS))
    if not isinstance(days, list):
        return []
    for day in days:
        one_of(*WEEKDAYS)(day)
    return days


def _when(raw: object, zone: str) -> time | datetime:
    """A time of day, or a moment; TOML's own times and texts alike.

    Raises:
        SettingsError: it is neither.
    """
    text = raw.isoformat() if isinstance(raw, time | date) else str(raw).strip()
    try:
        return time.fromisoformat(text) if re.fullmatch(r"\d\d:\d\d(:\d\d)?", text) else _moment(text, zone)
    except (ValueError, SettingsError):
        raise SettingsError(f"{text!r} is no time: write 22:00, or 2026-07-15T22:00:00Z") from None


def _moment(text: str, zone: str) -> datetime:
    moment = parse_moment(text, zone)
    if isinstance(moment, datetime):
        return moment
    raise SettingsError("a span is no time")
