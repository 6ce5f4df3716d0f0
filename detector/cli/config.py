"""`detector config`: the settings in force and where each came from."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, time
from typing import Any

import click

from detector.cli.options import (
    CUTTING,
    JUDGING,
    READING,
    REPORTING,
    RUNNING,
    settings_from,
    with_options,
)


@click.group()
def command() -> None:
    """Show or check the settings.

    Where they come from, the highest first: options, environment variables (DETECTOR_WINDOW=5m), the file named by
    --config or DETECTOR_CONFIG, ./detector.toml, ~/.config/detector/detector.toml, /etc/detector/detector.toml. Keys
    are the names of the options with underscores.
    """


@command.command()
@click.option("--origin", is_flag=True, help="Say where each value came from.")
@with_options(READING, CUTTING, JUDGING, REPORTING, RUNNING)
def show(origin: bool, **options: Any) -> int:  # noqa: FBT001  click passes flags by name
    """Print the settings in force, as a settings file would hold them."""
    from detector.cli.output import write_stdout
    from detector.cli.receivers import show_tables
    from detector.report.escape import escape

    resolved = settings_from(options)
    tables = [("", resolved.items()), *resolved.sections.tables()]
    lines: list[str] = []
    for heading, values in tables:
        lines += ["", escape(heading)] if heading else []
        for key, value, where in values:
            text = f"# {key} is not set" if value is None or value == () else f"{key} = {_toml(value)}"
            lines.append(escape(f"{text:<40} # {where}" if origin else text))
    for text, where in show_tables(resolved):
        lines.append(escape(f"{text:<40} # {where}" if origin else text))
    write_stdout(("\n".join(lines) + "\n").encode())
    return 0


@command.command()
@with_options(READING, CUTTING, JUDGING, REPORTING, RUNNING)
def check(**options: Any) -> int:
    """Say whether the settings are valid; exit code 78 if not."""
    from detector.cli.output import warn, write_stdout
    from detector.cli.receivers import alerts_from
    from detector.pipeline.marking import pattern_from
    from detector.report.escape import escape

    resolved = settings_from(options)
    pattern_from(resolved.settings)
    warn([f"warning: {one}" for one in alerts_from(resolved).warnings()])
    origins = sorted({*resolved.origins.values(), *resolved.sections.origins.values()})
    write_stdout(escape(f"valid; set by: {', '.join(origins) or 'nothing, all are defaults'}").encode() + b"\n")
    return 0


def _toml(value: object) -> str:
    """A value as TOML writes it; its strings are those of JSON."""
    import json

    from detector.capacity import show_capacities
    from detector.markers import Markers

    if isinstance(value, Markers):
        value = {key: text for key, text in asdict(value).items() if text is not None}
    if isinstance(value, tuple):
        value = show_capacities(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        rows = (f"{json.dumps(name, ensure_ascii=False)} = {_toml(one)}" for name, one in value.items())
        return f"{{{', '.join(rows)}}}"
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date | time) else json.dumps(value, ensure_ascii=False)
