"""The state of a watch, for the commands that act on it while it runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    import sqlite3

STATE = click.option("--state", metavar="DIR", help="The folder of the watch.  [default: watch in the user's state"
                     " folder]")  # fmt: skip


def folder_of(state: str | None) -> str:
    """The folder of a watch: the one named, else that of the user's."""
    from detector.cli.receivers import state_of

    return state if state is not None else str(Path(state_of(None)) / "watch")


def open_state(state: str | None) -> sqlite3.Connection:
    """The state of a watch that was started once.

    Raises:
        InputError: there is none.
    """
    from detector.alerts.outbox import prepare
    from detector.errors import InputError
    from detector.pipeline.watching import memory

    folder = folder_of(state)
    if not (Path(folder) / memory.FILE).exists():
        raise InputError(f"{folder}: no watch was started there; name its folder with --state DIR")
    connection = memory.connect(folder)
    prepare(connection)
    return connection
