"""The loop of a watch: take what arrived, step, tell, prepare; until everything has ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event

from detector.alerts.dispatch import Dispatcher
from detector.pipeline.watching.cases import Told
from detector.pipeline.watching.feeding import Feed
from detector.pipeline.watching.watch import LOOK_US, Watch

TAKE_S = 0.25
"""Nobody has to wait longer for the end of a window than this, the rest in `feeding.py`, and what the windows cost."""


@dataclass(slots=True)
class Loop:
    """A watch that runs.

    Attributes:
        watch, feed: what it knows, and where lines come from.
        dispatcher: sends notices; None: nobody is to be told.
        now_us: the clock, microseconds since 1970 UTC.
        tell: is told what came of each step.
        beat: is called after each step: all is well.
        stop: lets sources end, and the loop when what they brought is taken.
        listened_us: when it was last asked how sources are.
    """

    watch: Watch
    feed: Feed
    dispatcher: Dispatcher | None
    now_us: Callable[[], int]
    tell: Callable[[Told], None]
    beat: Callable[[], None] = lambda: None
    stop: Event = field(default_factory=Event)
    listened_us: int = 0

    def run(self) -> None:
        """Go on until the sources have ended, or until `stop`.

        Raises:
            DetectorError: a source cannot go on.
        """
        is_busy = False
        while True:
            if self.stop.is_set():
                self.feed.end()
            is_over = self.feed.is_over
            arrived = self.feed.take(0.0 if is_busy else TAKE_S)
            ended = is_over and not arrived
            self._listen()
            told = self.watch.step(arrived, self.now_us(), caught_up=self.feed.caught_up or ended)
            self._say(told)
            is_busy = self.watch.prepare()
            if ended:
                self.watch.finish()
                return

    def _listen(self) -> None:
        """Note which sources were heard, once all that waited at the start is read."""
        hearing, now_us = self.watch.hearing, self.now_us()
        if hearing.begun_us is None or not self.watch.released:
            hearing.begin(list(self.feed.lags()), now_us)
        elif now_us - self.listened_us >= LOOK_US:
            self.listened_us = now_us
            hearing.hear(self.feed.heard, self.feed.lags(), now_us)

    def _say(self, told: Told) -> None:
        self.tell(told)
        if self.dispatcher is not None:
            if told.opened or told.closed:
                self.dispatcher.notify()
            self.dispatcher.beat()
        self.beat()
