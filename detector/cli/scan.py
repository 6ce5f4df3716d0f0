"""`detector scan`: find surges."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Any

import click

from detector.cli.options import (
    CUTTING,
    JUDGING,
    PATHS,
    READING,
    REPORTING,
    RUNNING,
    settings_from,
    with_options,
)

if TYPE_CHECKING:
    from detector.alerts.settings import AlertSettings
    from detector.config import Display, Settings
    from detector.layers import Resolved
    from detector.pipeline.crew import Crew
    from detector.pipeline.digest import Keep
    from detector.report.look import Look
    from detector.schemas import ScanResult


@click.command()
@PATHS
@click.option("-o", "--output", metavar="FILE", help="Write the report to FILE; its suffix chooses the format.")
@click.option("--windows", metavar="FILE", help="Write every service and window to FILE (.parquet or .csv).")
@click.option("--model", metavar="DIR", help="Baselines learned by `detector learn`.")
@click.option("--state", metavar="DIR", help="Read only what logs hold since the last run with DIR, tell incidents to"
              " the receivers of the settings, tables [alerts.NAME], and remember what was read and told.")
@with_options(REPORTING, JUDGING, CUTTING, READING, RUNNING)
def command(paths: tuple[str, ...], output: str | None, windows: str | None, state: str | None, **options: Any) -> int:
    """Find surges in log dumps and counts tables.

    PATH is a file, a folder, a glob, or - for standard input; compressed or not. Surges are listed in order of time,
    the newest last, above a summary of what was read.

    \b
    detector scan /var/log                            all that lies below a folder
    detector scan 'app*.log.gz' --service-name shop   rotated files of one service
    journalctl -o short-iso | detector scan -         from a pipe; times are needed
    detector scan counts.csv --format json            a table of counts: timestamp, service, lines
    """
    from detector.cli.tell import check as check_receivers
    from detector.pipeline.crew import Crew

    resolved = settings_from(options)
    display = resolved.display
    alerts = check_receivers(state, resolved) if state is not None else None
    if state is not None and alerts is not None and windows is None and _can_go_on(paths, resolved.settings):
        return _scan_new(paths, resolved, alerts, state, output)
    with Crew(resolved.settings.threads, paths) as crew:  # first, so that both load at the same time
        look, name = _check_outputs(output, windows, display)
        from detector.pipeline.digest import Keep
        from detector.report.render import TELL_COURSES

        wanted = Keep(windows=windows is not None, around=TELL_COURSES.get(name, 0))
        result = _scan(paths, resolved.settings, display, crew, wanted)
    from detector.cli.exits import exit_code
    from detector.cli.last import keep
    from detector.cli.receivers import NOT_DELIVERED
    from detector.cli.tell import tell

    if windows is not None:
        _write_windows(result, windows)
    _report(result, output, display, look)
    keep(result, resolved.settings, os.environ)
    is_told = state is None or alerts is None or tell(result, alerts, state, quiet=display.quiet)
    code = exit_code(result, display.fail_on, max_unparsed=resolved.settings.max_unparsed, zero=display.exit_zero)
    return code if is_told or code else NOT_DELIVERED


def _can_go_on(paths: tuple[str, ...], settings: Settings) -> bool:
    """Whether a run can begin where the last one ended: logs in files, reported as they come."""
    from detector.pipeline.watching.once import can_go_on

    return settings.since is None and settings.until is None and can_go_on(paths)


def _scan_new(paths: tuple[str, ...], resolved: Resolved, alerts: AlertSettings, state: str, output: str | None) -> int:
    """Judge what came since the last run with this state, and tell it."""
    from contextlib import closing

    from detector.alerts.outbox import prepare
    from detector.cli.exits import exit_code
    from detector.cli.receivers import NOT_DELIVERED
    from detector.cli.tell import send
    from detector.pipeline.watching import memory
    from detector.pipeline.watching.notices import speaker
    from detector.pipeline.watching.once import scan_new

    settings, display = resolved.settings, resolved.display
    look, _ = _check_outputs(output, None, display)
    clocks = (lambda: time.time_ns() // 1000), time.monotonic
    lock = memory.lock(state)
    try:
        with closing(memory.connect(state)) as connection:
            prepare(connection)
            result = scan_new(paths, settings, connection, speaker(alerts), clocks)
    finally:
        os.close(lock)
    _report(result, output, display, look)
    is_told = send(alerts, state, quiet=display.quiet)
    code = exit_code(result, display.fail_on, max_unparsed=settings.max_unparsed, zero=display.exit_zero)
    return code if is_told or code else NOT_DELIVERED


def _check_outputs(output: str | None, windows: str | None, display: Display) -> tuple[Look, str]:
    """Refuse what cannot be written before reading; how the report may look, and its format."""
    from detector.cli.output import check_target, look_for
    from detector.report.render import format_for

    check_target("--output", output)
    check_target("--windows", windows, (".parquet", ".csv"))
    look = look_for(display.color, os.environ, to_file=output not in (None, "-"))
    name = format_for(display.format, output)
    if name == "parquet" and look.is_terminal:
        raise click.UsageError("--format parquet is no text for a terminal: name a file with -o FILE.parquet")
    return look, name


def _scan(
    paths: tuple[str, ...], settings: Settings, display: Display, crew: Crew, wanted: Keep
) -> ScanResult:
    from detector.cli.progress import follow
    from detector.pipeline.scan import scan

    with follow(display, crew) as aids:
        return scan(paths, settings, time.time_ns() // 1000, aids, wanted)


def _report(result: ScanResult, output: str | None, display: Display, look: Look) -> None:
    """Write the report; on standard error tell what went wrong, unless the same terminal shows it in the table."""
    from detector.cli.output import recode, warn, write
    from detector.report.render import RENDERERS, format_for
    from detector.report.summary import tell_faults

    name = format_for(display.format, output)
    data = RENDERERS[name](result, look)
    write(recode(data) if name == "table" and look.is_terminal else data, output)
    seen = name == "table" and look.is_terminal and sys.stderr is not None and sys.stderr.isatty()
    if not display.quiet and not seen:
        warn([f"note: {note}" for note in result.notes] if name != "table" or output else [])
        warn([line.replace("Problem:", "warning:", 1) for line in tell_faults(result.input)])


def _write_windows(result: ScanResult, path: str) -> None:
    """The verdict of every service and window, an empty table if there is none."""
    import polars as pl

    from detector.cli.output import write_table
    from detector.schemas import VERDICTS, schema

    frame = result.windows if result.windows is not None else pl.DataFrame(schema=schema(VERDICTS))
    write_table(frame, path)
