"""`detector silence`: quiet about services for a time."""

from __future__ import annotations

import getpass
import time

import click

from detector.cli.watched import STATE, open_state

SHOWN = "%Y-%m-%d %H:%M UTC"


@click.group()
def command() -> None:
    """Keep quiet about services for a time: incidents are found and kept, but nobody is told.

    An incident that was told before is still told to be over.
    """


@command.command("add")
@click.argument("services", metavar="PATTERN")
@click.option("--for", "span", default="2h", metavar="SPAN", help="How long, such as 30m or 1d.  [default: 2h]")
@click.option("--reason", default="", help="Why.")
@click.option("--creator", default=None, help="Who wants it.  [default: the user]")
@STATE
def add(services: str, span: str, reason: str, creator: str | None, state: str | None) -> int:
    """Be quiet about services from now on; PATTERN may have * and ?."""
    from detector.alerts.memory import silence
    from detector.alerts.rules import Silence
    from detector.cli.output import write_stdout
    from detector.config import parse_span
    from detector.errors import SettingsError, UsageError

    now_us = time.time_ns() // 1000
    try:
        until_us = now_us + round(parse_span(span) * 1e6)
    except SettingsError as error:
        raise UsageError(f"--for: {error}") from None
    connection = open_state(state)
    with connection:
        who = creator if creator is not None else getpass.getuser()
        identity = silence(connection, Silence(services, until_us, reason, who, now_us))
    write_stdout(f"{identity}\n".encode())
    return 0


@command.command("list")
@STATE
def show(state: str | None) -> int:
    """The silences that are in force or to come."""
    from detector.alerts.memory import silences
    from detector.cli.output import write_stdout
    from detector.report.escape import escape
    from detector.times import moment

    now_us = time.time_ns() // 1000
    for one in silences(open_state(state)):
        if one.until_us > now_us:
            why = f": {one.reason}" if one.reason else ""
            line = f"{one.id} {one.services} until {moment(one.until_us).strftime(SHOWN)}, {one.creator}{why}"
            write_stdout(escape(line).encode() + b"\n")
    return 0


@command.command("end")
@click.argument("identity", metavar="ID")
@STATE
def end(identity: str, state: str | None) -> int:
    """End a silence now."""
    from detector.alerts.memory import end_silence
    from detector.errors import UsageError

    connection = open_state(state)
    with connection:
        ended = end_silence(connection, identity, time.time_ns() // 1000)
    if not ended:
        raise UsageError(f"{identity}: no silence of this id is in force or to come; see detector silence list")
    return 0
