"""PostgreSQL's server log as text (`log_destination = stderr`), after any usual `log_line_prefix`.

Client is the host in the prefix (`%h`, `%r`), service the database in `user@database` or `db=`. DETAIL, HINT, CONTEXT
and STATEMENT have their own prefix and are records; what follows without one continues a record.
Source: https://www.postgresql.org/docs/current/runtime-config-logging.html#GUC-LOG-LINE-PREFIX
"""

from __future__ import annotations

import polars as pl

from detector.formats.format import Sample
from detector.formats.grouped import by_groups
from detector.formats.levels import from_word

SEVERITY = (
    "DEBUG[1-5]?|INFO|NOTICE|WARNING|ERROR|LOG|FATAL|PANIC|DETAIL|HINT|QUERY|CONTEXT|LOCATION|STATEMENT|BACKTRACE"
)
TIME = r"(?<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?) ?(?<zone>[A-Z]{2,5}|[+-]\d\d(?::?\d\d)?)?"
PATTERN = (
    r"^(?<before>[^ ]{1,60} )?" + TIME + r"(?<prefix>[^A-Za-z0-9].{0,250}?)?[ :]"
    r"(?<level>" + SEVERITY + r"):  (?<message>.*)$"
)
OFFSETS = {
    "UTC": "Z", "GMT": "Z", "WET": "Z", "WEST": "+01:00", "CET": "+01:00", "CEST": "+02:00", "EET": "+02:00",
    "EEST": "+03:00", "MSK": "+03:00", "JST": "+09:00", "EST": "-05:00", "EDT": "-04:00", "CDT": "-05:00",
    "MST": "-07:00", "MDT": "-06:00", "PST": "-08:00", "PDT": "-07:00",
}  # fmt: skip
"""Zones whose letters mean one thing; with others (CST, IST) the zone of the settings is taken."""
ADDRESS = (
    r"(?:^|[ =:,@|(])((?:\d{1,3}\.){3}\d{1,3}|[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7})(?:\(\d+\))?(?:[ ,:|)]|$)"
)
NAMED = r"(?:^|[ ,:|(\[])(?:client|host|remote|h|r)=\[?([^ ,()\[\]:]+)"
DATABASE = r"(?:[^ @:,=\[\]]+@|(?:db|database|d)=)([^ @:,=\[\]]+)"


def in_zone(time: pl.Expr, zone: pl.Expr) -> pl.Expr:
    """The time with its zone as an offset; without one where the letters mean several."""
    letters = zone.replace_strict(OFFSETS, default=None, return_dtype=pl.String)
    offset = pl.when(zone.str.contains(r"^[+-]")).then(zone).otherwise(letters)
    return time + offset.fill_null("")


def severity(word: pl.Expr) -> pl.Expr:
    """What belongs to a message has no severity of its own: PostgreSQL's LOG is info."""
    level = from_word(word.str.to_lowercase())
    return pl.when(word.is_not_null()).then(level.fill_null("info"))


def known(name: pl.Expr) -> pl.Expr:
    """`[unknown]`, `[local]` and nothing are no names."""
    return pl.when(~name.is_in(["", "[unknown]", "[local]", "-"])).then(name)


ABOUT = "PostgreSQL's log as text"
PREFIX = pl.coalesce("prefix", pl.lit(""))
SAMPLES = (
    Sample(
        "2026-01-02 03:04:05.678 UTC [4711] LOG:  checkpoint starting: time",
        {"timestamp": "2026-01-02T03:04:05.678Z", "level": "info", "client": None, "service": None,
         "message": "checkpoint starting: time"}),
    Sample(
        '2026-01-02 03:04:06.125 CET [4712] app@shop 192.0.2.7 ERROR:  relation "cars" does not exist at character 15\n'
        "\tsecond line of it",
        {"timestamp": "2026-01-02T02:04:06.125Z", "level": "error", "client": "192.0.2.7", "service": "shop"}),
    Sample(
        "2026-01-02 03:04:07 UTC:192.0.2.8(51312):app@shop:[4713]:STATEMENT:  select * from cars",
        {"timestamp": "2026-01-02T03:04:07Z", "level": "info", "client": "192.0.2.8", "service": "shop"}),
    Sample(
        "2026-01-02 03:04:08 UTC [4714]: [3-1] user=app,db=shop,app=psql,client=2001:db8::7 FATAL:  no such user",
        {"timestamp": "2026-01-02T03:04:08Z", "level": "critical", "client": "2001:db8::7", "service": "shop"}),
    Sample(
        "192.0.2.9 2026-01-02 03:04:09.425 UTC [53962] app@shop WARNING:  there is no transaction in progress",
        {"timestamp": "2026-01-02T03:04:09.425Z", "level": "warning", "client": "192.0.2.9", "service": "shop"}),
    Sample(
        "2026-01-02 03:04:10.5 +03 [4715] [unknown]@[unknown] [local] LOG:  connection received: host=[local]",
        {"timestamp": "2026-01-02T00:04:10.5Z", "level": "info", "client": None, "service": None}),
    Sample(
        "2026-01-02 03:04:11 UTC [4716]: user=app,db=shop,app=[unknown],client=gate.example.org DEBUG2:  name: x",
        {"timestamp": "2026-01-02T03:04:11Z", "level": "debug", "client": "gate.example.org", "service": "shop"}),
)  # fmt: skip
FORMAT = by_groups(
    "postgresql", ABOUT, SAMPLES, PATTERN, ("iso",),
    {"time": in_zone(pl.col("time"), pl.col("zone")), "level": severity(pl.col("level")),
     "client": known(pl.coalesce(PREFIX.str.extract(ADDRESS), PREFIX.str.extract(NAMED),
                                 pl.col("before").str.strip_chars().str.extract(ADDRESS))),
     "service": known(PREFIX.str.extract(DATABASE))},
    continues=pl.lit(value=True), needs=("time",), hint=r".{0,60}?\d{4}-\d\d-\d\d \d\d:\d\d:\d\d.{0,300}[A-Z][1-5]?:  ",
)  # fmt: skip
