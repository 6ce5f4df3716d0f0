"""The formats of a backtest: one line each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from detector.errors import UsageError
from detector.report.backtest import tell
from detector.report.backtest_shape import shape_backtest
from detector.report.escape import escape_json
from detector.report.look import Look
from detector.report.sections import as_html, as_text
from detector.trials import BacktestResult

TITLE = "Backtest of detector"
SUFFIXES = {"txt": "table", "json": "json", "html": "html", "htm": "html"}


def render_table(result: BacktestResult, look: Look) -> bytes:
    """Text for terminals."""
    return as_text(*tell(result), look).encode()


def render_json(result: BacktestResult, look: Look) -> bytes:  # noqa: ARG001  all formats are called alike
    """One object, `detector.backtest/1`, indented by two, ended by a line break."""
    document = msgspec.json.format(msgspec.json.encode(shape_backtest(result)), indent=2)
    return escape_json(document.decode()).encode() + b"\n"


def render_html(result: BacktestResult, look: Look) -> bytes:  # noqa: ARG001  all formats are called alike
    """One static page."""
    return as_html(TITLE, *tell(result)).encode()


RENDERERS: Mapping[str, Callable[[BacktestResult, Look], bytes]] = {
    "table": render_table,
    "json": render_json,
    "html": render_html,
}


def format_for(wanted: str | None, path: str | None) -> str:
    """The format that the user names, else by the suffix of the file, else the table.

    Raises:
        UsageError: the suffix says nothing.
    """
    if wanted is not None:
        return wanted
    if path is None or path == "-":
        return "table"
    suffix = path.rpartition(".")[2].lower()
    if suffix not in SUFFIXES:
        known = ", ".join(f".{one}" for one in SUFFIXES)
        raise UsageError(f"-o {path}: this suffix names no format; use one of {known}, or add --format")
    return SUFFIXES[suffix]
