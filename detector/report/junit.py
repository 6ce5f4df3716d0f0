"""JUnit XML, for pipelines that show tests: an incident is a failed case, a fault of the input one in error.

One case always passes or fails by what was read, so that an empty suite never looks like a success.
"""

from __future__ import annotations

from detector.report.leads import tell_forecast
from detector.report.look import Look
from detector.report.markup import Markup, element
from detector.report.numbers import plural
from detector.report.sentences import tell_course, tell_planned, tell_reasons, tell_volume
from detector.report.shape import FaultShape, IncidentShape, ScanShape, shape_scan
from detector.report.summary import outcome
from detector.schemas import ScanResult

HARMLESS = frozenset({"undated"})
"""A source without any time is whole, it only cannot be judged."""


def render(result: ScanResult, look: Look) -> bytes:  # noqa: ARG001  all formats are called alike
    """One suite."""
    scan = shape_scan(result)
    cases = [_input(scan.input.faults), *(_case(one, scan) for one in scan.incidents)]
    counts = {"tests": len(cases), "failures": len(scan.incidents), "errors": int("<error" in cases[0])}
    output = element("system-out", outcome(result))
    suite = element("testsuite", *cases, output, name="detector", **counts)
    suites = element("testsuites", suite, name="detector", **counts)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{suites}\n'.encode()


def _input(faults: list[FaultShape]) -> Markup:
    """Was everything read?"""
    damage = [f"{one.source}: {one.detail}" for one in faults if one.reason not in HARMLESS]
    told = element("error", "; ".join(damage), message=plural(len(damage), "problem"), type="input") if damage else None
    return element("testcase", told, classname="detector", name="input is read")


def _case(one: IncidentShape, scan: ScanShape) -> Markup:
    reasons = tell_reasons(one)
    lines = [tell_course(one, scan.to), tell_planned(one.calendar), f"because of {reasons}" if reasons else ""]
    lines += tell_forecast(one.forecast, one.ended_at)
    failure = element("failure", "; ".join(line for line in lines if line), message=tell_volume(one), type=one.severity)
    return element("testcase", failure, classname=one.service or "(no name)", name=f"{one.signal} #{one.id}")
