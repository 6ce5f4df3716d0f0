"""Retries are named inside messages per client."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from detector.config import Settings
from detector.pipeline import gather as gathering
from detector.pipeline.scan import scan
from detector.report import json as as_json
from detector.report import markdown, table
from detector.report.look import Look
from detector.schemas import ScanResult
from tests.pipeline.making import START, START_US, access_line, season

NOW_US = START_US + 400 * 86_400_000_000
BEGIN, END = 600, 660
TRIES = 4
"""So often a request is sent in the surge until it is answered; as many others come besides."""


def log() -> bytes:
    """An access log of eleven hours; in the last one all fails three times, and clients send more of other things."""
    rng, found = np.random.default_rng(4), []
    for minute, usual in enumerate(season(1, 20.0)[:END].tolist()):
        hot = minute >= BEGIN
        for _ in range(usual * (1 + (TRIES - 1) * hot)):
            second, client, path = rng.uniform(0, 55), int(rng.integers(40)), int(rng.integers(10**6))
            found += [(minute * 60 + second, client, path, 200)]
        for _ in range(usual * hot):
            second, client, path = rng.uniform(0, 40), int(rng.integers(40)), int(rng.integers(10**6))
            found += [(minute * 60 + second + 2 * n, client, path, 503 if n < TRIES - 1 else 200) for n in range(TRIES)]
    lines = [access_line(START + timedelta(seconds=at), client, 100, status).replace("/a", f"/{path}")
             for at, client, path, status in sorted(found)]  # fmt: skip
    return ("\n".join(lines) + "\n").encode()


LOG = log()


def look(folder: Path, threads: int = 1, client: str | None = None) -> ScanResult:
    """Scan the log."""
    folder.mkdir(exist_ok=True)
    (folder / "www.log").write_bytes(LOG)
    return scan([str(folder / "www.log")], Settings(threads=threads, client=client), NOW_US)


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> ScanResult:
    """What one thread finds in one piece."""
    return look(tmp_path_factory.mktemp("whole"))


def test_their_share_is_told(whole):
    """Messages per client grew eightfold; three in eight are retries, of all that came on top three in seven."""
    (one,) = json.loads(as_json.render(whole, Look()))["incidents"]
    assert "messages_per_client" == one["kind"]
    assert pytest.approx(3 / 7, abs=0.04) == one["drivers"]["retries_share"]
    share = f"(of that {100 * one['drivers']['retries_share']:.0f} % retries)"
    assert share in " ".join(table.render(whole, Look()).decode().split())
    assert share in markdown.render(whole, Look()).decode()


def test_any_split_tells_the_same(whole, monkeypatch, tmp_path):
    """However the log is cut, also where a retry and what failed are in different parts."""
    expected = [cause.retried for cause in whole.causes.values()]
    monkeypatch.setattr("detector.sources.blocks.BLOCK_BYTES", 100_000)
    assert expected == [cause.retried for cause in look(tmp_path / "a", threads=2).causes.values()]
    monkeypatch.setattr(gathering, "PART_BYTES", 300_000)
    assert expected == [cause.retried for cause in look(tmp_path / "b", threads=2).causes.values()]


def test_a_client_that_the_user_names_counts(whole, tmp_path):
    """Also where the user says who is a client."""
    named = look(tmp_path, client=r"^(\S+) ")
    assert [cause.retried for cause in whole.causes.values()] == [cause.retried for cause in named.causes.values()]


def test_behind_a_load_balancer_nothing_is_told(whole, monkeypatch, tmp_path):
    """Where clients are not known, who asks again is not known either."""
    assert all(cause.retries_share is not None for cause in whole.causes.values())
    monkeypatch.setattr("detector.explain.occupancy.FEW_CLIENTS", 1000)
    monkeypatch.setattr("detector.explain.occupancy.MOST_PER_MINUTE", 0.1)
    hidden = look(tmp_path)
    assert [("volume", None)] == [(cause.kind, cause.retries_share) for cause in hidden.causes.values()]
