"""The receivers of notices, from the settings, and where the outbox is."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from detector.cli.places import state_folder
from detector.errors import InputError, SettingsError

if TYPE_CHECKING:
    from detector.alerts.receiver import Edge
    from detector.alerts.settings import AlertSettings
    from detector.layers import Resolved

NOT_DELIVERED = 4
"""Exit code where nothing else is wrong, but notices wait or are dead."""


def alerts_from(resolved: Resolved) -> AlertSettings:
    """What the settings say about notices.

    Raises:
        SettingsError: where, which table and key, what is wrong.
    """
    from detector.alerts.settings import AlertSettings, parse_alerts

    if not resolved.tables:
        return AlertSettings()
    try:
        return parse_alerts(resolved.tables)
    except SettingsError as error:
        places = ", ".join(dict.fromkeys(resolved.origins[key] for key in resolved.tables))
        raise SettingsError(f"{places}: {error}") from None


def show_tables(resolved: Resolved) -> Iterator[tuple[str, str]]:
    """Each value of the tables as TOML, and where it comes from; addresses without what may be secret in them.

    Raises:
        SettingsError: something is wrong with them; then nothing is shown.
    """
    alerts_from(resolved)  # a key that is unknown may hold a secret
    for key, table in resolved.tables.items():
        for name, value in _flat(key, table):
            told = value if name.endswith(".runbook") else _hidden(value)
            yield f"{name} = {_toml(told)}", resolved.origins[key]


def _hidden(value: object) -> object:
    """Of an address only the host: path and query may be a secret."""
    return re.sub(r"^(\w+://)(?:[^/@]*@)?([^/?#]*).*$", r"\1\2/***", value) if isinstance(value, str) else value


def _flat(name: str, value: object) -> Iterator[tuple[str, object]]:
    if not isinstance(value, Mapping):
        yield name, value
        return
    for key, inner in value.items():
        yield from _flat(f"{name}.{key if re.fullmatch(r'[A-Za-z0-9_-]+', key) else _toml(key)}", inner)


def _toml(value: object) -> str:
    import json

    return str(value).lower() if isinstance(value, bool) else json.dumps(value, ensure_ascii=False, default=str)


def edge_here() -> Edge:
    """The clocks of this machine, and the environment of the process."""
    from detector.alerts.receiver import Edge

    return Edge(lambda: time.time_ns() // 1000, time.monotonic, os.environ)


def state_of(given: str | None) -> str:
    """The folder of the state: the one named, else the user's.

    Raises:
        InputError: there is none.
    """
    if given is not None:
        return given
    folder = state_folder(os.environ)
    if folder is None:
        raise InputError("no folder for the state is known: name one with --state DIR")
    return str(folder)


def existing_state(given: str | None) -> str:
    """The folder of a state that is there; that of the watch if none is named.

    Raises:
        InputError: nothing was ever put into it.
    """
    from detector.alerts.outbox import FILE

    folder = given if given is not None else str(Path(state_of(None)) / "watch")
    if not (Path(folder) / FILE).exists():
        raise InputError(f"{folder}: no outbox there; name the folder that detector writes to with --state DIR")
    return folder
