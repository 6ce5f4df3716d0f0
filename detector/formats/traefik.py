"""Traefik's access log in its common format: the combined one, then request number, router, server and duration.

Service is the router, without its provider's `@docker`. Its JSON is a dialect of `dialects.py`.
Source: https://doc.traefik.io/traefik/observability/access-logs/
"""

from __future__ import annotations

import polars as pl

from detector.formats.cut import present, whole
from detector.formats.format import Sample
from detector.formats.grouped import by_groups

PATTERN = (
    r"^\[?(?<client>[^\s\[\]]+)\]? \S+ [^\[]*?\[(?<time>\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] "
    r'"(?<endpoint>(?:[^"\\]|\\.)*)" (?<status>\d{3}|-) (?<payload_bytes>\d+|-) '
    r'"(?:[^"\\]|\\.)*" "(?<version>(?:[^"\\]|\\.)*)" \d+ "(?<router>[^"@\s]*)[^"]*" "[^"]*" (?<millis>\d+)ms$'
)
ABOUT = "access log of Traefik, common format"
SAMPLES = (
    Sample('192.0.2.7 - - [02/Jan/2026:03:04:05 +0000] "GET /a.asp?b=1 HTTP/1.1" 200 414 "-" "curl/8.5.0" 500 '
           '"shop@docker" "http://10.0.3.3:80" 7ms',
           {"timestamp": "2026-01-02T03:04:05Z", "client": "192.0.2.7", "status": 200, "payload_bytes": 414,
            "service": "shop", "version": "curl/8.5.0", "duration_us": 7000, "endpoint": "GET /a.asp"}),
    Sample('192.0.2.8 - anna [02/Jan/2026:04:04:06 +0100] "GET /none HTTP/1.1" - - "-" "-" 501 "-" "-" 0ms',
           {"timestamp": "2026-01-02T03:04:06Z", "client": "192.0.2.8", "status": None, "payload_bytes": None,
            "service": None, "version": None}),
    Sample('2001:db8::7 - - [02/Jan/2026:03:04:07 +0000] "GET /b HTTP/2.0" 502 11 "https://example.org/" "x \\"y\\"" '
           '502 "api@docker -> leaf@docker" "http://10.0.3.4:80" 42ms',
           {"timestamp": "2026-01-02T03:04:07Z", "client": "2001:db8::7", "status": 502, "service": "api"}),
    Sample('192.0.2.9 - - [02/Jan/2026:03:04:08 +0000] "POST /v1/cars HTTP/2.0" 201 0 "-" "FleetApp/4.9.0" 503 '
           '"cars@kubernetes" "http://10.0.3.5:8080" 123ms',
           {"timestamp": "2026-01-02T03:04:08Z", "service": "cars", "payload_bytes": 0, "duration_us": 123_000}),
    Sample('192.0.2.9 - - [02/Jan/2026:03:04:09 +0000] "GET / HTTP/1.0" 404 19 "-" "-" 504 "web-router@file" "-" 0ms',
           {"timestamp": "2026-01-02T03:04:09Z", "status": 404, "service": "web-router"}),
)  # fmt: skip
FORMAT = by_groups(
    "traefik", ABOUT, SAMPLES, PATTERN, ("%d/%b/%Y:%H:%M:%S %z",),
    {"service": present(pl.col("router")), "duration_us": whole(pl.col("millis")) * 1000},
    hint=r'[^"]*\] "(?:[^"\\]|\\.)*" \S{1,3} \S{1,20} "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*" \d+ "[^"]*" "[^"]*" \d+ms$',
)  # fmt: skip
