"""`detector learn`: what is normal, stored for later scans."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from detector.cli.options import (
    CUTTING,
    PATHS,
    READING,
    RUNNING,
    settings_from,
    with_options,
)

if TYPE_CHECKING:
    from detector.layers import Resolved
    from detector.pipeline.crew import Crew
    from detector.pipeline.learn import LearnResult


@click.command()
@PATHS
@click.option("--model", metavar="DIR", required=True, help="Folder of the model.")
@click.option("--update", is_flag=True, help="Go on from the model that is there, instead of replacing it.")
@with_options(CUTTING, READING, RUNNING)
def command(paths: tuple[str, ...], update: bool, **options: Any) -> int:  # noqa: FBT001  click passes flags by name
    """Learn what is normal for each service and store it; `detector scan --model DIR` judges by it.

    PATH is a file, a folder, a glob, or - for standard input: logs or counts tables of a usual time, the more the
    better, two weeks at least if days of the week differ.
    """
    from detector.pipeline.crew import Crew

    resolved = settings_from(options)
    folder = str(resolved.settings.model)
    with Crew(resolved.settings.threads, paths) as crew:  # first, so that both load at the same time
        result = _learn(paths, resolved, folder, crew, update=update)
    from detector.cli.exits import DAMAGED, NOTHING, is_damaged
    from detector.cli.output import warn, write_stdout
    from detector.report.summary import tell_faults, tell_learned

    write_stdout((tell_learned(result.services, result.from_us, result.to_us, result.input, folder) + "\n").encode())
    if not resolved.display.quiet:
        warn([line.replace("Problem:", "warning:", 1) for line in tell_faults(result.input)])
    return DAMAGED if is_damaged(result.input, resolved.settings.max_unparsed) else NOTHING


def _learn(paths: tuple[str, ...], resolved: Resolved, folder: str, crew: Crew, *, update: bool) -> LearnResult:
    from detector.cli.progress import follow
    from detector.pipeline.learn import learn

    with follow(resolved.display, crew) as aids:
        return learn(paths, resolved.settings, folder, time.time_ns() // 1000, aids, update=update)
