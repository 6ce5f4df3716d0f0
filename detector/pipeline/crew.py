"""Processes that read shares of large files beside this one; threads of one process wait for its interpreter.

They are started early, since they load while this process loads, and are asked over a pipe. They keep nothing: when
one dies, its share is read here.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Sequence
from multiprocessing.connection import Connection, Pipe
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from detector.pipeline.shares import Share

WORTH_BYTES = 96 * 1024 * 1024
"""From here on a second process saves more time than it takes to start."""
SERVE = "import sys; from detector.pipeline.crew import serve; serve(int(sys.argv[1]))"


class Crew:
    """The processes of one run.

    Args:
        threads: how many read in all, with this process; without another one all is read here.
        paths: what will be read; if large files are named the processes are started at once.
    """

    def __init__(self, threads: int, paths: Sequence[str] = ()) -> None:
        self._size = threads - 1
        self._workers: list[_Worker] = []
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        if sum(os.path.getsize(path) for path in paths if os.path.isfile(path)) >= WORTH_BYTES:
            self.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._workers:
            worker.end()

    def start(self) -> None:
        """Start them, if that was not done."""
        while len(self._workers) < self._size and sys.executable:
            try:
                worker = _Worker()
            except OSError:
                self._size = len(self._workers)
                return
            self._workers.append(worker)
            self._idle.put(worker)

    def ask(self, share: Share) -> Any:
        """Have one of them read the share; None if all are busy, or it could not: then the caller has to."""
        try:
            worker = self._idle.get_nowait()
        except Empty:
            return None
        try:
            done = worker.ask(share)
        except (EOFError, OSError):
            return None  # it is gone, and not idle again
        self._idle.put(worker)
        return done


class _Worker:
    """One process, and the pipe to it."""

    def __init__(self) -> None:
        self._pipe, other = Pipe()
        with other:
            # sys.path as it is here, and no folder besides: a log folder may hold a file that is called polars.py
            paths = os.pathsep.join(path for path in sys.path if path)
            self._process = subprocess.Popen(  # noqa: S603  our own interpreter, our own module
                [sys.executable, "-P", "-c", SERVE, str(other.fileno())],
                pass_fds=[other.fileno()],
                env=os.environ | {"PYTHONPATH": paths, "OPENBLAS_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # what fails there fails here again, and is told
            )

    def ask(self, share: Share) -> Any:
        self._pipe.send(share)
        done = self._pipe.recv()
        if done is not None:
            done.complete(self._pipe)
        return done

    def end(self) -> None:
        self._pipe.close()
        self._process.kill()
        self._process.wait()


def serve(descriptor: int) -> None:
    """What such a process does: read shares until nobody asks any more."""
    gc.set_threshold(100_000, 50)  # as in the command line: this process has to be ready when that one is
    from detector.pipeline.shares import open_share

    with Connection(descriptor) as pipe:
        while True:
            try:
                share = pipe.recv()
            except EOFError:
                return
            done = open_share(share)
            if done is None:
                pipe.send(None)
            else:
                done.send(pipe)
