"""Incidents of a watch to notices in the outbox, in the transaction of the watch."""

from __future__ import annotations

import sqlite3

from msgspec.structs import replace

from detector.alerts.memory import speak
from detector.alerts.notice import Facts
from detector.alerts.settings import AlertSettings
from detector.pipeline.telling import facts_about
from detector.pipeline.watching.cases import Case, Speak


def speaker(settings: AlertSettings) -> Speak:
    """Puts notices into the outbox, as the settings want them."""

    def tell(connection: sqlite3.Connection, cases: list[Case], now_us: int) -> None:
        speak(connection, map(facts_of_case, cases), now_us, settings)

    return tell


def facts_of_case(case: Case) -> Facts:
    """The facts of an incident, with what was deployed before it."""
    facts = facts_about(case.incident, case.cause)
    if not case.deploys:
        return facts
    return replace(facts, detail=f"It follows the deploy of {', '.join(case.deploys)}.")
