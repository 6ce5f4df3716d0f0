"""Queries to a public zone of AWS Route 53, as it logs them to CloudWatch; the resolver's are JSON.

Service is the zone, client the resolver that asked.
Source: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/query-logs.html
"""

from __future__ import annotations

import polars as pl

from detector.formats.format import Sample
from detector.formats.grouped import by_groups

PATTERN = (
    r"^\d\.\d (?<time>\d{4}-\d\d-\d\dT[\d:.]+Z) (?<service>Z[A-Z0-9]+) (?<name>\S+) (?<type>[A-Z0-9]+) "
    r"(?<message>[A-Z]+) (?:UDP|TCP) \S+ (?<client>\S+) \S+$"
)
SAMPLES = tuple(
    Sample(f"1.0 2026-01-02T03:04:{second}Z Z1D633PJN98FT9 {rest}",
           {"timestamp": f"2026-01-02T03:04:{second}Z", "service": "Z1D633PJN98FT9", **fields})
    for second, rest, fields in (
        ("05.130", "example.org A NOERROR UDP FRA6 192.0.2.7 -", {"client": "192.0.2.7", "endpoint": "A example.org"}),
        ("06.131", "www.example.org AAAA NOERROR TCP IAD12 192.0.2.8 203.0.113.0/24", {"client": "192.0.2.8"}),
        ("07.132", "x.example.org ANY NXDOMAIN UDP FRA6 2001:db8::7 2001:db8::/48", {"client": "2001:db8::7"}),
        ("08.133", "_dmarc.example.org TXT NOERROR UDP SFO5 192.0.2.9 -", {"endpoint": "TXT _dmarc.example.org"}),
        ("09.134", "example.org MX SERVFAIL UDP FRA6 192.0.2.9 -", {"message": "SERVFAIL"}),
    )
)  # fmt: skip
FORMAT = by_groups(
    "route53", "queries to a zone of AWS Route 53", SAMPLES, PATTERN, ("iso",),
    {"endpoint": pl.col("type") + " " + pl.col("name")},
)  # fmt: skip
