"""Numbers of a report: units, rounding, and what people read."""

from __future__ import annotations

import math

from detector.schemas import Incident

LARGEST_FACTOR = 1e6
"""A surge from nothing has no finite factor, but every JSON reader needs a number."""
LEAST_FACTOR = 0.005
"""What falls below is as good as silent."""
DIGITS = 9
MINUTE_US = 60_000_000
PER_MINUTE = {"lines": "lines/min", "bytes": "bytes/min", "errors": "errors/min", "debug": "debug lines/min"}
RATIOS = {"lines_per_client": "lines/client", "bytes_per_line": "bytes/line", "version": "lines/client"}
"""Signals that do not grow with the window."""


def unit_of(signal: str, window_us: int, per: str = "client") -> tuple[str, float]:
    """The unit in which a signal is told, and by what a value per window is multiplied to have it.

    Args:
        signal, window_us: of the incident.
        per: what lines are counted per: `client`, `request` or `host`.
    """
    if signal in RATIOS:
        return RATIOS[signal].replace("client", per), 1.0
    return PER_MINUTE.get(signal, f"{signal}/min"), MINUTE_US / window_us


def rounded(value: float) -> float:
    """To nine significant digits: what lies beyond is noise of the arithmetic."""
    return float(f"{value:.{DIGITS}g}")


def factor_of(incident: Incident) -> float:
    """How many times what was expected, at most `LARGEST_FACTOR`."""
    return rounded(min(incident.factor, LARGEST_FACTOR))


def grouped(value: int) -> str:
    """`33,996`."""
    return f"{value:,}"


def brief(value: float) -> str:
    """Two or three digits that matter: `almost 0`, `0.4`, `9.7`, `215`, `33,996`."""
    if 0 < abs(value) < 0.005:
        return "almost 0"
    if not math.isfinite(value):
        return "-"
    if abs(value) >= 99.95:
        return f"{round(value):,}"
    return f"{value:.1f}".removesuffix(".0") if abs(value) >= 0.095 or value == 0 else f"{value:.1g}"


def precise(value: float) -> str:
    """Three digits: `0.0432`, `9.7`, `215`, `33,996`."""
    return f"{value:,.0f}" if abs(value) >= 999.5 else f"{value:.3g}"


def times_normal(factor: float) -> str:
    """`x9.7 normal`, `over x1000 normal`, or `from nothing`; `fell to x0.1 normal`, or `fell silent`."""
    if factor < LEAST_FACTOR:
        return "fell silent"
    if factor < 1:
        return f"fell to x{brief(factor)} normal"
    if factor >= LARGEST_FACTOR:
        return "from nothing"
    return "over x1,000 normal" if factor > 1000 else f"x{brief(factor)} normal"


def size(count: int) -> str:
    """`980 bytes`, `12.3 MB`."""
    if count < 1000:
        return f"{count} byte{'s' * (count != 1)}"
    exponent = min((len(str(count)) - 1) // 3, 4)
    value = count / 1000**exponent
    if value >= 999.5 and exponent < 4:
        value, exponent = value / 1000, exponent + 1
    return f"{value:.3g} {('', 'kB', 'MB', 'GB', 'TB')[exponent]}" if value < 999.5 else f"{value:,.0f} TB"


def plural(count: int, word: str) -> str:
    """`1 line`, `2,300 lines`."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"
