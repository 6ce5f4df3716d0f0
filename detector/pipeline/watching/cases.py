"""The incidents of a watch, with what is known of them, and how they are stored."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field

import msgspec

from detector.alerts.notice import Facts
from detector.causes import Cause, Forecast
from detector.config import Settings
from detector.pipeline.watching import memory
from detector.schemas import Incident, InputSummary, ScanResult

NO_CAUSE = Cause("volume", None, None, None)


@dataclass(frozen=True, slots=True)
class Case:
    """An incident with what is known of it.

    Attributes:
        incident: as it is now.
        cause: what drives it.
        seen_us: up to when its windows were judged, microseconds since 1970 UTC.
        stale: it was noticed long after it was, and wakes nobody.
        asked_us: up to when its lines were last looked at for who holds the excess.
        noticed: the forecast of the moment in which it was noticed.
        before: the hour before it, for forecasts: measure -> lines or bytes per window.
    """

    incident: Incident
    cause: Cause = NO_CAUSE
    seen_us: int = 0
    stale: bool = False
    asked_us: int = 0
    noticed: Forecast | None = None
    before: Mapping[str, list[float | None]] = field(default_factory=dict)


@dataclass(slots=True)
class Told:
    """What came of a step.

    Attributes:
        opened, closed: incidents.
        windows: how many closed.
        notes: what went wrong, in words.
    """

    opened: list[Case] = field(default_factory=list)
    closed: list[Case] = field(default_factory=list)
    windows: int = 0
    notes: list[str] = field(default_factory=list)


Speak = Callable[[sqlite3.Connection, "list[Case | Facts]", int], object]
"""Puts notices about incidents, and sources in trouble, into the outbox, in the transaction that is open."""


def store(connection: sqlite3.Connection, case: Case) -> None:
    """Write an incident as it is now; the caller commits."""
    one = case.incident
    body = {"incident": asdict(one), "cause": asdict(case.cause), "seen_us": case.seen_us,
            "stale": case.stale, "noticed": None if case.noticed is None else asdict(case.noticed),
            "before": case.before, "asked_us": case.asked_us}  # fmt: skip
    connection.execute(
        "INSERT OR REPLACE INTO watch_incidents VALUES (?, ?, ?, ?, ?)",
        (one.id, one.service, one.started_us, one.ended_us, msgspec.json.encode(body)),
    )


def case_of(data: bytes) -> Case:
    """An incident as it was stored."""
    body = msgspec.json.decode(data)
    incident = msgspec.convert(body["incident"], Incident)
    cause = msgspec.convert(body["cause"], Cause)
    asked_us = body.get("asked_us", 0)
    noticed = msgspec.convert(body.get("noticed"), Forecast | None)
    before = body.get("before", {})
    return Case(incident, cause, body["seen_us"], body["stale"], asked_us, noticed, before)


def report_of(connection: sqlite3.Connection) -> tuple[ScanResult, tuple[str, str]]:
    """All incidents that a state knows as a report, and the budgets of pages and of incidents of its last start."""
    rows = connection.execute("SELECT body FROM watch_incidents ORDER BY started_us, service").fetchall()
    cases = [case_of(data) for (data,) in rows]
    born_us = connection.execute("SELECT min(born_us) FROM watch_services").fetchone()[0]
    made, run = memory.read_run(connection, "made") or {}, memory.read_run(connection, "run") or {}
    width_us, end = made.get("window_us", 60_000_000), run.get("closed")
    result = ScanResult(
        InputSummary(lines_read=run.get("tally", {}).get("lines", 0)), width_us / 1e6,
        born_us, None if end is None else end * width_us,
        connection.execute("SELECT count(*) FROM watch_services").fetchone()[0],
        [case.incident for case in cases], {case.incident.id: case.cause for case in cases}, [],
    )  # fmt: skip
    budgets = memory.read_run(connection, "budgets") or [Settings().budget, Settings().incident_budget]
    return result, (budgets[0], budgets[1])
