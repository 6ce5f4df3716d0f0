"""Error logs of web servers: nginx and Apache (2.2 and before, 2.4).

Source: https://nginx.org/en/docs/ngx_core_module.html#error_log,
https://httpd.apache.org/docs/2.4/mod/core.html#errorlogformat
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import polars as pl

from detector.formats.format import LINE, Format, LevelAt, Sample, Span
from detector.formats.levels import from_word

NGINX_LEVEL = 21
"""The byte after `2026/01/02 03:04:05 [`."""
APACHE_CLOCK = ("%b %d %H:%M:%S%.f %Y",)
"""Without the weekday, which must not make a time invalid."""
WEEKDAY = len("[Fri ")
ODD_LINE = pl.lit(value=True)
"""PHP and ModSecurity write messages of many lines: what does not begin with a time continues the record."""


def nginx() -> Format:
    """`2026/01/02 03:04:05 [error] 12#12: *3 message, client: 192.0.2.1, server: ...`."""
    client = LINE.str.find(", client: ", literal=True).cast(pl.Int64)
    fields: dict[str, pl.Expr | Span | LevelAt] = {
        "matched": (LINE.str.slice(NGINX_LEVEL - 2, 2) == " [") & LINE.str.contains("#", literal=True),
        "time": Span(0, NGINX_LEVEL - 2),
        "level": LevelAt(NGINX_LEVEL),
        "client": Span(client + len(", client: "), until=", "),
        "endpoint": LINE.str.extract(r', request: "([^"? ]+ [^"? ]+)'),
        "message": LINE.str.extract(r"^[^#]*#\d+: (?:\*\d+ )?(.*)$"),
    }
    return Format(
        "nginx_error", "error log of nginx", NGINX_SAMPLES, fields, ("iso",), continues=ODD_LINE, adapt=adapt_nginx,
        needs=("time", "level"), priority=10,
    )  # fmt: skip


def adapt_nginx(head: Sequence[str]) -> Format | None:
    """Nothing to fit, but some line must look like it."""
    return FORMATS[0] if any(map(NGINX.match, head)) else None


def apache(*, time_size: int, modular: bool) -> Format:
    """`[Fri Jan 02 03:04:05 2026] [error] [client 192.0.2.1] text`; since 2.4 with module and port."""
    begin = WEEKDAY + time_size + len("] [")
    client = LINE.str.find("[client ", literal=True).cast(pl.Int64) + len("[client ")
    colon = LINE.str.slice(begin).str.find(":", literal=True).cast(pl.Int64)
    fields: dict[str, pl.Expr | Span | LevelAt] = {
        "matched": LINE.str.starts_with("[") & (LINE.str.slice(begin - 3, 3) == "] ["),
        "time": Span(WEEKDAY, time_size),
        "level": LevelAt(begin + colon + 1 if modular else begin),
        "client": LINE.str.extract(MODULAR_CLIENT) if modular else Span(client, until="]"),
        "message": LINE.str.extract(r"^(?:\[[^\]]*\] )+(.*)$"),
    }
    return Format(
        "apache_error", "error log of Apache httpd", APACHE_SAMPLES, fields, APACHE_CLOCK, continues=ODD_LINE,
        adapt=adapt_apache, needs=("time", "level"), fallback=apache_by_regex(), priority=10,
    )  # fmt: skip


def apache_by_regex() -> Format:
    """Either version, whatever the fraction."""
    modular = pl.col("module").is_not_null()
    fields: dict[str, pl.Expr | Span | LevelAt] = {
        "matched": pl.col("time").is_not_null(),
        "time": pl.col("time"),
        "level": from_word(pl.col("level").str.strip_chars("12345678")),
        "client": pl.when(modular).then(pl.col("rest").str.extract(MODULAR_CLIENT)).otherwise(
            pl.col("rest").str.extract(r"\[client ([^\]]+)\]")),
        "message": pl.col("rest").str.extract(r"^(?:\[[^\]]*\] )*(.*)$"),
    }  # fmt: skip
    about = "error log of Apache httpd, read by regex"
    return Format("apache_error", about, APACHE_SAMPLES, fields, APACHE_CLOCK, apache_groups, needs=("time", "level"))


def apache_groups(lines: pl.Series) -> pl.LazyFrame:
    """The groups of the regex as columns."""
    return lines.to_frame("line").lazy().select(LINE.str.extract_groups(APACHE_PATTERN).alias("f")).unnest("f")


def adapt_apache(head: Sequence[str]) -> Format | None:
    """The width of the time and the version that most lines have."""
    found = Counter((len(match["time"]), match["module"] is not None) for match in map(APACHE.match, head) if match)
    if not found:
        return None
    (time_size, modular), _ = found.most_common(1)[0]
    return apache(time_size=time_size, modular=modular)


MODULAR_CLIENT = r"\[client ([^\]]+?)(?::\d+)?\]"
APACHE_PATTERN = (
    r"^\[[A-Z][a-z]{2} (?<time>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d+)? \d{4})\] "
    r"\[(?:(?<module>[\w-]*):)?(?<level>[a-z]+\d?)\](?<rest>.*)$"
)
APACHE = re.compile(APACHE_PATTERN.replace("(?<", "(?P<"), re.DOTALL)
NGINX = re.compile(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[(?:debug|info|notice|warn|error|crit|alert|emerg)\] \d+#\d+: ")
NGINX_SAMPLES = (
    Sample(
        '2026/01/02 03:04:05 [error] 31#31: *7 open() "/srv/www/x" failed (2: No such file or directory), '
        'client: 192.0.2.9, server: www.example.org, request: "GET /x?a=1 HTTP/1.1", host: "www.example.org"',
        {"timestamp": "2026-01-02T03:04:05Z", "level": "error", "client": "192.0.2.9", "endpoint": "GET /x"},
    ),
    Sample(
        "2026/01/02 03:04:06 [notice] 30#30: signal process started",
        {"timestamp": "2026-01-02T03:04:06Z", "level": "notice", "client": None, "message": "signal process started"},
    ),
    Sample(
        "2026/01/02 03:04:07 [crit] 31#31: *8 SSL_do_handshake() failed while SSL handshaking, client: 2001:db8::9, "
        "server: 0.0.0.0:443",
        {"timestamp": "2026-01-02T03:04:07Z", "level": "critical", "client": "2001:db8::9"},
    ),
    Sample(
        '2026/01/02 03:04:08 [error] 31#31: *9 FastCGI sent in stderr: "PHP message: first\nsecond" while reading, '
        "client: 192.0.2.10, server: _",
        {"timestamp": "2026-01-02T03:04:08Z", "level": "error"},
    ),
    Sample(
        "2026/01/02 03:04:09 [info] 31#31: *9 client 192.0.2.11 closed keepalive connection",
        {"timestamp": "2026-01-02T03:04:09Z", "level": "info", "client": None},
    ),
)  # fmt: skip
APACHE_SAMPLES = (
    Sample(
        "[Fri Jan 02 03:04:05 2026] [error] [client 192.0.2.9] File does not exist: /srv/www/x",
        {"timestamp": "2026-01-02T03:04:05Z", "level": "error", "client": "192.0.2.9",
         "message": "File does not exist: /srv/www/x"},
    ),
    Sample(
        "[Fri Jan  2 03:04:06 2026] [notice] caught SIGTERM, shutting down",
        {"timestamp": "2026-01-02T03:04:06Z", "level": "notice", "client": None},
    ),
    Sample(
        "[Fri Jan 02 03:04:07.123456 2026] [authz_core:error] [pid 7:tid 8] [client 2001:db8::9:54125] AH01630: denied",
        {"timestamp": "2026-01-02T03:04:07.123456Z", "level": "error", "client": "2001:db8::9",
         "message": "AH01630: denied"},
    ),
    Sample(
        "[Fri Jan 02 03:04:08.123456 2026] [:warn] [pid 7] [client 192.0.2.9:1025] first\nsecond",
        {"timestamp": "2026-01-02T03:04:08.123456Z", "level": "warning", "client": "192.0.2.9"},
    ),
    Sample(
        "[Fri Jan 02 03:04:09.000001 2026] [mpm_event:trace3] [pid 7:tid 8] AH00000: x",
        {"timestamp": "2026-01-02T03:04:09.000001Z", "level": "trace", "client": None},
    ),
)  # fmt: skip
FORMATS = (nginx(), apache(time_size=len("Jan 02 03:04:05.123456 2026"), modular=True))
"""Both; the table names each."""
