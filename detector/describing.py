"""What refuses a table `[formats.mine]` of the settings: a key, a pattern, a way to write times, a sample."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from detector.config import suggestion
from detector.errors import SettingsError
from detector.userformats import EPOCHS, GROUPS, NUMBERS, UserFormat, UserSample

KEYS: Mapping[str, Any] = {
    "pattern": str, "time": object, "samples": object, "about": str, "multiline": bool,
}  # fmt: skip


def user_format_of(name: str, values: Mapping[str, object]) -> UserFormat:
    """A format from the values of its table.

    Raises:
        SettingsError: something is missing or does not fit; one line.
    """
    try:
        return _described(name, values)
    except SettingsError as error:
        raise SettingsError(f"`formats.{name}`: {error}") from None


def _described(name: str, values: Mapping[str, object]) -> UserFormat:
    if not re.fullmatch(r"[A-Za-z][\w-]*", name, re.ASCII):
        raise SettingsError("its name must be letters, digits, `-` and `_`")
    missing = [key for key in ("pattern", "time", "samples") if not values.get(key)]
    if missing:
        raise SettingsError(f"`{missing[0]}` is missing; a format needs pattern, time and samples")
    pattern = str(values["pattern"]).replace("(?P<", "(?<")
    groups = _groups(pattern)
    samples = tuple(_sample(number, raw, groups) for number, raw in enumerate(_list(values, "samples", dict), 1))
    about, multiline = str(values.get("about", "from the settings")), values.get("multiline") is True
    return UserFormat(name, pattern, _times(values), samples, about, multiline)


def _groups(pattern: str) -> list[str]:
    """The named groups, if the pattern is one and has the right ones."""
    import polars as pl  # not needed to show --help

    try:
        table = pl.select(pl.lit("").str.extract_groups(pattern)).to_series().struct.fields
    except pl.exceptions.ComputeError as error:
        words = [line.strip() for line in str(error).splitlines() if line.strip()]
        raise SettingsError(f"`pattern` is no regular expression: {words[-1].removeprefix('error: ')}") from None
    unnamed = [group for group in table if group.isdigit() or not group]
    if unnamed:
        raise SettingsError("`pattern` has a group without a name: write (?<name>...), or (?:...) to read nothing")
    for group in table:
        if group not in GROUPS:
            known = ", ".join(GROUPS)
            raise SettingsError(
                f"`pattern` has the unknown group `{group}`{suggestion(group, GROUPS)}; known are {known}"
            )
    if "timestamp" not in table:
        raise SettingsError("`pattern` has no group `timestamp`: write (?<timestamp>...) where the time is")
    return table


def _times(values: Mapping[str, object]) -> tuple[str, ...]:
    raw = values["time"]
    ways = [raw] if isinstance(raw, str) else _list(values, "time", str)
    for way in ways:
        if "%" not in way and way != "iso" and way not in EPOCHS:
            usual = f"iso, {', '.join(EPOCHS)}, or a strptime pattern such as %d/%m/%Y %H:%M:%S"
            raise SettingsError(f"`time`: {way!r} is no way to write times: write {usual}{suggestion(way, EPOCHS)}")
    return tuple(ways)


def _list(values: Mapping[str, object], key: str, kind: type) -> list[Any]:
    raw = values[key]
    if not isinstance(raw, list) or not all(isinstance(one, kind) for one in raw):
        raise SettingsError(f"`{key}` must be a list of {'tables' if kind is dict else 'texts'}, not {raw!r}")
    return raw


def _sample(number: int, raw: Mapping[str, object], groups: list[str]) -> UserSample:
    """One entry of `samples`."""
    where, line = f"sample {number}", raw.get("line")
    if not isinstance(line, str) or "\n" in line:
        raise SettingsError(f"{where}: `line` must be the text of one line")
    fields: list[tuple[str, str | int]] = []
    for key, value in raw.items():
        if key == "line":
            continue
        if key not in groups:
            raise SettingsError(f"{where}: `{key}` is no group of the pattern{suggestion(key, groups)}")
        fields.append((key, _expected(where, key, value)))
    if not fields:
        raise SettingsError(f'{where}: say what it must yield, such as timestamp = "2026-03-01T00:00:00Z"')
    return UserSample(line, tuple(fields))


def _expected(where: str, key: str, value: object) -> str | int:
    if key in NUMBERS:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        raise SettingsError(f"{where}: `{key}` must be a whole number, not {value!r}")
    isoformat = getattr(value, "isoformat", None)
    if key == "timestamp" and isoformat is not None:
        return str(isoformat())
    if isinstance(value, str):
        return value
    raise SettingsError(f"{where}: `{key}` must be a text, not {value!r}")
