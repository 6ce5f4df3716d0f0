"""glog: Google's header for log lines, which klog (Kubernetes), absl and cockroach write too.

Source: https://github.com/google/glog#severity-levels, https://pkg.go.dev/k8s.io/klog/v2
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

from detector.formats.format import LINE, Format, LevelAt, Sample, Span

HEAD = re.compile(r"[IWEFD](?P<time>\d{4}(?:\d{4})? \d\d:\d\d:\d\d\.\d{6}) +\d+ [^\s:\]]+:\d+\] ?")
CLOCKS = {20: "%m%d %H:%M:%S%.f", 24: "%Y%m%d %H:%M:%S%.f"}
"""By width: newer versions write the year."""


def by_position(time_size: int) -> Format:
    """`L0102 03:04:05.678901 1234 file.go:12] message`; L is the first letter of the level."""
    fields: dict[str, pl.Expr | Span | LevelAt] = {
        "matched": (LINE.str.slice(time_size - 6, 1) == ".") & LINE.str.contains("] ", literal=True),
        "time": Span(1, time_size),
        "level": LINE.str.head(1).replace_strict(LETTERS, default=None, return_dtype=pl.String),
        "message": LINE.str.extract(r"^[^\]]*\] (.*)$"),
    }
    return Format(
        "glog", "glog, klog, absl: I0102 03:04:05.678901 1234 file.go:12] message", SAMPLES, fields,
        (CLOCKS[time_size],),
        continues=pl.lit(value=True), adapt=adapt, needs=("time", "level"), priority=10,
    )  # fmt: skip


def adapt(head: Sequence[str]) -> Format | None:
    """With or without a year, as the first such line is."""
    found = next((match for match in map(HEAD.match, head) if match), None)
    return by_position(len(found["time"])) if found else None


LETTERS = {"D": "debug", "I": "info", "W": "warning", "E": "error", "F": "critical"}
SAMPLES = (
    Sample(
        'I0102 03:04:05.678901    1234 server.go:412] "Started" version="v1.33"',
        {"timestamp": "2025-01-02T03:04:05.678901Z", "level": "info", "message": '"Started" version="v1.33"'},
    ),
    Sample(
        "W1231 23:59:59.000001       1 reflector.go:324] watch closed",
        {"timestamp": "2025-12-31T23:59:59.000001Z", "level": "warning", "message": "watch closed"},
    ),
    Sample(
        "E0102 03:04:06.678901 140546115427200 job.py:9] failed\nTraceback (most recent call last):\n"
        '  File "job.py"',
        {"timestamp": "2025-01-02T03:04:06.678901Z", "level": "error"},
    ),
    Sample(
        "F0102 03:04:07.678901  1234 main.cc:7] Check failed: x == y",
        {"timestamp": "2025-01-02T03:04:07.678901Z", "level": "critical"},
    ),
    Sample(
        "I20250102 03:04:08.678901  1234 main.cc:7] with a year",
        {"timestamp": "2025-01-02T03:04:08.678901Z", "level": "info", "message": "with a year"},
    ),
)  # fmt: skip
FORMAT = by_position(20)
