"""What lines are counted per where no client is known: requests, else hosts, so that an autoscaler is no flood."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.config import Settings
from detector.pipeline.scan import scan
from detector.pipeline.watching import memory
from detector.pipeline.watching.begin import begin
from detector.pipeline.watching.cases import case_of
from detector.report import json as as_json
from detector.report import table
from detector.report.look import Look
from detector.schemas import ScanResult
from detector.sources.live.live import Arrived
from detector.windows import sketch
from detector.windows.cells import merge as merge_cells
from detector.windows.denominators import UNKNOWN, Denominators
from tests.pipeline.making import START, START_US, season
from tests.pipeline.test_promises import context_of, totals_of

NOW_US = START_US + 400 * 86_400_000_000
BEGIN, END = 600, 660
Kind = str


def requests_log(factor: int = 1, talk: int = 3, key: str = "trace_id") -> bytes:
    """JSON lines of eleven hours, three of each request; in the last one `factor` as many requests of `talk` lines."""
    lines, number = [], 0
    for minute, usual in enumerate(season(1, 12.0)[:END].tolist()):
        hot = minute >= BEGIN
        for _ in range(usual * (factor if hot else 1)):
            number += 1
            for n in range(talk if hot else 3):
                moment = (START + timedelta(minutes=minute, seconds=10 + n)).isoformat()
                lines.append({"time": moment, "level": "info", "msg": f"step {n}", key: f"{number:032x}"})
    return "".join(json.dumps(line) + "\n" for line in sorted(lines, key=lambda one: one["time"])).encode()


def hosts_log(hosts: int = 1, talk: int = 1) -> bytes:
    """Syslog of eleven hours, of two hosts; in the last one `hosts` times as many, of which each sends `talk` times."""
    rng, lines = np.random.default_rng(6), []
    for minute in range(END):
        hot = minute >= BEGIN
        for host in range(2 * hosts if hot else 2):
            for second in np.sort(rng.integers(0, 60, rng.poisson(20 * (talk if hot else 1)))).tolist():
                moment = START + timedelta(minutes=minute, seconds=second)
                lines.append(f"{moment.isoformat()} web-{host} shop[{minute}]: did a thing\n")
    return "".join(sorted(lines)).encode()


def look(folder: Path, log: bytes) -> ScanResult:
    """Scan a log."""
    (folder / "shop.log").write_bytes(log)
    return scan([str(folder / "shop.log")], Settings(threads=1), NOW_US)


@pytest.mark.parametrize(("log", "kind", "denominator", "words"), [
    (requests_log(factor=6), "clients", "request", "because of requests x"),
    (requests_log(talk=20), "messages_per_client", "request", "because of messages per request x"),
    (requests_log(talk=20, key="x-request-id"), "messages_per_client", "request", "because of messages per request x"),
    (hosts_log(hosts=6), "clients", "host", "because of hosts x"),
    (hosts_log(talk=6), "messages_per_client", "host", "because of messages per host x"),
])  # fmt: skip
def test_what_a_surge_is_driven_by_without_clients(tmp_path, log, kind, denominator, words):
    """More requests or hosts are told apart from more messages of each."""
    result = look(tmp_path, log)
    ((first, *_),) = [json.loads(as_json.render(result, Look()))["incidents"]]
    assert (kind, denominator) == (first["kind"], first["drivers"]["denominator"])
    assert words in table.render(result, Look()).decode()


def test_more_hosts_raise_nothing_per_host(tmp_path):
    """The signal per host does not move when an autoscaler acts; that of all lines does."""
    signals = {one.signal for one in look(tmp_path, hosts_log(hosts=6)).incidents}
    assert "lines_per_client" not in signals
    assert signals


def test_otlp_and_clients(tmp_path):
    """Where a client is known lines are counted per client, whatever else is."""
    rows = [json.loads(line) for line in requests_log(talk=20).splitlines()]
    with_clients = [row | {"client_ip": f"192.0.2.{n % 50}"} for n, row in enumerate(rows)]
    (tmp_path / "a").mkdir()
    result = look(tmp_path / "a", "".join(json.dumps(row) + "\n" for row in with_clients).encode())
    assert {"client"} == {cause.per for cause in result.causes.values()}
    body = [{"timeUnixNano": int((START_US + n * 1_000_000) * 1000), "resource": {"service.name": "shop"},
             "attributes": {}, "body": "x", "traceId": f"{n // 3:032x}"} for n in range(900)]  # fmt: skip
    data = "".join(json.dumps(row) + "\n" for row in body).encode()
    totals, *_ = totals_of(data, [], context_of(data))
    assert "request" == totals.counted_per(totals.services["shop"])


def test_one_host_is_no_denominator():
    """A service that speaks on one host only is not counted per host."""
    data = b"".join(line for line in hosts_log().splitlines(keepends=True) if b"web-0" in line)
    totals, *_ = totals_of(data, [], context_of(data))
    assert "clients" not in totals.measures()


LOGS = {"requests": requests_log(talk=20), "hosts": hosts_log(talk=6)}


@pytest.mark.parametrize("name", LOGS)
def test_a_watch_tells_the_same(tmp_path, name):
    """Live, in pieces and with restarts, incidents and their causes are those of a scan."""
    log = LOGS[name]
    result = look(tmp_path, log)
    lines = log.splitlines(keepends=True)
    settings_of = Settings(threads=2)
    edges = [0, *range(len(lines) // 2, len(lines), 1501), len(lines)]
    with ThreadPoolExecutor(2) as pool:
        for number, (start, end) in enumerate(pairwise(edges)):
            if number % 4 == 0:
                connection = memory.connect(str(tmp_path / "state"))
                watch = begin(connection, settings_of, NOW_US, pool, lambda *_: None)
            run = Arrived("shop.log", b"".join(lines[start:end]), NOW_US, "shop.log", {"line": end})
            watch.step([run], NOW_US, caught_up=True)
        watch.step([], NOW_US + 3_600_000_000, caught_up=True)
        watch.finish()
    cases = [case_of(body) for (body,) in connection.execute("SELECT body FROM watch_incidents")]
    expected = {one.id: (one.signal, result.causes[one.id].kind, result.causes[one.id].per) for one in result.incidents}
    assert expected == {case.incident.id: (case.incident.signal, case.cause.kind, case.cause.per) for case in cases}
    assert {name.removesuffix("s")} == {per for *_, per in expected.values()}


entries = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(0, 2), st.integers(0, 5)), max_size=40)
"""Service, window, kind and which."""


def sketch_of(rows: list[tuple[int, int, int, int]]) -> sketch.Entries:
    """Of these; 10 windows to a service."""
    hashes = np.array([0x9E3779B97F4A7C15 * (which + 1) % 2**64 for *_, which in rows], np.uint64)
    cells = np.array([service * 10 + window for service, window, *_ in rows], np.int64)
    kinds = np.array([kind for *_, kind, _ in rows], np.int64)
    parts = [sketch.entries(cells[kinds == kind], hashes[kinds == kind], kind) for kind in range(3)]
    return sketch.merge(parts)


@settings(deadline=None)
@given(rows=entries, cut=st.integers(0, 40))
def test_what_is_known_of_a_service_decides(rows: list[tuple[int, int, int, int]], cut: int) -> None:
    """Clients, else requests, else hosts of which two speak in one window; however the records are cut."""
    seen = {(service, kind) for service, _, kind, _ in rows}
    several = {service for service in range(4) for window in range(5)
               if len({which for s, w, kind, which in rows if (s, w, kind) == (service, window, 2)}) > 1}  # fmt: skip
    expected = [0 if (one, 0) in seen else 1 if (one, 1) in seen else 2 if one in several else UNKNOWN
                for one in range(4)]  # fmt: skip
    cells, kinds = sketch.telling(sketch.merge([sketch_of(rows[:cut]), sketch_of(rows[cut:])]))
    found = Denominators()
    found.settle([(cells // 10, kinds)])
    assert expected == found.of(np.arange(4)).tolist()


def test_what_is_known_stays():
    """A running watch does not change what lines are counted per; what is not known yet may come."""
    per = Denominators()
    assert not per.are_known
    assert per.settle([(np.array([2]), np.array([1]))])
    assert not per.settle([(np.array([2]), np.array([0]))])
    assert per.settle([(np.array([0, 5]), np.array([2, 0]))])
    assert ["host", "client", "request", "client", "client", "client", "client"] == [per.name(n) for n in range(7)]
    assert [2, UNKNOWN, 1] == per.kinds[:3].tolist()
    assert 0 == len(merge_cells([]).telling()[0])
