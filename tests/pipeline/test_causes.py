"""What drives a surge of clients that send rarely."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from detector.causes import Cause
from detector.formats.hashing import hash_texts
from detector.pipeline.causes import cause_of
from detector.schemas import Incident
from detector.windows.counting import count
from detector.windows.grid import Grid
from detector.windows.totals import Totals
from tests.pipeline.making import START_US

MINUTE_US = 60_000_000
BEFORE, DURING = 180, 90
FIRST = START_US // MINUTE_US


def messages(clients: int, pace: float, minutes: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Minute and client of what so many clients send at random, each `pace` messages a minute."""
    number = rng.poisson(clients * pace * minutes)
    return rng.integers(minutes, size=number), rng.integers(clients, size=number)


def surge(clients: tuple[int, int], pace: tuple[float, float], *, table: bool = False, seed: int = 0) -> Cause:
    """The causes of a change of the number of clients, or of what each of them sends."""
    rng = np.random.default_rng(seed)
    parts = [messages(*each, rng) for each in zip(clients, pace, (BEFORE, DURING), strict=True)]
    minute = np.concatenate([parts[0][0], parts[1][0] + BEFORE])
    client = np.concatenate([parts[0][1], parts[1][1]])
    usual = clients[0] * pace[0]
    incident = Incident("1", "app", "lines", (FIRST + BEFORE) * MINUTE_US, (FIRST + BEFORE + 20) * MINUTE_US, None,
                        clients[1] * pace[1], usual, 9.0, MINUTE_US)  # fmt: skip
    store = as_table(minute, client) if table else as_log(minute, client)
    return cause_of(incident, store, FIRST + BEFORE + DURING)


def as_log(minute: np.ndarray, client: np.ndarray) -> Totals:
    """One record for each message."""
    order = np.argsort(minute, kind="stable")
    times = pl.Series((START_US + minute[order] * MINUTE_US).astype(np.int64)).cast(pl.Datetime("us", "UTC"))
    names = hash_texts(pl.Series(client[order]).cast(pl.String))
    totals = Totals(MINUTE_US)
    records = pl.DataFrame({"timestamp": times, "client_hash": names})
    totals.add(count(records, None, np.full(len(minute), 100), MINUTE_US, "app"), "app")
    return totals


def as_table(minute: np.ndarray, client: np.ndarray) -> Grid:
    """Lines and distinct clients of each minute."""
    windows = np.arange(BEFORE + DURING)
    clients = [len(np.unique(client[minute == window])) for window in windows.tolist()]
    lines = np.bincount(minute, minlength=len(windows))
    times = pl.Series(START_US + windows * MINUTE_US).cast(pl.Datetime("us", "UTC"))
    grid = Grid(MINUTE_US)
    columns = {"timestamp": times, "lines": lines * 1.0, "bytes": lines * 100.0, "clients": np.array(clients) * 1.0}
    grid.add(pl.DataFrame(columns), "app")
    return grid


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("clients", "pace"), [(500, 0.01), (3000, 0.01), (200, 0.05), (2000, 0.005)])
def test_a_fleet_that_sends_more_is_not_a_larger_one(clients, pace, seed):
    """Each client sends three times as much and rarely: twice as many are seen, and the clients' share stays small."""
    cause = surge((clients, clients), (pace, 3 * pace), seed=seed)
    assert cause.kind == "messages_per_client"
    assert cause.clients is not None
    assert cause.clients.share is not None
    assert abs(cause.clients.share) < 0.15


@pytest.mark.parametrize(("clients", "pace"), [(500, 0.01), (200, 0.05), (2000, 0.005)])
def test_a_larger_fleet_is_one(clients, pace):
    """Three times as many clients that send as before."""
    cause = surge((clients, 3 * clients), (pace, pace))
    assert cause.kind == "clients"
    assert cause.messages_per_client is not None
    assert cause.messages_per_client.share is not None
    assert abs(cause.messages_per_client.share) < 0.15


def test_a_table_of_clients_per_minute_is_no_trap():
    """What is distinct within a minute grows with the messages, too."""
    cause = surge((200, 200), (1.0, 3.0), table=True)
    assert cause.kind == "messages_per_client"
    assert cause.clients is not None
    assert cause.clients.share is not None
    assert abs(cause.clients.share) < 0.15


def test_clients_that_never_come_again_tell_nothing():
    """Whether there are more of them or each sends more cannot be told from clients seen once."""
    assert surge((10**6, 10**6), (1e-5, 3e-5)).kind == "volume"


def test_a_load_balancer_is_no_client():
    """Three addresses that send a thousand lines a minute each stand for others."""
    cause = surge((3, 3), (1000.0, 3000.0))
    assert ("volume", None) == (cause.kind, cause.clients)
    assert surge((30, 30), (100.0, 300.0)).kind == "messages_per_client"
