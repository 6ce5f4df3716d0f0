"""MySQL and MariaDB: error log, slow query log and general query log.

Where the slow log writes `# Time:` for each query, that tells its time; where only for each new second (MariaDB, MySQL
before 5.7), the line `SET timestamp=` does, which each query has and which knows the time in UTC: the lines before it
are parts of its record. The general log of older versions likewise says the time only now and then: records between
count at the nearest time known.
Source: https://dev.mysql.com/doc/refman/8.4/en/error-log-format.html, .../slow-query-log.html, .../query-log.html,
https://mariadb.com/docs/server/server-management/server-monitoring-logs
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from detector.formats.format import LINE, Format, Sample
from detector.formats.grouped import by_groups

ISO = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?(?:Z|[+-]\d\d:\d\d)"
SPACED = r"(?:\d{4}-\d\d-\d\d|\d{6}) {1,2}\d{1,2}:\d\d:\d\d"
CLOCK = ("iso", "%Y-%m-%d %H:%M:%S", "%y%m%d %H:%M:%S")
ERROR = (
    rf"^(?<time>{ISO}|{SPACED})(?: \d+)? \[(?<level>Note|Warning|ERROR|Error|System)\] "
    r"(?:\[MY-\d+\] \[\w+\] )?(?<message>.*)$"
)
LETTERS = {"Note": "notice", "System": "info", "Warning": "warning", "ERROR": "error", "Error": "error"}
COMMANDS = (
    "Sleep|Quit|Init DB|Query|Field List|Create DB|Drop DB|Refresh|Shutdown|Statistics|Processlist|Connect|Kill|Debug|"
    "Ping|Time|Delayed insert|Change user|Binlog Dump|Table Dump|Connect Out|Register Slave|Prepare|Execute|Long Data|"
    "Close stmt|Reset stmt|Set option|Fetch|Daemon|Binlog Dump GTID|Reset Connection"
)
GENERAL = rf"^(?:(?:{ISO}|{SPACED})?\t\t?) *\d+ (?:{COMMANDS})(?:\t|$)"
PREAMBLE = LINE.str.contains(
    r"^(?:\S*(?:mysqld|mariadbd)\S*, Version: .* started with:|Tcp port: \d+ +Unix socket: |Time\s+Id\s+Command\s)"
)
"""What a server writes into its logs of queries when it opens them."""
EVERYTHING = pl.lit(value=True)
STAMP = "SET timestamp="
BEFORE = (
    r"^(?:# (?:Time|User@Host|Thread_id|Query_time|Rows_affected|Bytes_sent|Tmp_\w+|Full_scan|Filesort|Schema|QC_hit|"
    r"Stored_routine|Merge_passes|Priority_queue|Pages_\w+|InnoDB_\w+|Log_slow_rate_type|No InnoDB|explain): |#$|"
    r"use \S+;$)"
)
"""What MariaDB, Percona and old MySQL write of a query before its stamp."""


def spaced(time: pl.Expr) -> pl.Expr:
    """`261122  7:01:36` -> `261122 07:01:36`."""
    return time.str.replace(r" +(\d):", " 0${1}:").str.replace("  ", " ", literal=True)


def slow(*, dated: bool) -> Format:
    """The slow query log, with or without a time for each query."""
    start, time = ("# Time: ", rf"^# Time: ({ISO}|{SPACED})") if dated else (STAMP, rf"^{STAMP}(\d+)")
    known = Format(
        "mysql_slow", "slow query log of MySQL and MariaDB", SLOW_SAMPLES,
        {"matched": LINE.str.starts_with(start), "time": spaced(LINE.str.extract(time)), "message": LINE},
        CLOCK if dated else ("epoch",), continues=EVERYTHING, adapt=adapt_slow, needs=("time",), priority=10,
        alone=True, header=PREAMBLE,
    )  # fmt: skip
    if dated:
        return known
    return replace(
        known,
        fallback=replace(known, fields={"matched": LINE.str.contains(BEFORE), "message": LINE}, needs=(), part="\n"),
    )


def adapt_slow(head: Sequence[str]) -> Format | None:
    """Whether each query has its time: with MySQL since 5.7, which writes it as ISO 8601, or where none has a stamp."""
    if not any(line.startswith("# User@Host: ") for line in head):
        return None
    times = [line for line in head if line.startswith("# Time: ")]
    stamped = any(line.startswith(STAMP) for line in head)
    return slow(dated=bool(times) and ("T" in times[0][len("# Time: ") :] or not stamped))


ERROR_SAMPLES = (
    Sample(
        "2026-01-02T03:04:05.678901Z 0 [System] [MY-010116] [Server] /usr/sbin/mysqld (mysqld 8.4.0) starting",
        {"timestamp": "2026-01-02T03:04:05.678901Z", "level": "info",
         "message": "/usr/sbin/mysqld (mysqld 8.4.0) starting"}),
    Sample(
        "2026-01-02  3:04:06 8 [Warning] Access denied for user 'app'@'192.0.2.7' (using password: YES)",
        {"timestamp": "2026-01-02T03:04:06Z", "level": "warning"}),
    Sample(
        "260102 03:04:07 [ERROR] mysqld: Table './shop/cars' is marked as crashed\nVersion: '5.5.68'  port: 3306",
        {"timestamp": "2026-01-02T03:04:07Z", "level": "error"}),
    Sample(
        "2026-01-02 13:04:08 10396 [Note] InnoDB: Using mutexes to ref count buffer pool pages",
        {"timestamp": "2026-01-02T13:04:08Z", "level": "notice"}),
    Sample(
        "2026-01-02T03:04:09.000001+01:00 12 [ERROR] [MY-012345] [InnoDB] Unable to lock ./ibdata1 error: 11",
        {"timestamp": "2026-01-02T02:04:09.000001Z", "level": "error"}),
)  # fmt: skip
USER = "# User@Host: app[app] @ web1 [192.0.2.7]  Id:    12\n"
QUERY = "# Query_time: 2.000233  Lock_time: 0.000000 Rows_sent: 1  Rows_examined: 0\n"
SQL = "SET timestamp=1767323045;\nselect *\n  from cars;"
OLD = f"# Time: 260102  4:04:05\n{USER}{QUERY}{SQL}\n"
SLOW_SAMPLES = (
    Sample(f"# Time: 2026-01-02T03:04:05.678901Z\n{USER}{QUERY}{SQL}", {"timestamp": "2026-01-02T03:04:05.678901Z"}),
    Sample(f"# Time: 260102  3:04:06\n{USER}{QUERY}use shop;\n{SQL}", {"timestamp": "2026-01-02T03:04:05Z"}),
    Sample("# Time: 260102  3:04:06\n# User@Host: x[x] @  []\nselect 1;", {"timestamp": "2026-01-02T03:04:06Z"}),
    Sample("# Time: 2026-01-02T03:04:08+01:00\n# User@Host: x[x] @  []", {"timestamp": "2026-01-02T02:04:08Z"}),
    Sample(f"{USER}{QUERY}use shop;\n{SQL}", {"timestamp": "2026-01-02T03:04:05Z"}, OLD.rstrip()),
    Sample(f"{USER}{QUERY}{SQL}", {"timestamp": "2026-01-02T03:04:05Z"}),
)
GENERAL_SAMPLES = (
    Sample("260102  3:04:05\t     3 Connect\troot@localhost on  using TCP/IP", {"timestamp": "2026-01-02T03:04:05Z"}),
    Sample("2026-01-02T03:04:06.500000Z\t   12 Query\tselect *\nfrom cars", {"timestamp": "2026-01-02T03:04:06.5Z"}),
    Sample("\t\t     3 Query\tSET NAMES utf8", {"timestamp": None}, "260102  3:04:05\t     3 Connect\troot@web1"),
    Sample("260102 13:04:07\t     4 Quit\t", {"timestamp": "2026-01-02T13:04:07Z"}),
    Sample("2026-01-02T03:04:08.000001+01:00\t    9 Init DB\tshop", {"timestamp": "2026-01-02T02:04:08.000001Z"}),
)
LEVEL = pl.col("level").replace_strict(LETTERS, default=None, return_dtype=pl.String)
FORMATS = (
    by_groups("mysql_error", "error log of MySQL and MariaDB", ERROR_SAMPLES, ERROR, CLOCK,
              {"level": LEVEL, "time": spaced(pl.col("time"))}, continues=EVERYTHING, needs=("time",)),
    slow(dated=True),
    Format(
        "mysql_general", "general query log of MySQL and MariaDB", GENERAL_SAMPLES,
        {"matched": LINE.str.contains(GENERAL), "time": spaced(LINE.str.extract(rf"^({ISO}|{SPACED})\t")),
         "message": LINE},
        CLOCK, continues=EVERYTHING, header=PREAMBLE, hint=GENERAL, priority=10, alone=True,
    ),
)  # fmt: skip
