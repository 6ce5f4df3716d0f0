"""The metrics of a watch in the text format of Prometheus. Labels are bounded: sources, reasons, states."""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import closing
from typing import TYPE_CHECKING, Any

from detector.errors import InputError

if TYPE_CHECKING:
    from detector.cli.running import Running

TYPE = "text/plain; version=0.0.4; charset=utf-8"
MOST_SOURCES = 100
PREFIX = "detector_"


def expose(running: Running) -> bytes:
    """All metrics now.

    Raises:
        InputError: prometheus-client is not installed.
    """
    try:
        from prometheus_client import CollectorRegistry, generate_latest
    except ImportError:
        raise InputError("metrics need prometheus-client: pip install 'detector[watch]'") from None
    registry = CollectorRegistry()
    registry.register(_Snapshot(running))
    return generate_latest(registry)


class _Snapshot:
    """What is known at this moment."""

    def __init__(self, running: Running) -> None:
        self._running = running

    def collect(self) -> Iterable[Any]:
        """The families."""
        from prometheus_client.core import CounterMetricFamily as Counter
        from prometheus_client.core import GaugeMetricFamily as Gauge

        watch, now_us = self._running.loop.watch, time.time_ns() // 1000
        tally = dict(watch.intake.tally)
        for name, words in (("lines", "physical lines taken in"), ("bytes", "bytes taken in"),
                            ("late", "lines of windows that were closed")):  # fmt: skip
            yield Counter(f"{PREFIX}{name}", words, tally.get(name, 0))
        unparsed = Counter(f"{PREFIX}lines_unparsed", "lines that are no part of a record", labels=["reason"])
        for name, number in sorted(tally.items()):
            if name.startswith("unparsed "):
                unparsed.add_metric([name.removeprefix("unparsed ")], number)
        yield unparsed
        yield Gauge(f"{PREFIX}services", "services known", len(watch.fleet.since))
        yield Gauge(f"{PREFIX}incidents_open", "incidents that last", len(watch.lasting))
        yield Counter(f"{PREFIX}incidents", "incidents opened since the start", self._running.opened)
        reached = watch.intake.watermark.reached
        if reached is not None:
            yield Gauge(f"{PREFIX}watermark_age_seconds", "how far judged event time is behind the clock",
                        (now_us - reached) / 1e6)  # fmt: skip
        yield from self._sources()
        yield from self._outbox(now_us)

    def _sources(self) -> Iterable[Any]:
        """Lag and losses by source; those beyond the most are left out, and told as a number."""
        from prometheus_client.core import CounterMetricFamily as Counter
        from prometheus_client.core import GaugeMetricFamily as Gauge

        waiting = Gauge(f"{PREFIX}source_waiting_bytes", "known to be there and not taken in", labels=["source"])
        oldest = Gauge(f"{PREFIX}source_oldest_seconds", "age of the oldest of it", labels=["source"])
        losses = Counter(f"{PREFIX}losses", "lines or bytes lost, cut or repaired", labels=["source", "reason"])
        troubles = Gauge(f"{PREFIX}source_troubles", "what is wrong with a source now", labels=["source"])
        silent = Gauge(f"{PREFIX}source_silent", "1: nothing comes from it, and that was told", labels=["source"])
        for name, ear in list(self._running.loop.watch.hearing.ears.items())[:MOST_SOURCES]:
            silent.add_metric([name], float(ear.silent_us is not None))
        lags = self._running.loop.feed.lags()
        for name, lag in list(lags.items())[:MOST_SOURCES]:
            if lag.waiting_bytes is not None:
                waiting.add_metric([name], lag.waiting_bytes)
            oldest.add_metric([name], lag.oldest_seconds)
            troubles.add_metric([name], len(lag.troubles))
            for reason, number in sorted(lag.losses.items()):
                losses.add_metric([name, reason], number)
        yield from (waiting, oldest, losses, troubles, silent)

    def _outbox(self, now_us: int) -> Iterable[Any]:
        from prometheus_client.core import GaugeMetricFamily as Gauge

        from detector.alerts.outbox import counts
        from detector.pipeline.watching import memory

        with closing(memory.connect(self._running.state)) as connection:
            found = counts(connection)
            query = "SELECT min(put_us) FROM alerts_outbox WHERE standing = 'waiting'"
            first = connection.execute(query).fetchone()[0]
        notices = Gauge(f"{PREFIX}notices", "notices in the outbox", labels=["standing"])
        for standing, number in found.items():
            notices.add_metric([standing], number)
        yield notices
        age = 0.0 if first is None else max(0.0, (now_us - first) / 1e6)
        yield Gauge(f"{PREFIX}outbox_oldest_seconds", "age of the oldest notice that waits", age)
