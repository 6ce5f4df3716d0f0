"""The formats of a backtest: one line each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from detector.report.backtest import tell
from detector.report.backtest_shape import shape_backtest
from detector.report.escape import escape_json
from detector.report.look import Look
from detector.report.sections import as_html, as_text
from detector.report.suffixes import by_suffix
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
    """The format of a backtest, see `by_suffix`."""
    return by_suffix(wanted, path, SUFFIXES)
