"""One of three receivers fails for ten minutes; the other two notice nothing, and nothing is lost or told twice."""

from __future__ import annotations

import os
import ssl
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import pytest
import trustme

from detector.alerts import outbox
from detector.alerts.channels.webhook import Webhook
from detector.alerts.queueing import Queue
from detector.alerts.receiver import Edge
from tests.alerts.making import MINUTE, NOW, notice
from tests.alerts.servers import Server

SECOND = 1_000_000
TICK = 10 * SECOND
BEGIN, END = NOW + MINUTE, NOW + 11 * MINUTE
NOTICES, EVERY = 18, 40 * SECOND
"""Before, during and after."""
PATIENCE_S = 0.4
FAILURES = ("down", "hang", 503, 429, "tls")


@dataclass
class Place:
    """A receiver's address, at which servers come and go."""

    tls: ssl.SSLContext | None
    servers: list[Server] = field(default_factory=list)

    def open(self, tls: ssl.SSLContext | None = None) -> None:
        """A server that accepts, on the same port as before."""
        port = self.servers[-1].port if self.servers else 0
        self.close()
        self.servers.append(Server(tls or self.tls, port))

    def close(self) -> None:
        """Nobody listens any more."""
        if self.servers and not self.servers[-1].closing.is_set():
            self.servers[-1].close()

    @property
    def accepted(self) -> list[str]:
        """Ids, in order."""
        return [one for server in self.servers for one in server.accepted]

    def fail(self, how: int | str, stranger: ssl.SSLContext) -> None:
        """From now on."""
        if how == "down":
            self.close()
        elif how == "tls":
            self.open(stranger)
        else:
            self.servers[-1].behaviour = how
            self.servers[-1].headers = {"retry-after": "90"} if how == 429 else {}


def certified(authority: trustme.CA) -> ssl.SSLContext:
    """A server's side of TLS."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    return context


@pytest.fixture
def places(tmp_path: Path, how: int | str) -> Iterator[dict[str, Place]]:
    """Three servers; the one of which TLS will break has a certificate that is trusted."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    tls = {"bad": certified(authority)} if how == "tls" else {}
    found = {name: Place(tls.get(name)) for name in ("bad", "good", "other")}
    for one in found.values():
        one.open()
    yield found
    for one in found.values():
        one.close()


@dataclass
class Run:
    """Queues on threads of their own, by a clock that the test moves on."""

    queues: dict[str, Queue]
    pool: ThreadPoolExecutor
    now_us: int = NOW
    rests_us: dict[str, int] = field(default_factory=dict)
    turns: dict[str, Future[tuple[float, float]]] = field(default_factory=dict)
    took_s: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def tick(self) -> None:
        """Each queue that is due and does nothing has its turn; nobody waits for one that is in trouble."""
        begin = time.monotonic()
        for name, queue in self.queues.items():
            done = self.turns.get(name)
            if done is not None and done.done():
                self.rests_us[name] = self.now_us + round(done.result()[0] * 1e6)
                del self.turns[name]
            if name not in self.turns and self.rests_us.get(name, 0) <= self.now_us:
                self.turns[name] = self.pool.submit(queue.turn)
        for name in ("good", "other"):
            if name in self.turns:
                self.turns[name].result(30)
                self.took_s[name].append(time.monotonic() - begin)
        if "bad" in self.turns:
            wait([self.turns["bad"]], 0.03 if BEGIN <= self.now_us < END else 30)
        self.now_us += TICK


@pytest.mark.parametrize("how", FAILURES)
def test_ten_minutes_of_failure_lose_nothing_and_disturb_nobody(how, tmp_path, places) -> None:
    """Whatever the failure, all is accepted once after it, in order; others get each notice within a tick."""
    outbox.open_outbox(str(tmp_path)).close()
    local: dict[str, Any] = {"allow_networks": ("127.0.0.0/8", "::1/128"), "allow_http": True,
                             **({"ca_file": str(tmp_path / "ca.pem")} if how == "tls" else {})}  # fmt: skip
    clock = Edge(lambda: run.now_us, time.monotonic, {})
    queues = {
        name: Queue(os.path.join(tmp_path, outbox.FILE), Webhook(
            name=name, url=one.servers[0].url(host="localhost"), timeout=f"{PATIENCE_S}s", **local), clock)
        for name, one in places.items()
    }  # fmt: skip
    notices = [notice(f"a{number}", service=f"s{number}") for number in range(NOTICES)]
    left, stranger = list(notices), certified(trustme.CA())
    with closing(outbox.open_outbox(str(tmp_path))) as connection, ThreadPoolExecutor(3) as pool:
        run = Run(queues, pool)
        while run.now_us < END + 60 * MINUTE and (left or len(places["bad"].accepted) < NOTICES):
            if left and run.now_us >= NOW + (NOTICES - len(left)) * EVERY:
                with connection:
                    outbox.put(connection, left.pop(0), tuple(places), run.now_us)
            if run.now_us == BEGIN:
                places["bad"].fail(how, stranger)
            if run.now_us == END:
                assert 2 == len(places["bad"].accepted)
                places["bad"].open()
            run.tick()
        run.tick()
        rows = [one for one in outbox.deliveries(connection) if one.receiver != "bad"]
    late_us = max((one.done_us or END) - one.put_us for one in rows)
    usual_s = max(median(took) for took in run.took_s.values())
    ids = [one.id for one in notices]
    assert {"bad": sorted(ids), "good": ids, "other": ids} == {
        name: sorted(one.accepted) if name == "bad" else one.accepted for name, one in places.items()
    }
    assert late_us <= TICK
    assert usual_s < PATIENCE_S / 2  # so long would one attempt at the other take
    assert how in ("down", "tls") or len(places["bad"].servers[0].received) > 2 + 3
    print(f"{how}: all accepted {(run.now_us - END) / MINUTE:.0f} min later; a turn of others {1000 * usual_s:.0f} ms")
