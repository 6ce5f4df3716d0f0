"""Incidents of a watch to notices in the outbox, in the transaction of the watch."""

from __future__ import annotations

import sqlite3

from detector.alerts.memory import speak
from detector.alerts.settings import AlertSettings
from detector.pipeline.telling import facts_about
from detector.pipeline.watching.cases import Case, Speak


def speaker(settings: AlertSettings) -> Speak:
    """Puts notices into the outbox, as the settings want them."""

    def tell(connection: sqlite3.Connection, cases: list[Case], now_us: int) -> None:
        speak(connection, [facts_about(case.incident, case.cause) for case in cases], now_us, settings)

    return tell
