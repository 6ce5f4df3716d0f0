"""Results to be reported."""

from __future__ import annotations

from detector.causes import Cause, Contributor, Factor
from detector.report.look import Look
from detector.schemas import Incident, InputSummary, ScanResult

MINUTE = 60_000_000
BEGIN = 1_752_579_300_000_000
"""15 July 2025, 11:35 UTC."""
CAUSE = Cause(
    "messages_per_client", Factor(10.0, 10.4, 0.02), Factor(2.2, 20.7, 0.97), Factor(300.0, 303.0, 0.01),
    (1.0, 2.0, 8.0, 4.0), (2.0,) * 4,
)  # fmt: skip
WHO = Contributor("version", "FleetApp/4.9.0", 0.5, 193.0, 0.987, BEGIN - 5 * MINUTE, "GET /v1 FleetApp/4.9.0")
LOOK = Look()


def incident(service: str = "www", **changes: object) -> Incident:
    """A surge of 26 minutes, noticed after 14."""
    values: dict[str, object] = {
        "id": "0a1b2c3d", "service": service, "signal": "lines",
        "started_us": BEGIN, "detected_us": BEGIN + 14 * MINUTE, "ended_us": BEGIN + 26 * MINUTE,
        "observed": 215.0, "expected": 22.0, "score": 7.5, "window_us": MINUTE, "page": True,
        "severity": "warning",
    }  # fmt: skip
    return Incident(**(values | changes))  # type: ignore[arg-type]


def result(*incidents: Incident, cause: Cause = CAUSE, **changes: object) -> ScanResult:
    """A scan of a day that found these incidents."""
    summary = InputSummary(4, 12_345_678, 33_996, 33_900, {"blank": 90, "unknown_format": 6}, {"access": 33_900})
    values: dict[str, object] = {
        "input": summary, "window_seconds": 60.0, "from_us": BEGIN - 695 * MINUTE, "to_us": BEGIN + 744 * MINUTE,
        "services": 14, "incidents": list(incidents), "causes": {one.id: cause for one in incidents}, "notes": [],
    }  # fmt: skip
    return ScanResult(**(values | changes))  # type: ignore[arg-type]
