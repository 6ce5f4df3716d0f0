"""Layers of settings merged to those in force: each value is checked where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from detector.checks import checked
from detector.config import SECTIONS, Display, Settings, known_keys, suggestion, types_of
from detector.errors import SettingsError
from detector.sections import Sections

TABLES = ("alerts", "owners")
"""Tables of settings files that are handed on as they stand, to be checked by the room that they are for."""


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
    """The settings in force, and the place that each came from (`default` where none was given).

    Attributes:
        settings, display: what a run is told.
        origins: key -> place.
        sections: settings that are tables.
        tables: those that other rooms check.
        sources: the tables `[[sources]]`, likewise.
    """

    settings: Settings
    display: Display
    origins: Mapping[str, str]
    sections: Sections = field(default_factory=Sections)
    tables: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    sources: tuple[Mapping[str, Any], ...] = ()

    def items(self) -> Iterable[tuple[str, object, str]]:
        """Key, value and origin of every setting but tables, in the order in which they are documented."""
        for part in (self.settings, self.display):
            for one in (one for one in fields(part) if one.name not in SECTIONS):
                yield one.name, getattr(part, one.name), self.origins.get(one.name, "default")


def resolve(layers: Iterable[Layer]) -> Resolved:
    """Merge layers, the lowest first; each value is checked where it stands.

    Raises:
        SettingsError: a key is unknown, or a value is of the wrong type or out of range; says which and where.
    """
    found: dict[str, Any] = {}
    origins: dict[str, str] = {}
    sections = Sections()
    tables: dict[str, Mapping[str, object]] = {}
    sources: tuple[Mapping[str, Any], ...] = ()
    for layer in layers:
        for key, raw in layer.values.items():
            try:
                if key in TABLES and not layer.is_text:
                    tables[key] = {**tables.get(key, {}), **_table(key, raw)}
                    origins[key] = layer.where
                elif key == "sources" and not layer.is_text:
                    sources, origins[key] = _list(key, raw), layer.where
                elif key in SECTIONS:
                    sections.take(key, raw, layer.where)
                else:
                    found[key] = _value(key, raw, layer)
                    origins[key] = layer.where
            except SettingsError as error:
                raise SettingsError(f"{layer.where}: {error}") from None
    settings, display = ({key: found[key] for key in types_of(part) if key in found} for part in (Settings, Display))
    settings |= sections.settings(found.get("timezone", "UTC"))
    return Resolved(Settings(**settings), Display(**display), origins, sections, tables, sources)


def _table(key: str, raw: object) -> Mapping[str, object]:
    if not isinstance(raw, Mapping):
        raise SettingsError(f"`{key}` must be a table, such as [{key}.NAME]")
    return raw


def _list(key: str, raw: object) -> tuple[Mapping[str, Any], ...]:
    if not isinstance(raw, list):
        raise SettingsError(f"`{key}` must be a list of tables: write [[{key}]]")
    return tuple(raw)


def _value(key: str, raw: object, layer: Layer) -> object:
    if key not in known_keys():
        raise SettingsError(f"unknown setting `{key}`{suggestion(key, [*known_keys(), *SECTIONS, *TABLES])}")
    return checked(key, raw, {**types_of(Settings), **types_of(Display)}[key], is_text=layer.is_text)


def settings_of(arguments: Mapping[str, object]) -> Settings:
    """Settings from named arguments, checked.

    Raises:
        SettingsError: one is unknown, of the wrong type or out of range.
    """
    display = next((key for key in arguments if key in types_of(Display)), None)
    if display is not None:
        raise SettingsError(f"arguments: `{display}` is a setting of the command line only")
    return resolve([Layer("arguments", arguments)]).settings
