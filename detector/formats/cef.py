"""CEF, the events of firewalls and other security products, mostly within syslog, which this format is opened from.

Service is the product, client the source address, payload what went in and out, time `rt` (receipt) or another time of
the event where the line has one.
Source: https://www.microfocus.com/documentation/arcsight/arcsight-smartconnectors-8.3/cef-implementation-standard/
"""

from __future__ import annotations

import polars as pl

from detector.formats.format import LINE, Sample
from detector.formats.grouped import by_groups

PART = r"(?:[^|\\]|\\.)*"
PATTERN = (
    r"^(?:CEF: ?)?(?<begin>\d+)\|" + PART + r"\|"
    r"(?<service>" + PART + r")\|(?<version>" + PART + r")\|(?<id>" + PART + r")\|"
    r"(?<message>" + PART + r")\|(?<severity>[A-Za-z-]+|\d+)\|"
)
WRITTEN = r"(\d{13}|\d{4}-\d\d-\d\dT[\d:.]+Z|[A-Z][a-z]{2} \d\d \d{4} [\d:]{8})"
TIME = r"[ |](?:rt|end|start|[A-Za-z]*[uU]tcTime)=" + WRITTEN
SEVERITIES = {
    **dict.fromkeys(["0", "1", "2", "3", "low", "unknown"], "info"),
    **dict.fromkeys(["4", "5", "6", "medium"], "warning"),
    **dict.fromkeys(["7", "8", "high"], "error"), **dict.fromkeys(["9", "10", "very-high"], "critical"),
}  # fmt: skip
CLOCK = ("epoch", "iso", "%b %d %Y %H:%M:%S")


def extension(key: str, value: str = r"\S+") -> pl.Expr:
    """The value of a key in the last part."""
    return LINE.str.extract(rf"[ |]{key}=({value})")


SIZES = [extension(key, "[0-9]+").cast(pl.Int64, strict=False) for key in ("in", "out")]
ABOUT = "CEF: events of security products"
SAMPLES = (
    Sample("CEF:0|Example|Gate|1.0|100|worm stopped|10|src=192.0.2.7 dst=198.51.100.1 spt=1232 rt=1767323045250",
           {"timestamp": "2026-01-02T03:04:05.25Z", "service": "Gate", "client": "192.0.2.7", "level": "critical",
            "message": "worm stopped", "payload_bytes": None}),
    Sample("CEF:0|Example|Net|9.4|544|Admin\\|x|1|src=2001:db8::7 in=12 out=30 utcTime=2026-01-02T03:04:06.445Z",
           {"timestamp": "2026-01-02T03:04:06.445Z", "client": "2001:db8::7", "level": "info", "payload_bytes": 42}),
    Sample("CEF: 0|Example|Net|9.4|201|Blocked|7|proto=TCP src=192.0.2.8 end=Jan 02 2026 03:04:07 act=blocked",
           {"timestamp": "2026-01-02T03:04:07Z", "level": "error", "client": "192.0.2.8"}),
    Sample("CEF:1|Example|Net|9.4|201|Allowed|Medium|act=allowed",
           {"timestamp": None, "level": "warning", "client": None}),
    Sample("0|Example|Net|9.4|201|Blocked|7|src=192.0.2.9 utcTime=2026-01-02T03:04:08Z msg=the head was cut off",
           {"timestamp": "2026-01-02T03:04:08Z", "level": "error", "service": "Net", "client": "192.0.2.9"}),
    Sample("CEF:0|Example|Net|9.4|1|none|3|", {"timestamp": None, "level": "info", "service": "Net"}),
)  # fmt: skip
FORMAT = by_groups(
    "cef", ABOUT, SAMPLES, PATTERN, CLOCK,
    {"time": LINE.str.extract(TIME), "client": extension("src"), "request": extension("externalId"),
     "level": pl.col("severity").str.to_lowercase().replace_strict(SEVERITIES, default=None, return_dtype=pl.String),
     "version": pl.lit(None, pl.String), "host": extension("dvchost"),
     "payload_bytes": pl.when(pl.any_horizontal(size.is_not_null() for size in SIZES)).then(pl.sum_horizontal(SIZES))},
    hint=r"(?:CEF: ?)?\d+\|(?:[^|]*\|){3}",
)  # fmt: skip
