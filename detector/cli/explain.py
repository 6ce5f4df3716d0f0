"""`detector explain`: why an incident is one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from detector.report.shape import IncidentShape, KeptShape

MOST_NAMED = 5


@click.command()
@click.argument("identity", metavar="ID")
@click.option("--report", metavar="FILE", help="A report of `scan --format json`.  [default: that of the last scan]")
@click.option("--state", metavar="DIR", help="The folder of a watch, or of `scan --state`: its incidents.")
def command(identity: str, report: str | None, state: str | None) -> int:
    """Tell the whole reasoning behind an incident of the last scan, or of a watch.

    ID stands at the right of an incident (#3ea2343c) and in every report; its first letters are enough.
    """
    from detector.cli.last import recall
    from detector.cli.output import look_for, recode, write_stdout
    from detector.report.reasoning import Reasoning

    if state is not None and report is not None:
        raise click.UsageError("--report and --state exclude each other")
    kept = recall(report, os.environ) if state is None else _watched(state)
    one = _find(kept, identity)
    look = look_for("never", os.environ, to_file=False)
    data = Reasoning(one, kept, look.can_mark).text(look.width).encode()
    write_stdout(recode(data) if look.is_terminal else data)
    return 0


def _watched(state: str) -> KeptShape:
    """All incidents that a watch knows, as a report."""
    import msgspec

    from detector.cli.watched import open_state
    from detector.pipeline.watching.cases import report_of
    from detector.report.shape import BudgetsShape, KeptShape, shape_scan

    result, budgets = report_of(open_state(state))
    return KeptShape(**msgspec.structs.asdict(shape_scan(result)), settings=BudgetsShape(*budgets))


def _find(kept: KeptShape, identity: str) -> IncidentShape:
    """The incident meant.

    Raises:
        UsageError: none or several are.
    """
    from detector.errors import UsageError

    wanted = identity.removeprefix("#").lower()
    found = [one for one in kept.incidents if wanted and one.id.startswith(wanted)]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"{identity} is the begin of several: {_named(found)}")
    if not kept.incidents:
        raise UsageError("that scan found no incident")
    raise UsageError(f"no incident {identity} in that scan; it has {_named(kept.incidents)}")


def _named(incidents: list[IncidentShape]) -> str:
    names = ", ".join(f"#{one.id} ({one.service})" for one in incidents[-MOST_NAMED:])
    return f"{names} and {len(incidents) - MOST_NAMED} more" if len(incidents) > MOST_NAMED else names
