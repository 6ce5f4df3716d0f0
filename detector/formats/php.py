"""PHP: its `error_log`, whose times say their zone by name, and the log of PHP-FPM, whose times are local.

Service is FPM's pool. What continues (stack traces) has no time.
Source: https://www.php.net/manual/en/errorfunc.configuration.php#ini.error-log, `php_log_err_with_severity` in main.c,
https://www.php.net/manual/en/install.fpm.configuration.php#error-log
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from detector.formats.format import Format, Sample
from detector.formats.grouped import by_groups

TIME = r"^\[(?<time>\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d(?:\.\d{3,6})?)"
ERROR = TIME + r" (?<zone>[A-Za-z][\w/+-]*)\] (?:PHP (?<word>[A-Z][a-z]+(?: [a-z]+){0,2}):  )?(?<message>.*)$"
FPM = TIME + r"\] (?<level>DEBUG|NOTICE|WARNING|ERROR|ALERT): (?:\[pool (?<service>[^\]]+)\] )?(?<message>.*)$"
WORDS = {
    "Fatal error": "critical", "Parse error": "critical", "Core error": "critical", "Compile error": "critical",
    "Recoverable fatal error": "error", "Catchable fatal error": "error", "Warning": "warning",
    "Core warning": "warning", "Compile warning": "warning",
    "Notice": "notice", "Strict Standards": "notice", "Deprecated": "notice",
}  # fmt: skip
CLOCK = ("%d-%b-%Y %H:%M:%S%.f",)


def adapt(head: Sequence[str]) -> Format | None:
    """In the zone that most lines name."""
    found = Counter(line[22:].partition("]")[0] for line in head if line[:1] == "[" and line[21:22] == " ")
    zone = next((zone for zone, _ in found.most_common(3) if is_zone(zone)), None)
    return in_zone(zone) if zone else None


def is_zone(name: str) -> bool:
    """Is it the name of a zone?"""
    try:
        pl.select(pl.lit(0).cast(pl.Datetime("us")).dt.replace_time_zone(name))
    except pl.exceptions.ComputeError:
        return False
    return True


def in_zone(zone: str) -> Format:
    """Times of other zones than this are none."""
    local = pl.col("time").str.to_datetime(CLOCK[0], time_unit="us", strict=False)
    instant = local.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").dt.convert_time_zone("UTC")
    level = pl.col("word").replace_strict(WORDS, default=None, return_dtype=pl.String)
    known = by_groups(
        "php_error", "PHP's error_log", ERROR_SAMPLES, ERROR, CLOCK,
        {"time": pl.when(pl.col("zone") == zone).then(instant), "level": level}, continues=pl.lit(value=True),
        needs=("time",), dialect=zone,
    )  # fmt: skip
    return replace(known, adapt=adapt)


ERROR_SAMPLES = (
    Sample("[02-Jan-2026 03:04:05 UTC] PHP Warning:  Undefined variable $x in /srv/www/a.php on line 3",
           {"timestamp": "2026-01-02T03:04:05Z", "level": "warning"}),
    Sample("[02-Jan-2026 03:04:06 UTC] PHP Fatal error:  Uncaught Exception: x in /a.php:5\nStack trace:\n#0 {main}",
           {"timestamp": "2026-01-02T03:04:06Z", "level": "critical"}),
    Sample("[02-Jan-2026 04:04:07 Europe/Berlin] PHP Deprecated:  Function x() is deprecated in /srv/a.php on line 7",
           {"timestamp": "2026-01-02T03:04:07Z", "level": "notice"}),
    Sample("[02-Jan-2026 03:04:08 UTC] what the program itself logs",
           {"timestamp": "2026-01-02T03:04:08Z", "level": None, "message": "what the program itself logs"}),
    Sample("[01-Jul-2025 22:04:09 America/New_York] PHP Parse error:  syntax error in /srv/www/b.php on line 1",
           {"timestamp": "2025-07-02T02:04:09Z", "level": "critical"}),
)  # fmt: skip
FPM_SAMPLES = (
    Sample("[02-Jan-2026 03:04:05] NOTICE: fpm is running, pid 1", {"timestamp": "2026-01-02T03:04:05Z",
            "level": "notice", "service": None}),
    Sample("[02-Jan-2026 03:04:06] WARNING: [pool www] server reached pm.max_children setting (5), consider raising it",
           {"timestamp": "2026-01-02T03:04:06Z", "level": "warning", "service": "www"}),
    Sample("[02-Jan-2026 03:04:07.123456] DEBUG: pid 1, fpm_event_loop(), line 430: event module triggered 1 events",
           {"timestamp": "2026-01-02T03:04:07.123456Z", "level": "debug", "service": None}),
    Sample("[02-Jan-2026 03:04:08] ERROR: unable to bind listening socket for address '127.0.0.1:9000'",
           {"timestamp": "2026-01-02T03:04:08Z", "level": "error"}),
    Sample("[02-Jan-2026 03:04:09] ALERT: [pool api] user has not been defined",
           {"timestamp": "2026-01-02T03:04:09Z", "level": "critical", "service": "api"}),
)  # fmt: skip
FORMATS = (
    in_zone("UTC"),
    by_groups("php_fpm", "log of PHP-FPM", FPM_SAMPLES, FPM, CLOCK, {}, continues=pl.lit(value=True)),
)
