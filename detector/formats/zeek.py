r"""Zeek's own logs: columns between tabs, named in lines that begin with `#`. Its JSON is a dialect of `jsonlines.py`.

Service is the log's name (`#path conn`), client the address that opened the connection, payload what both sides sent.
Source: https://docs.zeek.org/en/master/log-formats.html#zeek-tsv-format-logs
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from detector.formats.delimited import cut_columns, read_size, tabulate
from detector.formats.format import LINE, Format, LevelAt, Sample, Span
from detector.formats.lines import Lines

COLUMNS = {
    "time": ("ts",),
    "client": ("id.orig_h",),
    "request": ("uid",),
    "status": ("status_code",),
    "version": ("user_agent",),
    "message": ("msg", "message"),
    "sent": ("orig_bytes", "request_body_len"),
    "received": ("resp_bytes", "response_body_len", "seen_bytes"),
}
"""What is read -> the columns that may hold it."""
SUMMED = ("sent", "received")


def adapt(head: Sequence[str]) -> Format | None:
    """By the lines that name separator, path and columns."""
    first = next((line for line in head if line.startswith("#separator ")), r"#separator \x09")
    separator = read_separator(first.split(" ", 1)[1])
    described = dict(
        line[1:].split(separator, 1) for line in reversed(head) if line.startswith("#") and separator in line
    )
    fields = described.get("fields")
    if fields is None:
        return None
    names = fields.split(separator)
    return with_columns(names, separator, described.get("path", "").strip()) if "ts" in names else None


def read_separator(written: str) -> str:
    r"""`\x09` -> tab; anything else than one ASCII character is taken as a tab."""
    try:
        character = chr(int(written.strip().removeprefix("\\x"), 16)) if written.startswith("\\x") else written.strip()
    except (ValueError, OverflowError):
        return "\t"
    return character if len(character) == 1 and character.isascii() else "\t"


def with_columns(names: Sequence[str], separator: str, path: str) -> Format:
    """The format of a file with these columns."""
    numbers = {read: names.index(name) for read, known in COLUMNS.items() for name in known[::-1] if name in names}

    def locate(lines: Lines, asked: frozenset[str]) -> pl.DataFrame:
        wanted = asked | set(SUMMED) if "payload_bytes" in asked else asked
        table = tabulate(cut_columns(lines, separator), {name: n for name, n in numbers.items() if name in wanted})
        sizes = [read_size(name, table, lines) for name in SUMMED if f"{name} begin" in table.columns]
        return table.with_columns(lines.text, *sizes)

    fields: dict[str, pl.Expr | Span | LevelAt] = {
        name: Span(pl.col(f"{name} begin"), pl.col(f"{name} length")) for name in numbers if name not in SUMMED
    }
    sizes = [pl.col(name) for name in SUMMED if name in numbers]
    if sizes:
        there = pl.any_horizontal(size.is_not_null() for size in sizes)
        fields["payload_bytes"] = pl.when(there).then(pl.sum_horizontal(sizes))
    if path:
        fields["service"] = pl.lit(path)
    fields["matched"] = (pl.col("columns") > max(numbers.values())) & ~LINE.str.starts_with("#")
    return Format("zeek", ABOUT, SAMPLES, fields, ("epoch", "iso"), locate=locate, header=LINE.str.starts_with("#"),
                  needs=("time",), priority=2)  # fmt: skip


ABOUT = "Zeek (Bro) logs in columns"
HEAD = (
    "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n"
    "#path\tconn\n#open\t2026-03-01-00-00-00\n"
    "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\torig_bytes\tresp_bytes\n"
    "#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tcount\tcount"
)
HTTP = "#fields\tts\tuid\tid.orig_h\tuser_agent\tstatus_code\trequest_body_len\tresponse_body_len\n#path\thttp"
SAMPLES = (
    Sample(
        "1772323200.125000\tCx1Aa2\t192.0.2.7\t50312\t198.51.100.9\t443\ttcp\tssl\t1200\t34000",
        {"timestamp": "2026-03-01T00:00:00.125Z", "service": "conn", "client": "192.0.2.7", "payload_bytes": 35200,
         "request": "Cx1Aa2"}, HEAD),
    Sample(
        "1772323201.000001\tCx1Aa3\t2001:db8::7\t5353\t2001:db8::1\t53\tudp\t-\t-\t-",
        {"timestamp": "2026-03-01T00:00:01.000001Z", "service": "conn", "client": "2001:db8::7",
         "payload_bytes": None}, HEAD),
    Sample(
        "1772323202.5\tCx1Aa4\t192.0.2.8\t1\t198.51.100.9\t2\ticmp\t-\t64\t-",
        {"timestamp": "2026-03-01T00:00:02.5Z", "client": "192.0.2.8", "payload_bytes": 64}, HEAD),
    Sample(
        "1772323203.250000\tCx1Aa5\t192.0.2.9\tcurl/8.5.0\t404\t0\t153",
        {"timestamp": "2026-03-01T00:00:03.25Z", "service": "http", "client": "192.0.2.9", "status": 404,
         "payload_bytes": 153, "version": "curl/8.5.0"}, HTTP),
    Sample(
        "2026-03-01T00:00:04.500000Z\tCx1Aa6\t192.0.2.9\t-\t-\t-\t-",
        {"timestamp": "2026-03-01T00:00:04.5Z", "client": "192.0.2.9", "status": None, "payload_bytes": None,
         "version": None}, HTTP),
)  # fmt: skip
FORMAT = replace(with_columns(["ts"], "\t", ""), adapt=adapt)
