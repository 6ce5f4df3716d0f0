"""nfdump's flows as CSV: the long list of columns of version 1.6 and the short one since 1.7; the JSON is a dialect.

Client is the source address, payload what both directions carried, time the begin of the flow in the zone of the
program. The summary at the end is no flow.
Source: https://github.com/phaag/nfdump, man page nfdump(1), OUTPUT FORMAT
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from detector.formats.delimited import cut_columns, place_columns, read_size, tabulate_by_width
from detector.formats.format import LINE, Format, LevelAt, Sample, Span
from detector.formats.lines import Lines

COLUMNS = {
    "time": ("ts", "firstSeen"),
    "client": ("sa", "srcAddr"),
    "sent": ("ibyt", "bytes"),
    "received": ("obyt",),
}
SUMMED = ("sent", "received")
SUMMARY = r"^(?:ts,te,td,|firstSeen,|Summary$|flows,bytes,packets,|\d+,\d+,\d+,\d+,\d+,\d+$|No matched flows)"


def adapt(head: Sequence[str]) -> Format | None:
    """By the first line, which names the columns."""
    first = next((line.split(",") for line in head if line.strip()), [])
    return with_columns(first) if {"time", "client"} <= place_columns(first, COLUMNS).keys() else None


def with_columns(names: Sequence[str]) -> Format:
    """The format of a file with these columns."""

    def locate(lines: Lines, asked: frozenset[str]) -> pl.DataFrame:
        wanted = asked | set(SUMMED) if "payload_bytes" in asked else asked
        columns = {name: known for name, known in COLUMNS.items() if name in wanted}
        table = tabulate_by_width(cut_columns(lines, ","), [names], columns)
        return table.with_columns(lines.text, *(read_size(name, table, lines) for name in SUMMED if name in columns))

    sizes = [pl.col(name) for name in SUMMED if name in place_columns(names, COLUMNS)]
    fields: dict[str, pl.Expr | Span | LevelAt] = {
        "matched": pl.col("fits") & ~LINE.str.contains(SUMMARY),
        "time": Span(pl.col("time begin"), pl.col("time length")),
        "client": Span(pl.col("client begin"), pl.col("client length")),
    }
    if sizes:
        fields["payload_bytes"] = pl.sum_horizontal(sizes)
    return Format("nfdump_csv", ABOUT, SAMPLES, fields, ("iso", "epoch"), locate=locate, adapt=adapt,
                  header=LINE.str.contains(SUMMARY), needs=("time",), priority=2)  # fmt: skip


ABOUT = "flows of nfdump as CSV"
LONG = "ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos,ipkt,ibyt,opkt,obyt"
SHORT = "firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows"
SAMPLES = (
    Sample("2026-01-02 03:04:05,2026-01-02 03:04:06,0.025,192.0.2.7,198.51.100.5,2000,443,TCP,...AP.S.,0,0,2,1444,1,56",
           {"timestamp": "2026-01-02T03:04:05Z", "client": "192.0.2.7", "payload_bytes": 1500}, LONG),
    Sample("2026-01-02 03:04:06,2026-01-02 03:04:06,0.000,2001:db8::7,2001:db8::5,5353,53,UDP,........,0,0,1,71,0,0",
           {"timestamp": "2026-01-02T03:04:06Z", "client": "2001:db8::7", "payload_bytes": 71}, LONG),
    Sample("2026-01-02 03:04:07.500,0.768,TCP,192.0.2.8,20001,198.51.100.5,443,5,3342,1",
           {"timestamp": "2026-01-02T03:04:07.5Z", "client": "192.0.2.8", "payload_bytes": 3342}, SHORT),
    Sample("2026-01-02 03:04:08.250,0.000,ICMP,192.0.2.9,0,198.51.100.5,8.0,1,84,1",
           {"timestamp": "2026-01-02T03:04:08.25Z", "client": "192.0.2.9", "payload_bytes": 84}, SHORT),
    Sample("2026-01-02 03:04:09.000,1.000,UDP,192.0.2.9,1,198.51.100.5,53,1,0,1",
           {"timestamp": "2026-01-02T03:04:09Z", "payload_bytes": 0}, SHORT),
)  # fmt: skip
FORMAT = with_columns(LONG.split(","))
