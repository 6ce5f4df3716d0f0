"""`detector demo`: the outage of 2021 as logs, and what would have been known of it."""

from __future__ import annotations

import os
import sys
import textwrap
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from detector.demo.files import Story
    from detector.schemas import ScanResult

SEED = 20211119


@click.command()
@click.option("--out", metavar="DIR", help="Keep the files in DIR.  [default: a temporary folder]")
@click.option("--seed", type=click.IntRange(min=0), default=SEED, show_default=True, metavar="N",
              help="The same number draws the same logs.")  # fmt: skip
def command(out: str | None, seed: int) -> int:
    """Render the outage of 19 November 2021 as logs, and find it.

    A car fleet in three regions: two weeks of usual days as a table of counts, then two days of access logs, in which
    an update makes every app send six times as many messages while the number of clients stays as it is.
    """
    from detector.errors import UsageError

    if out is None:
        with TemporaryDirectory(prefix="detector-demo-") as folder:
            return _play(Path(folder), seed)
    try:
        Path(out).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--out {out}: cannot be made: {error.strerror}") from None
    code = _play(Path(out), seed)
    _say(f"The files are in {out}; look again with: detector scan {out}/*.log --model {out}/model")
    return code


def _play(folder: Path, seed: int) -> int:
    """Write the story, learn from its history, scan its logs, tell."""
    from detector.cli.last import keep
    from detector.cli.output import write_stdout
    from detector.config import Settings
    from detector.demo.files import write_story
    from detector.report.ending import tell_ending

    _say("Rendering sixteen days of a car fleet ...")
    story = write_story(folder, seed)
    _say("Learning two weeks, then reading the logs of the last two days ...")
    result = _scan(story, folder)
    width = _report(result)
    keep(result, Settings(), os.environ)
    ending = tell_ending(result, story.released_us, story.first_failure_us)
    write_stdout(f"\n{textwrap.fill(ending, width)}\n".encode())
    return 0


def _scan(story: Story, folder: Path) -> ScanResult:
    from detector.config import Settings
    from detector.pipeline.learn import learn
    from detector.pipeline.scan import scan

    now_us, model = time.time_ns() // 1000, str(folder / "model")
    learn([str(story.history)], Settings(), model, now_us)
    return scan(list(map(str, story.logs)), Settings(model=model), now_us)


def _report(result: ScanResult) -> int:
    """Show the table; the columns that there are."""
    from detector.cli.output import look_for, recode, write_stdout
    from detector.report import table

    look = look_for("auto", os.environ, to_file=False)
    data = table.render(result, look)
    write_stdout(recode(data) if look.is_terminal else data)
    return look.width


def _say(line: str) -> None:
    """On standard error, where people look while they wait."""
    if sys.stderr is not None:
        print(line, file=sys.stderr, flush=True)
