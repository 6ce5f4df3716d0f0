"""From a line written to a webhook received: `python -m tests.bench.latency [SPEED] [WINDOW]`.

A watch follows a log that is written line by line, with windows of ten seconds. After some hours of history a surge
begins. Two spans are told: how long after the begin of the surge the alarm was raised, in event time (that is what the
detection needs), and how long after the line that let the last window close was written the webhook had it (that is
what the machine needs; of it the lateness, 5 s of event time, is the settings' choice). Event time runs SPEED times as
fast as the clock, 20 unless told otherwise.
"""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread

import msgspec
import numpy as np

from tests.alerts.servers import server, wait_until
from tests.bench.kill import SETTINGS
from tests.cli.watching import wait_until_taken, watching

HISTORY_HOURS = 5
RATE, FACTOR = 5.0, 8.0
"""Lines a second of event time, and the surge."""
TICK_S = 0.05


class Writer:
    """Writes lines as time goes on, and knows when each was written."""

    def __init__(self, path: Path, begin: datetime, speed: float) -> None:
        self.path, self.begin, self.speed = path, begin, speed
        self.factor, self.stop, self.random = 1.0, Event(), np.random.default_rng(5)
        self.written: list[tuple[float, float]] = []

    def lines(self, since_s: float, until_s: float) -> bytes:
        """Lines of a span of event time, in seconds after the begin."""
        number = self.random.poisson((until_s - since_s) * RATE * self.factor)
        times = np.sort(self.random.uniform(since_s, until_s, number)).tolist()
        stamps = (self.begin + timedelta(seconds=one) for one in times)
        return b"".join(f"{one:%Y-%m-%dT%H:%M:%S.%fZ} INFO request\n".encode() for one in stamps)

    def run(self) -> None:
        """Write until told to stop."""
        started, before = time.monotonic(), 0.0
        with self.path.open("ab", buffering=0) as sink:
            while not self.stop.wait(TICK_S):
                now = (time.monotonic() - started) * self.speed
                sink.write(self.lines(before, now))
                self.written.append((now, time.time()))
                before = now

    def when_written(self, event_s: float) -> float:
        """The clock at which the first line after a moment of event time was written."""
        return next(clock for event, clock in self.written if event >= event_s)


def main(speed: float, window: str) -> None:
    """Measure once and print."""
    with tempfile.TemporaryDirectory() as name, server() as hook:
        folder = Path(name)
        (folder / "detector.toml").write_text(f'window = "{window}"\n' + SETTINGS.replace("URL", hook.url()))
        writer = Writer(folder / "shop.log", datetime.now(UTC), speed)
        history = writer.lines(-HISTORY_HOURS * 3600.0, 0.0)
        writer.path.write_bytes(history)
        with watching(folder, "shop.log", "--state", "state") as process:
            wait_until_taken(folder / "state", history.count(b"\n"), process)
            thread = Thread(target=writer.run, daemon=True)
            thread.start()
            time.sleep(max(2.0, 60 / speed))
            writer.factor = FACTOR
            surge_s = writer.written[-1][0]
            assert wait_until(lambda: hook.received, 1800 / speed + 60)
            received = time.time()
            writer.stop.set()
            thread.join()
            facts = msgspec.json.decode(hook.received[0].body)["data"]["facts"]
            process.end()
        detected = datetime.fromisoformat(facts["detected_at"])
        alarm_s = (detected - writer.begin).total_seconds()
        print(f"x{FACTOR:g} surge, windows of {window}, event time x{speed:g}:")
        print(f"  begin of the surge to the alarm: {alarm_s - surge_s:.0f} s of event time")
        print(f"  end of the window to the webhook: {received - writer.when_written(alarm_s):.2f} s of the clock")
        last = writer.when_written(alarm_s + 5)
        print(f"  line that closed it to the webhook: {received - last:.2f} s of the clock")


if __name__ == "__main__":
    arguments = sys.argv[1:]
    main(float(arguments[0]) if arguments else 20.0, arguments[1] if len(arguments) > 1 else "10s")
