"""`detector alerts`: what was sent, what waits, what is dead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from detector.cli.options import RUNNING, settings_from, with_options
from detector.cli.receivers import NOT_DELIVERED, alerts_from, edge_here, existing_state

if TYPE_CHECKING:
    import sqlite3

    from detector.alerts.outbox import Delivery
    from detector.alerts.receiver import Receiver

STATE = click.option("--state", metavar="DIR", help="The folder of a watch or of scan --state.  [default: the watch's]")
SHOWN = 50


@click.group(invoke_without_command=True)
@STATE
@click.pass_context
def command(context: click.Context, state: str | None) -> int | None:
    """List the notices that were sent, wait or are dead; send a test; send dead ones again.

    Receivers stand in a settings file, one table each:

    \b
    [alerts.team]
    kind = "webhook"        or alertmanager, pagerduty, slack, email, heartbeat
    url = "https://example.org/hook"
    secret_env = "HOOK_SECRET"
    severity = "warning"

    Exit code 4: a notice waits or is dead, or a test did not arrive.
    """
    return None if context.invoked_subcommand else show(state, None, SHOWN, "text")


@command.command("list")
@STATE
@click.option("--only", type=click.Choice(("waiting", "sent", "dead")), help="Those alone.")
@click.option("--last", type=click.IntRange(1), default=SHOWN, help=f"How many.  [default: {SHOWN}]")
@click.option("--format", type=click.Choice(("text", "ndjson")), default="text", help="[default: text]")
def list_command(state: str | None, only: str | None, last: int, format: str) -> int:  # noqa: A002  the option's name
    """The newest notices and what became of them."""
    return show(state, only, last, format)


def show(state: str | None, only: Any, last: int, format: str) -> int:  # noqa: A002  the option's name
    """Print the newest notices."""
    from detector.alerts.outbox import counts, deliveries, open_outbox
    from detector.cli.output import write_stdout

    connection = open_outbox(existing_state(state))
    found, numbers = deliveries(connection, only, last), counts(connection)
    if format == "ndjson":
        import msgspec

        write_stdout(b"".join(msgspec.json.encode(one) + b"\n" for one in found))
    else:
        totals = ", ".join(f"{number} {standing}" for standing, number in numbers.items())
        write_stdout("".join([*map(_line, found), f"{totals}\n"]).encode())
    return _code(connection)


def _line(one: Delivery) -> str:
    from detector.report.escape import escape
    from detector.times import rfc3339

    at = rfc3339(one.notice.decided_us // 1_000_000 * 1_000_000)
    tries = f" after {one.attempts} attempts" if one.attempts > 1 else ""
    why = f" ({escape(one.error)})" if one.error else ""
    return f"{at} {one.standing:<7} {escape(one.receiver)}: {escape(one.notice.title)}{tries}{why}\n"


def _code(connection: sqlite3.Connection) -> int:
    from detector.alerts.outbox import counts

    numbers = counts(connection)
    return NOT_DELIVERED if numbers["waiting"] or numbers["dead"] else 0


@command.command("test")
@click.argument("name", required=False)
@with_options(RUNNING)
def test_command(name: str | None, **options: Any) -> int:
    """Send a test notice and tell what each receiver answers.

    To all of them, or to the one called NAME. PagerDuty opens an incident by it, which is to be resolved there.
    """
    from detector.alerts.channels.table import channel_of
    from detector.alerts.trial import trial_notice
    from detector.cli.output import write_stdout
    from detector.report.escape import escape

    edge, is_fine = edge_here(), True
    for one in _receivers(name, options):
        answer = channel_of(one).deliver(trial_notice(edge.now_us()), one, edge)
        is_fine &= answer.outcome == "accepted"
        words = "delivered" if answer.outcome == "accepted" else "not delivered"
        told = f": {answer.detail}" if answer.detail else ""
        write_stdout(f"{escape(one.name)}: {words}{escape(told)}\n".encode())
    return 0 if is_fine else NOT_DELIVERED


@command.command("retry")
@click.argument("name", required=False)
@STATE
@with_options(RUNNING)
def retry_command(name: str | None, state: str | None, **options: Any) -> int:
    """Put dead notices back and send what is due.

    All of them, or those for the receiver called NAME.
    A receiver that said that it is gone is tried again. Where a watch is running, it sends them.
    """
    from detector.alerts.dispatch import Dispatcher
    from detector.alerts.outbox import counts, open_outbox, revive
    from detector.cli.output import warn, write_stdout

    receivers, folder, edge = _receivers(name, options), existing_state(state), edge_here()
    connection = open_outbox(folder)
    now_us = edge.now_us()
    back = sum(revive(connection, now_us, one.name, keeps_state=one.keeps_state) for one in receivers)
    dispatcher = Dispatcher(folder, receivers, edge)
    has_sent = dispatcher.send_due()
    warn([f"warning: {receiver}: {why}" for receiver, why in dispatcher.faults().items()])
    totals = ", ".join(f"{number} {standing}" for standing, number in counts(connection).items())
    where = "" if has_sent else "; a running detector sends them"
    write_stdout(f"{back} put back{where}; now {totals}\n".encode())
    return _code(connection)


def _receivers(name: str | None, options: dict[str, Any]) -> list[Receiver]:
    """The receivers meant.

    Raises:
        UsageError: there are none, or none of this name.
    """
    from detector.config import suggestion
    from detector.errors import UsageError

    known = alerts_from(settings_from(options)).receivers
    found = [one for one in known if name in (None, one.name)]
    if not known:
        raise UsageError(
            "no receivers are set: add a table [alerts.NAME] to detector.toml (see detector alerts --help)"
        )
    if not found:
        raise UsageError(f"there is no receiver {name}{suggestion(str(name), [one.name for one in known])}")
    return found
