"""HAProxy: one line a request (`httplog`, `httpslog`) or connection (`tcplog`), as syslog writes it or bare.

Service is the backend (of a refused connection the frontend), payload what went to the client, time that of the
request: to the millisecond and with its year, which the header of syslog lacks. In a syslog of several programs it is
a message like any other.
Source: https://docs.haproxy.org/3.0/configuration.html#8.2
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from detector.formats.cut import whole
from detector.formats.format import Format, Sample
from detector.formats.grouped import CLIENT, by_groups
from detector.formats.syslog import FORMATS as SYSLOG

SYSLOG_HEAD = (
    r"(?:(?:<\d{1,3}>)?(?:1 )?(?:[A-Z][a-z]{2} [ \d]\d [\d:]{8}|\d{4}-\d\d-\d\dT\S{8,26}) (?<host>\S+) (?:\S+ ){1,6}?)?"
)
ALMOST_ALL = 0.9
REQUEST = (
    CLIENT + r" \[(?<time>\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d\.\d{3})\] "
    r"(?:(?<refused>[^\s/~]+)~?/\S+: (?<error>.*)"
    r"|\S+ (?<service>[^\s/]+)/\S+ (?:[+-]?\d+/){2,4}\+?(?<millis>-?\d+) "
    r"(?:(?<status>-1|\d{3}) )?\+?(?<payload_bytes>\d+) (?:\S+ \S+ )?\S{2,4} (?:[+-]?\d+/){4}[+-]?\d+ \d+/\d+"
    r'(?: (?:\{.*\} )?"(?<endpoint>[^"]*))?)'
)


def of_pattern(head: str) -> Format:
    """The format of requests that begin after this."""
    return by_groups(
        "haproxy", ABOUT, SAMPLES, f"^{head}{REQUEST}", ("%d/%b/%Y:%H:%M:%S%.f",),
        {"service": pl.coalesce("service", "refused"), "duration_us": whole(pl.col("millis")) * 1000,
         "message": pl.col("error")},
        priority=12,
    )  # fmt: skip


def fitted(head: Sequence[str]) -> Format | None:
    """Bare, or through the syslog of a file that hardly any other program writes to; else syslog is opened first."""
    found = [match for match in map(HINT.match, head) if match]
    if not found:
        return None
    bare = sum(match["host"] is None for match in found)
    if 2 * bare > len(found):
        return replace(of_pattern(""), adapt=fitted)
    if len(found) < ALMOST_ALL * sum(bool(line.strip()) for line in head):
        return None
    around = next((form for one in SYSLOG if one.adapt and (form := one.adapt(head))), None)
    return replace(FORMAT, adapt=fitted, fallback=around)


ABOUT = "HAProxy's requests and connections, bare or in syslog"
TCP = "192.0.2.8:33314 [02/Jan/2026:03:04:06.100] tcp-in pg/db2 1/0/5007 212 -- 3/3/1/1/0 0/0"
SAMPLES = (
    Sample(
        'Jan  2 03:04:05 lb1 haproxy[14389]: 192.0.2.7:33317 [02/Jan/2026:03:04:05.655] http-in~ shop/web1 '
        '10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {www.example.org} {} "GET /index.html?a=1 HTTP/1.1"',
        {"timestamp": "2026-01-02T03:04:05.655Z", "host": "lb1", "service": "shop", "client": "192.0.2.7",
         "status": 200, "payload_bytes": 2750, "duration_us": 109_000, "endpoint": "GET /index.html"}),
    Sample(
        TCP, {"timestamp": "2026-01-02T03:04:06.1Z", "host": None, "service": "pg", "client": "192.0.2.8",
              "status": None, "payload_bytes": 212, "duration_us": 5_007_000, "endpoint": None}),
    Sample(
        '<134>1 2026-01-02T03:04:07.2Z lb1 haproxy 14389 - - 2001:db8::7:443 [02/Jan/2026:03:04:07.001] https '
        'https/<NOSRV> -1/-1/-1/-1/3 400 0 - - PR-- 2/1/0/0/3 0/0 "<BADREQ>"',
        {"timestamp": "2026-01-02T03:04:07.001Z", "service": "https", "client": "2001:db8::7", "status": 400}),
    Sample(
        '192.0.2.9:50034 [02/Jan/2026:03:04:08.234] https~ api/a1 0/0/1/2/+3 -1 +0 - - CD-- 2/2/0/0/0 0/0 '
        '"POST /v1/cars HTTP/2.0" 0/00/0/0/0 www.example.org/TLSv1.3/TLS_AES_128_GCM_SHA256',
        {"timestamp": "2026-01-02T03:04:08.234Z", "service": "api", "status": None, "payload_bytes": 0,
         "endpoint": "POST /v1/cars", "duration_us": 3000}),
    Sample(
        "192.0.2.9:50035 [02/Jan/2026:03:04:09.345] https/1: SSL handshake failure",
        {"timestamp": "2026-01-02T03:04:09.345Z", "service": "https", "client": "192.0.2.9",
         "message": "SSL handshake failure", "status": None}),
    Sample(
        '2026-01-02T03:04:10.5+01:00 lb1 haproxy[7]: unix:1 [02/Jan/2026:02:04:10.400] stats stats/<STATS> 0/0/0/0/0 '
        '200 17 - - LR-- 1/1/0/0/0 0/0 "GET /stats HTTP/1.1"',
        {"timestamp": "2026-01-02T02:04:10.4Z", "service": "stats", "status": 200}),
)  # fmt: skip
FORMAT = of_pattern(SYSLOG_HEAD)
HINT = re.compile(FORMAT.hint)
FORMAT = replace(FORMAT, adapt=fitted)
