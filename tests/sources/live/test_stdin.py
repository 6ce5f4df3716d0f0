"""Standard input is read as it comes, to its end."""

from __future__ import annotations

import os

from detector.sources.live.settings import StdinSource
from detector.sources.live.stdin import Stdin
from tests.sources.live.running import Running, clock


def test_lines_come_when_they_are_whole():
    """A line is there before the pipe ends; the last one needs no LF."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as stream, Running(Stdin(StdinSource(), clock, stream)) as running:
        os.write(writing, b"one\ntw")
        assert [b"one"] == running.until(1)
        os.write(writing, b"o\nlast")
        os.close(writing)
        running.thread.join(10)
        assert [b"one", b"two", b"last"] == running.until(3)


def test_a_quiet_pipe_gives_its_unfinished_line():
    """After a while without anything the begin of a line is a line."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as stream, Running(Stdin(StdinSource(0.1), clock, stream)) as running:
        os.write(writing, b"prompt: ")
        assert [b"prompt: "] == running.until(1)
        running.stop.set()
    os.close(writing)
