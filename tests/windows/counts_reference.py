"""Records drawn at random, and what they count in plain Python."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import polars as pl
from hypothesis import strategies as st

from detector.formats.hashing import hash_texts
from detector.windows.counting import CONTINUATION, RECORD, Partial, count
from detector.windows.sketch import ENTRY_BITS, estimate

MINUTE_US = 60_000_000
DAY_US = 86_400_000_000
BEGIN_US = 20_514 * DAY_US - 2 * MINUTE_US  # two minutes before midnight: drawn times lie in two days
STEM = "stem"
UNKNOWN = 2
CLIENTS = ("192.0.2.1", "192.0.2.2", "198.51.100.7", "")
Key = tuple[int, str]


class Row(NamedTuple):
    """One line as a format reads it."""

    time: int | None = None
    service: str | None = None
    client: str | None = None
    level: str | None = None
    status: int | None = None
    payload: int | None = None
    repeats: int | None = None
    kind: int = RECORD
    size: int = 10


def maybe(strategy: st.SearchStrategy) -> st.SearchStrategy:
    """None or what is drawn."""
    return st.one_of(st.none(), strategy)


records = st.builds(
    Row,
    time=maybe(st.integers(BEGIN_US, BEGIN_US + 5 * MINUTE_US)),
    service=maybe(st.sampled_from(["a", "b", "ü"])),
    client=maybe(st.sampled_from(CLIENTS)),
    level=maybe(st.sampled_from(["trace", "debug", "info", "notice", "warning", "error", "critical"])),
    status=maybe(st.sampled_from([200, 404, 499, 500, 503, 599, 600])),
    payload=maybe(st.integers(0, 1 << 40)),
    repeats=maybe(st.integers(0, 5)),
    kind=st.just(RECORD),
    size=st.integers(0, 5000),
)
no_record = st.builds(
    lambda kind, size, payload: Row(kind=kind, size=size, payload=payload),
    st.sampled_from([CONTINUATION, UNKNOWN]), st.integers(0, 5000), st.integers(0, 9),
)  # fmt: skip
blocks = st.lists(st.one_of(records, records, no_record), max_size=16)


def partial_of(rows: list[Row], width_us: int = MINUTE_US) -> Partial:
    """What the room counts."""
    frame = pl.DataFrame({
        "timestamp": pl.Series([row.time for row in rows], dtype=pl.Int64).cast(pl.Datetime("us", "UTC")),
        "service": pl.Series([row.service for row in rows], dtype=pl.String),
        "client_hash": hash_texts(pl.Series([row.client for row in rows], dtype=pl.String)),
        "level": pl.Series([row.level for row in rows], dtype=pl.String),
        "status": pl.Series([row.status for row in rows], dtype=pl.Int32),
        "payload_bytes": pl.Series([row.payload for row in rows], dtype=pl.Int64),
        "repeats": pl.Series([row.repeats for row in rows], dtype=pl.Int64),
    })  # fmt: skip
    kinds = pl.Series([row.kind for row in rows], dtype=pl.Int8)
    return count(frame, kinds, np.array([row.size for row in rows], np.int64), width_us, STEM)


def cells_of(partial: Partial) -> dict[Key, list[int]]:
    """(window, service) -> the four measures."""
    keys = zip(partial.window.tolist(), partial.service.tolist(), strict=True)
    return {
        (window, str(partial.services[service])): measures
        for (window, service), measures in zip(keys, partial.measures.T.tolist(), strict=True)
    }


def clients_of(partial: Partial) -> dict[Key, int]:
    """(window, service) -> distinct clients, where there are any."""
    keys = list(cells_of(partial))
    assert len(keys) > int(partial.sketches.max(initial=0) >> np.uint64(ENTRY_BITS)) or not len(partial.sketches)
    return {
        keys[cell]: clients
        for cell, clients in zip(*(part.tolist() for part in estimate(partial.sketches)[::2]), strict=True)
    }


@dataclass
class Reference:
    """The same in plain Python."""

    cells: dict[Key, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0, 0]))
    clients: dict[Key, set[str]] = field(default_factory=lambda: defaultdict(set))
    head: dict[str | None, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0, 0]))
    times: list[int] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)

    @classmethod
    def of(cls, rows: list[Row], width_us: int = MINUTE_US) -> Reference:
        """One line after the other."""
        self, time, service = cls(), None, None
        for row in rows:
            time = time if row.time is None else row.time
            if row.kind != CONTINUATION:
                service = STEM if row.service is None else row.service
            key = None if time is None or service is None else (time // width_us, service)
            place = self.head[service] if key is None else self.cells[key]
            for index, value in enumerate(measures_of(row)):
                place[index] += value
            if key is not None:
                self.times.append(int(time or 0))
                self.keys.append(key)
                if row.client is not None and row.time is not None:
                    self.clients[key].add(row.client)
        return self


def measures_of(row: Row) -> tuple[int, int, int, int]:
    """lines, bytes, errors and debug of one line."""
    failed = row.level in ("error", "critical") or (row.status is not None and 500 <= row.status < 600)
    return (
        (row.kind != CONTINUATION) + (row.repeats or 0),
        row.payload or 0,
        int(failed),
        int(row.level in ("debug", "trace")),
    )
