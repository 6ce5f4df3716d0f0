"""The outbox: a durable queue in SQLite. A notice is stored before it is sent, once for each receiver.

`put` leaves the transaction open, so that notices and whatever they were decided from are committed together: a run
that is killed before decides the same again under the same id, one that is killed after has lost nothing. A notice may
arrive twice (killed between sending and noting that), always under the same id, which receivers know it by.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import msgspec
from msgspec import Struct

from detector.alerts.notice import Notice
from detector.alerts.retrying import LONGEST_US, Answer, is_given_up, wait_us
from detector.errors import InputError

FILE = "state.sqlite"
BUSY_S = 30
Standing = Literal["waiting", "sent", "dead"]
SCHEMA = """
CREATE TABLE IF NOT EXISTS alerts_outbox (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL, receiver TEXT NOT NULL, key TEXT NOT NULL, lasts INTEGER NOT NULL,
    standing TEXT NOT NULL DEFAULT 'waiting' CHECK (standing IN ('waiting', 'sent', 'dead')),
    put_us INTEGER NOT NULL, first_us INTEGER, attempts INTEGER NOT NULL DEFAULT 0, next_us INTEGER NOT NULL,
    done_us INTEGER, error TEXT NOT NULL DEFAULT '', body BLOB NOT NULL,
    UNIQUE (id, receiver)
);
CREATE INDEX IF NOT EXISTS alerts_outbox_waiting ON alerts_outbox (receiver, standing, position);
CREATE INDEX IF NOT EXISTS alerts_outbox_key ON alerts_outbox (receiver, key, position);
CREATE TABLE IF NOT EXISTS alerts_disabled (
    receiver TEXT PRIMARY KEY, since_us INTEGER NOT NULL, why TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS alerts_memory (name TEXT PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS alerts_silences (
    id TEXT PRIMARY KEY, services TEXT NOT NULL, from_us INTEGER NOT NULL, until_us INTEGER NOT NULL,
    reason TEXT NOT NULL, creator TEXT NOT NULL
);
"""


class Delivery(Struct, frozen=True):
    """One notice on its way to one receiver.

    Attributes:
        position: order in which notices were put.
        receiver: its name.
        standing: waiting, sent or dead.
        put_us, first_us, next_us, done_us: when it was put, tried first, will be tried next, was sent or given up.
        attempts: so far.
        error: of the last attempt, without secrets.
        notice: what is said.
    """

    position: int
    receiver: str
    standing: Standing
    put_us: int
    first_us: int | None
    attempts: int
    next_us: int
    done_us: int | None
    error: str
    notice: Notice


COLUMNS = "position, receiver, standing, put_us, first_us, attempts, next_us, done_us, error, body"


def open_outbox(folder: str) -> sqlite3.Connection:
    """The state of a folder, which is made if it is not there; only the user may read it.

    Raises:
        InputError: it cannot be opened.
    """
    try:
        Path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        path = Path(folder) / FILE
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        connection = connect(str(path))
        prepare(connection)
    except (OSError, sqlite3.Error) as error:
        raise InputError(f"{folder}: the state cannot be opened: {error}") from None
    return connection


def connect(path: str) -> sqlite3.Connection:
    """A connection that loses nothing that it has committed, whatever happens to process or machine."""
    connection = sqlite3.connect(path, timeout=BUSY_S)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def prepare(connection: sqlite3.Connection) -> None:
    """Make the tables that are missing; commits."""
    connection.executescript(SCHEMA)


def put(connection: sqlite3.Connection, notice: Notice, receivers: Iterable[str], now_us: int) -> int:
    """Store a notice for its receivers; the caller commits. Who is disabled gets a dead letter, which `revive` wakes.

    Returns:
        for how many it was new.
    """
    body, new = msgspec.json.encode(notice), 0
    lasts = notice.state != "resolved" and notice.topic != "digest"
    for receiver in receivers:
        why = disabled(connection, receiver)
        standing = "waiting" if why is None else "dead"
        row = (notice.id, receiver, notice.key, lasts, standing, now_us, now_us, why or "", body)
        new += connection.execute(
            "INSERT OR IGNORE INTO alerts_outbox (id, receiver, key, lasts, standing, put_us, next_us, error, body)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row,
        ).rowcount  # fmt: skip
    return new


def disabled(connection: sqlite3.Connection, receiver: str) -> str | None:
    """Why nothing is sent to a receiver; None if it is."""
    row = connection.execute("SELECT why FROM alerts_disabled WHERE receiver = ?", (receiver,)).fetchone()
    return None if row is None else str(row[0])


def due(connection: sqlite3.Connection, receiver: str, now_us: int) -> Delivery | None:
    """The next to send: waiting, its time has come, and nothing before it about the same key waits.

    Those that failed least come first, so that one which always fails holds up no other. A time that lies further ahead
    than any wait is that of a clock that was set back since, and has come.
    """
    row = connection.execute(
        f"SELECT {COLUMNS} FROM alerts_outbox AS this WHERE receiver = ? AND standing = 'waiting'"  # noqa: S608  constants
        " AND (next_us <= ? OR next_us > ?)"
        " AND NOT EXISTS (SELECT 1 FROM alerts_outbox AS before WHERE before.receiver = this.receiver"
        " AND before.key = this.key AND before.standing = 'waiting' AND before.position < this.position)"
        " ORDER BY attempts, position LIMIT 1", (receiver, now_us, now_us + LONGEST_US),
    ).fetchone()  # fmt: skip
    return None if row is None else _delivery(row)


def next_due_us(connection: sqlite3.Connection, receiver: str) -> int | None:
    """When the next may be sent; None if nothing waits."""
    row = connection.execute(
        "SELECT min(next_us) FROM (SELECT next_us, min(position) FROM alerts_outbox"
        " WHERE receiver = ? AND standing = 'waiting' GROUP BY key)", (receiver,),
    ).fetchone()  # fmt: skip
    return None if row[0] is None else int(row[0])


def settle(connection: sqlite3.Connection, one: Delivery, answer: Answer, now_us: int) -> Standing:
    """Note what became of an attempt; commits."""
    attempts, first_us = one.attempts + 1, now_us if one.first_us is None else one.first_us
    standing: Standing = "waiting"
    if answer.outcome == "accepted":
        standing = "sent"
    elif answer.outcome in ("refused", "gone") or is_given_up(first_us, attempts, now_us):
        standing = "dead"
    next_us = now_us + wait_us(f"{one.notice.id}\0{one.receiver}", attempts, answer.retry_after_s)
    done_us = None if standing == "waiting" else now_us
    with connection:
        connection.execute(
            "UPDATE alerts_outbox SET standing = ?, attempts = ?, first_us = ?, next_us = ?, done_us = ?, error = ?"
            " WHERE position = ?",
            (standing, attempts, first_us, next_us, done_us, answer.detail, one.position),
        )
        if answer.outcome == "gone":
            _disable(connection, one.receiver, answer.detail, now_us)
    return standing


def _disable(connection: sqlite3.Connection, receiver: str, why: str, now_us: int) -> None:
    """Send nothing more to a receiver that said that it is gone; what waits for it becomes dead letters."""
    connection.execute("INSERT OR REPLACE INTO alerts_disabled VALUES (?, ?, ?)", (receiver, now_us, why))
    connection.execute(
        "UPDATE alerts_outbox SET standing = 'dead', done_us = ?, error = ?"
        " WHERE receiver = ? AND standing = 'waiting'",
        (now_us, why, receiver),
    )


def revive(connection: sqlite3.Connection, now_us: int, receiver: str | None = None, *, keeps_state: bool) -> int:
    """Put the dead letters of a receiver, or of all, back; it is enabled again, and what waits waits no more. Commits.

    Args:
        connection: of the outbox.
        now_us: the clock.
        receiver: its name.
        keeps_state: the receiver remembers only the last word about a key, so what was sent after a dead letter is sent
            again after it, under the same id.

    Returns:
        how many were put back.
    """
    later = (
        " OR (standing = 'sent' AND EXISTS (SELECT 1 FROM alerts_outbox AS before WHERE before.receiver = this.receiver"
        " AND before.key = this.key AND before.standing = 'dead' AND before.position < this.position))"
    )
    with connection:
        connection.execute("DELETE FROM alerts_disabled WHERE ? IS NULL OR receiver = ?", (receiver, receiver))
        connection.execute(
            "UPDATE alerts_outbox SET next_us = ? WHERE standing = 'waiting' AND (? IS NULL OR receiver = ?)",
            (now_us, receiver, receiver),
        )
        return connection.execute(
            "UPDATE alerts_outbox SET standing = 'waiting', attempts = 0, first_us = NULL, next_us = ?, done_us = NULL"  # noqa: S608  constants
            " WHERE position IN (SELECT position FROM alerts_outbox AS this WHERE (? IS NULL OR receiver = ?)"
            f" AND (standing = 'dead'{later if keeps_state else ''}))",
            (now_us, receiver, receiver),
        ).rowcount


def deliveries(connection: sqlite3.Connection, standing: Standing | None = None, limit: int = -1) -> list[Delivery]:
    """The newest of the outbox, in the order in which they were put."""
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM alerts_outbox WHERE ? IS NULL OR standing = ? ORDER BY position DESC LIMIT ?",  # noqa: S608  constants
        (standing, standing, limit),
    ).fetchall()
    return [_delivery(row) for row in reversed(rows)]


def lasting(connection: sqlite3.Connection, receiver: str) -> list[Notice]:
    """The last word about each key that was tried, where that was not resolved."""
    rows = connection.execute(
        "SELECT body FROM alerts_outbox WHERE lasts AND position IN (SELECT max(position)"
        " FROM alerts_outbox WHERE receiver = ? AND standing != 'waiting' GROUP BY key) ORDER BY position", (receiver,),
    )  # fmt: skip
    return [msgspec.json.decode(row[0], type=Notice) for row in rows]


def counts(connection: sqlite3.Connection) -> dict[Standing, int]:
    """How many are waiting, sent and dead."""
    found = dict(connection.execute("SELECT standing, count(*) FROM alerts_outbox GROUP BY standing").fetchall())
    return {"waiting": found.get("waiting", 0), "sent": found.get("sent", 0), "dead": found.get("dead", 0)}


def prune(connection: sqlite3.Connection, before_us: int) -> int:
    """Forget what was put before, but for the last word about what lasts, if that was sent; the caller commits.

    Silences that were over before are forgotten too.

    Returns:
        how many are forgotten that never arrived: dead letters, and what waits for a receiver that nobody sends to.
    """
    connection.execute("DELETE FROM alerts_silences WHERE until_us < ?", (before_us,))
    lost = connection.execute(
        "DELETE FROM alerts_outbox WHERE standing != 'sent' AND put_us < ?", (before_us,)
    ).rowcount
    connection.execute(
        "DELETE FROM alerts_outbox WHERE standing = 'sent' AND put_us < ? AND (NOT lasts OR position NOT IN"
        " (SELECT max(position) FROM alerts_outbox GROUP BY receiver, key))", (before_us,),
    )  # fmt: skip
    return lost


def _delivery(row: tuple[Any, ...]) -> Delivery:
    return Delivery(*(*row[:-1], msgspec.json.decode(row[-1], type=Notice)))
