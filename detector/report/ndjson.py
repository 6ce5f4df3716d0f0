"""NDJSON: one incident a line, as in the list `incidents` of `detector.scan/1`."""

from __future__ import annotations

import msgspec

from detector.report.escape import escape_json
from detector.report.look import Look
from detector.report.shape import shape_incidents
from detector.schemas import ScanResult


def render(result: ScanResult, look: Look) -> bytes:  # noqa: ARG001  all formats are called alike
    """One line per incident, nothing if there is none."""
    return escape_json(msgspec.json.Encoder().encode_lines(shape_incidents(result)).decode()).encode()
