"""Renders the samples in this folder: `python data/make_samples.py`. Everything is drawn from a fixed seed.

The story is that of 19 November 2021, when an update raised the verbosity of car apps by accident: the number of
cars stays the same, every updated one sends six times as many messages.
"""

from __future__ import annotations

import gzip
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
START = datetime(2021, 11, 17, tzinfo=UTC)
DAYS = 3
RELEASE = datetime(2021, 11, 19, 20, 30, tzinfo=UTC)
"""The update reaches half of the cars within 40 minutes."""
CARS = 240
PATHS = ("/v1/unlock", "/v1/status", "/v1/position", "/v1/climate", "/v1/charge")


def daily(minute: np.ndarray) -> np.ndarray:
    """Share of cars in use over the day: least at 3, most at 17 o'clock."""
    hour = minute / 60 % 24
    return 0.55 - 0.4 * np.cos(2 * np.pi * (hour - 4) / 24)


def chatty(minute: np.ndarray) -> np.ndarray:
    """Share of cars with the new version."""
    begin = (RELEASE - START).total_seconds() / 60
    return np.clip((minute - begin) / 40, 0, 1) * 0.5


def access_log(rng: np.random.Generator) -> str:
    """A combined access log of one gateway."""
    lines = []
    for minute in range(DAYS * 1440):
        rate = np.full(CARS, 0.06 * daily(np.array(minute)))
        rate[: int(CARS * chatty(np.array(minute)))] *= 6
        for car in np.repeat(np.arange(CARS), rng.poisson(rate)):
            second = int(rng.integers(60))
            updated = car < CARS * chatty(np.array(minute))
            moment = START + timedelta(minutes=minute, seconds=second)
            request = f"POST {PATHS[int(rng.integers(len(PATHS)))]} HTTP/1.1"
            answer = f'200 {int(rng.gamma(4, 60)) + 40} "-" "FleetApp/{"4.9.0" if updated else "4.8.2"}"'
            line = f'198.51.100.{car + 1} - - [{moment:%d/%b/%Y:%H:%M:%S} +0000] "{request}" {answer}'
            lines.append((moment, line))
    lines.sort(key=lambda line: line[0])
    return "".join(f"{line}\n" for _, line in lines)


def counts_table(rng: np.random.Generator) -> str:
    """Lines per five minutes of three services over two weeks; `billing` logs four times as much for two hours."""
    rows = ["timestamp,service,lines"]
    for step in range(14 * 288):
        passed = timedelta(minutes=5 * step)
        moment = START - timedelta(days=11) + passed
        base = daily(np.array(5 * step))
        rates = {"billing": 80 * base, "gateway": 900 * base, "nightly": 600 if step % 288 in (12, 13) else 0.2}
        if timedelta(days=12, hours=9) <= timedelta(minutes=5 * step) < timedelta(days=12, hours=11):
            rates["billing"] *= 4
        for name, rate in rates.items():
            rows.append(f"{moment:%Y-%m-%dT%H:%M:%SZ},{name},{rng.poisson(rate * rng.gamma(50, 1 / 50))}")
    return "\n".join(rows) + "\n"


def json_lines(rng: np.random.Generator) -> str:
    """JSON lines of a small service: twenty minutes, too short to judge."""
    lines = []
    for second in range(0, 1200, 3):
        moment = START + timedelta(seconds=second)
        level = "error" if rng.random() < 0.03 else "info"
        record = {
            "time": moment.isoformat().replace("+00:00", "Z"),
            "level": level,
            "service": "billing",
            "msg": "invoice written",
            "client_ip": f"203.0.113.{int(rng.integers(1, 40))}",
            "bytes": int(rng.integers(200, 900)),
        }
        lines.append(json.dumps(record))
    return "\n".join(lines) + "\n"


def write_gzip(path: Path, text: str) -> None:
    """The same bytes every time: no name and no time in the header."""
    sink = io.BytesIO()
    with gzip.GzipFile(filename="", fileobj=sink, mode="wb", compresslevel=9, mtime=0) as packed:
        packed.write(text.encode())
    path.write_bytes(sink.getvalue())


def main() -> None:
    """Write all samples."""
    write_gzip(HERE / "fleet-api.log.gz", access_log(np.random.default_rng(20211119)))
    (HERE / "services.csv").write_text(counts_table(np.random.default_rng(5)))
    (HERE / "billing.jsonl").write_text(json_lines(np.random.default_rng(7)))


if __name__ == "__main__":
    main()
