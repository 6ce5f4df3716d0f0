"""The formats of a report: one line each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from detector.report import (
    csv,
    html,
    json,
    junit,
    markdown,
    ndjson,
    parquet,
    prometheus,
    sarif,
    table,
)
from detector.report.look import Look
from detector.report.suffixes import by_suffix
from detector.schemas import ScanResult

RENDERERS: Mapping[str, Callable[[ScanResult, Look], bytes]] = {
    "table": table.render,
    "json": json.render,
    "ndjson": ndjson.render,
    "csv": csv.render,
    "parquet": parquet.render,
    "markdown": markdown.render,
    "html": html.render,
    "sarif": sarif.render,
    "junit": junit.render,
    "prometheus": prometheus.render,
}
SUFFIXES = {"txt": "table", "json": "json", "ndjson": "ndjson", "jsonl": "ndjson", "csv": "csv", "parquet": "parquet",
            "md": "markdown", "html": "html", "htm": "html", "sarif": "sarif", "xml": "junit",
            "prom": "prometheus"}  # fmt: skip
TELL_COURSES = {"html": html.MOST_ARTICLES}
"""These show the course of services, and the windows around so many of the strangest incidents: the scan keeps them."""


def format_for(wanted: str | None, path: str | None) -> str:
    """The format of a report, see `by_suffix`."""
    return by_suffix(wanted, path, SUFFIXES)
