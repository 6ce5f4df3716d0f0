"""Options that several commands share. Every one defaults to None: only what was given overrides the settings."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from detector.config import BY, COLORS, DIRECTIONS, FAIL_ON, FORMATS, Settings, known_keys
from detector.layers import Resolved

Command = TypeVar("Command", bound=Callable[..., Any])

USUAL = Settings()
PATHS = click.argument("paths", nargs=-1, required=True, metavar="PATH...")
READING = (
    click.option("--input-format", metavar="NAME", help="How lines are read: auto, or a name of `detector formats`."),
    click.option("--service", metavar="FIELD|REGEX", help="Which service a line is of: a field of the record (host,"
                 " level, client, version, endpoint, ...), or a regular expression with one group, tried on the line."),
    click.option("--service-name", metavar="NAME", help="All lines are of this service."),
    click.option("--client", metavar="FIELD|REGEX", help="Who sent a line, likewise."),
    click.option("--timezone", metavar="ZONE", help="Of times that carry none, such as Europe/Berlin.  [default: UTC]"),
    click.option("--year", type=int, metavar="YYYY", help="Of times that carry none.  [default: from the file's time]"),
    click.option("--max-unparsed", metavar="SHARE", help="Lines that may stay unread before the input counts as"
                 " damaged.  [default: 5%]"),
    click.option("--threads", type=int, metavar="N", help="Threads that read.  [default: the processors, at most 8]"),
)  # fmt: skip
CUTTING = (
    click.option("--by", type=click.Choice(BY), help="What has a baseline of its own.  [default: service]"),
    click.option("--window", metavar="SPAN", help="Length of a window: auto, or such as 10s, 1m, 5m.  [default: auto,"
                 " 1m for logs, their own step for counts tables]"),
)  # fmt: skip
JUDGING = (
    click.option("--since", metavar="TIME", help="Report nothing before: RFC 3339, a date, or a span before the last"
                 " line (2h, 1d). What lies before still teaches what is normal."),
    click.option("--until", metavar="TIME", help="Stop there."),
    click.option("--budget", metavar="N/PERIOD", help=f"False pages of the installation.  [default: {USUAL.budget}]"),
    click.option("--incident-budget", metavar="N/PERIOD", help="False incidents of a service."
                 f"  [default: {USUAL.incident_budget}]"),
    click.option("--least-excess", type=float, metavar="N", help="Records above what is expected that an"
                 f" incident needs.  [default: {USUAL.least_excess:g}]"),
    click.option("--least-factor", type=float, metavar="X", help="Times what is expected that an incident needs."
                 f"  [default: {USUAL.least_factor:g}]"),
    click.option("--direction", type=click.Choice(DIRECTIONS), help="Surges, falls, or both.  [default: up]"),
    click.option("--warmup", metavar="SPAN", help="How long a service is known before it is judged.  [default: 1h]"),
)  # fmt: skip
WATCHING = (
    click.option("--lateness", metavar="SPAN", help="How much later than a newer line one may still come."
                 "  [default: 5s]"),
    click.option("--idle", metavar="SPAN", help="A source that was silent for so long holds up no window."
                 "  [default: 1m]"),
    click.option("--assume-now", is_flag=True, default=None, help="Lines of a source that never tells a time are"
                 " counted when they arrive; else they are counted, but not judged."),
    *(option for option in JUDGING[2:]),
)  # fmt: skip
REPORTING = (
    click.option("--format", type=click.Choice(FORMATS), help="Of the report.  [default: by suffix of -o, else table]"),
    click.option("--fail-on", type=click.Choice(FAIL_ON), help="Incidents that give exit code 1.  [default: any]"),
    click.option("--exit-zero", is_flag=True, default=None, help="Exit with 0 where incidents would give 1."),
)
RUNNING = (
    click.option("--config", metavar="FILE", help="Settings file, read after ./detector.toml."),
    click.option("--quiet", "-q", is_flag=True, default=None, help="No warnings and no progress on standard error."),
    click.option("--no-progress", is_flag=True, default=None, help="No progress on standard error."),
    click.option("--color", type=click.Choice(COLORS), help="Colours on standard output.  [default: auto]"),
)


def with_options(*groups: tuple[Callable[[Command], Command], ...]) -> Callable[[Command], Command]:
    """Give a command the options of these groups, in this order."""

    def decorate(command: Command) -> Command:
        for option in reversed([option for group in groups for option in group]):
            command = option(command)
        return command

    return decorate


def settings_from(options: Mapping[str, object]) -> Resolved:
    """The settings in force, from the options of a command and the layers below them.

    Raises:
        UsageError: a flag has a wrong value.
        SettingsError: a settings file or the environment is wrong.
    """
    from detector.cli.places import load

    flags = {key: value for key, value in options.items() if value is not None and key in known_keys()}
    config = options.get("config")
    return load(flags, os.environ, config if isinstance(config, str) else None)
