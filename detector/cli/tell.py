"""Telling the incidents of a scan to the receivers in the settings, and remembering what was told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from detector.cli.receivers import alerts_from, edge_here

if TYPE_CHECKING:
    import sqlite3

    from detector.alerts.receiver import Edge
    from detector.alerts.settings import AlertSettings
    from detector.layers import Resolved
    from detector.schemas import ScanResult


def check(state: str | None, resolved: Resolved) -> AlertSettings:
    """Refuse receivers that cannot work before anything is read.

    Raises:
        SettingsError: something is wrong with them.
        UsageError: `--state` was given, but nobody is to be told.
    """
    from detector.errors import UsageError

    settings = alerts_from(resolved)
    if state is not None and not settings.receivers:
        raise UsageError("--state: nobody is to be told; add a table [alerts.NAME] to detector.toml")
    return settings


def tell(result: ScanResult, settings: AlertSettings, state: str, *, quiet: bool) -> bool:
    """Put what is new into the outbox and send what is due.

    Returns:
        whether nothing waits and nothing is dead.

    Raises:
        InputError: the state cannot be opened.
    """
    from detector.alerts.outbox import open_outbox

    edge, connection = edge_here(), open_outbox(state)
    with connection:
        held = _speak(connection, result, settings, edge)
    connection.close()
    return send(settings, state, held, quiet=quiet)


def send(settings: AlertSettings, state: str, held: Sequence[str] = (), *, quiet: bool) -> bool:
    """Send what is due.

    Args:
        settings: who is told.
        state: its folder.
        held: what was held back, in words.
        quiet: say nothing on standard error.

    Returns:
        whether nothing waits and nothing is dead.

    Raises:
        InputError: the state cannot be opened.
    """
    from detector.alerts.outbox import counts, open_outbox, prune
    from detector.cli.output import warn

    edge, connection = edge_here(), open_outbox(state)
    with connection:
        lost = prune(connection, edge.now_us() - settings.keep_us)
    troubles = [f"{lost} notices that never arrived are forgotten"] if lost else []
    troubles += _send(state, settings, edge)
    numbers = counts(connection)
    connection.close()
    if numbers["waiting"] or numbers["dead"]:
        left = f"notices: {numbers['waiting']} waiting, {numbers['dead']} dead"
        troubles.append(f"{left}: see detector alerts list --state {state}")
    if not quiet:
        warn([*(f"note: {one}" for one in held), *(f"warning: {one}" for one in troubles)])
    return not (numbers["waiting"] or numbers["dead"])


def _speak(connection: sqlite3.Connection, result: ScanResult, settings: AlertSettings, edge: Edge) -> list[str]:
    """Decide and store; what was held back, in words."""
    from collections import Counter

    from detector.alerts.memory import speak
    from detector.alerts.notice import SPOKEN
    from detector.pipeline.telling import facts_in

    now_us = edge.now_us()
    spoken = speak(connection, facts_in(result, now_us), now_us, settings)
    held = Counter(one.decision.reason for one in spoken if one.decision.reason not in SPOKEN and one.decision.news)
    unheard = sum(one.decision.notice is not None and not one.receivers for one in spoken)
    told = [f"notices held back: {number} {reason}" for reason, number in sorted(held.items())]
    return told + ([f"notices that no receiver wants: {unheard}"] if unheard else [])


def _send(state: str, settings: AlertSettings, edge: Edge) -> list[str]:
    """Send what is due; what went wrong with that."""
    from detector.alerts.dispatch import Dispatcher

    dispatcher = Dispatcher(state, settings.receivers, edge)
    dispatcher.send_due()
    return [*settings.warnings(), *(f"{receiver}: {why}" for receiver, why in dispatcher.faults().items())]
