"""`detector backtest`: what the settings would have sent, and what they would have missed."""

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
    RUNNING,
    settings_from,
    with_options,
)

if TYPE_CHECKING:
    from detector.config import Display, Settings
    from detector.pipeline.crew import Crew
    from detector.trials import BacktestResult

FORMATS = ("table", "json", "html")


@click.command()
@PATHS
@click.option("-o", "--output", metavar="FILE", help="Write the report to FILE; its suffix chooses the format.")
@click.option("--format", "wanted", type=click.Choice(FORMATS), help="Of the report.  [default: by suffix of -o, else"
              " table]")  # fmt: skip
@click.option("--services", type=click.IntRange(1), default=20, metavar="N", show_default=True,
              help="Plant surges into the N busiest services.")  # fmt: skip
@click.option("--model", metavar="DIR", help="Baselines learned by `detector learn`.")
@with_options(JUDGING, CUTTING, READING, RUNNING)
def command(paths: tuple[str, ...], output: str | None, wanted: str | None, services: int, **options: Any) -> int:
    """Replay your own logs or counts: which pages would have been sent, and which surges would have been found.

    Surges of known size (x1.5, x2, x4, x10) are planted into the input, each time from what was known at that moment.
    The answer lists every page that these settings would have sent, recall and delay by size, the smallest surge that
    each service can see, what other budgets would give, and two simple rules beside it. A few weeks of logs say most;
    surges need two days before them. Exit code 0, whatever is found.

    \b
    detector backtest /var/log/nginx                      what would it have told me last month?
    detector backtest /var/log --incident-budget 1/week   which budget should I set?
    detector backtest counts.csv -o backtest.html         a page for others; .json for programs
    """
    from detector.cli.exits import DAMAGED, NOTHING, is_damaged
    from detector.cli.output import check_target, look_for, recode, warn, write
    from detector.pipeline.crew import Crew
    from detector.report.backtest_formats import RENDERERS, format_for
    from detector.report.summary import tell_faults

    resolved = settings_from(options)
    display = resolved.display
    with Crew(resolved.settings.threads, paths) as crew:
        check_target("--output", output)
        name = format_for(wanted, output)
        look = look_for(display.color, os.environ, to_file=output not in (None, "-"))
        result = _backtest(paths, resolved.settings, display, crew, services)
    data = RENDERERS[name](result, look)
    write(recode(data) if name == "table" and look.is_terminal else data, output)
    seen = name == "table" and look.is_terminal and sys.stderr is not None and sys.stderr.isatty()
    if not display.quiet and not seen:
        warn([line.replace("Problem:", "warning:", 1) for line in tell_faults(result.scan.input)])
    return DAMAGED if is_damaged(result.scan.input, resolved.settings.max_unparsed) else NOTHING


def _backtest(
    paths: tuple[str, ...], settings: Settings, display: Display, crew: Crew, services: int
) -> BacktestResult:
    from detector.cli.progress import follow, follow_share
    from detector.pipeline.backtest import backtest
    from detector.pipeline.gather import gather
    from detector.pipeline.scan import check_budgets, refuse_untimed

    check_budgets(settings)
    with follow(display, crew) as aids:
        gathered = gather(paths, settings, time.time_ns() // 1000, aids)
    refuse_untimed(paths, gathered)
    with follow_share(display, "replaying") as tell:
        return backtest(gathered, settings, services, tell)
