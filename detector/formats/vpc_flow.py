"""AWS VPC flow logs: the default columns of version 2, or those that the first line names.

Service is the network interface, client the source address, payload the bytes of the flow, time its begin.
Source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from detector.formats.delimited import cut_columns, tabulate
from detector.formats.format import LINE, Format, LevelAt, Sample, Span
from detector.formats.lines import Lines

DEFAULT = (
    "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end action log-status"
)
COLUMNS = {
    "time": ("start", "end"),
    "service": ("interface-id", "instance-id", "vpc-id", "account-id"),
    "client": ("pkt-srcaddr", "srcaddr"),
    "payload_bytes": ("bytes",),
    "host": ("instance-id",),
    "message": ("action",),
}
VERSION = re.compile(r"\d+ ")
STATES = r" (?:OK|NODATA|SKIPDATA)(?: |$)"


def adapt(head: Sequence[str]) -> Format | None:
    """By a first line that names columns, else the default ones."""
    first = next((line for line in head if line.strip()), "")
    names = first.split()
    if "start" in names or "end" in names:
        return with_columns(first) if "srcaddr" in names or "bytes" in names else None
    return with_columns(DEFAULT) if any(map(VERSION.match, head)) else None


def with_columns(header: str) -> Format:
    """The format of a file with these columns."""
    names = header.split()
    numbers = {read: names.index(name) for read, known in COLUMNS.items() for name in known[::-1] if name in names}

    def locate(lines: Lines, asked: frozenset[str]) -> pl.DataFrame:
        table = tabulate(cut_columns(lines, " "), {name: n for name, n in numbers.items() if name in asked})
        return table.with_columns(lines.text)

    fields: dict[str, pl.Expr | Span | LevelAt] = {
        name: Span(pl.col(f"{name} begin"), pl.col(f"{name} length")) for name in numbers
    }
    fields["matched"] = (pl.col("columns") == len(names)) & LINE.str.contains(
        STATES if "log-status" in names else r"\d{10}"
    )
    return Format(
        "vpc_flow",
        ABOUT,
        SAMPLES,
        fields,
        ("epoch",),
        locate=locate,
        header=LINE.eq(header),
        needs=("time",),
        priority=2,
    )


ABOUT = "AWS VPC flow logs"
CUSTOM = "version srcaddr bytes start end log-status vpc-id"
SAMPLES = (
    Sample(
        "2 111122223333 eni-0aa1 192.0.2.10 198.51.100.3 50100 443 6 11 5400 1772323200 1772323260 ACCEPT OK",
        {"timestamp": "2026-03-01T00:00:00Z", "service": "eni-0aa1", "client": "192.0.2.10", "payload_bytes": 5400}),
    Sample(
        "2 111122223333 eni-0aa1 203.0.113.77 192.0.2.10 40001 22 6 1 40 1772323201 1772323259 REJECT OK",
        {"timestamp": "2026-03-01T00:00:01Z", "client": "203.0.113.77", "payload_bytes": 40}),
    Sample(
        "2 111122223333 eni-0bb2 - - - - - - - 1772323200 1772323260 - NODATA",
        {"timestamp": "2026-03-01T00:00:00Z", "service": "eni-0bb2", "client": None, "payload_bytes": None}),
    Sample(
        "2 111122223333 eni-0bb2 - - - - - - - 1772323260 1772323320 - SKIPDATA",
        {"timestamp": "2026-03-01T00:01:00Z", "service": "eni-0bb2", "client": None}),
    Sample(
        "2 111122223333 eni-0cc3 2001:db8::10 2001:db8::20 443 50100 6 3 900 1772323205 1772323262 ACCEPT OK",
        {"timestamp": "2026-03-01T00:00:05Z", "client": "2001:db8::10", "payload_bytes": 900}),
    Sample(
        "5 192.0.2.10 720 1772323200 1772323260 OK vpc-0dd4",
        {"timestamp": "2026-03-01T00:00:00Z", "service": "vpc-0dd4", "client": "192.0.2.10",
         "payload_bytes": 720}, CUSTOM),
)  # fmt: skip
FORMAT = replace(with_columns(DEFAULT), adapt=adapt)
