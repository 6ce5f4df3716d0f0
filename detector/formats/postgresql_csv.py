"""PostgreSQL's `csvlog`: the columns of a table, with messages of several lines between quotes.

Client is the connecting host without its port, service the database.
Source: https://www.postgresql.org/docs/current/runtime-config-logging.html#RUNTIME-CONFIG-LOGGING-CSVLOG
"""

from __future__ import annotations

import polars as pl

from detector.formats.format import Sample
from detector.formats.grouped import by_groups
from detector.formats.postgresql import in_zone, known, severity

QUOTED = r'(?:[^"]|"")*'
PATTERN = (
    r"^(?<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}) (?<zone>[A-Z]{2,5}|[+-]\d\d(?::?\d\d)?),"
    rf'(?:"{QUOTED}")?,(?:"(?<service>{QUOTED})")?,\d*,(?:"(?<client>[^"]*)")?,(?<session>[0-9a-f]+\.[0-9a-f]+)?,\d+,'
    rf'(?:"{QUOTED}")?,[^,]*,[^,]*,\d*,(?<level>[A-Z]+\d?),[0-9A-Z]{{5}},(?:"(?<message>{QUOTED}))?'
)
ABOUT = "PostgreSQL's csvlog"
SAMPLES = (
    Sample(
        '2026-01-02 03:04:05.678 UTC,,,4711,,6b029348.246a,1,,2026-01-02 03:04:05 UTC,,0,LOG,00000,"listening on IPv4 '
        'address ""127.0.0.1"", port 5432",,,,,,,,,"","postmaster",,0',
        {"timestamp": "2026-01-02T03:04:05.678Z", "level": "info", "client": None, "service": None,
         "message": 'listening on IPv4 address "127.0.0.1", port 5432'}),
    Sample(
        '2026-01-02 03:04:06.125 CET,"app","shop",4712,"192.0.2.7:41656",6b02934a.2513,1,"SELECT",2026-01-02 03:04:06 '
        'CET,3/2,0,ERROR,42P01,"relation ""cars"" does not exist",,,,,,"select *\nfrom cars",15,,"psql","client '
        'backend",,0',
        {"timestamp": "2026-01-02T02:04:06.125Z", "level": "error", "client": "192.0.2.7", "service": "shop"}),
    Sample(
        '2026-01-02 03:04:07.000 UTC,"app","shop",4713,"2001:db8::7:41657",6b02934a.2514,2,"idle",2026-01-02 03:04:06 '
        'UTC,,0,FATAL,57P01,"terminating connection",,,,,,,,,"psql"',
        {"timestamp": "2026-01-02T03:04:07Z", "level": "critical", "client": "2001:db8::7"}),
    Sample(
        '2026-01-02 03:04:08.250 UTC,"app","shop",4714,"[local]",6b02934a.2515,3,"INSERT",2026-01-02 03:04:06 UTC,,0,'
        'WARNING,25P01,"there is no, ""transaction""\nin progress",,,,,,,,,""',
        {"timestamp": "2026-01-02T03:04:08.25Z", "level": "warning", "client": None, "service": "shop"}),
    Sample(
        '2026-01-02 03:04:09.500 UTC,"o""brien","a,b",4715,"gate.example.org:1",6b02934a.2516,4,"",2026-01-02 03:04:06 '
        'UTC,,0,DEBUG1,00000,"x",,,,,,,,,""',
        {"timestamp": "2026-01-02T03:04:09.5Z", "level": "debug", "client": "gate.example.org", "service": "a,b"}),
)  # fmt: skip
FORMAT = by_groups(
    "postgresql_csv", ABOUT, SAMPLES, PATTERN, ("iso",),
    {"time": in_zone(pl.col("time"), pl.col("zone")), "level": severity(pl.col("level")),
     "client": known(pl.col("client").str.replace(r":\d+$", "")), "service": known(pl.col("service")),
     "message": pl.col("message").str.replace_all('""', '"', literal=True)},
    continues=pl.lit(value=True), needs=("time",), alone=True,
)  # fmt: skip
