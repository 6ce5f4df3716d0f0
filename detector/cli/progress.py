"""A progress bar on standard error, for people only."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from detector.config import Display
    from detector.pipeline.aids import Aids
    from detector.pipeline.crew import Crew
    from detector.sources.files import SourceFile


@contextmanager
def follow(display: Display, crew: Crew | None = None) -> Iterator[Aids]:
    """Show bytes read, rate and time left while the block runs, if standard error is a terminal and nobody minds."""
    from detector.pipeline.aids import Aids

    if not _is_wanted(display):
        yield Aids(crew=crew)
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (TextColumn("reading"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, refresh_per_second=5) as bar:
        task = bar.add_task("reading", total=None)

        def begin(files: list[SourceFile]) -> None:
            sizes = [file.size_bytes for file in files if file.size_bytes is not None]
            bar.update(task, total=sum(sizes) if len(sizes) == len(files) else None)

        yield Aids(begin=begin, progress=lambda count: bar.advance(task, count), crew=crew)


@contextmanager
def follow_share(display: Display, what: str) -> Iterator[Callable[[float], None]]:
    """Show which share of some work is done while the block runs, if standard error is a terminal and nobody minds."""
    if not _is_wanted(display):
        yield lambda _share: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, refresh_per_second=5) as bar:
        task = bar.add_task(what, total=1.0)
        yield lambda share: bar.update(task, completed=share)


def _is_wanted(display: Display) -> bool:
    """Is somebody watching who wants to see progress?"""
    return not (display.quiet or display.no_progress or sys.stderr is None or not sys.stderr.isatty())
