"""What waits for one receiver, sent in order; used by one thread at a time."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from threading import Event

from detector.alerts.channels.table import channel_of
from detector.alerts.notice import Notice
from detector.alerts.outbox import connect, due, lasting, next_due_us, settle
from detector.alerts.receiver import Edge, Receiver
from detector.alerts.retrying import LONGEST_US, Answer
from detector.alerts.secrets import hide

LOOK_S = 10.0
"""Another process may put something into the outbox: it is looked at so often."""
PAUSE_S = 1.0
"""After a failure the receiver is left alone for so long at least."""
ALIVE_TIMES = 3
"""Signs of life that may stay away before nothing is told to live."""


@dataclass(slots=True)
class Queue:
    """The notices of one receiver.

    Attributes:
        path: of the outbox.
        receiver, edge: who is sent to, by which world.
        faults: what is wrong with `outbox` or `refresh`, not with single notices.
        refreshed_s: when what lasts was repeated last.
        beaten_s: when the rest of the program last said that it lives.
        wake: there may be something to do.
        stopping: no further attempt is begun.
    """

    path: str
    receiver: Receiver
    edge: Edge
    faults: dict[str, str] = field(default_factory=dict)
    refreshed_s: float | None = None
    beaten_s: float | None = None
    wake: Event = field(default_factory=Event)
    stopping: bool = False

    def run(self) -> None:
        """Send until told to stop."""
        while not self.stopping:
            self.wake.clear()
            pause_s, idle_s = self.turn()
            if not pause_s:
                self.wake.wait(idle_s)
            elif not self.stopping:
                self._rest(pause_s)

    def _rest(self, seconds: float) -> None:
        """Leave the receiver alone, however many notices come meanwhile; only `stop` ends it."""
        until = self.edge.ticks() + seconds
        while not self.stopping and (left := until - self.edge.ticks()) > 0:
            self.wake.wait(left)
            if not self.stopping:
                self.wake.clear()

    def turn(self) -> tuple[float, float]:
        """Send what is due, up to the first failure. Nothing that goes wrong ends the queue.

        Returns:
            seconds in which the receiver wants to be left alone, and seconds until there may be more to do.
        """
        try:
            with closing(connect(self.path)) as connection:
                pause_s = self._send(connection)
                self._refresh(connection)
                then = next_due_us(connection, self.receiver.name)
            self.faults.pop("outbox", None)
        except Exception as error:  # noqa: BLE001  a full disk today must not lose what comes tomorrow
            self.faults["outbox"] = f"{type(error).__name__}: {error}"
            return PAUSE_S, LOOK_S
        left_s = LOOK_S if then is None else max(0.0, (then - self.edge.now_us()) / 1e6)
        return pause_s, min(left_s, LOOK_S, self._until_refresh())

    def _send(self, connection: sqlite3.Connection) -> float:
        """Send what is due; seconds to leave the receiver alone."""
        while not self.stopping:
            one = due(connection, self.receiver.name, self.edge.now_us())
            if one is None:
                break
            answer = self.attempt(one.notice)
            settle(connection, one, answer, self.edge.now_us())
            if answer.outcome == "retry":
                return min(max(PAUSE_S, answer.retry_after_s or 0.0), LONGEST_US / 1e6)
            self._refresh(connection)
        return 0.0

    def attempt(self, notice: Notice) -> Answer:
        """One attempt; what a channel did not foresee is tried again, too."""
        try:
            return channel_of(self.receiver).deliver(notice, self.receiver, self.edge)
        except Exception as error:  # noqa: BLE001  the notice stays in the outbox with this reason
            told = hide(f"{type(error).__name__}: {error}", self.receiver.secrets(self.edge.environment))
            return Answer("retry", told)

    def _refresh(self, connection: sqlite3.Connection) -> None:
        """Repeat what a receiver forgets, when it is time."""
        refresh = channel_of(self.receiver).refresh
        if refresh is None or self._until_refresh() > 0:
            return
        self.refreshed_s = self.edge.ticks()
        answer = refresh(lasting(connection, self.receiver.name), self.receiver, self.edge, alive=self._is_alive())
        if answer is not None and answer.outcome != "accepted":
            self.faults["refresh"] = answer.detail
        else:
            self.faults.pop("refresh", None)

    def _until_refresh(self) -> float:
        every_s = getattr(self.receiver, "every_s", None)
        if every_s is None:
            return LOOK_S
        return 0.0 if self.refreshed_s is None else max(0.0, self.refreshed_s + every_s - self.edge.ticks())

    def _is_alive(self) -> bool:
        every_s = getattr(self.receiver, "every_s", 0.0)
        return self.beaten_s is not None and self.edge.ticks() - self.beaten_s <= ALIVE_TIMES * every_s
