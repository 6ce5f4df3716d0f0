"""SARIF 2.1.0 (OASIS, 2020), for platforms that collect findings: a result per incident, a notification per fault.

A surge has no place in a source file, so services are logical locations, and the incident's id is the fingerprint by
which a platform knows it again.
"""

from __future__ import annotations

from importlib.metadata import version

import msgspec

from detector.report.escape import escape, escape_json
from detector.report.look import Look
from detector.report.sentences import SIGNALS, tell_course, tell_planned, tell_reasons, tell_volume
from detector.report.shape import FaultShape, IncidentShape, shape_scan
from detector.schemas import ScanResult

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {"critical": "error", "warning": "warning", "info": "note"}
Object = dict[str, object]


def render(result: ScanResult, look: Look) -> bytes:  # noqa: ARG001  all formats are called alike
    """The log, indented by two."""
    scan = shape_scan(result)
    rules = sorted({_rule_of(one) for one in scan.incidents})
    run: Object = {
        "tool": {"driver": {"name": "detector", "semanticVersion": version("detector"),
                            "rules": list(map(_rule, rules))}},
        "invocations": [{"executionSuccessful": True,
                         "toolExecutionNotifications": list(map(_notification, scan.input.faults))}],
        "results": [_result(one, rules.index(_rule_of(one)), scan.to) for one in scan.incidents],
    }  # fmt: skip
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return escape_json(msgspec.json.format(msgspec.json.encode(log), indent=2).decode()).encode() + b"\n"


def plain(text: str) -> str:
    """Text as the plain text of a message, in which brackets make links and braces placeholders (3.11.5, 3.11.6)."""
    text = escape(text).replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    return text.replace("{", "{{").replace("}", "}}")


def _rule_of(one: IncidentShape) -> str:
    return f"{'fall' if one.factor < 1 else 'surge'}/{one.signal}"


def _rule(name: str) -> Object:
    kind, _, signal = name.partition("/")
    text = f"{kind.capitalize()} of {SIGNALS.get(signal, signal)}"
    return {"id": name, "shortDescription": {"text": plain(text)}}


def _notification(fault: FaultShape) -> Object:
    return {"level": "warning", "message": {"text": plain(f"{fault.source}: {fault.detail}")},
            "descriptor": {"id": f"input/{fault.reason}"}}  # fmt: skip


def _result(one: IncidentShape, rule: int, to: str | None) -> Object:
    reasons = tell_reasons(one)
    because = f"because of {reasons}" if reasons else ""
    told = (tell_volume(one), tell_course(one, to), tell_planned(one.calendar), because)
    text = f"{one.service}: {'; '.join(line for line in told if line)}"
    return {
        "ruleId": _rule_of(one),
        "ruleIndex": rule,
        "level": LEVELS[one.severity],
        "message": {"text": plain(text)},
        "locations": [{"logicalLocations": [{"name": one.service, "kind": "module"}]}],
        "partialFingerprints": {"incident/v1": one.id},
        "properties": one,
    }
