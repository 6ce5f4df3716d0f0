"""Incidents of a watch to notices in the outbox, in the transaction of the watch."""

from __future__ import annotations

import sqlite3

from detector.alerts.memory import speak
from detector.alerts.notice import Facts
from detector.alerts.settings import AlertSettings
from detector.pipeline.telling import facts_about
from detector.pipeline.watching.cases import Case, Speak


def speaker(settings: AlertSettings) -> Speak:
    """Puts notices into the outbox, as the settings want them."""

    def tell(connection: sqlite3.Connection, news: list[Case | Facts], now_us: int) -> None:
        facts = [facts_about(one.incident, one.cause) if isinstance(one, Case) else one for one in news]
        speak(connection, facts, now_us, settings)

    return tell
