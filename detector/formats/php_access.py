"""Access log of PHP-FPM, as its pools write it by default and with the longer line that `www.conf` proposes.

Client is who asked FPM: the address that the web server passes on.
Source: https://www.php.net/manual/en/install.fpm.configuration.php#access-format, `access.format` in `www.conf`
"""

from __future__ import annotations

import polars as pl

from detector.formats.format import Sample
from detector.formats.grouped import by_groups

PATTERN = (
    r'^(?<client>\S+) - (?<user>\S*) +(?<time>\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}) '
    r'"(?<endpoint>[A-Z]+ [^"]*)" (?<status>\d{3})(?: \S+ (?<millis>\d+\.\d+) \d+ [\d.]+%)?$'
)
SAMPLES = (
    Sample('192.0.2.7 -  02/Jan/2026:03:04:05 +0000 "GET /index.php" 200',
           {"timestamp": "2026-01-02T03:04:05Z", "client": "192.0.2.7", "endpoint": "GET /index.php", "status": 200,
            "duration_us": None}),
    Sample('192.0.2.8 - anna 02/Jan/2026:04:04:06 +0100 "POST /cart.php?id=1" 500 /srv/www/cart.php 12.345 2048 81.00%',
           {"timestamp": "2026-01-02T03:04:06Z", "endpoint": "POST /cart.php", "status": 500, "duration_us": 12_345}),
    Sample('- -  02/Jan/2026:03:04:07 +0000 "GET /fpm-ping" 200', {"timestamp": "2026-01-02T03:04:07Z",
            "client": None}),
    Sample('2001:db8::7 -  02/Jan/2026:03:04:08 -0530 "HEAD /" 404',
           {"timestamp": "2026-01-02T08:34:08Z", "client": "2001:db8::7", "status": 404}),
    Sample('192.0.2.9 -  02/Jan/2026:03:04:09 +0000 "GET /a.php" 503 - 0.180 2048 0.00%',
           {"timestamp": "2026-01-02T03:04:09Z", "status": 503, "duration_us": 180}),
)  # fmt: skip
FORMAT = by_groups(
    "php_fpm_access", "access log of PHP-FPM", SAMPLES, PATTERN, ("%d/%b/%Y:%H:%M:%S %z",),
    {"duration_us": (pl.col("millis").cast(pl.Float64, strict=False) * 1000).round().cast(pl.Int64)},
)  # fmt: skip
