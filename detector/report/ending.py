"""One sentence about a story whose end is known: when it was noticed, how long before the first failure, and why."""

from __future__ import annotations

from detector.report.escape import escape
from detector.report.sentences import driver_words, tell_change, tell_moment, tell_percent
from detector.report.shape import IncidentShape, shape_incidents
from detector.schemas import ScanResult
from detector.times import clock, duration, micros


def tell_ending(result: ScanResult, begin_us: int, first_failure_us: int) -> str:
    """When the surge was noticed first.

    Args:
        result: of the scan.
        begin_us: when its cause came into the world: what was noticed before was something else.
        first_failure_us: when the first request failed.
    """
    found = [one for one in shape_incidents(result)
             if micros(one.detected_at) >= begin_us and micros(one.started_at) <= first_failure_us]  # fmt: skip
    failed = f"the first 500 at {clock(first_failure_us)} UTC"
    if not found:
        return f"Nothing that led to {failed} was noticed."
    found.sort(key=lambda each: (each.detected_at, each.service))
    ahead = first_failure_us - micros(found[0].detected_at)
    when = f"{duration(abs(ahead))} {'before' if ahead >= 0 else 'after'} {failed}"
    noticed = f"Noticed at {tell_moment(found[0].detected_at)} in {escape(found[0].service)}, {when}"
    return f"{noticed}{_driven(found)}."


def _driven(found: list[IncidentShape]) -> str:
    """`; what drives it is messages per client (x6.2), 98 % of the excess with App/2 (version)`.

    By the strangest incident whose drivers are known.
    """
    for one in sorted(found, key=lambda each: -each.score):
        driver = getattr(one.drivers, one.kind, None)
        if driver is not None:
            words = driver_words(one.kind, one.drivers)
            return f"; what drives it is {words} ({tell_change(driver.before, driver.during)}){_held(one)}"
    return ""


def _held(one: IncidentShape) -> str:
    """Who holds the most of it; nothing if nobody is known."""
    told = (f", {tell_percent(top.share_of_excess)} of the excess with {escape(top.value)} ({top.dimension})"
            for top in one.contributors)  # fmt: skip
    return next(told, "")
