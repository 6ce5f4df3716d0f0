"""Access logs of nginx as ready-made proxies configure it: Kubernetes' ingress-nginx, and Nginx Proxy Manager.

Service is the upstream of the ingress (`namespace-service-port`), or the host name that the manager serves.
Source: https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/log-format/,
https://github.com/NginxProxyManager/nginx-proxy-manager/blob/develop/docker/rootfs/etc/nginx/conf.d/include/log-proxy.conf
"""

from __future__ import annotations

import polars as pl

from detector.formats.cut import present
from detector.formats.format import Sample
from detector.formats.grouped import by_groups

CLOCK = ("%d/%b/%Y:%H:%M:%S %z",)
TIME = r"\[(?<time>\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\]"
QUOTED = r'(?:[^"\\]|\\.)*'
INGRESS = (
    rf'^(?<client>[^\s"\[]+) - [^\[]*{TIME} "(?<endpoint>{QUOTED})" (?<status>\d{{3}}) (?<payload_bytes>\d+) '
    rf'"{QUOTED}" "(?<version>{QUOTED})" \d+ (?<seconds>[\d.]+) \[(?<service>[^\]]*)\] \[[^\]]*\] '
    r".*?(?<request>[0-9a-f]{32}|-)?$"
)
MANAGER = (
    rf"^{TIME} (?:\S+ (?:\d{{3}}|-) )?(?<status>\d{{3}}) - (?<method>\S+) \S+ (?<service>\S+) "
    rf'"(?<path>[^"?]*){QUOTED}" \[Client (?<client>[^\]]+)\] \[Length (?<payload_bytes>\d+|-)\] \[Gzip [^\]]*\]'
    rf'(?: \[Sent-to [^\]]*\])? "(?<version>{QUOTED})"'
)
SECONDS = (pl.col("seconds").cast(pl.Float64, strict=False) * 1e6).round().cast(pl.Int64)
ID = "4af1de1b0a8a4d6f9d0f6c1d8a7b6c5d"
INGRESS_SAMPLES = (
    Sample('192.0.2.7 - - [02/Jan/2026:03:04:05 +0000] "GET /a?b=1 HTTP/2.0" 200 612 "-" "curl/8.5.0" 87 0.012 '
           f'[default-shop-80] [] 10.0.0.9:8080 612 0.011 200 {ID}',
           {"timestamp": "2026-01-02T03:04:05Z", "client": "192.0.2.7", "service": "default-shop-80", "status": 200,
            "payload_bytes": 612, "version": "curl/8.5.0", "request": ID, "endpoint": "GET /a", "duration_us": 12000}),
    Sample('2001:db8::7 - anna [02/Jan/2026:04:04:06 +0100] "POST /v1/cars HTTP/1.1" 503 190 "-" "FleetApp/4.9.0" 530 '
           f'0.000 [prod-cars-http] [] - - - - {ID}',
           {"timestamp": "2026-01-02T03:04:06Z", "client": "2001:db8::7", "service": "prod-cars-http", "status": 503}),
    Sample('192.0.2.8 - - [02/Jan/2026:03:04:07 +0000] "" 400 0 "-" "-" 0 0.030 [] [] - - - - -',
           {"timestamp": "2026-01-02T03:04:07Z", "service": None, "status": 400, "version": None, "request": None}),
    Sample('192.0.2.9 - - [02/Jan/2026:03:04:08 +0000] "GET / HTTP/1.1" 502 150 "https://example.org/" "x \\"y\\"" 87 '
           f'0.100 [default-shop-80] [] 10.0.0.9:8080, 10.0.0.8:8080 0, 0 0.050, 0.050 502, 502 {ID}',
           {"timestamp": "2026-01-02T03:04:08Z", "service": "default-shop-80", "status": 502, "request": ID}),
    Sample('192.0.2.9 - - [02/Jan/2026:03:04:09 +0000] "GET /b HTTP/1.1" 404 0 "-" "-" 87 1.250 '
           f'[upstream-default-backend] [] 127.0.0.1:8181 0 1.250 404 {ID}',
           {"timestamp": "2026-01-02T03:04:09Z", "service": "upstream-default-backend", "duration_us": 1_250_000}),
)  # fmt: skip
MANAGER_SAMPLES = (
    Sample('[02/Jan/2026:03:04:05 +0000] - 200 200 - GET https www.example.org "/a?b" [Client 192.0.2.7] [Length 612] '
           '[Gzip 2.1] [Sent-to 10.0.0.9] "curl/8.5.0" "-"',
           {"timestamp": "2026-01-02T03:04:05Z", "client": "192.0.2.7", "service": "www.example.org", "status": 200,
            "payload_bytes": 612, "version": "curl/8.5.0", "endpoint": "GET /a"}),
    Sample('[02/Jan/2026:04:04:06 +0100] HIT - 304 - GET https www.example.org "/b" [Client 2001:db8::7] [Length 0] '
           '[Gzip -] [Sent-to 10.0.0.9] "-" "https://example.org/"',
           {"timestamp": "2026-01-02T03:04:06Z", "client": "2001:db8::7", "status": 304, "version": None}),
    Sample('[02/Jan/2026:03:04:07 +0000] 404 - GET http 192.0.2.1 "/.env" [Client 192.0.2.8] [Length 552] [Gzip 1.00] '
           '"Mozilla/5.0 zgrab/0.x" "-"',
           {"timestamp": "2026-01-02T03:04:07Z", "client": "192.0.2.8", "service": "192.0.2.1", "status": 404}),
    Sample('[02/Jan/2026:03:04:08 +0000] - 502 502 - POST https a.example.org "/v1/cars" [Client 192.0.2.9] [Length 5] '
           '[Gzip -] [Sent-to cars] "FleetApp/4.9.0" "-"',
           {"timestamp": "2026-01-02T03:04:08Z", "service": "a.example.org", "status": 502,
            "endpoint": "POST /v1/cars"}),
    Sample('[02/Jan/2026:03:04:09 +0000] 400 - - http localhost-nginx-proxy-manager "-" [Client 192.0.2.9] [Length -] '
           '[Gzip -] "-" "-"',
           {"timestamp": "2026-01-02T03:04:09Z", "status": 400, "payload_bytes": None}),
)  # fmt: skip
FORMATS = (
    by_groups("ingress_nginx", "access log of Kubernetes' ingress-nginx", INGRESS_SAMPLES, INGRESS, CLOCK,
              {"duration_us": SECONDS, "service": pl.when(pl.col("service") != "").then(pl.col("service"))},
              hint=r'[^"]*\] "(?:[^"\\]|\\.)*" \d{3} \d+ "(?:[^"\\]|\\.)*" "(?:[^"\\]|\\.)*" \d+ [\d.]+ \[[^\]]*\] \['),
    by_groups("nginx_proxy_manager", "access log of Nginx Proxy Manager", MANAGER_SAMPLES, MANAGER, CLOCK,
              {"endpoint": present(pl.col("method")) + " " + pl.col("path")},
              hint=r'\[[^\]]+\] [^"]{1,300}"[^"]*" \[Client '),
)  # fmt: skip
