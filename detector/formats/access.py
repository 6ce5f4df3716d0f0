"""Access logs of web servers: NCSA common and combined, and Apache's vhost_combined (host and port first).

Source: https://httpd.apache.org/docs/2.4/logs.html#accesslog, https://nginx.org/en/docs/http/ngx_http_log_module.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detector.formats.cut import before, present, whole
from detector.formats.format import LINE, Format, LevelAt, Sample, Span, Unless
from detector.formats.lines import (
    NEAR,
    Lines,
    Positions,
    first_of,
    lowest_bit,
    marks_at,
    texts_at,
)

CLOCK = ("%d/%b/%Y:%H:%M:%S %z",)
TIME_WIDTH = 26
MISSING = -1
LONGEST_REQUEST = 8192
"""Bytes within which a request is looked for, as long as the longest that servers take; longer ones go to the regex."""
PATTERN = (
    r'^(?:(?<vhost>[^\s"\[]+) (?<visitor>[^\s"-][^\s"]*) -|(?<client>\S+) \S+) '
    r"(?<user>[^\[]*?) ?\[(?<time>[^\]]{26})\] "
    r'"(?<endpoint>(?:[^"\\]|\\.)*)" (?<status>\d{3}|-) (?<payload>\d+|-)'
    r'(?: "(?<referrer>(?:[^"\\]|\\.)*)" "(?<agent>(?:[^"\\]|\\.)*)")?'
)


def take_apart(lines: pl.Series) -> pl.LazyFrame:
    """One regex for all fields: slow, but right for escaped quotes and user names with spaces."""
    return lines.to_frame("line").lazy().select(LINE.str.extract_groups(PATTERN).alias("f")).unnest("f")


def by_regex() -> Format:
    """The format read with the regex, with or without a virtual host in each line."""
    fields: dict[str, pl.Expr | Span | LevelAt] = {
        "matched": pl.col("time").is_not_null(),
        "time": pl.col("time"),
        "client": pl.coalesce("visitor", "client"),
        "version": present(pl.col("agent")),
        "endpoint": without_query(pl.col("endpoint")),
        "status": whole(pl.col("status"), pl.Int32()),
        "payload_bytes": whole(pl.col("payload")),
    }
    fields["service"] = pl.col("vhost").str.replace(r":\d+$", "")
    return Format("access", ABOUT, SAMPLES, fields, CLOCK, take_apart)


def without_query(request: pl.Expr) -> pl.Expr:
    """`GET /a?b=c HTTP/1.1` -> `GET /a`."""
    return request.str.splitn("?", 2).struct.field("field_0").str.replace(r" HTTP/[0-9.]+$", "")


def find_marks(lines: Lines, asked: frozenset[str], *, vhost: bool, tail: bool = False) -> pl.DataFrame:
    """Where the client, the time, the request and the status begin in each line; -1 where they are missing."""
    begins = lines.begins
    client, size, opens = _head(lines, vhost=vhost)
    quote, closes, there = _request(lines, opens)
    status = closes + 2 - begins
    columns = {
        "client": client,
        "client length": size,
        "time": np.where(there, opens + 1, MISSING),
        "before": np.where(there, status - 3, MISSING),
        "status": np.where(there, status, MISSING),
        "payload": np.where(there, status + 4, MISSING),
    }
    if asked & {"version", "version_hash"}:
        to_end = tail or "version" in asked
        begin, end = _agents(lines, np.flatnonzero(there), begins + columns["payload"], whole=to_end)
        columns |= {"agent": np.where(begin < end, begin - begins, MISSING), "agent length": end - begin}
    texts = [lines.text] if "service" in asked else []
    if "endpoint" in asked:
        texts.append(texts_at(lines.bytes, quote, np.maximum(closes, quote)).alias("request"))
    return pl.DataFrame([*texts, *(pl.Series(name, column) for name, column in columns.items())])


def _request(lines: Lines, opens: Positions) -> tuple[Positions, Positions, NDArray[np.bool_]]:
    """Where in the block the request begins, where its closing quote is, and whether it is there."""
    quote = np.where(opens >= 0, np.minimum(lines.begins + opens + TIME_WIDTH + 4, lines.ends), lines.ends)
    closes = first_of(lines.bytes, quote, lines.ends, '"', near=64, far=LONGEST_REQUEST)
    return quote, closes, (closes < lines.ends) & (closes >= 0)


def agents_at(lines: Lines, near: Positions, *, tail: bool = False) -> tuple[Positions, Positions]:
    """Where the user agent of each line and what follows it lie; the payload begins at byte `near` of the line."""
    return _agents(lines, np.arange(len(lines)), lines.begins + near, whole=tail)


def _agents(lines: Lines, rows: Positions, places: Positions, *, whole: bool) -> tuple[Positions, Positions]:
    """Where the user agent of each line begins and ends, in the block; empty where there is none, or it is only `-`.

    It is the second text in quotes behind the payload, which begins at `places`.

    Args:
        lines: n lines.
        rows: of those that are looked at.
        places: n.
        whole: with its end; without, what follows it is part of it, which is enough to tell agents apart.
    """
    before, last = _third_quote(lines, rows, places) + 1, lines.ends[rows]
    there = (before > 0) & (lines.bytes[before - 2] == ord(" "))
    if not there.all():
        rows, before, last = rows[there], before[there], last[there]
    if whole:
        quote = first_of(lines.bytes, before, last, '"\\', near=64, far=LONGEST_REQUEST)
        closed = lines.bytes[np.clip(quote, 0, len(lines.bytes) - 1)] == ord('"')
        last = np.where((quote >= 0) & closed, quote, before)
    first, second = lines.bytes[before], lines.bytes[np.minimum(before + 1, last)]
    missing = (first == ord('"')) | (first == ord("-")) & (second == ord('"'))
    last = np.where(missing, before, last) if missing.any() else last
    if len(rows) == len(lines):
        return before, last
    begins, ends = np.zeros((2, len(lines)), np.int64)
    begins[rows], ends[rows] = before, last
    return begins, ends


def _third_quote(lines: Lines, rows: Positions, places: Positions) -> Positions:
    """Where the third quote behind each place lies, -1 where there is none."""
    first, last = places[rows], lines.ends[rows]
    (quotes,) = marks_at(lines.bytes, first, NEAR, '"')
    for _ in range(2):
        quotes &= quotes - np.uint64(1)
    found = first + lowest_bit(quotes)
    missing = (quotes == 0) | (found >= last)
    found[missing] = -1
    far = np.flatnonzero(missing & (last - first > NEAR))
    if not len(far):
        return found
    before = first[far]
    for near in (16, 64, 8):
        quote = first_of(lines.bytes, before, last[far], '"', near=near, far=LONGEST_REQUEST)
        before = np.where((quote < 0) | (quote >= last[far]), last[far], quote + 1)
    found[far] = np.where(before < last[far], before - 1, -1)
    return found


def _head(lines: Lines, *, vhost: bool) -> tuple[Positions, Positions, Positions]:
    """Where in each line its client begins, how long that is, and where the bracket stands before the time, or -1."""
    spaces, brackets = marks_at(lines.bytes, lines.begins, NEAR, " ", "[")
    opens = lowest_bit(brackets & (spaces << np.uint64(1))).astype(np.int64)
    client = np.zeros(len(lines), np.int64)
    if vhost:
        client = lowest_bit(spaces).astype(np.int64) + 1
        spaces &= spaces - np.uint64(1)
    behind = lowest_bit(spaces).astype(np.int64)
    far = np.flatnonzero((opens == NEAR) | (behind == NEAR) | (opens > lines.sizes))
    if len(far):
        client[far], behind[far], opens[far] = _far_head(lines.text.gather(far), vhost=vhost)
    return client, np.maximum(behind - client, 0), opens


def _far_head(texts: pl.Series, *, vhost: bool) -> tuple[Positions, Positions, Positions]:
    """The same for lines whose names are long: where the client begins and ends, and the bracket."""
    line, first = pl.col("line"), pl.col("line").str.find(" ", literal=True).cast(pl.Int64)
    space, behind_it = first.fill_null(0), (first + 1).fill_null(0)  # a character that no space precedes is not cut
    second = line.cast(pl.Binary).bin.slice(behind_it).cast(pl.String).str.find(" ", literal=True).fill_null(0)
    found = texts.to_frame("line").select(
        client=space + 1 if vhost else 0,
        behind=space + 1 + second if vhost else space,
        opens=line.str.find(" [", literal=True).cast(pl.Int64).fill_null(MISSING - 1) + 1,
    )
    client, behind, opens = (found[name].cast(pl.Int64).to_numpy() for name in found.columns)
    return client, behind, opens


def by_position(*, vhost: bool, agents: bool = True, tail: bool = False) -> Format:
    """The format read by finding literals; a line with an escaped quote in its request is left to the regex.

    Args:
        vhost, agents: do lines tell them?
        tail: does something follow the agents? If it is another one in each line, it must not count as part of them.
    """
    fields: dict[str, pl.Expr | Span | LevelAt | Unless] = {
        "matched": Unless("before", "\\"),
        "time": Span("time", TIME_WIDTH),
        "client": Span("client", "client length"),
        "version": Span("agent", "agent length"),
        "version_hash": Span("agent", "agent length"),
        "version_near": pl.col("payload"),
        "endpoint": without_query(pl.col("request")),
        "status": Span("status", 3),
        "payload_bytes": Span("payload"),
    }
    if vhost:
        fields["service"] = before(LINE, " ").str.replace(r":\d+$", "")
    return Format(
        "access", ABOUT, SAMPLES, fields, CLOCK, locate=partial(find_marks, vhost=vhost, tail=tail),
        needs=("time", "status"), fallback=by_regex(), versions_at=partial(agents_at, tail=tail), versions=agents,
    )  # fmt: skip


def adapt(head: Sequence[str]) -> Format | None:
    """With or without the virtual host and user agents; by regex where only some lines have a virtual host."""
    found = [match for match in map(COMPILED.match, head) if match]
    if not found:
        return None
    vhosts = sum(match["vhost"] is not None for match in found)
    agents = any(match["agent"] is not None for match in found)
    if vhosts in (0, len(found)):
        tail = any(match["agent"] is not None and match.end() < len(match.string.rstrip()) for match in found)
        return by_position(vhost=vhosts > 0, agents=agents, tail=tail)
    return replace(by_regex(), adapt=adapt)


COMPILED = re.compile(PATTERN.replace("(?<", "(?P<"))
ABOUT = "web server access log: common, combined, vhost_combined"
SAMPLES = (
    Sample(
        '203.0.113.9 - - [10/Oct/2025:13:55:36 +0000] "GET /index.html HTTP/1.1" 200 2326',
        {"timestamp": "2025-10-10T13:55:36Z", "client": "203.0.113.9", "status": 200, "payload_bytes": 2326,
         "endpoint": "GET /index.html", "version": None},
    ),
    Sample(
        '198.51.100.7 - anna [10/Oct/2025:13:55:37 +0200] "POST /api/v1/cars?id=7 HTTP/2.0" 503 - "-" "FleetApp/4.9.0"',
        {"timestamp": "2025-10-10T11:55:37Z", "client": "198.51.100.7", "status": 503, "payload_bytes": None,
         "endpoint": "POST /api/v1/cars", "version": "FleetApp/4.9.0"},
    ),
    Sample(
        r'2001:db8::5 - - [10/Oct/2025:13:55:38 +0000] "GET /a\"b\" HTTP/1.1" 404 17 "https://example.org/" "x \"y\""',
        {"timestamp": "2025-10-10T13:55:38Z", "client": "2001:db8::5", "status": 404, "payload_bytes": 17},
    ),
    Sample(
        'shop.example.org:443 192.0.2.33 - - [10/Oct/2025:13:55:39 +0000] "GET / HTTP/1.1" 200 5 "-" "curl/8.5.0"',
        {"timestamp": "2025-10-10T13:55:39Z", "client": "192.0.2.33", "service": "shop.example.org", "status": 200,
         "payload_bytes": 5, "version": "curl/8.5.0"},
    ),
    Sample(
        '192.0.2.34 - - [10/Oct/2025:13:55:40 +0000] "-" 408 0 "-" "-"',
        {"timestamp": "2025-10-10T13:55:40Z", "client": "192.0.2.34", "status": 408, "payload_bytes": 0,
         "version": None},
    ),
    Sample(
        r'192.0.2.35 - - [10/Oct/2025:13:55:41 +0000] "\x16\x03\x01" 400 157 "-" "-"',
        {"timestamp": "2025-10-10T13:55:41Z", "client": "192.0.2.35", "status": 400, "payload_bytes": 157},
    ),
)  # fmt: skip
FORMAT = replace(by_position(vhost=False), adapt=adapt)
