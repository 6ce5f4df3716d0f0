"""`detector parse`: the records as they were understood."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from detector.cli.options import PATHS, READING, RUNNING, settings_from, with_options

if TYPE_CHECKING:
    from detector.config import Display, Settings
    from detector.pipeline.crew import Crew
    from detector.pipeline.parse import Parsing


@click.command()
@PATHS
@click.option("-o", "--output", metavar="FILE", help="Write to FILE: .ndjson, .csv, .parquet or .arrow.")
@with_options(READING, RUNNING)
def command(paths: tuple[str, ...], output: str | None, **options: Any) -> int:
    """Print or write the parsed records, one row each; NDJSON on standard output.

    PATH is a file, a folder, a glob, or - for standard input. The further lines of a record (a stack trace) are part of
    its message. A line that no format understands is a row of format "unknown". Times are UTC.
    """
    from detector.cli.exits import DAMAGED, NOTHING, is_damaged
    from detector.cli.output import check_target, warn
    from detector.pipeline.crew import Crew
    from detector.report.records import COLUMNAR, format_for
    from detector.report.summary import tell_faults

    resolved = settings_from(options)
    check_target("--output", output)
    is_columnar = format_for(output) in COLUMNAR
    with Crew(resolved.settings.threads, paths if is_columnar else ()) as crew:  # first, so that both load at once
        from detector.pipeline.parse import Parsing

        parsing = Parsing(resolved.settings, time.time_ns() // 1000)
        _write(parsing, paths, output, resolved.settings, resolved.display, crew)
    if not resolved.display.quiet:
        warn([line.replace("Problem:", "warning:", 1) for line in tell_faults(parsing.summary)])
    return DAMAGED if is_damaged(parsing.summary, resolved.settings.max_unparsed) else NOTHING


def _write(
    parsing: Parsing, paths: tuple[str, ...], output: str | None, settings: Settings, display: Display, crew: Crew
) -> None:
    """Write all records."""
    from detector.cli.output import open_target
    from detector.cli.progress import follow
    from detector.report.records import COLUMNAR, format_for, open_writer

    name = format_for(output)
    with open_target(output) as sink, follow(display, crew) as aids:
        parsing.aids = aids
        writer = open_writer(name, sink)
        for rendered in parsing.tables(paths) if name in COLUMNAR else _texts(parsing, paths, name, settings):
            writer.write(rendered)
        writer.close()


def _texts(parsing: Parsing, paths: tuple[str, ...], name: str, settings: Settings) -> Iterator[bytes]:
    """The frames as text, made on threads, in order."""
    from concurrent.futures import ThreadPoolExecutor
    from functools import partial

    from detector.pipeline.parallel import in_order
    from detector.report.records import RENDERERS

    with ThreadPoolExecutor(settings.threads) as pool:
        jobs = ((None, partial(RENDERERS[name], frame)) for frame in parsing.frames(paths))
        for _, future in in_order(pool, jobs, ahead=settings.threads + 1):
            yield future.result()
