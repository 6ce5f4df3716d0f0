"""A real Alertmanager, where one is installed (.ci/setup-system does)."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from msgspec.structs import replace

from detector.alerts.channels.alertmanager import Alertmanager, deliver, refresh
from tests.alerts.making import MINUTE, NOW, story
from tests.alerts.servers import real_edge, server, wait_until

PROGRAM = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
CONFIG = """
route: {receiver: test, group_wait: 10ms, group_interval: 100ms, repeat_interval: 1h, group_by: ['...']}
receivers: [{name: test, webhook_configs: [{url: 'HOOK', send_resolved: true}]}]
"""


@pytest.fixture(scope="module")
def hook():
    """What Alertmanager tells."""
    with server(200) as one:
        yield one


@pytest.fixture(scope="module")
def peer(tmp_path_factory, hook) -> Iterator[str]:
    """The address of one that runs."""
    if PROGRAM is None:
        pytest.skip("no Alertmanager is installed: apt-get install prometheus-alertmanager")
    folder = tmp_path_factory.mktemp("alertmanager")
    (folder / "config.yml").write_text(CONFIG.replace("HOOK", hook.url()))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    argv = [PROGRAM, f"--config.file={folder}/config.yml", f"--storage.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="]  # fmt: skip
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        url = f"http://127.0.0.1:{port}"
        try:
            assert wait_until(lambda: _ask(f"{url}/-/ready") is not None)
            yield url
        finally:
            process.kill()


def _ask(url: str) -> bytes | None:
    try:
        with urlopen(url, timeout=5) as answer:
            body: bytes = answer.read()
            return body
    except (URLError, OSError):
        return None


def test_an_alert_fires_changes_and_is_resolved(peer, hook):
    """As its API shows it and as it tells others: one alert at a time, the severity it has now, and its end."""
    receiver = Alertmanager(name="am", url=peer, allow_http=True, allow_networks=("127.0.0.0/8",), heartbeat=True)
    edge = real_edge()
    shift = edge.now_us() - NOW - 3 * 60 * MINUTE
    opened, updated, resolved = (_shifted(one, shift) for one in story("warning", "critical", "end"))

    def active():
        alerts = json.loads(_ask(f"{peer}/api/v2/alerts?active=true") or b"[]")
        return sorted((one["labels"]["alertname"], one["labels"]["severity"]) for one in alerts)

    def told():
        bodies = [json.loads(one.body)["alerts"][0] for one in hook.received]
        return [(one["labels"]["severity"], one["status"]) for one in bodies]

    assert "accepted" == deliver(opened, receiver, edge).outcome
    assert wait_until(lambda: active() == [("DetectorSurge", "warning")])
    assert wait_until(lambda: told() == [("warning", "firing")])
    assert "accepted" == deliver(updated, receiver, edge).outcome
    assert wait_until(lambda: active() == [("DetectorSurge", "critical")])
    assert wait_until(lambda: sorted(told()[1:]) == [("critical", "firing"), ("warning", "resolved")])
    answer = refresh([updated], receiver, edge, alive=True)
    assert answer is not None
    assert "accepted" == answer.outcome
    assert wait_until(lambda: active() == [("DetectorHeartbeat", "none"), ("DetectorSurge", "critical")])
    assert "accepted" == deliver(resolved, receiver, edge).outcome
    assert wait_until(lambda: active() == [("DetectorHeartbeat", "none")])
    assert wait_until(lambda: ("critical", "resolved") in told())


def _shifted(one, shift):
    """A notice of another day."""
    end = None if one.facts.ended_us is None else one.facts.ended_us + shift
    moved = replace(one.facts, started_us=one.facts.started_us + shift, ended_us=end)
    return replace(one, facts=moved, decided_us=one.decided_us + shift)
