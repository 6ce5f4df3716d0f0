"""`detector formats`: what can be read, and why a file was read as it was."""

from __future__ import annotations

import os
import time
from typing import Any

import click

from detector.cli.options import PATHS, READING, RUNNING, settings_from, with_options

FORMAT = click.option("--format", type=click.Choice(("text", "json")), default="text", help="[default: text]")


@click.group(invoke_without_command=True)
@FORMAT
@click.pass_context
def command(context: click.Context, format: str) -> int | None:  # noqa: A002  the option's name
    """List the formats known, or explain why a file was read as it was."""
    return None if context.invoked_subcommand else show(format)


@command.command("list")
@FORMAT
def list_command(format: str) -> int:  # noqa: A002  the option's name
    """Name, what it is, and the fields that it yields."""
    return show(format)


def show(format: str) -> int:  # noqa: A002  the option's name
    """Print all formats."""
    from detector.cli.output import look_for, write_stdout
    from detector.pipeline.recognize import list_formats
    from detector.report.formats import as_json, list_text

    known = list_formats(settings_from({}).settings)
    width = look_for("never", os.environ, to_file=False).width
    write_stdout((as_json(known) if format == "json" else list_text(known, width)).encode())
    return 0


@command.command("test")
@click.argument("name", required=False)
@with_options(READING, RUNNING)
def test_command(name: str | None, **options: Any) -> int:
    """Hold the formats of your settings, [formats.NAME], to their samples; exit code 78 if one fails."""
    from detector.cli.output import write_stdout
    from detector.pipeline.recognize import try_samples
    from detector.report.escape import escape

    settings = settings_from(options).settings
    found = try_samples(settings, name)
    samples = {one.name: len(one.samples) for one in settings.formats}
    lines: list[str] = []
    for one, faults in found.items():
        lines += [f"{one}: {fault}" for fault in faults] or [f"{one}: right on all samples, {samples[one]} of them"]
    write_stdout((escape("\n".join(lines), keep="\n") + "\n").encode())
    return 78 if any(found.values()) else 0


@command.command("explain")
@PATHS
@FORMAT
@with_options(READING, RUNNING)
def explain_command(paths: tuple[str, ...], format: str, **options: Any) -> int:  # noqa: A002  the option's name
    """Why a file is read as it is: format, confidence, runner-up, fields, and the first lines that are no record."""
    from detector.cli.output import look_for, warn, write_stdout
    from detector.pipeline.recognize import recognize
    from detector.report.formats import as_json, explain_text

    resolved = settings_from(options)
    faults: list[Any] = []
    answers = recognize(paths, resolved.settings, time.time_ns() // 1000, faults)
    if format == "json":
        write_stdout(as_json(list(answers)).encode())
    else:
        width = look_for("never", os.environ, to_file=False).width
        for number, answer in enumerate(answers):
            if not write_stdout(("\n" * bool(number) + explain_text(answer, width)).encode()):
                return 0
    if not resolved.display.quiet:
        warn([f"warning: {fault}" for fault in faults])
    return 3 if faults else 0
