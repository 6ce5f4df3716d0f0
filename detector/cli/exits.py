"""Exit codes of a scan. The others (2, 78, 130) are those of errors, and errors win."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from detector.schemas import Incident, InputSummary, ScanResult

NOTHING, FOUND, DAMAGED = 0, 1, 3
FAULTS = frozenset({"missing", "unreadable", "special", "truncated", "damaged"})
"""Reasons that mean damage; a source without any time is whole, it only cannot be judged."""
NO_RECORDS = frozenset({"blank", "header"})
"""Lines that are no records and are understood all the same."""

COUNTS: Mapping[str, Callable[[Incident, ScanResult], bool]] = {
    "any": lambda _incident, _result: True,
    "page": lambda incident, _result: incident.page,
    "critical": lambda incident, _result: incident.severity == "critical",
    "never": lambda _incident, _result: False,
}
"""`--fail-on`: does an incident count?"""


def exit_code(result: ScanResult, fail_on: str, *, max_unparsed: float, zero: bool) -> int:
    """1 for incidents that count (0 if `zero`), else 3 for damage, else 0."""
    if any(COUNTS[fail_on](incident, result) for incident in result.incidents):
        return NOTHING if zero else FOUND
    return DAMAGED if is_damaged(result.input, max_unparsed) else NOTHING


def is_damaged(summary: InputSummary, max_unparsed: float) -> bool:
    """Was some input unreadable, damaged, or not understood beyond the allowed share?"""
    return any(fault.reason in FAULTS for fault in summary.faults) or unparsed_share(summary) > max_unparsed


def unparsed_share(summary: InputSummary) -> float:
    """Lines that were not understood, as a share of all lines that should have been."""
    passed = sum(number for reason, number in summary.lines_unparsed.items() if reason in NO_RECORDS)
    lost = sum(summary.lines_unparsed.values()) - passed
    return lost / max(1, summary.lines_read - passed)
