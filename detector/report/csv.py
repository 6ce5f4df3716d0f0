"""CSV: a header, then one incident a line; times as RFC 3339."""

from __future__ import annotations

from detector.report.escape import escape
from detector.report.look import Look
from detector.report.rows import tabulate
from detector.schemas import ScanResult

TIMES = "%Y-%m-%dT%H:%M:%S%.fZ"


def render(result: ScanResult, look: Look) -> bytes:
    """The table; on a terminal with harmful characters escaped, elsewhere with names as they are."""
    text = tabulate(result).write_csv(datetime_format=TIMES)
    return (escape(text, keep="\n") if look.is_terminal else text).encode()
