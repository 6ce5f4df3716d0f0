"""`detector watch`: near real time."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from detector.cli.options import CUTTING, READING, RUNNING, WATCHING, settings_from, with_options
from detector.cli.watched import STATE, folder_of

if TYPE_CHECKING:
    from detector.cli.logs import Log
    from detector.layers import Resolved
    from detector.pipeline.watching.cases import Told
    from detector.sources.live.settings import Source


SWITCH_S = 0.0005
"""A thread that takes requests apart lets the one that counts go on so soon: counting asks for its turn in Python after
each of many short steps outside of it."""


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATH...]")
@STATE
@click.option("--model", metavar="DIR", help="Baselines learned by `detector learn`, for the very first start.")
@click.option("--begin", type=click.Choice(("beginning", "end")), help="Where to begin in files that are there at the"
              " very first start: they teach what is normal.  [default: beginning; end with --model]")
@click.option("--http", metavar="[HOST:]PORT", help="Answer /healthz, /readyz, /metrics and /mark there.  [default:"
              " nowhere; the host is 127.0.0.1]")
@click.option("--format", type=click.Choice(("text", "ndjson")), default="text", help="Of incidents on standard output."
              "  [default: text]")
@click.option("--log-format", type=click.Choice(("text", "json")), default="text", help="Of what the watch says of"
              " itself on standard error.  [default: text]")
@with_options(WATCHING, CUTTING, READING, RUNNING)
def command(paths: tuple[str, ...], **options: Any) -> int:
    """Follow logs and tell incidents as they open and end.

    PATH is a file, a folder, a glob, or - for standard input; tables [[sources]] of the settings add syslog, the
    journal and OTLP, tables [alerts.NAME] say who is told. What files hold already is read first.

    \b
    detector watch /var/log/nginx/access.log
    kubectl logs -f deploy/shop --timestamps | detector watch -

    SIGTERM ends it when what arrived is taken, SIGHUP reads the settings again. A watch that is started again goes on
    where it was.
    """
    from detector.cli.logs import logger
    from detector.errors import DetectorError

    resolved = _settings(options)
    log = logger(options["log_format"], quiet=resolved.display.quiet)
    state = folder_of(options["state"])
    try:
        return _watch(paths, resolved, state, options, log)
    except DetectorError as error:
        log("error", str(error))
        return error.exit_code


def _settings(options: dict[str, Any]) -> Resolved:
    """The settings in force; the format of incidents is no setting of reports."""
    return settings_from({key: value for key, value in options.items() if key != "format"})


def sources_of(paths: tuple[str, ...], resolved: Resolved, begin: str | None) -> tuple[Source, ...]:
    """What is watched: the paths, and the tables of the settings.

    Raises:
        UsageError: nothing is.
        SettingsError: a table is wrong.
    """
    from detector.errors import UsageError
    from detector.sources.live.settings import FileSource, StdinSource, read_sources

    where = begin or ("end" if resolved.settings.model else "beginning")
    files = tuple(path for path in paths if path != "-")
    found: list[Source] = [FileSource(files, "end" if where == "end" else "beginning")] if files else []
    found += [StdinSource()] if "-" in paths else []
    found += read_sources(resolved.sources)
    if not found:
        raise UsageError("nothing to watch: name a file, a folder or -, or add tables [[sources]] to detector.toml")
    return tuple(found)


def _watch(paths: tuple[str, ...], resolved: Resolved, state: str, options: dict[str, Any], log: Log) -> int:
    """Watch until the end; everything that was opened is closed."""
    from concurrent.futures import ThreadPoolExecutor

    from detector.cli.running import Running
    from detector.pipeline.watching import memory

    sys.setswitchinterval(SWITCH_S)
    sources = sources_of(paths, resolved, options["begin"])
    again = partial(_again, paths, options)
    lock = memory.lock(state)
    try:
        with closing(memory.connect(state)) as connection, ThreadPoolExecutor(resolved.settings.threads) as pool:
            running = Running(state, connection, pool, log, printer(options["format"]), again)
            running.open(resolved, sources, options["http"])
            running.run()
            return 130 if running.interrupted else 0
    finally:
        os.close(lock)


def _again(paths: tuple[str, ...], options: dict[str, Any]) -> tuple[Resolved, tuple[Source, ...]]:
    """The settings as they are now."""
    resolved = _settings(options)
    return resolved, sources_of(paths, resolved, options["begin"])


def printer(style: str) -> Callable[[Told], None]:
    """Print what happened to incidents."""
    from detector.cli.output import write_stdout
    from detector.report.events import as_json, as_text, event_of

    write = as_json if style == "ndjson" else as_text

    def tell(told: Told) -> None:
        for name, cases in (("open", told.opened), ("resolved", told.closed)):
            for case in cases:
                event = event_of("open" if name == "open" else "resolved", case.incident, case.cause, case.seen_us)
                write_stdout(write(event))

    return tell
