"""Envoy's access log in its default text, also with what Istio and Ambassador add to it. Its JSON is read as any other.

Service is what the upstream cluster is named after (`outbound|8000||shop`), else the authority that was asked for;
client the peer where the line names it, else the first address that was forwarded; payload the bytes sent.
Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage#default-format-string,
https://istio.io/latest/docs/tasks/observability/logs/access-log/#default-access-log-format
"""

from __future__ import annotations

import polars as pl

from detector.formats.cut import present, whole
from detector.formats.format import Sample
from detector.formats.grouped import by_groups

PATTERN = (
    r'^\[(?<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\] "(?<endpoint>[^"]*)" (?<status>\d{1,3}) \S+ '
    r'(?:\S+ \S+ "[^"]*" )?(?<received>\d+) (?<payload_bytes>\d+) (?<millis>\d+|-) (?:\d+|-)'
    r'(?: "(?<forwarded>[^",]*)[^"]*" "(?<version>[^"]*)" "(?<request>[^"]*)" "(?<authority>[^"]*)" "[^"]*")?'
    r"(?: (?<cluster>[^\s\"]+) \S+ \S+ (?:(?<peer>\d[\d.]+|\[[0-9a-fA-F:.]+\]):\d+|\S+) )?"
)
STATUS = whole(pl.col("status"))
ABOUT = "access log of Envoy and Istio as text"
ISTIO = "inbound|8080|| 127.0.0.6:44854 10.44.1.27:8080 192.0.2.9:37652 outbound_.8080_._.shop.example.org default"
SAMPLES = (
    Sample('[2026-01-02T03:04:05.310Z] "POST /v1/cars?a=1 HTTP/2" 204 - 154 17 226 100 "192.0.2.7" "FleetApp/4.9.0" '
           '"cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2" "shop.example.org" "tcp://198.51.100.1:80"',
           {"timestamp": "2026-01-02T03:04:05.31Z", "client": "192.0.2.7", "status": 204, "payload_bytes": 17,
            "endpoint": "POST /v1/cars", "service": "shop.example.org", "version": "FleetApp/4.9.0",
            "duration_us": 226_000, "request": "cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2"}),
    Sample('[2026-01-02T03:04:06.000Z] "GET /status/418 HTTP/1.1" 418 - via_upstream - "-" 0 135 4 4 "-" "curl/8.5.0" '
           f'"84961386-6d84-929d-98bd-c5aee93b5c88" "shop:8080" "127.0.0.1:80" {ISTIO}',
           {"timestamp": "2026-01-02T03:04:06Z", "client": "192.0.2.9", "status": 418, "payload_bytes": 135,
            "service": "shop:8080", "version": "curl/8.5.0"}),
    Sample('[2026-01-02T03:04:06.500Z] "GET /a HTTP/1.1" 200 - via_upstream - "-" 0 1350 4 4 "-" "curl/8.5.0" "r-2" '
           '"cart" "10.44.1.30:80" outbound|8000||cart.shop.svc.cluster.local 10.44.1.23:1 10.44.1.30:80 10.44.1.23:2 '
           '- default',
           {"timestamp": "2026-01-02T03:04:06.5Z", "service": "cart.shop.svc.cluster.local", "client": "10.44.1.23"}),
    Sample('[2026-01-02T03:04:07.250Z] "- - -" 0 UH - - "-" 0 0 12 - "-" "-" "-" "-" "-" - - 10.0.0.1:443 '
           '192.0.2.10:1234 x -',
           {"timestamp": "2026-01-02T03:04:07.25Z", "status": None, "payload_bytes": 0, "service": None}),
    Sample('[2026-01-02T03:04:08.500Z] "GET / HTTP/1.1" 503 UF,URX 0 91 2001 - "203.0.113.7, 10.0.0.1" "-" "r-1" '
           '"shop.example.org" "-"',
           {"timestamp": "2026-01-02T03:04:08.5Z", "client": "203.0.113.7", "status": 503, "version": None}),
    Sample('[2026-01-02T03:04:09.125Z] "GET /x HTTP/1.1" 200 - 0 91 1 0',
           {"timestamp": "2026-01-02T03:04:09.125Z", "client": None, "status": 200, "payload_bytes": 91}),
)  # fmt: skip
FORMAT = by_groups(
    "envoy", ABOUT, SAMPLES, PATTERN, ("iso",),
    {"status": pl.when(STATUS > 0).then(STATUS), "duration_us": whole(pl.col("millis")) * 1000,
     "client": pl.coalesce(pl.col("peer").str.strip_chars("[]"), present(pl.col("forwarded"))),
     "service": pl.coalesce(present(pl.col("cluster").str.extract(r"([^|]+)$")), present(pl.col("authority")))},
)  # fmt: skip
