"""AWS load balancers: application (ALB), classic (CLB) and network (NLB, which logs TLS connections only).

Service is the balancer, client the address without its port, status the balancer's own (not the target's), payload what
went to the client. Times are UTC, also where they do not say so.
Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html,
.../classic/access-log-collection.html, .../network/load-balancer-access-logs.html
"""

from __future__ import annotations

import polars as pl

from detector.formats.format import Sample
from detector.formats.grouped import CLIENT, by_groups

SECONDS = r"(?:-1|\d+(?:\.\d+)?)"
REQUEST = r'"(?<endpoint>[^"]*)" "(?<version>[^"]*)"'
ALB = (
    r"^(?:https?|h2|grpcs?|wss?) (?<time>\d{4}-\d\d-\d\dT\S+Z) (?<service>\S+) " + CLIENT + r" \S+ "
    + (SECONDS + " ") * 3 + r"(?<status>\d{3}|-) (?:\d{1,3}|-) -?\d+ (?<payload_bytes>-?\d+) " + REQUEST
    + r'(?: \S+ \S+ \S+ "(?:Root=)?(?<request>[^"]*)")?'
)  # fmt: skip
CLB = (
    r"^(?<time>\d{4}-\d\d-\d\dT\S+Z) (?<service>\S+) " + CLIENT + r" \S+ "
    + (SECONDS + " ") * 3 + r"(?<status>\d{3}|-) (?:\d{1,3}|-) -?\d+ (?<payload_bytes>-?\d+) "
    + r'"(?<endpoint>[^"]*)"(?: "(?<version>[^"]*)")?'
)  # fmt: skip
NLB = (
    r"^tls \d\.\d (?<time>\d{4}-\d\d-\d\dT[\d:]{8}) (?<service>\S+) \S+ " + CLIENT
    + r" \S+ -?\d+ (?:-|-?\d+) \d+ (?<payload_bytes>\d+) (?:-|\d+) "
)  # fmt: skip
SHOP = "app/shop/50dc6c495c0c9188"
ALB_SAMPLES = (
    Sample(
        f'https 2026-01-02T03:04:05.186641Z {SHOP} 192.0.2.7:2817 10.0.0.1:80 0.086 0.048 0.037 200 200 0 57 '
        '"GET https://www.example.org:443/a?b=1 HTTP/1.1" "curl/8.5.0" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 '
        'arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/shop/73e2d6bc24d8a067 '
        '"Root=1-58337281-1d84f3d73c47ec4e58577259" "www.example.org" "-" 1 2026-01-02T03:04:05.100000Z "forward" '
        '"-" "-" "10.0.0.1:80" "200" "-" "-" TID_0001',
        {"timestamp": "2026-01-02T03:04:05.186641Z", "service": SHOP, "client": "192.0.2.7", "status": 200,
         "payload_bytes": 57, "endpoint": "GET https://www.example.org:443/a", "version": "curl/8.5.0",
         "request": "1-58337281-1d84f3d73c47ec4e58577259"}),
    Sample(
        f'http 2026-01-02T03:04:06.9Z {SHOP} 192.0.2.8:44740 - -1 -1 -1 503 - 34 366 '
        '"GET http://www.example.org:80/ HTTP/1.1" "-" - - - "Root=1-5-6" "-" "-" - 2026-01-02T03:04:06.9Z "-" "-" "-" '
        '"-" "-" "-" "-"',
        {"timestamp": "2026-01-02T03:04:06.9Z", "client": "192.0.2.8", "status": 503, "version": None}),
    Sample(
        f'h2 2026-01-02T03:04:07.948827Z {SHOP} [2001:db8::7]:51312 10.0.0.66:9000 0.000 0.002 0.000 204 204 5 257 '
        '"POST https://www.example.org:443/v1/cars HTTP/2.0" "FleetApp/4.9.0" A TLSv1.3 arn:x "Root=1-2-3" "-" "-" 1 '
        '2026-01-02T03:04:07.9Z "forward" "-" "-" "10.0.0.66:9000" "204" "-" "-"',
        {"timestamp": "2026-01-02T03:04:07.948827Z", "client": "2001:db8::7", "status": 204, "payload_bytes": 257}),
    Sample(
        f'wss 2026-01-02T03:04:08.5Z {SHOP} 192.0.2.9:46532 10.0.1.192:8010 0.001 0.003 0.000 101 101 218 786 '
        '"GET https://10.0.0.30:443/ HTTP/1.1" "-" A TLSv1.2 arn:x "Root=1-2-4" "-" "-" 1 2026-01-02T03:04:08.5Z '
        '"forward" "-" "-" "10.0.1.192:8010" "101" "-" "-"',
        {"timestamp": "2026-01-02T03:04:08.5Z", "status": 101, "payload_bytes": 786}),
    Sample(
        f'http 2026-01-02T03:04:09.5Z {SHOP} 192.0.2.9:2 - -1 -1 -1 - - 0 0 "- http://shop.example.org:80- -" "-" - - '
        '- "-" "-" "-" - 2026-01-02T03:04:09.5Z "-" "-" "-" "-" "-" "-" "-"',
        {"timestamp": "2026-01-02T03:04:09.5Z", "status": None, "payload_bytes": 0, "request": None}),
)  # fmt: skip
CLB_SAMPLES = (
    Sample(
        '2026-01-02T03:04:05.945958Z my-lb 192.0.2.7:2817 10.0.0.1:80 0.000073 0.001048 0.000057 200 200 0 29 '
        '"GET http://www.example.org:80/a?b=1 HTTP/1.1" "curl/8.5.0" - -',
        {"timestamp": "2026-01-02T03:04:05.945958Z", "service": "my-lb", "client": "192.0.2.7", "status": 200,
         "payload_bytes": 29, "endpoint": "GET http://www.example.org:80/a", "version": "curl/8.5.0"}),
    Sample(
        '2026-01-02T03:04:06.9Z my-lb 192.0.2.8:2817 10.0.0.1:80 0.001069 0.00002 0.00004 - - 82 305 "- - - " "-" - -',
        {"timestamp": "2026-01-02T03:04:06.9Z", "status": None, "payload_bytes": 305, "version": None}),
    Sample(
        '2026-01-02T03:04:07.9Z my-lb 192.0.2.8:2817 - -1 -1 -1 503 0 0 0 "GET http://www.example.org:80/ HTTP/1.1"',
        {"timestamp": "2026-01-02T03:04:07.9Z", "client": "192.0.2.8", "status": 503}),
    Sample(
        '2026-01-02T03:04:08.9Z my-lb 192.0.2.8:2817 - -1 -1 -1 504 - 0 0 "GET http://www.example.org:80/ HTTP/1.1"',
        {"timestamp": "2026-01-02T03:04:08.9Z", "status": 504, "payload_bytes": 0}),
    Sample(
        '2026-01-02T03:04:09.9Z my-lb [2001:db8::7]:2817 10.0.0.1:80 0.1 0.2 0.3 404 404 0 7 '
        '"GET http://www.example.org:80/x HTTP/1.1" "curl/8.5.0" - -',
        {"timestamp": "2026-01-02T03:04:09.9Z", "client": "2001:db8::7", "status": 404}),
)  # fmt: skip
BALANCER = "net/gate/c6e77e28c25b2234"
NLB_SAMPLES = tuple(
    Sample(
        f"tls 2.0 2026-01-02T03:04:{second} {BALANCER} g3d4b5e8bb8464cd {client} 10.0.0.5:443 {rest} - - - "
        "gate.example.org h2 h2 - 2026-01-02T03:04:00",
        {"timestamp": f"2026-01-02T03:04:{second}Z", "service": BALANCER, **fields})
    for second, client, rest, fields in (
        ("05", "192.0.2.7:51341", "5 2 98 246 - arn:x - ECDHE-RSA-AES128-SHA tlsv12",
         {"client": "192.0.2.7", "payload_bytes": 246}),
        ("06", "192.0.2.8:51341", "5 - 98 0 - arn:x - - -", {"client": "192.0.2.8", "payload_bytes": 0}),
        ("07", "[2001:db8::7]:51341", "5 2 98 24600 - arn:x - A tlsv13", {"client": "2001:db8::7"}),
        ("08", "192.0.2.9:1", "-1 -1 0 0 40 - - - -", {"client": "192.0.2.9", "payload_bytes": 0}),
        ("09", "192.0.2.9:2", "60000 2 1 2 - arn:x - A tlsv13", {"payload_bytes": 2}),
    )
)  # fmt: skip
FORMATS = (
    by_groups("aws_alb", "AWS application load balancer", ALB_SAMPLES, ALB, ("iso",), {}),
    by_groups("aws_clb", "AWS classic load balancer", CLB_SAMPLES, CLB, ("iso",), {}),
    by_groups("aws_nlb", "AWS network load balancer", NLB_SAMPLES, NLB, ("iso",), {"time": pl.col("time") + "Z"}),
)
