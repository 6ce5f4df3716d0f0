"""Redis and Valkey: process, role, time and a mark for the level.

Source: https://redis.io/docs/latest/operate/oss_and_stack/management/config/ (`loglevel`), `serverLogRaw` in server.c
"""

from __future__ import annotations

import polars as pl

from detector.formats.format import Sample
from detector.formats.grouped import by_groups

PATTERN = (
    r"^\d+:[XCSM] (?<time>\d\d [A-Z][a-z]{2} (?:\d{4} )?\d\d:\d\d:\d\d\.\d{3}) (?<mark>[.*#-]) (?<message>.*)$"
)
MARKS = {".": "trace", "-": "debug", "*": "notice", "#": "warning"}
"""Debug, verbose, notice, warning, as Redis calls them."""
SAMPLES = (
    Sample("1:C 02 Jan 2026 03:04:05.678 # oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo",
           {"timestamp": "2026-01-02T03:04:05.678Z", "level": "warning"}),
    Sample("1:M 02 Jan 2026 03:04:06.001 * Ready to accept connections tcp",
           {"timestamp": "2026-01-02T03:04:06.001Z", "level": "notice", "message": "Ready to accept connections tcp"}),
    Sample("4711:S 02 Jan 2026 03:04:07.002 - Accepted 192.0.2.7:51312",
           {"timestamp": "2026-01-02T03:04:07.002Z", "level": "debug"}),
    Sample("4711:X 02 Jan 2026 03:04:08.003 . 0 clients connected",
           {"timestamp": "2026-01-02T03:04:08.003Z", "level": "trace"}),
    Sample("19:M 02 Jan 03:04:09.004 * DB saved on disk", {"timestamp": "2025-01-02T03:04:09.004Z", "level": "notice"}),
)  # fmt: skip
FORMAT = by_groups(
    "redis", "log of Redis and Valkey", SAMPLES, PATTERN, ("%d %b %Y %H:%M:%S%.f", "%d %b %H:%M:%S%.f"),
    {"level": pl.col("mark").replace_strict(MARKS, default=None, return_dtype=pl.String)},
)
