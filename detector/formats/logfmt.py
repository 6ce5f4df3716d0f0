"""logfmt: `key=value` pairs, values with spaces in quotes, as Heroku, Go programs, Grafana and many libraries write it.

Source: https://brandur.org/logfmt, https://pkg.go.dev/github.com/kr/logfmt
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

import polars as pl

from detector.formats.format import LINE, Format, LevelAt, Sample, Span

PAIR = re.compile(r'(?:^|(?<=[\s"]))([A-Za-z_@][\w.@/-]*)=("(?:[^"\\]|\\.)*"|[^\s"]*)(?=\s|$)')
ISO = re.compile(r"\d{4}-\d\d-\d\dT")
NUMBER = re.compile(r"[\d.]+[a-zµ]{0,2}")
"""No name of a service: Heroku's router writes `service=18ms`."""
START = re.compile(r"[A-Za-z_@][\w.@/-]*=")
KEYS = {
    "time": "time ts timestamp t at date datetime @timestamp",
    "level": "level lvl severity loglevel",
    "service": "service service.name svc app application logger component name module",
    "host": "host hostname instance",
    "client": "client clientip client.address remoteaddr remote remoteip remotehost ip peer addr clientid deviceid",
    "status": "status statuscode httpstatus code responsecode http.status http.statuscode",
    "payload_bytes": "bytes size bytessent bodybytessent responsesize responsebytes contentlength respbytes length",
    "request": "requestid reqid traceid trace.id xrequestid correlationid",
    "endpoint": "path uri url endpoint route",
    "version": "useragent version clientversion appversion",
    "message": "msg message event",
}
"""Column of Records -> keys that mean it, without `_` and `-`, in lower case, the likeliest first."""
COMMON = 0.2
"""A key is used only if this share of the lines have it, unless there is no other."""
SAMPLED = 250
"""Lines of the head that are looked at, evenly spread."""
Found = list[Mapping[str, re.Match[str]]]


def adapt(head: Sequence[str]) -> Format | None:
    """The keys that these lines use."""
    found = [pairs for pairs in map(read_pairs, head[:: max(1, len(head) // SAMPLED)]) if pairs]
    if not found:
        return None
    used = {column: key for column in KEYS if (key := key_for(column, found)) is not None}
    times = [pairs[used["time"]][2].strip('"') for pairs in found if used.get("time") in pairs]
    clock = ("iso",) if times and all(map(ISO.match, times)) else ("iso", "epoch")
    return by_keys({column: where(column, key, found) for column, key in used.items()}, tuple(used.values()), clock)


def read_pairs(line: str) -> Mapping[str, re.Match[str]] | None:
    """The pairs of a line by key; None if it is not logfmt: two pairs at least, one of them a time or a level."""
    if not START.match(line):
        return None
    pairs: dict[str, re.Match[str]] = {}
    for match in PAIR.finditer(line):
        pairs.setdefault(match[1], match)
    if len(pairs) < 2 or not any(meaning(key) & {"time", "level"} for key in pairs):
        return None
    return pairs


def meaning(key: str) -> set[str]:
    """The columns that a key may stand for."""
    return MEANINGS.get(key.lower().replace("_", "").replace("-", ""), set())


def key_for(column: str, found: Found) -> str | None:
    """The likeliest of the keys that enough lines have."""
    order = KEYS[column].split()
    counts = Counter(
        key for pairs in found for key, match in pairs.items()
        if column in meaning(key) and not (column == "service" and NUMBER.fullmatch(match[2]))
    )  # fmt: skip
    common = [key for key, count in counts.items() if count >= COMMON * len(found)] or [
        key for key, _ in counts.most_common(1)
    ]
    return min(common, key=lambda key: order.index(key.lower().replace("_", "").replace("-", "")), default=None)


def where(column: str, key: str, found: Found) -> pl.Expr | Span | LevelAt:
    """Where the value of a key is: in quotes if all such values of the head are."""
    matches = [pairs[key] for pairs in found if key in pairs]
    quoted = [match[2].startswith('"') for match in matches]
    after_quotes = all(match.string[match.start() - 2 : match.start()] == '" ' for match in matches)
    mark = ('" ' if after_quotes else " ") + key + "="
    found_at = LINE.str.find(mark, literal=True).cast(pl.Int64) + len(mark)
    begin = pl.when(LINE.str.starts_with(key + "=")).then(len(key) + 1).otherwise(found_at)
    if any(quoted) and (column == "message" or not all(quoted)):
        if column in ("time", "level", "status", "payload_bytes"):
            begin += (LINE.cast(pl.Binary).bin.slice(begin, 1) == b'"').cast(pl.Int64)
            return typed(column, begin, '" ')
        inside = LINE.str.extract(rf'(?:^|[\s"]){re.escape(key)}="((?:[^"\\]|\\.)*)"')
        bare = LINE.str.extract(rf'(?:^|[\s"]){re.escape(key)}=([^\s"]\S*)')
        return present_text(pl.coalesce(inside, bare).str.replace_all(r'\\(["\\])', "$1"))
    sizes = {len(match[2]) for match in matches}
    if column == "time" and len(sizes) == 1 and len(matches) >= len(found) > 20:
        return Span(begin + all(quoted), sizes.pop() - 2 * all(quoted))
    return typed(column, begin + all(quoted), '"' if all(quoted) else " ")


def typed(column: str, begin: pl.Expr, until: str) -> Span | LevelAt:
    """The cheapest way to read a column."""
    if column == "level":
        return LevelAt(begin)
    if column == "endpoint":
        until += "?"
    return Span(begin) if column in ("status", "payload_bytes") else Span(begin, until=until)


def present_text(text: pl.Expr) -> pl.Expr:
    """An empty value is none."""
    return pl.when(text != "").then(text)


def by_keys(
    fields: Mapping[str, pl.Expr | Span | LevelAt], keys: tuple[str, ...], clock: tuple[str, ...] = ("iso", "epoch")
) -> Format:
    """The format with these fields; the first pair must begin the line."""
    equals, space = LINE.str.find("=", literal=True), LINE.str.find(" ", literal=True)
    known = [fields[name] for name in ("time", "level") if name in fields]
    begins = [value.begin for value in known if isinstance(value, Span | LevelAt) and isinstance(value.begin, pl.Expr)]
    matched = (equals < space) & pl.any_horizontal(begin.is_not_null() for begin in begins)
    return Format(
        "logfmt", 'logfmt: time=2026-01-02T03:04:05Z level=info msg="a text" key=value', SAMPLES,
        {"matched": matched, **fields}, clock, adapt=adapt, priority=5, dialect=" ".join(keys),
    )  # fmt: skip


MEANINGS: dict[str, set[str]] = {}
for _column, _keys in KEYS.items():
    for _key in _keys.split():
        MEANINGS.setdefault(_key, set()).add(_column)
SAMPLES = (
    Sample(
        'time=2026-01-02T03:04:05Z level=INFO logger=catalog msg="all done" client_ip=192.0.2.4 status=500 bytes=855',
        {"timestamp": "2026-01-02T03:04:05Z", "level": "info", "service": "catalog", "client": "192.0.2.4",
         "status": 500, "payload_bytes": 855, "message": "all done"},
    ),
    Sample(
        'at=info method=GET path="/cart?id=1" host=shop.example.org fwd="192.0.2.4" service=18ms status=200 bytes=13 '
        'time=2026-01-02T03:04:05Z msg="said \\"no\\" twice"',
        {"timestamp": "2026-01-02T03:04:05Z", "service": None, "endpoint": "/cart", "status": 200,
         "message": 'said "no" twice'},
    ),
    Sample(
        'level=warn ts=2026-01-02T03:04:06.123456789+02:00 caller=main.go:12 component=tsdb msg="slow \\"query\\""',
        {"timestamp": "2026-01-02T01:04:06.123456Z", "level": "warning", "service": "tsdb", "client": None},
    ),
    Sample(
        'time="2026-01-02T03:04:07.5Z" level=fatal msg=stopped',
        {"timestamp": "2026-01-02T03:04:07.5Z", "level": "critical", "message": "stopped"},
    ),
    Sample(
        "ts=1767323045.25 severity=debug app=shop remote_addr=2001:db8::4 code=204 size=0 trace_id=abc",
        {"timestamp": "2026-01-02T03:04:05.25Z", "level": "debug", "service": "shop", "client": "2001:db8::4",
         "status": 204, "payload_bytes": 0, "request": "abc"},
    ),
    Sample(
        'logger=context userId=0 uname= t=2026-01-02T03:04:08Z lvl=eror msg="Invalid name" remote_addr=192.0.2.7',
        {"timestamp": "2026-01-02T03:04:08Z", "level": "error", "service": "context", "client": "192.0.2.7"},
    ),
    Sample(
        "level=error msg=undated service=pay",
        {"timestamp": None, "level": "error", "service": "pay"},
    ),
)  # fmt: skip
FORMAT = by_keys(
    {"time": Span(LINE.str.find("time=", literal=True).cast(pl.Int64) + 5, until=" "),
     "level": LevelAt(LINE.str.find("level=", literal=True).cast(pl.Int64) + 6)}, ("time", "level"),
)  # fmt: skip
