"""A watch killed with SIGKILL at random moments: `python -m tests.bench.kill [TIMES] [SEED]`.

A log with surges grows while a watch follows it and is killed again and again. At the end its incidents must be those
of a scan of the finished log, and a webhook must have heard of each life once as opened and once as over; notices may
arrive twice, under the same id. Prints what was found and leaves with 1 if anything differs.
"""

from __future__ import annotations

import random
import signal
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np

from detector.config import Settings
from detector.pipeline.scan import scan
from tests.alerts.servers import server, wait_until
from tests.cli.watching import incidents_in, wait_until_taken, watching

HOURS = 16
SURGES = (360, 520, 680, 840)
SETTINGS = """
[alerts]
others = "now"
quiet = "1s"
[alerts.hook]
kind = "webhook"
url = "URL"
allow_http = true
allow_networks = ["127.0.0.0/8"]
"""


def make_log(seed: int) -> list[bytes]:
    """Lines of the last hours, three services of which one comes later, with surges."""
    random_, lines = np.random.default_rng(seed), []
    begin = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(hours=HOURS)
    for minute in range(HOURS * 60):
        factor = 6 if any(at <= minute < at + 30 for at in SURGES) else 1
        for name, rate in (("shop", 12.0 * factor), ("cart", 5.0), ("late", 4.0 * (minute > 200))):
            for second in random_.uniform(0, 60, random_.poisson(rate)).tolist():
                at = begin + timedelta(minutes=minute, seconds=second)
                lines.append(f"{at:%Y-%m-%dT%H:%M:%S.%fZ} web-1 {name}[1]: request\n".encode())
    return sorted(lines)


def main(times: int, seed: int) -> int:
    """Kill so many times, then compare."""
    chance, lines = random.Random(seed), make_log(seed)
    edges = [round(len(lines) * number / (times + 1)) for number in range(times + 2)]
    with tempfile.TemporaryDirectory() as name, server() as hook:
        folder = Path(name)
        (folder / "detector.toml").write_text(SETTINGS.replace("URL", hook.url()))
        log, begun = folder / "all.log", time.monotonic()
        log.touch()
        for number in range(times):
            with watching(folder, "all.log", "--state", "state") as process:
                lifetime, waited = chance.uniform(0.3, 4.0), 0.0
                pieces = np.array_split(np.arange(edges[number], edges[number + 1]), 8)
                for piece in pieces:
                    with log.open("ab") as sink:
                        sink.write(b"".join(lines[at] for at in piece.tolist()))
                    time.sleep(lifetime / len(pieces))
                    waited += lifetime / len(pieces)
                process.popen.send_signal(signal.SIGKILL)
        with log.open("ab") as sink:
            sink.write(b"".join(lines[edges[times] :]))
        with watching(folder, "all.log", "--state", "state") as process:
            wait_until_taken(folder / "state", len(lines), process)
            found = {}
            wait_until(lambda: len({one.headers["webhook-id"] for one in hook.received}) >= 2 * len(SURGES), 30)
            process.end()
            found = incidents_in(folder / "state")
        whole = scan([str(log)], Settings(), time.time_ns() // 1000)
        expected = {one.id: one for one in whole.incidents}
        return compare(times, found, expected, hook.received, time.monotonic() - begun)


def compare(times: int, found: dict, expected: dict, received: list, seconds: float) -> int:
    """Print and judge."""
    same = {key: (one["started_us"], one["ended_us"], one["score"]) for key, one in found.items()} == {
        key: (one.started_us, one.ended_us, one.score) for key, one in expected.items()
    }
    events = {one.headers["webhook-id"]: msgspec.json.decode(one.body)["data"] for one in received}
    lives = Counter((one["key"], one["state"]) for one in events.values() if one["state"] != "update")
    twice = {key: number for key, number in lives.items() if number > 1}
    print(f"{times} kills in {seconds:.0f} s; incidents {len(found)} of {len(expected)}, the same: {same}")
    print(f"notices {len(events)} in {len(received)} requests, told twice under another id: {twice or 'none'}")
    print(f"opened {sum(state == 'open' for _, state in lives)}, over {sum(state == 'resolved' for _, state in lives)}")
    return 0 if same and not twice and len(expected) else 1


if __name__ == "__main__":
    sys.exit(main(*(int(one) for one in (sys.argv[1:] + ["200", "1"][len(sys.argv) - 1 :]))))
