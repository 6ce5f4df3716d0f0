"""What crosses the border between recognizing a source and telling why: plain records."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KnownFormat:
    """One line of `formats list`; `fields` are those that its samples or its documentation yield."""

    name: str
    about: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recognition:
    """How the first lines of one source are read.

    Attributes:
        source: the path as the user would type it.
        formats: those in use, the best first; empty: none fits.
        confidence: of the best, 0 to 1.
        why: what it read, one phrase.
        runner_up, runner_up_why: the next best that is not used, and why it lost; None without any.
        fields: column of Records -> share of the records that have it.
        lines, records: physical lines looked at, and records in them.
        services, clients: how many different ones these records name.
        stem: the service of records that name none.
        misses: number and text of the first lines that are no record.
    """

    source: str
    formats: tuple[str, ...]
    confidence: float
    why: str
    runner_up: str | None
    runner_up_why: str | None
    fields: dict[str, float]
    lines: int
    records: int
    misses: tuple[tuple[int, str], ...]
    services: int = 0
    clients: int = 0
    stem: str = ""
