"""Followed files: every line once, however they are rotated, and on from where a run ended."""

from __future__ import annotations

import gzip
import importlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from detector.sources.live.settings import FileSource
from detector.sources.live.tail import FileTail
from tests.sources.live.running import Running, clock

rotation: Any = importlib.import_module("tests.bench.rotation")


def tail(*paths: Path, **settings: Any) -> FileTail:
    """Follows quickly, from the beginning."""
    quick = {"begin": "beginning", "poll_seconds": 0.01, "look_seconds": 0.03, "flush_seconds": 0.2, **settings}
    return FileTail(FileSource(tuple(map(str, paths)), **quick), clock)


def append(path: Path, text: str) -> None:
    """Add to a file."""
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


@pytest.mark.parametrize(
    ("way", "times", "restarts"),
    [
        (rotation.rename, 30, 0),
        (rotation.copy_and_truncate, 20, 0),
        (rotation.pack, 10, 0),
        (rotation.rename, 8, 2),
        (rotation.copy_and_truncate, 8, 2),
        (rotation.pack, 8, 2),
    ],
    ids=["rename", "copy", "pack", "rename-restart", "copy-restart", "pack-restart"],
)
def test_rotation_under_load_loses_and_repeats_nothing(tmp_path, way, times, restarts):
    """Each line comes once through renaming, copying and truncating, and compressing, also while nobody looks."""
    written, missing, too_many = rotation.rotate(tmp_path, way, times, restarts)
    assert written > 0
    assert (0, 0) == (missing, too_many)


def test_what_grows_comes_and_goes_is_followed(tmp_path):
    """A file that is there, one that is made later, one in a folder below; each under its path."""
    append(tmp_path / "a.log", "a1\n")
    with Running(tail(tmp_path / "*.log", tmp_path / "sub")) as running:
        running.until(1)
        append(tmp_path / "b.log", "b1\n")
        (tmp_path / "sub" / "deep").mkdir(parents=True)
        append(tmp_path / "sub" / "deep" / "c.log", "c1\n")
        append(tmp_path / "a.log", "a2\n")
        running.until(4)
        (tmp_path / "b.log").unlink()
        append(tmp_path / "a.log", "a3\n")
        assert [b"a1", b"a2", b"a3", b"b1", b"c1"] == sorted(running.until(5))
    by_source = {Path(one.source).name: one.data for one in running.arrived if b"1" in one.data}
    assert {"a.log": b"a1\n", "b.log": b"b1\n", "c.log": b"c1\n"} == by_source


def test_the_first_start_begins_at_the_end_and_the_next_where_it_ended(tmp_path):
    """What was there is passed over; what was written between two runs is read, also in a file made meanwhile."""
    log, later = tmp_path / "x.log", tmp_path / "y.log"
    append(log, "old\nunfini")
    with Running(tail(tmp_path, begin="end")) as first:
        while not any("inode" in position for position in first.positions.values()):
            first.take(0.05)
        append(log, "shed\nnew\n")
        assert [b"unfinished", b"new"] == first.until(2)
    append(log, "between\n")
    append(later, "made\n")
    with Running(tail(tmp_path, begin="end"), first.positions) as second:
        assert [b"between", b"made"] == sorted(second.until(2))
    with Running(tail(tmp_path, begin="end"), second.positions) as third:
        append(log, "last\n")
        assert [b"last"] == third.until(1)


def test_another_pattern_loses_no_position(tmp_path):
    """A pattern that is added begins at the end of its files, what was followed goes on; other sources are let be."""
    old, new = tmp_path / "old.log", tmp_path / "new.txt"
    append(old, "one\n")
    append(new, "passed over\n")
    with Running(tail(tmp_path / "*.log")) as first:
        first.until(1)
    append(old, "two\n")
    with Running(tail(tmp_path / "*.txt", begin="end"), first.positions) as other:
        while f"file {tmp_path}/*.txt" not in other.positions:
            other.take(0.05)
        append(new, "of another source\n")
        assert [b"of another source"] == other.until(1)
    with Running(tail(tmp_path / "*.txt", tmp_path / "*.log", begin="end"), other.positions) as second:
        second.until(1)
        append(new, "new\n")
        assert [b"two", b"new"] == second.until(2)


def test_positions_of_any_run_go_on_exactly(tmp_path):
    """Whichever position was stored last, what follows it comes and nothing before it."""
    log = tmp_path / "x.log"
    log.write_bytes(b"".join(b"%07d %b\n" % (number, b"x" * 90) for number in range(100_000)))
    with Running(tail(log)) as whole:
        lines = whole.until(100_000)
    stored = [one for one in whole.arrived if one.data]
    assert len(stored) > 2
    begun = next(one for one in whole.arrived if one.position == {"begun": True})
    for last in stored[:-1]:
        with Running(tail(log), {begun.key: begun.position or {}, last.key: last.position or {}}) as rest:
            seen = sum(one.data.count(b"\n") for one in stored[: stored.index(last) + 1])
            assert lines[seen:] == rest.until(len(lines) - seen)


def test_an_unfinished_line_waits_and_is_taken_when_it_is_quiet(tmp_path):
    """A partial last line is no line until its end comes, or nothing for a while; its LF then adds none."""
    log = tmp_path / "x.log"
    append(log, "one\ntw")
    with Running(tail(log)) as running:
        assert [b"one"] == running.until(1)
        append(log, "o\nthr")
        assert [b"one", b"two", b"thr"] == running.until(3)
        append(log, "\nfour\n")
        assert [b"one", b"two", b"thr", b"four"] == running.until(4)


def test_an_inode_that_is_used_again_is_another_file(tmp_path):
    """A position does not apply to a new file that got the inode of an old one."""
    log = tmp_path / "x.log"
    append(log, "a line of the old file\n")
    with Running(tail(log)) as first:
        first.until(1)
    key, position = next((key, one) for key, one in first.positions.items() if "inode" in one)
    log.unlink()
    append(log, "another file with another beginning, and longer\n")
    status = log.stat()
    stored = {**first.positions, key: {**position, "inode": status.st_ino, "device": status.st_dev}}
    with Running(tail(log), stored) as second:
        assert [b"another file with another beginning, and longer"] == second.until(1)


def test_truncated_without_a_copy_begins_anew(tmp_path):
    """A file that is emptied in place is read from its new beginning, also where the writer leaves a hole; counted."""
    log = tmp_path / "x.log"
    with log.open("wb", buffering=0) as writer, Running(tail(log)) as running:
        writer.write(b"before\n" * 20_000)
        running.until(20_000)
        os.truncate(log, 0)
        writer.write(b"after\n")
        lines = running.until(20_001)
        assert b"after" == lines[-1]
        assert 20_001 == len(lines)
        losses = running.source.lag().losses
        assert 1 == losses["truncated"]
        assert 4096 > losses.get("nul_bytes", 0)


def test_a_copy_of_a_followed_file_is_not_read(tmp_path):
    """A backup beside the log, and old compressed parts, are left alone."""
    log = tmp_path / "x.log"
    append(log, "".join(f"line {number}\n" for number in range(500)))
    (tmp_path / "x.log.2.gz").write_bytes(gzip.compress(b"ancient\n"))
    with Running(tail(log)) as running:
        running.until(500)
        shutil.copy(log, tmp_path / "x.log.1")
        for number in range(500, 510):
            append(log, f"line {number}\n")
            lines = running.until(number + 1)
            running.take(0.05)
        assert [b"line %d" % number for number in range(510)] == lines


def test_a_link_is_followed_to_where_its_file_is_rotated(tmp_path):
    """As in Kubernetes: the pattern matches a link, the file is rotated in another folder, also while nobody looks."""
    pods, containers = tmp_path / "pods", tmp_path / "containers"
    pods.mkdir()
    containers.mkdir()
    log = pods / "web.log"
    append(log, "one\n")
    (containers / "web_1.log").symlink_to(log)
    with Running(tail(containers / "*.log")) as first:
        first.until(1)
    append(log, "two\n")
    log.rename(pods / "web.log.20260301-000000")
    append(log, "three\n")
    with Running(tail(containers / "*.log"), first.positions) as second:
        assert [b"three", b"two"] == sorted(second.until(2))


def test_no_more_files_are_open_than_allowed(tmp_path):
    """With a hundred logs and room for four, all lines come and few descriptors are held."""
    for number in range(100):
        append(tmp_path / f"{number}.log", f"{number}\n")
    with Running(tail(tmp_path, most_open=4)) as running:
        running.until(100)
        for number in range(100):
            append(tmp_path / f"{number}.log", f"again {number}\n")
        assert 200 == len(set(running.until(200)))
        held = [os.path.realpath(link) for link in Path("/proc/self/fd").iterdir()]
        assert 8 >= sum(str(tmp_path) in path for path in held)


def test_a_file_that_may_not_be_read_is_told(tmp_path, monkeypatch):
    """The trouble is one line with the path; it ends when the file can be read."""
    log = tmp_path / "x.log"
    append(log, "one\n")
    open_file = os.open

    def refuse(path: Any, flags: int, *more: Any) -> int:
        if path == str(log):
            raise PermissionError(13, "Permission denied", path)
        return open_file(path, flags, *more)

    monkeypatch.setattr(os, "open", refuse)
    with Running(tail(log)) as running:
        while not running.source.lag().troubles:
            running.take(0.02)
        assert (f"{log}: cannot be read: Permission denied",) == running.source.lag().troubles
        monkeypatch.setattr(os, "open", open_file)
        assert [b"one"] == running.until(1)
        assert () == running.source.lag().troubles


def test_gone_files_leave_no_position(tmp_path):
    """The store does not grow with files that came and went."""
    with Running(tail(tmp_path / "*.log", rotated_seconds=0.05)) as running:
        for number in range(5):
            log = tmp_path / f"{number}.log"
            append(log, "x\n")
            running.until(number + 1)
            log.unlink()
        while len(running.positions) > 1:
            running.take(0.05)
    assert [{"begun": True}] == list(running.positions.values())


@pytest.fixture
def nginx(tmp_path) -> Iterator[tuple[subprocess.Popen[bytes], Path, Path]]:
    """A real nginx that logs into a folder; the socket on which it answers."""
    program = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if program is None:
        pytest.skip("nginx is not installed: apt-get install nginx-light")
    log, address = tmp_path / "access.log", tmp_path / "s"
    user = "user root;" if os.geteuid() == 0 else ""
    config = tmp_path / "nginx.conf"
    config.write_text(f"""
        {user} daemon off; worker_processes 1; pid {tmp_path}/pid; error_log {tmp_path}/error.err;
        events {{ worker_connections 64; }}
        http {{ access_log {log}; server {{ listen unix:{address}; return 204; }} }}
    """)
    process = subprocess.Popen([program, "-c", str(config), "-p", str(tmp_path)], stderr=subprocess.DEVNULL)
    yield process, log, address
    process.terminate()
    process.wait(10)


def test_nginx_rotated_with_a_signal(nginx, tmp_path):
    """A web server whose log is renamed and which opens it anew on USR1: every request once."""
    process, log, address = nginx
    deadline = time.monotonic() + 10
    while not (address.exists() and log.exists()) and time.monotonic() < deadline:
        assert process.poll() is None
    with Running(tail(log)) as running, httpx.Client(transport=httpx.HTTPTransport(uds=str(address))) as client:
        for number in range(200):
            client.get(f"http://x/request/{number}/")
            if number % 50 == 25:
                log.rename(f"{log}.{number}")
                process.send_signal(signal.SIGUSR1)
        lines = running.until(200)
    assert [b"/request/%d/" % number for number in range(200)] == sorted(
        (line.split()[6] for line in lines), key=lambda path: int(path.split(b"/")[2])
    )
