"""The state of a watch in one SQLite file, so that one transaction holds all that belongs together.

Positions of sources, open windows, incidents and notices are written with every batch of what arrived. What is known
of services is large: it is written when a block is over, and the windows that closed since are kept, so that a restart
judges them again and comes to the same.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from detector.errors import DetectorError, InputError
from detector.markers import Marker

FILE = "state.sqlite"
LOCK = "watch.lock"
VERSION = 1
BUSY_S = 30.0
MINUTE_US = 60_000_000
SCHEMA = """
CREATE TABLE IF NOT EXISTS watch_run (name TEXT PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS watch_positions (key TEXT PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS watch_streams (source TEXT PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS watch_services (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL, since INTEGER, born_us INTEGER
);
CREATE TABLE IF NOT EXISTS watch_windows (
    position INTEGER PRIMARY KEY, number INTEGER NOT NULL, kind TEXT NOT NULL, body BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS watch_windows_number ON watch_windows (kind, number);
CREATE TABLE IF NOT EXISTS watch_tiles (number INTEGER PRIMARY KEY, next INTEGER, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS watch_trails (key TEXT PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS watch_stretches (
    key TEXT NOT NULL, begin INTEGER NOT NULL, until INTEGER NOT NULL, first_us INTEGER NOT NULL,
    last_us INTEGER NOT NULL, PRIMARY KEY (key, begin)
);
CREATE TABLE IF NOT EXISTS watch_versions (position INTEGER PRIMARY KEY, day INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS watch_loads (service INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS watch_incidents (
    id TEXT PRIMARY KEY, service TEXT NOT NULL, started_us INTEGER NOT NULL, ended_us INTEGER, body BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS watch_marks (
    position INTEGER PRIMARY KEY AUTOINCREMENT, at_us INTEGER NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL,
    text TEXT NOT NULL, applied INTEGER
);
CREATE INDEX IF NOT EXISTS watch_marks_at ON watch_marks (kind, at_us);
"""


class Mark(NamedTuple):
    """What somebody said about an incident.

    Attributes:
        position: in order of time.
        answer: `false` or `accepted`.
        incident, service: about what.
        applied: before which window it was applied; None: not yet.
    """

    position: int
    answer: str
    incident: str
    service: str
    applied: int | None


class StateInUseError(DetectorError):
    """Another watch works on the folder."""


def connect(folder: str) -> sqlite3.Connection:
    """The state of a folder, which is made if it is not there; only the user may read it.

    Raises:
        InputError: it cannot be opened, or is of another version.
    """
    try:
        Path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        path = Path(folder) / FILE
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level="IMMEDIATE")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.executescript(SCHEMA)
    except (OSError, sqlite3.Error) as error:
        raise InputError(f"--state {folder}: cannot be opened: {error}") from None
    return connection


def lock(folder: str) -> int:
    """A lock that ends with the process, however that ends.

    Raises:
        StateInUseError: another process holds it.
    """
    import fcntl

    Path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    number = os.open(Path(folder) / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        who = os.read(number, 32).decode("ascii", "replace").strip()
        os.close(number)
        named = f" (process {who})" if who.isdigit() else ""
        raise StateInUseError(
            f"--state {folder}: another detector{named} works on this folder; stop it, or name another folder"
        ) from None
    os.ftruncate(number, 0)
    os.pwrite(number, f"{os.getpid()}\n".encode(), 0)
    return number


def read_run(connection: sqlite3.Connection, name: str) -> Any:
    """A value by its name; None where it was never written."""
    row = connection.execute("SELECT body FROM watch_run WHERE name = ?", (name,)).fetchone()
    return None if row is None else msgspec.json.decode(row[0])


def write_run(connection: sqlite3.Connection, name: str, value: object) -> None:
    """Store a value; the caller commits."""
    connection.execute("INSERT OR REPLACE INTO watch_run VALUES (?, ?)", (name, msgspec.json.encode(value)))


def positions(connection: sqlite3.Connection) -> dict[str, Mapping[str, Any]]:
    """Where sources go on, by key."""
    rows = connection.execute("SELECT key, body FROM watch_positions").fetchall()
    return {key: msgspec.json.decode(body) for key, body in rows}


def move(connection: sqlite3.Connection, key: str, position: Mapping[str, Any]) -> None:
    """Store where a source goes on; empty: forget it. The caller commits."""
    if position:
        row = (key, msgspec.json.encode(position))
        connection.execute("INSERT OR REPLACE INTO watch_positions VALUES (?, ?)", row)
    else:
        connection.execute("DELETE FROM watch_positions WHERE key = ?", (key,))


def write_windows(connection: sqlite3.Connection, kind: str, windows: Iterable[tuple[int, bytes]]) -> None:
    """Store counts of windows: `open`, `closed` or `late`; the caller commits."""
    rows = [(number, kind, body) for number, body in windows]
    connection.executemany("INSERT INTO watch_windows (number, kind, body) VALUES (?, ?, ?)", rows)


def forget_windows(connection: sqlite3.Connection, kind: str, before: int) -> None:
    """Forget windows of a kind before one; the caller commits."""
    connection.execute("DELETE FROM watch_windows WHERE kind = ? AND number < ?", (kind, before))


def windows(connection: sqlite3.Connection, kind: str) -> list[tuple[int, bytes]]:
    """Windows of a kind, ascending."""
    query = "SELECT number, body FROM watch_windows WHERE kind = ? ORDER BY number, position"
    return connection.execute(query, (kind,)).fetchall()


def mark(connection: sqlite3.Connection, at_us: int, kind: str, subject: str, text: str) -> None:
    """Store what a person or a deploy says: `false` or `accepted` of an incident, `deploy` of a service. Commits."""
    with connection:
        connection.execute(
            "INSERT INTO watch_marks (at_us, kind, subject, text) VALUES (?, ?, ?, ?)", (at_us, kind, subject, text)
        )


def note(connection: sqlite3.Connection, markers: Iterable[Marker]) -> None:
    """Store what was done to services, unless it is known from the same minute; the caller commits."""
    for one in markers:
        connection.execute(
            "INSERT INTO watch_marks (at_us, kind, subject, text) SELECT ?1, 'deploy', ?2, ?3 WHERE NOT EXISTS ("
            "SELECT 1 FROM watch_marks WHERE kind = 'deploy' AND subject = ?2 AND text = ?3 AND at_us / ?4 = ?1 / ?4)",
            (one.at_us, one.services, one.text, MINUTE_US),
        )


def answers(connection: sqlite3.Connection, *, applied: bool) -> list[Mark]:
    """What people said about incidents, that was or was not applied yet, in order."""
    rows = connection.execute(
        "SELECT watch_marks.position, watch_marks.kind, watch_incidents.id, watch_incidents.service, applied"
        " FROM watch_marks JOIN watch_incidents ON watch_incidents.id = subject"
        " WHERE kind IN ('false', 'accepted') AND (applied IS NOT NULL) = ? ORDER BY position", (applied,),
    ).fetchall()  # fmt: skip
    return [Mark(*row) for row in rows]


def apply(connection: sqlite3.Connection, position: int, window: int) -> None:
    """A mark was applied before a window was judged; the caller commits."""
    connection.execute("UPDATE watch_marks SET applied = ? WHERE position = ?", (window, position))


def markers(connection: sqlite3.Connection, since_us: int, until_us: int) -> list[Marker]:
    """What was done to services in a time, both ends included."""
    query = "SELECT at_us, subject, text FROM watch_marks WHERE kind = 'deploy' AND at_us BETWEEN ? AND ?"
    return sorted(Marker(*row) for row in connection.execute(query, (since_us, until_us)).fetchall())


def close(connection: sqlite3.Connection) -> None:
    """Close; what was not committed is undone."""
    with suppress(sqlite3.Error):
        connection.close()
