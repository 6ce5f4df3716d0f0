"""Squid's native access log: `%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt`.

Payload is what went to the client with its header; status 000 (no answer) is none.
Source: https://www.squid-cache.org/Doc/config/logformat/
"""

from __future__ import annotations

import polars as pl

from detector.formats.cut import whole
from detector.formats.format import Sample
from detector.formats.grouped import by_groups

PATTERN = (
    r"^(?<time>\d{9,10}\.\d{3}) +(?<millis>-?\d+) (?<client>\S+) [A-Z][A-Z_]*(?:/[A-Z_]+)?/(?<status>\d{3}) "
    r"(?<payload_bytes>\d+) (?<method>\S+) (?<url>[^\s?]+)\S* (?<user>\S+) [A-Z][A-Z_]*/\S+ \S+"
)
ABOUT = "access log of Squid, native"
SAMPLES = (
    Sample("1767323045.250    109 192.0.2.7 TCP_MISS/200 2750 GET http://www.example.org/a?b=1 - "
           "HIER_DIRECT/198.51.100.2 text/html",
           {"timestamp": "2026-01-02T03:04:05.25Z", "client": "192.0.2.7", "status": 200, "payload_bytes": 2750,
            "endpoint": "GET http://www.example.org/a", "duration_us": 109_000}),
    Sample("1767323046.001      0 192.0.2.8 TCP_DENIED/403 3942 CONNECT www.example.org:443 anna HIER_NONE/- text/html",
           {"timestamp": "2026-01-02T03:04:06.001Z", "client": "192.0.2.8", "status": 403, "payload_bytes": 3942,
            "endpoint": "CONNECT www.example.org:443"}),
    Sample("1767323047.500  59999 2001:db8::7 TCP_TUNNEL/200 88102 CONNECT www.example.org:443 - "
           "HIER_DIRECT/2001:db8::1 -",
           {"timestamp": "2026-01-02T03:04:07.5Z", "client": "2001:db8::7", "status": 200, "payload_bytes": 88102}),
    Sample("1767323048.000      3 192.0.2.9 NONE/000 0 - error:transaction-end-before-headers - HIER_NONE/- -",
           {"timestamp": "2026-01-02T03:04:08Z", "status": None, "payload_bytes": 0}),
    Sample("1767323049.125     12 192.0.2.9 TCP_REFRESH_UNMODIFIED_ABORTED/304 212 GET http://www.example.org/ - "
           "HIER_DIRECT/198.51.100.2 -",
           {"timestamp": "2026-01-02T03:04:09.125Z", "status": 304}),
)  # fmt: skip
STATUS = whole(pl.col("status"))
FORMAT = by_groups(
    "squid", ABOUT, SAMPLES, PATTERN, ("epoch",),
    {"duration_us": whole(pl.col("millis")) * 1000, "status": pl.when(STATUS > 0).then(STATUS),
     "endpoint": pl.col("method") + " " + pl.col("url")},
)  # fmt: skip
