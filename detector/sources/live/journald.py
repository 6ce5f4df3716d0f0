"""The journal of systemd, by `journalctl -f -o json`: one object a line; the cursor of the last one is the position."""

from __future__ import annotations

import os
import re
import select
import subprocess
import threading
from collections.abc import Callable, Mapping

from detector.errors import InputError, Losses
from detector.sources.live.live import Arrived, Inbox, Lag, Position
from detector.sources.live.settings import JournaldSource
from detector.sources.live.taking import Inside, clean_runs, take

TICK_SECONDS = 0.2
READ_BYTES = 1024 * 1024
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 30.0
_CURSOR = re.compile(rb'"__CURSOR"\s*:\s*"([^"\\]+)"')


class Journald:
    """Follows the journal.

    Args:
        settings: the program, and of which units.
        clock: microseconds since 1970 UTC.
    """

    name = "journald"

    def __init__(self, settings: JournaldSource, clock: Callable[[], int]) -> None:
        self._settings, self._clock = settings, clock
        self._losses = Losses()
        self._cursor: str | None = None
        self._trouble: str | None = None

    def lag(self) -> Lag:
        """What waits in the journal is not known."""
        return Lag(None, 0.0, dict(self._losses.counts), (self._trouble,) if self._trouble else ())

    def run(self, inbox: Inbox, positions: Mapping[str, Position], stop: threading.Event) -> None:
        """As `Live.run`; the program is started again when it ends, after a pause that grows while nothing comes."""
        stored = positions.get(self.name)
        self._cursor = str(stored["cursor"]) if stored else None
        pause = FIRST_PAUSE_SECONDS
        while not stop.is_set():
            cursor = self._cursor
            self._follow(inbox, stop)
            pause = FIRST_PAUSE_SECONDS if cursor != self._cursor else min(2 * pause, LONGEST_PAUSE_SECONDS)
            stop.wait(pause)

    def _command(self) -> list[str]:
        begin = f"--after-cursor={self._cursor}" if self._cursor else "--lines=0"
        units = [f"--unit={unit}" for unit in self._settings.units]
        return [self._settings.command, "--output=json", "--follow", "--no-pager", "--quiet", "--all", begin, *units]

    def _follow(self, inbox: Inbox, stop: threading.Event) -> None:
        try:
            process = subprocess.Popen(  # noqa: S603  the program is the user's setting; no shell
                self._command(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
            )
        except OSError as error:
            raise InputError(f"{self._settings.command}: cannot be run: {error.strerror or error}") from None
        with process:
            words = self._read(process, inbox, stop)
            process.terminate()
        if not stop.is_set():
            self._losses.add("restarts")
            self._trouble = f"journald: {self._settings.command} ended with {process.returncode}: {words or 'no words'}"

    def _read(self, process: subprocess.Popen[bytes], inbox: Inbox, stop: threading.Event) -> str:
        """Until the end; what the program said last on standard error."""
        if process.stdout is None or process.stderr is None:
            return ""
        out = process.stdout.fileno()
        waiting, inside = b"", Inside.BEGIN
        while not stop.is_set():
            if not select.select([out], [], [], TICK_SECONDS)[0]:
                continue
            data = os.read(out, READ_BYTES)
            if not data:
                words = process.stderr.read(4096).decode("utf-8", "replace")
                return words.strip().rpartition("\n")[2]
            taken = take(waiting + data, inside, flush=False)
            waiting, inside = (waiting + data)[taken.size :], taken.inside
            self._put(taken.lines, inbox, stop)
        return ""

    def _put(self, lines: bytes, inbox: Inbox, stop: threading.Event) -> None:
        runs = clean_runs(lines, self._losses)
        for run in runs:
            self._trouble = None
            last = run[run.rfind(b"\n", 0, -1) + 1 :]
            found = _CURSOR.search(last)
            cursor = found[1].decode() if found else self._cursor
            position = {"cursor": cursor} if cursor else None
            if inbox.put(Arrived(self.name, run, self._clock(), self.name, position), stop):
                self._cursor = cursor
