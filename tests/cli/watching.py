"""A watch as users have it: a process of its own, on files that grow."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread

WAIT_S = 60.0


@dataclass(slots=True)
class Process:
    """A watch that runs, with what it printed so far."""

    popen: subprocess.Popen[bytes]
    out: list[dict] = field(default_factory=list)
    log: list[dict] = field(default_factory=list)

    def wait_for(self, *words: str) -> dict:
        """The first line of its own log that has all these words."""
        until = time.monotonic() + WAIT_S
        while time.monotonic() < until:
            for line in list(self.log):
                if all(word in json.dumps(line) for word in words):
                    return line
            if self.popen.poll() is not None and not any(all(w in json.dumps(one) for w in words) for one in self.log):
                break
            time.sleep(0.02)
        raise AssertionError(f"{words} never came: {self.log}")

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the exit code."""
        self.popen.send_signal(number)
        return self.popen.wait(WAIT_S)


@contextmanager
def watching(folder: Path, *arguments: str, environment: Mapping[str, str] | None = None) -> Iterator[Process]:
    """`detector watch ...` in a folder, printing JSON; ended by force if it still runs."""
    command = [sys.executable, "-m", "detector", "watch", *arguments, "--format", "ndjson", "--log-format", "json"]
    home = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "OPENBLAS_NUM_THREADS": "1"}
    popen = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, **home, **(environment or {})},
    )  # fmt: skip
    process = Process(popen)
    threads = [Thread(target=collect, args=pair, daemon=True)
               for pair in ((popen.stdout, process.out), (popen.stderr, process.log))]  # fmt: skip
    for thread in threads:
        thread.start()
    try:
        yield process
    finally:
        if popen.poll() is None:
            popen.kill()
        popen.wait(WAIT_S)
        for thread in threads:
            thread.join(WAIT_S)
        for stream in (popen.stdout, popen.stderr):
            if stream is not None:
                stream.close()


def collect(stream: Iterator[bytes], lines: list[dict]) -> None:
    """Take lines as they come; what is no JSON is kept as text."""
    for line in stream:
        try:
            lines.append(json.loads(line))
        except ValueError:
            lines.append({"text": line.decode()})


def lines_taken(state: Path) -> int:
    """Lines that a watch has stored as taken in."""
    import sqlite3

    try:
        with sqlite3.connect(f"file:{state}/state.sqlite?mode=ro", uri=True) as connection:
            row = connection.execute("SELECT body FROM watch_run WHERE name = 'run'").fetchone()
    except sqlite3.Error:
        return 0
    return 0 if row is None else int(json.loads(row[0])["tally"].get("lines", 0))


def wait_until_taken(state: Path, lines: int, process: Process) -> None:
    """Wait until so many lines are stored as taken in."""
    until = time.monotonic() + WAIT_S
    while lines_taken(state) < lines:
        if process.popen.poll() is not None or time.monotonic() > until:
            raise AssertionError(f"only {lines_taken(state)} of {lines} lines were taken: {process.log}")
        time.sleep(0.05)


def incidents_in(state: Path) -> dict[str, dict]:
    """All incidents that a state knows, by id."""
    import sqlite3

    with sqlite3.connect(f"file:{state}/state.sqlite?mode=ro", uri=True) as connection:
        rows = connection.execute("SELECT id, body FROM watch_incidents").fetchall()
    return {key: json.loads(body)["incident"] for key, body in rows}
