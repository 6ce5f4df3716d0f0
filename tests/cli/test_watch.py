"""`detector watch` as a process: on growing files, killed, reloaded, asked."""

from __future__ import annotations

import json
import signal
import urllib.error
import urllib.request
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from detector.config import Settings
from detector.pipeline.scan import scan
from tests.alerts.servers import server, wait_until
from tests.cli.watching import incidents_in, wait_until_taken, watching
from tests.pipeline.making import START_US
from tests.pipeline.test_watching import LINES, LOG

NOW_US = START_US + 2 * 86_400_000_000


def scanned(folder: Path, data: bytes = LOG, name: str = "shop.log") -> dict[str, dict]:
    """What a scan of the finished file finds."""
    (folder / "whole").mkdir(exist_ok=True)
    path = folder / "whole" / name
    path.write_bytes(data)
    return {one.id: asdict(one) | {"page": False} for one in scan([str(path)], Settings(), NOW_US).incidents}


def grow(path: Path, lines: list[bytes]) -> None:
    """Append lines as a logging program does."""
    with path.open("ab") as sink:
        sink.write(b"".join(lines))


def recent_log(hours: int, surge: range) -> list[bytes]:
    """Lines up to a moment ago, twelve a minute, six times as many in some minutes."""
    now, random = datetime.now(UTC).replace(second=0, microsecond=0), np.random.default_rng(3)
    lines = []
    for minute in range(hours * 60):
        begin = now + timedelta(minutes=minute - hours * 60)
        seconds = np.sort(random.uniform(0, 60, random.poisson(72 if minute in surge else 12))).tolist()
        times = (begin + timedelta(seconds=second) for second in seconds)
        lines += [f"{time:%Y-%m-%dT%H:%M:%S.%fZ} INFO request\n".encode() for time in times]
    return lines


def test_a_growing_file_gives_what_a_scan_of_the_finished_one_gives(tmp_path) -> None:
    """Followed while it grows, through a surge and a restart by kill -9, a log gives the incidents of a scan."""
    log, state, edges = tmp_path / "shop.log", tmp_path / "state", [0, 4000, 4900, 6000, len(LINES)]
    grow(log, LINES[: edges[1]])
    told = []
    for begin, end in pairwise(edges[1:]):
        with watching(tmp_path, "shop.log", "--state", "state") as process:
            for start in range(begin, end, 150):
                grow(log, LINES[start : min(start + 150, end)])
            wait_until_taken(state, end, process)
            if end == len(LINES):
                assert 0 == process.end()
            else:
                process.end(signal.SIGKILL)
        told += [(one["event"], one["incident"]["id"]) for one in process.out]
    found, expected = incidents_in(state), scanned(tmp_path)
    assert 1 == len(expected)
    assert expected == found
    assert [(event, key) for key in expected for event in ("open", "resolved")] == told


def test_receivers_hear_of_what_opens_and_ends(tmp_path) -> None:
    """A webhook is told once that an incident began and once that it is over, under ids of their own."""
    data = recent_log(hours=8, surge=range(300, 330))
    with server() as hook:
        (tmp_path / "detector.toml").write_text(
            f'[alerts]\nothers = "now"\nquiet = "1s"\n[alerts.hook]\nkind = "webhook"\nurl = "{hook.url()}"\n'
            'allow_http = true\nallow_networks = ["127.0.0.0/8"]\n'
        )
        grow(tmp_path / "shop.log", data)
        with watching(tmp_path, "shop.log", "--state", "state") as process:
            wait_until_taken(tmp_path / "state", len(data), process)
            assert wait_until(lambda: len(hook.received) >= 2)
            assert 0 == process.end()
    events = [json.loads(one.body) for one in hook.received]
    assert 2 == len({one["id"] for one in events}) == len(events)
    assert ["open", "resolved"] == [one["data"]["state"] for one in events]


def test_settings_are_read_again_and_stay_if_they_are_wrong(tmp_path) -> None:
    """SIGHUP takes over good settings; wrong ones are told and change nothing."""
    grow(tmp_path / "shop.log", LINES[:100])
    settings = tmp_path / "detector.toml"
    settings.write_text('budget = "1/week"\n')
    with watching(tmp_path, "shop.log", "--state", "state") as process:
        process.wait_for("watching")
        for text, answer in (('budget = "2/day"\n', "settings read again"), ("budjet = 1\n", "did you mean"),
                             ('window = "10s"\n', "cannot change while a watch runs"),
                             ('[alerts.team]\nkind = "pager"\n', "`kind` must be one of"),
                             ('[markers]\npattern = "("\n', "no valid regular expression"),
                             ('[[sources]]\nkind = "sylog"\n', "did you mean"),
                             ("[[alerts.maintenance]]\nfrom = 1\n", "maintenance"),
                             ('[markers]\nfile = "none.txt"\n', "settings read again")):  # fmt: skip
            settings.write_text(text)
            process.popen.send_signal(signal.SIGHUP)
            process.wait_for(answer)
        assert 0 == process.end()


def test_a_watch_answers_and_hears_of_deploys(tmp_path) -> None:
    """Probes, metrics and marks are answered on loopback; another instance on the folder is refused with one line."""
    grow(tmp_path / "shop.log", LINES[:3000])
    with watching(tmp_path, "shop.log", "--state", "state", "--http", "0") as process:
        address = process.wait_for("answering")["http"]
        wait_until_taken(tmp_path / "state", 3000, process)

        def ask(path: str, body: bytes | None = None) -> tuple[int, str]:
            headers = {"content-type": "application/json"}
            request = urllib.request.Request(f"http://{address}{path}", body, headers)
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, answer.read().decode()

        assert (200, "alive\n") == ask("/healthz")
        assert "detector_lines_total 3000.0" in ask("/metrics")[1]
        assert 201 == ask("/mark", b'{"service": "shop", "text": "4.9.0"}')[0]
        with pytest.raises(urllib.error.HTTPError, match="400"):
            ask("/mark", b'{"service": 1}')
        with watching(tmp_path, "shop.log", "--state", "state") as second:
            assert 2 == second.popen.wait(30)
        assert "another detector" in second.log[-1]["message"]
        assert 0 == process.end()


def test_silences_are_kept_for_a_running_watch(tmp_path, detector) -> None:
    """A silence is added, listed and ended through the state of a watch; marks of unknown incidents are refused."""
    from detector.pipeline.watching import memory

    memory.connect(str(tmp_path / "state")).close()
    state = ("--state", str(tmp_path / "state"))
    added = detector("silence", "add", "shop-*", "--for", "30m", "--reason", "move", "--creator", "ann", *state)
    listed = detector("silence", "list", *state)
    ended = detector("silence", "end", added.out.strip(), *state)
    assert (0, 0, 0) == (added.code, listed.code, ended.code)
    assert listed.out.startswith(f"{added.out.strip()} shop-* until ")
    assert listed.out.endswith("ann: move\n")
    assert "" == detector("silence", "list", *state).out
    assert 2 == detector("mark", "abc", "false", *state).code
    assert 2 == detector("silence", "list", "--state", str(tmp_path / "nowhere")).code


def test_repeated_scans_take_what_is_new(tmp_path, detector, quiet_place) -> None:
    """Scans with a state, between which the log grows and is rotated, count each line once and tell each end once."""
    data, log = recent_log(hours=8, surge=range(300, 330)), Path("shop.log")
    edges = [0, 2000, 4000, 4600, 5200, len(data)]
    found: list[list[str]] = []
    pages: list[bool] = []
    with server() as hook:
        Path("detector.toml").write_text(
            f'[alerts]\nothers = "now"\nquiet = "1s"\n[alerts.hook]\nkind = "webhook"\nurl = "{hook.url()}"\n'
            'allow_http = true\nallow_networks = ["127.0.0.0/8"]\n'
        )
        for begin, end in pairwise(edges):
            if begin == 4600:
                log.rename("shop.log.1")
            grow(log, data[begin:end])
            answer = detector("scan", "shop.log", "--state", "state", "--format", "json")
            assert answer.out, answer.err
            report = json.loads(answer.out)
            assert end - begin == report["input"]["lines_read"], answer.err
            found.append([one["id"] for one in report["incidents"]])
            pages += [one["page"] for one in report["incidents"]]
        assert wait_until(lambda: len(hook.received) >= 2)
    Path("shop.log.1").write_bytes(b"".join(data))
    whole = json.loads(detector("scan", "shop.log.1", "--format", "json").out)
    assert ["open", "resolved"] == [json.loads(one.body)["data"]["state"] for one in hook.received]
    assert [one["id"] for one in whole["incidents"]] == list(dict.fromkeys(key for run in found for key in run))
    assert [] == found[0]
    assert {one["page"] for one in whole["incidents"]} == set(pages), "hours later it is news as long as a run was not"
