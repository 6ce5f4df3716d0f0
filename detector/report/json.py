"""JSON: one object for the whole scan, `detector.scan/1`."""

from __future__ import annotations

import msgspec

from detector.report.escape import escape_json
from detector.report.look import Look
from detector.report.shape import shape_scan
from detector.schemas import ScanResult


def render(result: ScanResult, look: Look) -> bytes:  # noqa: ARG001  all formats are called alike
    """The answer, indented by two, ended by a line break."""
    document = msgspec.json.format(msgspec.json.encode(shape_scan(result)), indent=2)
    return escape_json(document.decode()).encode() + b"\n"
