"""Rotates a log under load in every usual way and counts the lines that a follower got more or less often than once.

    python tests/bench/rotation.py [--renames 1000] [--copies 200] [--packed 50] [--restarts 20]

Ends with exit code 1 if any line was lost or came twice.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import gzip
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

from detector.sources.live.live import Inbox, Position
from detector.sources.live.settings import FileSource
from detector.sources.live.tail import FileTail

PAUSE_SECONDS = 0.02


class Follower:
    """Follows `paths` in a thread of its own and keeps the numbers of all lines; may be stopped and started again."""

    def __init__(self, *paths: Path, begin: Literal["beginning", "end"] = "beginning") -> None:
        self.settings = FileSource(
            tuple(map(str, paths)), begin=begin, poll_seconds=0.01, look_seconds=0.05, flush_seconds=0.3,
            rotated_seconds=0.5,
        )  # fmt: skip
        self.positions: dict[str, Position] = {}
        self.lines: collections.Counter[bytes] = collections.Counter()
        self.losses: collections.Counter[str] = collections.Counter()
        self._inbox, self._stop = Inbox(), threading.Event()

    def start(self) -> None:
        """Follow on from where it was stopped."""
        self._inbox, self._stop = Inbox(), threading.Event()
        self.tail = FileTail(self.settings, lambda: time.time_ns() // 1000)
        self._thread = threading.Thread(
            target=self.tail.run, args=(self._inbox, dict(self.positions), self._stop), daemon=True
        )
        self._thread.start()

    def take(self, seconds: float = 0.0) -> None:
        """Take what has come, and what comes within `seconds`."""
        for one in self._inbox.take(seconds):
            self.lines.update(one.data.splitlines())
            if one.position is not None:
                self.positions[one.key] = one.position
            if one.position == {}:
                del self.positions[one.key]

    def stop(self) -> None:
        """End the thread, and take what it still brought."""
        self._stop.set()
        self._thread.join(10)
        self.losses.update(self.tail.lag().losses)
        self.take()

    def until(self, count: int, seconds: float = 10) -> None:
        """Take until so many lines have come, or nothing more comes."""
        end = time.monotonic() + seconds
        while self.lines.total() < count and time.monotonic() < end:
            self.take(0.05)


@contextlib.contextmanager
def following(*paths: Path, begin: Literal["beginning", "end"] = "beginning") -> Iterator[Follower]:
    """A follower that is running."""
    follower = Follower(*paths, begin=begin)
    follower.start()
    try:
        yield follower
    finally:
        follower.stop()


class Writer:
    """Writes numbered lines in bursts as fast as it may, as a daemon that opens its log anew after a signal."""

    def __init__(self, path: Path) -> None:
        self.path, self.count = path, 0
        self.file = path.open("ab", buffering=0)

    def write(self, count: int = 50) -> None:
        """So many lines more, not always a whole one at a time."""
        for _ in range(count):
            line = b"%09d the quick brown fox jumps over the lazy dog\n" % self.count
            cut = self.count % len(line)
            self.file.write(line[:cut])
            self.file.write(line[cut:])
            self.count += 1

    def reopen(self) -> None:
        """What a daemon does after it was told that its log was renamed."""
        self.file.close()
        self.file = self.path.open("ab", buffering=0)

    def close(self) -> None:
        """No more lines."""
        self.file.close()


def shift(path: Path, keep: int) -> None:
    """Rename x.1 to x.2 and so on, the highest first; what is beyond `keep` is removed."""
    for number in range(keep, 0, -1):
        old = Path(f"{path}.{number}")
        if old.exists():
            old.unlink() if number == keep else old.rename(f"{path}.{number + 1}")


def rename(writer: Writer, number: int) -> None:
    """As logrotate does by default; the daemon writes on into the renamed file for a moment."""
    shift(writer.path, keep=40)
    writer.path.rename(f"{writer.path}.1")
    writer.write(5)
    writer.reopen()


def copy_and_truncate(writer: Writer, number: int) -> None:
    """As logrotate does with `copytruncate`; nothing is written between copying and truncating."""
    shift(writer.path, keep=40)
    shutil.copyfile(writer.path, f"{writer.path}.1")
    os.truncate(writer.path, 0)


def pack(writer: Writer, number: int) -> None:
    """Rename, and compress at once what was renamed."""
    renamed = Path(f"{writer.path}.{number}")
    writer.path.rename(renamed)
    writer.reopen()
    Path(f"{renamed}.gz").write_bytes(gzip.compress(renamed.read_bytes()))
    renamed.unlink()


def wrong(follower: Follower, writer: Writer) -> tuple[int, int]:
    """How many lines are missing, and how many came twice or were never written."""
    follower.until(writer.count)
    follower.take(0.5)
    numbers = collections.Counter(line[:9] for line in follower.lines.elements())
    expected = {b"%09d" % number for number in range(writer.count)}
    whole = {line for line in follower.lines if line.endswith(b" the quick brown fox jumps over the lazy dog")}
    missing = len(expected - {line[:9] for line in whole})
    return missing, numbers.total() - (len(expected) - missing)


def rotate(folder: Path, way: Callable[[Writer, int], None], times: int, restarts: int = 0) -> tuple[int, int, int]:
    """Rotate so often; lines written, missing, too many."""
    writer = Writer(folder / "x.log")
    with contextlib.closing(writer), following(writer.path) as follower:
        for number in range(1, times + 1):
            writer.write()
            if restarts and number % max(1, times // restarts) == 0:
                follower.stop()
                way(writer, number)
                writer.write()
                follower.start()
                follower.take(0)
                time.sleep(0.5)  # what may still be compressed is looked at after a while
            else:
                time.sleep(PAUSE_SECONDS)
                way(writer, number)
            follower.take()
        writer.write()
        missing, more = wrong(follower, writer)
    return writer.count, missing, more


def main() -> int:
    """Print one row a way."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, count in (("renames", 1000), ("copies", 200), ("packed", 50), ("restarts", 20)):
        parser.add_argument(f"--{name}", type=int, default=count)
    asked = parser.parse_args()
    bad = 0
    for name, way, times, restarts in (
        ("rename", rename, asked.renames, 0),
        ("copytruncate", copy_and_truncate, asked.copies, 0),
        ("rename and gzip", pack, asked.packed, 0),
        ("rename, restarted", rename, 4 * asked.restarts, asked.restarts),
        ("copytruncate, restarted", copy_and_truncate, 4 * asked.restarts, asked.restarts),
        ("rename and gzip, restarted", pack, 4 * asked.restarts, asked.restarts),
    ):
        with tempfile.TemporaryDirectory() as folder:
            count, missing, more = rotate(Path(folder), way, times, restarts)
        bad += missing + more
        print(f"{name:28} {times:5} times  {count:7} lines  {missing:5} missing  {more:5} too many", flush=True)
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
