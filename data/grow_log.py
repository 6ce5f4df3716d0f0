"""A log that grows, to try `detector watch` on: `python data/grow_log.py FILE [--hook PORT] [--speed 60]`.

Writes five hours of history up to now, then goes on, sixty times as fast as the clock. Enter begins a surge of half an
hour: every client sends six times as many messages. With `--hook` it is a receiver too, and prints what it is told.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np

HISTORY_S, SURGE_S, STEP_S = 5 * 3600.0, 1800.0, 0.2
RATE, FACTOR, CLIENTS = 0.5, 6, 40
"""Lines a second, times as many in a surge, and who sends them."""


def lines(random: np.random.Generator, begin: datetime, since_s: float, until_s: float, factor: int) -> bytes:
    """Lines of a combined access log, of a span in seconds after the begin."""
    times = np.sort(random.uniform(since_s, until_s, random.poisson((until_s - since_s) * RATE * factor))).tolist()
    written = []
    for at in times:
        stamp = (begin + timedelta(seconds=at)).strftime("%d/%b/%Y:%H:%M:%S +0000")
        client, item = random.integers(CLIENTS), random.integers(100)
        written.append(f'192.0.2.{client} - - [{stamp}] "GET /item/{item} HTTP/1.1" 200 512 "-" "ShopApp/2.1"\n')
    return "".join(written).encode()


class Hook(BaseHTTPRequestHandler):
    """Prints the title of each notice."""

    def do_POST(self) -> None:
        """One notice."""
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(204)
        self.end_headers()
        print(f"webhook: {json.loads(body)['data']['title']}", flush=True)

    def log_message(self, *_: object) -> None:
        """Nothing else."""


def listen(surge: threading.Event) -> None:
    """Every Enter begins a surge."""
    for _ in sys.stdin:
        surge.set()


def main() -> None:
    """Write until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--hook", type=int, metavar="PORT")
    parser.add_argument("--speed", type=float, default=60.0)
    options = parser.parse_args()
    if options.hook is not None:
        server = ThreadingHTTPServer(("127.0.0.1", options.hook), Hook)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    random, begin, started = np.random.default_rng(7), datetime.now(UTC), time.monotonic()  # noqa: TID251  it follows the clock
    surge, until_s, before_s = threading.Event(), 0.0, 0.0
    threading.Thread(target=listen, args=(surge,), daemon=True).start()
    with options.file.open("wb", buffering=0) as sink:
        sink.write(lines(random, begin, -HISTORY_S, 0.0, 1))
        print("history is written, the log grows; Enter begins a surge, Ctrl-C ends", flush=True)
        while True:
            time.sleep(STEP_S)  # noqa: TID251  likewise
            now_s = (time.monotonic() - started) * options.speed
            if surge.is_set():
                surge.clear()
                until_s = now_s + SURGE_S
                print("the surge begins", flush=True)
            sink.write(lines(random, begin, before_s, now_s, FACTOR if now_s < until_s else 1))
            before_s = now_s


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)
