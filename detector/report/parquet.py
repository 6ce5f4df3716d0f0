"""Parquet: one row per incident, see `rows.INCIDENTS`."""

from __future__ import annotations

import io

from detector.errors import UsageError
from detector.report.look import Look
from detector.report.rows import tabulate
from detector.schemas import ScanResult


def render(result: ScanResult, look: Look) -> bytes:
    """The table.

    Raises:
        UsageError: it would be written to a terminal.
    """
    if look.is_terminal:
        raise UsageError("--format parquet is no text for a terminal: name a file with -o FILE.parquet, or use a pipe")
    sink = io.BytesIO()
    tabulate(result).write_parquet(sink)
    return sink.getvalue()
