"""`detector mark`: an answer to an incident of a watch."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Literal

import click

from detector.cli.watched import STATE, open_state

if TYPE_CHECKING:
    import sqlite3


@click.command()
@click.argument("identity", metavar="ID")
@click.argument("answer", type=click.Choice(("false", "accepted")))
@STATE
def command(identity: str, answer: Literal["false", "accepted"], state: str | None) -> int:
    """Say what an incident of a watch was; a running watch hears of it within seconds.

    false: a false alarm; accepted: the new usual. Either way it is over, and as long as its level stays, only what
    comes on top of it opens another one.
    """
    from detector.cli.output import write_stdout
    from detector.pipeline.watching import memory

    connection = open_state(state)
    one, service = _find(connection, identity)
    memory.mark(connection, time.time_ns() // 1000, answer, one, "")
    write_stdout(f"#{one} of {service}: {answer}\n".encode())
    return 0


def _find(connection: sqlite3.Connection, identity: str) -> tuple[str, str]:
    """The incident meant, and its service.

    Raises:
        UsageError: none or several are.
    """
    from detector.errors import UsageError

    wanted = identity.removeprefix("#").lower()
    query = "SELECT id, service FROM watch_incidents WHERE substr(id, 1, ?) = ? ORDER BY started_us DESC"
    found = connection.execute(query, (len(wanted), wanted)).fetchall()
    if len(found) != 1 or not wanted:
        what = "is the begin of several" if found else "is no incident of this watch"
        raise UsageError(f"{identity} {what}; a watch prints the id of each")
    return found[0][0], found[0][1]
