"""From a line written to a webhook received: `python -m tests.bench.latency [SPEED] [WINDOW] [SERVICES]`.

A watch follows a log of 1,000 services that is written line by line, with windows of ten seconds. After some hours of
history one service after another begins to surge. Told are two spans, of each surge: how long after the line that let
the last window close was written the webhook had the notice (that is what the machine needs; the lateness, 5 s of event
time, is the settings' choice), and how long after the begin of the surge the alarm was raised, in event time (that is
what the detection needs). Event time runs SPEED times as fast as the clock, 5 unless told otherwise.
"""

from __future__ import annotations

import sys
import tempfile
import time
from bisect import bisect_left
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from string import ascii_lowercase
from threading import Event, Thread

import msgspec
import numpy as np
import polars as pl

from tests.alerts.servers import Server, server
from tests.bench.kill import SETTINGS
from tests.cli.watching import wait_until_taken, watching

HISTORY_S = 3 * 3600.0
RATE, FACTOR = 0.5, 20.0
"""Lines a second of event time of each service, and the surge."""
SURGES, APART_S, PATIENCE_S = 30, 20.0, 300.0
LATENESS_S, TICK_S = 5.0, 0.05


class Writer:
    """Writes lines as time goes on, and knows when each was written.

    Attributes:
        surging: so many of the services surge, the first ones.
        began: service -> when it began to surge, seconds of event time after the begin.
        written: event time up to which lines were written, and the clock then.
    """

    def __init__(self, path: Path, begin: datetime, speed: float, services: int) -> None:
        self.path, self.begin, self.speed = path, begin, speed
        self.names = pl.Series(["".join(three) for three in product(ascii_lowercase, repeat=3)][:services])
        self.stop, self.random, self.surging = Event(), np.random.default_rng(5), 0
        self.began: dict[str, float] = {}
        self.written: list[tuple[float, float]] = []

    def lines(self, since_s: float, until_s: float) -> bytes:
        """Lines of a span of event time; each service says something of its own, so that no two have one cause."""
        rates = np.full(len(self.names), RATE * (until_s - since_s))
        rates[: self.surging] *= FACTOR
        who = np.repeat(np.arange(len(rates)), self.random.poisson(rates))
        self.random.shuffle(who)
        micros = self.begin.timestamp() * 1e6 + 1e6 * np.sort(self.random.uniform(since_s, until_s, len(who)))
        stamps = pl.Series(micros.astype(np.int64)).cast(pl.Datetime("us")).dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
        names, words = self.names.gather(who), ('{"time":"', '","service":"', '","message":"of ', '"}\n')
        begin, middle, then, end = map(pl.lit, words)
        line = pl.concat_str(begin, stamps, middle, names, then, names, end)
        return "".join(pl.select(line).to_series().to_list()).encode()

    def run(self) -> None:
        """Write until told to stop; after a minute of the clock one surge after another begins."""
        started, before = time.monotonic(), 0.0
        calm_s = 10 * self.speed
        with self.path.open("ab", buffering=0) as sink:
            while not self.stop.wait(TICK_S):
                now = (time.monotonic() - started) * self.speed
                while self.surging < SURGES and now >= calm_s + APART_S * self.surging:
                    self.began[self.names[self.surging]] = before
                    self.surging += 1
                sink.write(self.lines(before, now))
                self.written.append((now, time.time()))
                before = now

    def when_written(self, event_s: float) -> float:
        """The clock at which the first line after a moment of event time was written."""
        return self.written[bisect_left(self.written, (event_s, 0.0))][1]


def heard(hook: Server, writer: Writer) -> dict[str, tuple[float, float]]:
    """Service -> the alarm, seconds of event time after the begin, and the clock when its notice came."""
    found: dict[str, tuple[float, float]] = {}
    seen, until = 0, time.monotonic() + (SURGES * APART_S + PATIENCE_S) / writer.speed + 10
    while time.monotonic() < until and len(found) < SURGES:
        time.sleep(0.002)
        received, at = hook.received[seen:], time.time()
        seen += len(received)
        for one in received:
            facts = msgspec.json.decode(one.body)["data"]["facts"]
            alarm = datetime.fromisoformat(facts["detected_at"]) - writer.begin
            found.setdefault(facts["service"], (alarm.total_seconds(), at))
    return found


def main(speed: float, window: str, services: int) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name, server() as hook:
        folder = Path(name)
        (folder / "detector.toml").write_text(
            f'window = "{window}"\nbudget = "100/hour"\n' + SETTINGS.replace("URL", hook.url())
        )
        writer = Writer(folder / "all.jsonl", datetime.now(UTC), speed, services)
        history = writer.lines(-HISTORY_S, 0.0)
        writer.path.write_bytes(history)
        with watching(folder, "all.jsonl", "--state", "state") as process:
            wait_until_taken(folder / "state", history.count(b"\n"), process)
            thread = Thread(target=writer.run, daemon=True)
            thread.start()
            found = heard(hook, writer)
            writer.stop.set()
            thread.join()
            process.end()
    mine = {service: told for service, told in found.items() if service in writer.began}
    machine = np.array([at - writer.when_written(alarm + LATENESS_S) for alarm, at in mine.values()])
    detection = np.array([alarm - writer.began[service] for service, (alarm, _) in mine.items()])
    others = len(found) - len(mine)
    print(f"{len(mine)} of {SURGES} surges of x{FACTOR:g} in {services} services, {others} other incidents;")
    print(f"windows of {window}, event time x{speed:g}; p50 and p99:")
    print("  line that closed the window to the webhook: {:.2f} and {:.2f} s of the clock".format(*span(machine)))
    print("  begin of the surge to the alarm: {:.0f} and {:.0f} s of event time".format(*span(detection)))


def span(values: np.ndarray) -> tuple[float, float]:
    """The median, and what one in a hundred is above."""
    return float(np.median(values)), float(np.quantile(values, 0.99))


if __name__ == "__main__":
    arguments = [*sys.argv[1:], *["5", "10s", "1000"][len(sys.argv) - 1 :]]
    main(float(arguments[0]), arguments[1], int(arguments[2]))
