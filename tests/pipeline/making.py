"""Makes logs and counts for the tests of the path."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np

START = datetime(2026, 3, 2, tzinfo=UTC)
START_US = int(START.timestamp()) * 1_000_000


def access_line(moment: datetime, client: int, size: int = 100, status: int = 200) -> str:
    """One line of a combined access log."""
    stamp = moment.strftime("%d/%b/%Y:%H:%M:%S +0000")
    return f'192.0.2.{client} - - [{stamp}] "GET /a HTTP/1.1" {status} {size} "-" "probe/1.0"'


def access_log(per_minute: list[int], clients: int = 20, seed: int = 0) -> bytes:
    """An access log with the given number of lines in each minute from START on."""
    rng = np.random.default_rng(seed)
    lines = []
    for minute, number in enumerate(per_minute):
        for second in np.sort(rng.integers(0, 60, number)).tolist():
            moment = START + timedelta(minutes=minute, seconds=second)
            lines.append(access_line(moment, int(rng.integers(clients)), int(rng.integers(1, 2000))))
    return ("\n".join(lines) + "\n").encode()


AGENTS = (
    '"-" "FleetApp/4.9.0"',
    '"https://example.org/a/long/page/that/is/longer/than/what/is/looked/at/first/of/all" "FleetApp/4.9.0"',
    '"-" "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"',
    '"-" "Mozilla/5.0 (Macintosh) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36" "192.0.2.9"',
    '"-" "curl/8.5.0"',
    '"-" "-"',
    r'"a \"b\" c" "curl/8.5.0"',
    "",
)
"""How lines end: referrer, user agent and what servers may write behind them."""


def agents_log(lines: int, seed: int = 0) -> bytes:
    """An access log of twelve minutes, of forty clients with all kinds of user agents."""
    rng = np.random.default_rng(seed)
    found = []
    for second in np.sort(rng.integers(0, 720, lines)).tolist():
        request = r"/a\"b" if rng.random() < 0.02 else "/a"
        stamp = (START + timedelta(seconds=second)).strftime("%d/%b/%Y:%H:%M:%S +0000")
        agent = AGENTS[int(rng.integers(len(AGENTS)))]
        found.append(f'192.0.2.{rng.integers(40)} - - [{stamp}] "GET {request} HTTP/1.1" 200 5 {agent}'.rstrip())
    return ("\n".join(found) + "\n").encode()


def text_log(records: int) -> bytes:
    """A log with levels and stack traces of many lines."""
    lines = []
    for number in range(records):
        stamp = (START + timedelta(seconds=7 * number)).strftime("%Y-%m-%d %H:%M:%S,123")
        lines.append(f"{stamp} {'ERROR' if number % 3 == 0 else 'INFO'} shop.cart request {number}")
        if number % 3 == 0:
            lines += ["Traceback (most recent call last):", f'  File "a.py", line {number}, in f', "ValueError: bad"]
    return ("\n".join(lines) + "\n").encode()


def syslog(records: int, programs: int = 3) -> bytes:
    """A syslog file of several programs, without a year."""
    lines = []
    for number in range(records):
        stamp = (START + timedelta(seconds=11 * number)).strftime("%b %e %H:%M:%S")
        lines.append(f"{stamp} web{number % 2} prog{number % programs}[{number}]: did thing {number}")
    return ("\n".join(lines) + "\n").encode()


def season(days: int, mean: float = 40.0, seed: int = 1) -> np.ndarray:
    """Counts per minute with a daily rhythm and Poisson noise."""
    minute = np.arange(days * 1440)
    rate = mean * (1 + 0.5 * np.sin(2 * np.pi * minute / 1440))
    return np.random.default_rng(seed).poisson(rate)


def counts_csv(series: dict[str, np.ndarray], step_seconds: int = 60) -> bytes:
    """A counts table of several services, in time order."""
    rows = ["timestamp,service,lines"]
    for index in range(max(map(len, series.values()))):
        stamp = (START + timedelta(seconds=step_seconds * index)).strftime("%Y-%m-%dT%H:%M:%SZ")
        rows += [f"{stamp},{name},{values[index]}" for name, values in series.items() if index < len(values)]
    return ("\n".join(rows) + "\n").encode()
