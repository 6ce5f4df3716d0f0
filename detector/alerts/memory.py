"""What the policy remembers and who wants quiet, beside the outbox, so that one transaction holds all of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import NamedTuple
from uuid import uuid5

import msgspec

from detector.alerts.lives import Book
from detector.alerts.notice import NAMESPACE, Facts, Notice
from detector.alerts.outbox import put
from detector.alerts.policy import Decision, decide
from detector.alerts.routing import receivers_of
from detector.alerts.rules import Silence
from detector.alerts.settings import AlertSettings


class Spoken(NamedTuple):
    """A decision and who is told of it; nobody, where no receiver wants it."""

    decision: Decision
    receivers: tuple[str, ...] = ()


def speak(connection: sqlite3.Connection, facts: Iterable[Facts], now_us: int, settings: AlertSettings) -> list[Spoken]:
    """Decide what to say of the incidents and put it into the outbox. The caller commits.

    Args:
        connection: of the state folder, prepared by the outbox.
        facts: every incident that lasts, and those that ended since the last call; more does no harm.
        now_us: the clock, microseconds since 1970 UTC.
        settings: rules and receivers.

    Returns:
        every decision, spoken or held back, with its reason.
    """
    if not connection.in_transaction:
        connection.execute("BEGIN IMMEDIATE")  # nobody else decides meanwhile
    before = recall(connection)
    book, decisions = decide(before, facts, now_us, settings.rules, silences(connection))
    if book != before:
        remember(connection, book)
    return [Spoken(one, _put(connection, one.notice, now_us, settings)) for one in decisions]


def _put(
    connection: sqlite3.Connection, notice: Notice | None, now_us: int, settings: AlertSettings
) -> tuple[str, ...]:
    if notice is None:
        return ()
    names = receivers_of(notice, settings.receivers, settings.rules.owners)
    put(connection, notice, names, now_us)
    return tuple(names)


def recall(connection: sqlite3.Connection) -> Book:
    """What is remembered; nothing at first."""
    row = connection.execute("SELECT body FROM alerts_memory WHERE name = 'book'").fetchone()
    return Book() if row is None else msgspec.json.decode(row[0], type=Book)


def remember(connection: sqlite3.Connection, book: Book) -> None:
    """Store it; the caller commits."""
    connection.execute("INSERT OR REPLACE INTO alerts_memory VALUES ('book', ?)", (msgspec.json.encode(book),))


def silence(connection: sqlite3.Connection, one: Silence) -> str:
    """Store a silence; the caller commits.

    Returns:
        its id, to end it by.
    """
    identity = str(uuid5(NAMESPACE, f"{one.services}\0{one.from_us}\0{one.until_us}\0{one.creator}"))[:8]
    connection.execute(
        "INSERT OR REPLACE INTO alerts_silences VALUES (?, ?, ?, ?, ?, ?)",
        (identity, one.services, one.from_us, one.until_us, one.reason, one.creator),
    )
    return identity


def end_silence(connection: sqlite3.Connection, identity: str, now_us: int) -> bool:
    """End a silence now, False if none of this id is in force or to come; the caller commits."""
    return (
        connection.execute(
            "UPDATE alerts_silences SET until_us = ? WHERE id = ? AND until_us > ?", (now_us, identity, now_us)
        ).rowcount
        == 1
    )


def silences(connection: sqlite3.Connection) -> list[Silence]:
    """All silences, those that are over too."""
    rows = connection.execute(
        "SELECT services, until_us, reason, creator, from_us, id FROM alerts_silences ORDER BY id"
    )
    return [Silence(*row) for row in rows]
