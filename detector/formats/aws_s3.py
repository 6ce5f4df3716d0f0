"""AWS S3 server access logs. Service is the bucket, payload the bytes sent.

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
"""

from __future__ import annotations

import polars as pl

from detector.formats.access import without_query
from detector.formats.cut import whole
from detector.formats.format import Sample
from detector.formats.grouped import by_groups

PATTERN = (
    r'^\S+ (?<service>\S+) \[(?<time>\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4})\] (?<client>\S+) \S+ '
    r'(?<request>\S+) (?<operation>[A-Z0-9]+\.[A-Z0-9_.]+) \S+ (?:-|"(?<asked>[^"]*)") (?<status>\d{3}|-) \S+ '
    r'(?<payload_bytes>\d+|-) (?:\d+|-) (?<millis>\d+|-) (?:\d+|-)(?: (?:-|"[^"]*") (?:-|"(?<version>[^"]*)"))?'
)
OWNER = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"
ABOUT = "AWS S3 server access log"
SAMPLES = (
    Sample(
        f'{OWNER} my-bucket [02/Jan/2026:03:04:05 +0000] 192.0.2.3 {OWNER} 3E57427F3EXAMPLE REST.GET.OBJECT a/b.png '
        '"GET /my-bucket/a/b.png?v=1 HTTP/1.1" 200 - 113 4096 7 5 "-" "S3Console/0.4" - s9lzHYr= SigV4 '
        'ECDHE-RSA-AES128-GCM-SHA256 AuthHeader my-bucket.s3.us-west-1.amazonaws.com TLSV1.2 - -',
        {"timestamp": "2026-01-02T03:04:05Z", "service": "my-bucket", "client": "192.0.2.3", "status": 200,
         "payload_bytes": 113, "duration_us": 7000, "version": "S3Console/0.4", "request": "3E57427F3EXAMPLE",
         "endpoint": "GET /my-bucket/a/b.png"}),
    Sample(
        f"{OWNER} my-bucket [02/Jan/2026:03:04:06 +0000] - {OWNER} A1206F460EXAMPLE S3.EXPIRE.OBJECT a.png - - - - 11 "
        "- - - - - - - - - - - - -",
        {"timestamp": "2026-01-02T03:04:06Z", "client": None, "status": None, "payload_bytes": None,
         "endpoint": "S3.EXPIRE.OBJECT", "version": None}),
    Sample(
        f'{OWNER} my-bucket [02/Jan/2026:03:04:07 +0000] 2001:db8::3 - 7B4A0FABBEXAMPLE REST.PUT.OBJECT a%20b '
        '"PUT /a%20b HTTP/1.1" 403 AccessDenied 243 - 33 - "-" "-" - x= - - - my-bucket.s3.amazonaws.com - - -',
        {"timestamp": "2026-01-02T03:04:07Z", "client": "2001:db8::3", "status": 403, "payload_bytes": 243,
         "version": None}),
    Sample(
        f'{OWNER} other [02/Jan/2026:03:04:08 +0000] 192.0.2.4 - 7B4A0FABBEXAMPLE REST.HEAD.BUCKET - '
        '"HEAD /other HTTP/1.1" 404 NoSuchBucket 281 - 3 - "https://example.org/" "aws-cli/2.15 (x y)" -',
        {"timestamp": "2026-01-02T03:04:08Z", "service": "other", "status": 404, "version": "aws-cli/2.15 (x y)"}),
    Sample(
        f'{OWNER} other [02/Jan/2026:03:04:09 +0000] 192.0.2.4 - 7B4A0FABBEXAMPLE REST.GET.VERSIONING - '
        '"GET /other?versioning HTTP/1.1" 200 - 113 - 7 - "-" "S3Console/0.4"',
        {"timestamp": "2026-01-02T03:04:09Z", "status": 200, "endpoint": "GET /other"}),
)  # fmt: skip
FORMAT = by_groups(
    "aws_s3", ABOUT, SAMPLES, PATTERN, ("%d/%b/%Y:%H:%M:%S %z",),
    {"duration_us": whole(pl.col("millis")) * 1000,
     "endpoint": pl.coalesce(without_query(pl.col("asked")), "operation")},
)  # fmt: skip
