"""syslog: the three forms in which daemons write it to files and send it over the network.

Sources: RFC 3164 (https://www.rfc-editor.org/rfc/rfc3164), RFC 5424 (https://www.rfc-editor.org/rfc/rfc5424), and
rsyslog's file format (https://www.rsyslog.com/doc/configuration/templates.html), which `journalctl -o short-iso`
shares.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

from detector.formats.format import LINE, Format, LevelAt, Rare, Sample, Span
from detector.formats.levels import LEVELS, from_priority
from detector.formats.repeats import repeats_in

Fields = dict[str, pl.Expr | Span | LevelAt | Rare]
BSD_CLOCK = ("%b %d %H:%M:%S", "%b %d %Y %H:%M:%S")
BSD_LENGTH = 15
BSD_HEAD = (
    r"^(?:<(?<pri>\d{1,3})>)? ?(?<time>[A-Z][a-z]{2} [ \d]?\d (?:\d{4} )?\d\d:\d\d:\d\d)(?:\.\d+)?(?: [A-Z]{3,4})?:? "
)
ISO_HEAD = r"^(?<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)) "
AFTER_HOST = r'^\S+ \S+ \S+ \S+ (?:-|(?:\[(?:[^\]"\\]|\\.|"(?:[^"\\]|\\.)*")*\])+) *\x{FEFF}?(.*)$'
TAG = r"(?<service>[^\s\[\]:{}=,(%]\S*?)(?:\[[^\]\s]*\])?: "
INDENTED = LINE.str.starts_with(" ") | LINE.str.starts_with("\t")
"""journalctl indents the further lines of a message."""


def find_parts(lines: pl.Series, *, begin: pl.Expr | int, hosted: bool) -> pl.LazyFrame:
    """`begin` of the host, its size, and `tag`: the byte after it, where `rest` starts."""
    first = begin if isinstance(begin, pl.Expr) else pl.lit(begin, pl.Int64)
    size = LINE.str.slice(begin).str.find(" ", literal=True) if hosted else pl.lit(-1, pl.Int64)
    frame = lines.to_frame("line").lazy().with_columns(begin=first, size=size.cast(pl.Int64))
    frame = frame.with_columns(tag=pl.col("begin") + pl.col("size") + 1)
    return frame.with_columns(rest=LINE.str.slice(pl.col("tag") if hosted else begin))


def after_time(*, hosted: bool = True, tagged: bool = True) -> Fields:
    """The fields of `host program[pid]: message`, over the columns of `find_parts`; a tag ends at `[` or `:`."""
    tag, rest = pl.col("tag"), pl.col("rest")
    colon = rest.str.find(": ", literal=True)
    is_mnemonic = rest.str.starts_with("%")  # of Cisco: %LINK-3-UPDOWN: says what happened, not who says it
    ends_tag = (colon + 1 == rest.str.find(" ", literal=True)).fill_null(value=False) & ~is_mnemonic
    message = tag + pl.when(ends_tag).then(colon + 2).otherwise(0)
    fields: Fields = {
        "matched": pl.col("size").is_not_null(),
        "repeats": repeats_in(LINE.str.slice(message)),
        "message": Span(message),
    }
    if hosted:
        fields["host"] = Span(pl.col("begin"), pl.col("size"))
    if tagged:
        fields["service"] = Span(pl.when(~is_mnemonic).then(tag), until="[: {", barrier=" {")
    return fields


def bsd(*, priority: bool, hosted: bool, tagged: bool) -> Format:
    """RFC 3164 read by position."""
    closes = LINE.str.find(">", literal=True).cast(pl.Int64) + 1
    begin = closes if priority else 0
    fields = after_time(hosted=hosted, tagged=tagged) | {"time": Span(begin, BSD_LENGTH)}
    if priority:
        fields["level"] = LevelAt(1, priority=True)
    return Format(
        "syslog_rfc3164", "syslog as BSD and rsyslog write it: Mar  1 00:00:00 host program[pid]: message", BSD_SAMPLES,
        fields, BSD_CLOCK, lambda lines: find_parts(lines, begin=begin + BSD_LENGTH + 1, hosted=hosted),
        continues=INDENTED, adapt=adapt_bsd, needs=("time",), fallback=bsd_by_regex(), envelope=True, priority=10,
    )  # fmt: skip


def bsd_by_regex() -> Format:
    """RFC 3164 as routers and others write it: with a year, a fraction or a colon after the time."""
    pattern = BSD_HEAD + r"(?:(?<host>[^\s\[]*[^\s\[:]) )?(?:" + TAG.replace(r": ", r":(?: |$)") + r")?(?<message>.*)"
    message = pl.col("message")
    fields: Fields = {
        "matched": pl.col("time").is_not_null(),
        "time": pl.col("time"),
        "host": pl.col("host"),
        "service": pl.col("service"),
        "level": from_priority(pl.col("pri")),
        "repeats": repeats_in(message),
        "message": message,
    }
    about = "syslog of RFC 3164, read by regex"
    return Format(
        "syslog_rfc3164", about, BSD_SAMPLES, fields, BSD_CLOCK, lambda lines: groups(lines, pattern), needs=("time",)
    )


def groups(lines: pl.Series, pattern: str) -> pl.LazyFrame:
    """The named groups of a regex as columns; null where it does not match."""
    return lines.to_frame("line").lazy().select(LINE.str.extract_groups(pattern).alias("f")).unnest("f")


def adapt_bsd(head: Sequence[str]) -> Format | None:
    """With or without priority, with or without host: whichever most of the lines have."""
    found = [match for match in map(BSD.match, head) if match]
    if not found:
        return None
    half = len(found) / 2
    after = [match["after"].split(" ", 1)[0] for match in found]
    hostless = sum(word.endswith(":") and not word[:-1].isdigit() for word in after)
    numbered = sum(bool(NUMBERED.match(match["after"])) for match in found)
    return bsd(
        priority=sum(match["pri"] is not None for match in found) > half,
        hosted=hostless <= half,
        tagged=numbered <= half / 5,
    )


def iso(length: int | None) -> Format:
    """rsyslog's file format; `length` of the time, None if it varies."""
    space = LINE.str.find(" ", literal=True).cast(pl.Int64)
    begin: pl.Expr | int = space + 1 if length is None else length + 1
    time = Span(0, until=" ") if length is None else Span(0, length)
    return Format(
        "syslog_iso", "syslog as rsyslog and journalctl write it: 2026-03-01T00:00:00+01:00 host program[pid]: text",
        ISO_SAMPLES, after_time() | {"time": time}, ("iso",), lambda lines: find_parts(lines, begin=begin, hosted=True),
        continues=INDENTED, adapt=adapt_iso, needs=("time",), envelope=True, priority=9,
    )  # fmt: skip


def adapt_iso(head: Sequence[str]) -> Format | None:
    """Most lines must have a host that is none of the words for a level, and some of them a tag."""
    found = [match for match in map(ISO.match, head) if match]
    hosts = [HOSTED.match(match["after"]) for match in found]
    good = [match for match in hosts if match and match["host"].strip(":").lower() not in LEVELS]
    tagged = sum(match["service"] is not None or bool(ADDRESS.match(match["host"])) for match in good)
    if not good or 2 * len(good) <= len(found) or 4 * tagged < len(found):
        return None
    lengths = {len(match["time"]) for match in found}
    return iso(lengths.pop() if len(lengths) == 1 else None)


def rfc5424(length: int | None) -> Format:
    """RFC 5424; `-` stands for what is not known; `length` of the time, None if it varies."""
    time, host, rest = pl.col("time"), pl.col("host"), pl.col("rest")
    size = rest.str.find(" ", literal=True).cast(pl.Int64)
    nil_host, app = rest.str.starts_with("- "), host + size + 1
    nil_app = LINE.str.slice(app, 2) == "- "
    message = rest.str.extract(AFTER_HOST)
    fields: Fields = {
        "matched": (time >= len("<1>1 ")) & (time <= len("<191>1 ")) & LINE.str.starts_with("<") & size.is_not_null(),
        "time": Span(time, until=" ") if length is None else Span(time, length),
        "host": Span(pl.when(~nil_host).then(host), size),
        "service": Span(pl.when(~nil_app).then(app), until=" "),
        "level": LevelAt(1, priority=True),
        "repeats": repeats_in(message),
        "message": message,
    }
    return Format(
        "syslog_rfc5424", "syslog of RFC 5424: <34>1 2026-03-01T00:00:00.123Z host program pid id [data] message",
        NEW_SAMPLES, fields, ("iso",), lambda lines: find_words(lines, length), continues=INDENTED, adapt=adapt_5424,
        envelope=True, priority=11,
    )  # fmt: skip


def find_words(lines: pl.Series, length: int | None) -> pl.LazyFrame:
    """Where time and host begin, and what begins with the host."""
    frame = lines.to_frame("line").lazy().with_columns(time=LINE.str.find(">1 ", literal=True).cast(pl.Int64) + 3)
    varies = LINE.str.slice(pl.col("time")).str.find(" ", literal=True).cast(pl.Int64)
    frame = frame.with_columns(host=pl.col("time") + (varies if length is None else length) + 1)
    return frame.with_columns(rest=LINE.str.slice(pl.col("host")))


def adapt_5424(head: Sequence[str]) -> Format | None:
    """How long the times are, nil ones aside."""
    found = [match for match in map(NEW.match, head) if match]
    lengths = {len(match["time"]) for match in found}
    return rfc5424(lengths.pop() if len(lengths) == 1 else None) if found else None


BSD = re.compile(BSD_HEAD.replace("(?<", "(?P<") + "(?P<after>.*)", re.DOTALL)
NUMBERED = re.compile(r"\S+ \d+: ")
ISO = re.compile(ISO_HEAD.replace("(?<", "(?P<") + "(?P<after>.*)", re.DOTALL)
HOSTED = re.compile(r"(?P<host>[\w.:%-]+) (?:" + TAG.replace("(?<", "(?P<") + ")?")
ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+$|[0-9a-fA-F:]+:[0-9a-fA-F:]*$")
NEW = re.compile(r"<\d{1,3}>1 (?P<time>-|\d{4}-\d\d-\d\dT\S+) \S+ \S+ \S+ \S+ [-\[]")
BSD_SAMPLES = (
    Sample(
        "Mar  1 00:00:00 node05 auth-worker[1234]: session opened for user from 192.0.2.3 in 31.5 ms",
        {"timestamp": "2025-03-01T00:00:00Z",
         "host": "node05", "service": "auth-worker", "message": "session opened for user from 192.0.2.3 in 31.5 ms",
         "level": None, "repeats": None},
    ),
    Sample(
        "Oct 11 22:14:15 mail postfix/smtpd[88]: warning: hostname unknown",
        {"timestamp": "2025-10-11T22:14:15Z",
         "host": "mail", "service": "postfix/smtpd", "message": "warning: hostname unknown"},
    ),
    Sample(
        "Oct 11 22:14:16 gate kernel: [   12.345678] eth0: link up",
        {"timestamp": "2025-10-11T22:14:16Z",
         "host": "gate", "service": "kernel", "message": "[   12.345678] eth0: link up"},
    ),
    Sample(
        "Oct 11 22:14:17 gate last message repeated 7 times",
        {"timestamp": "2025-10-11T22:14:17Z",
         "host": "gate", "service": None, "repeats": 7, "message": "last message repeated 7 times"},
    ),
    Sample(
        "Oct 11 22:14:18 gate sshd[9]: message repeated 3 times: [ Failed password for invalid user x]",
        {"timestamp": "2025-10-11T22:14:18Z", "host": "gate", "service": "sshd", "repeats": 3},
    ),
    Sample("Oct 11 22:14:19 gate -- MARK --", {"timestamp": "2025-10-11T22:14:19Z", "host": "gate",
         "service": None, "message": "-- MARK --"}),
    Sample(
        "<34>Oct 11 22:14:15 gate su: 'su root' failed for anna on /dev/pts/8",
        {"timestamp": "2025-10-11T22:14:15Z",
         "host": "gate", "service": "su", "level": "critical", "message": "'su root' failed for anna on /dev/pts/8"},
    ),
    Sample(
        "<191>Feb 29 23:59:59 2001:db8::7 app_x[-]: done: all",
        {"timestamp": "2024-02-29T23:59:59Z",
         "host": "2001:db8::7", "service": "app_x", "level": "debug", "message": "done: all"},
    ),
    Sample(
        "<13>Oct 11 22:14:15 backup[77]: run finished",
        {"timestamp": "2025-10-11T22:14:15Z",
         "host": None, "service": "backup", "level": "notice", "message": "run finished"},
    ),
    Sample(
        "<166>Oct 11 2025 22:14:15 fw1 : %ASA-6-302013: Built outbound TCP connection",
        {"timestamp": "2025-10-11T22:14:15Z", "host": "fw1", "level": "info"},
    ),
    Sample(
        "Oct 11 22:14:15 sw1 %LINK-3-UPDOWN: Interface GigabitEthernet0/1, changed state to up",
        {"timestamp": "2025-10-11T22:14:15Z", "host": "sw1", "service": None,
         "message": "%LINK-3-UPDOWN: Interface GigabitEthernet0/1, changed state to up"},
    ),
    Sample(
        "<166>Oct 11 2025 22:14:15: %ASA-6-302013: Built outbound TCP connection",
        {"timestamp": "2025-10-11T22:14:15Z", "service": None, "level": "info"},
    ),
)  # fmt: skip
ISO_SAMPLES = (
    Sample(
        "2026-01-02T03:04:05.678901+01:00 db1 postgres[4711]: [3-1] checkpoint starting: time",
        {"timestamp": "2026-01-02T02:04:05.678901Z", "host": "db1", "service": "postgres",
         "message": "[3-1] checkpoint starting: time"},
    ),
    Sample(
        "2026-01-02T03:04:05+0000 vm cron[5]: (root) CMD (true)",
        {"timestamp": "2026-01-02T03:04:05Z", "host": "vm", "service": "cron", "message": "(root) CMD (true)"},
    ),
    Sample(
        "2026-01-02T03:04:06Z vm kernel: first line\n            second line of it",
        {"timestamp": "2026-01-02T03:04:06Z", "host": "vm", "service": "kernel"},
    ),
    Sample(
        "2026-01-02T03:04:07.5-05:30 192.0.2.1 snmpd[12]: message repeated 21 times: [ Connection from UDP]",
        {"timestamp": "2026-01-02T08:34:07.5Z", "host": "192.0.2.1", "service": "snmpd", "repeats": 21},
    ),
    Sample(
        "2026-01-02T03:04:08.000001+00:00 192.0.2.1 system,error,critical login failure for user x",
        {"timestamp": "2026-01-02T03:04:08.000001Z", "host": "192.0.2.1", "service": None,
         "message": "system,error,critical login failure for user x"},
    ),
)  # fmt: skip
NEW_SAMPLES = (
    Sample(
        "<34>1 2025-10-11T22:14:15.003Z gate.example.org su - ID47 - 'su root' failed for anna",
        {"timestamp": "2025-10-11T22:14:15.003Z", "host": "gate.example.org", "service": "su", "level": "critical",
         "message": "'su root' failed for anna"},
    ),
    Sample(
        "<165>1 2025-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - - It's time to make the do-nuts.",
        {"timestamp": "2025-08-24T12:14:15.000003Z", "host": "192.0.2.1", "service": "myproc", "level": "notice",
         "message": "It's time to make the do-nuts."},
    ),
    Sample(
        r'<14>1 2025-10-11T22:14:15Z web shop 12 ID9 [a@32473 k="v \] \" ]"][b@32473 x="1"] two [words]',
        {"timestamp": "2025-10-11T22:14:15Z", "service": "shop", "level": "info", "message": "two [words]"},
    ),
    Sample(
        "<15>1 - - - - - -",
        {"timestamp": None, "host": None, "service": None, "level": "debug"},
    ),
    Sample(
        '<11>1 2025-10-11T22:14:16.52+02:00 web shop 12 - [only@32473 structured="data"]',
        {"timestamp": "2025-10-11T20:14:16.52Z", "host": "web", "service": "shop", "level": "error"},
    ),
    Sample(
        '<165>1 2025-10-11T22:14:17.003Z web shop - ID47 [a@32473 x="1"][b@32473 y="2"] \ufeffwith a mark of UTF-8',
        {"timestamp": "2025-10-11T22:14:17.003Z", "service": "shop", "message": "with a mark of UTF-8"},
    ),
)  # fmt: skip
FORMATS = (bsd(priority=False, hosted=True, tagged=True), rfc5424(None), iso(None))
"""The three forms; the table names each."""
