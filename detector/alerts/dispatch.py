"""Sending what is in the outbox: one thread for each receiver, so that one that hangs holds up nobody else."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Thread

from detector.alerts.outbox import FILE
from detector.alerts.queueing import Queue
from detector.alerts.receiver import Edge, HttpReceiver, Receiver
from detector.alerts.transport import load

LOCK = "sending.lock"


class Dispatcher:
    """Sends from the outbox of a folder; one process at a time does so.

    Args:
        folder: of the state.
        receivers: from the settings.
        edge: clocks and environment.
    """

    def __init__(self, folder: str, receivers: Iterable[Receiver], edge: Edge) -> None:
        self.folder, self.edge = Path(folder), edge
        self.queues = [Queue(str(self.folder / FILE), one, edge) for one in receivers]
        self.threads: list[Thread] = []
        self.lock: int | None = None

    def start(self) -> bool:
        """Send from now on, until `stop`; False if another process does so already.

        Raises:
            DetectorError: what HTTP needs is not installed.
        """
        return self._begin([queue.run for queue in self.queues])

    def send_due(self) -> bool:
        """Send what is due and come back; False if another process is sending.

        Every receiver has one turn in its own thread, which ends at its first failure.

        Raises:
            DetectorError: what HTTP needs is not installed.
        """
        if not self._begin([queue.turn for queue in self.queues]):
            return False
        for thread in self.threads:
            thread.join()
        self._release()
        return True

    def _begin(self, work: list[Callable[[], object]]) -> bool:
        if any(isinstance(queue.receiver, HttpReceiver) for queue in self.queues):
            load()
        self.lock = take(self.folder / LOCK)
        if self.lock is None:
            return False
        self.threads = [Thread(target=one, name="alerts", daemon=True) for one in work]
        for thread in self.threads:
            thread.start()
        return True

    def notify(self) -> None:
        """Something was put into the outbox."""
        for queue in self.queues:
            queue.wake.set()

    def beat(self) -> None:
        """The rest of the program lives; without this no sign of life is sent."""
        for queue in self.queues:
            queue.beaten_s = self.edge.ticks()

    def faults(self) -> dict[str, str]:
        """What is wrong with sending itself, by receiver."""
        return {queue.receiver.name: "; ".join(queue.faults.values()) for queue in self.queues if queue.faults}

    def stop(self) -> None:
        """Begin no further attempt, and wait for those under way, not longer than their deadlines."""
        for queue in self.queues:
            queue.stopping = True
            queue.wake.set()
        until = self.edge.ticks() + max((queue.receiver.timeout_s for queue in self.queues), default=0.0)
        for thread in self.threads:
            thread.join(max(0.0, until - self.edge.ticks()))
        self._release()

    def _release(self) -> None:
        if self.lock is not None:
            os.close(self.lock)
            self.lock = None


def take(path: Path) -> int | None:
    """A lock that ends with the process, however that ends; None if another one holds it."""
    import fcntl

    number = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(number)
        return None
    return number
