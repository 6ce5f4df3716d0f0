"""An incident of the pipeline as the facts of a notice."""

from __future__ import annotations

import math

from detector.alerts.notice import Facts, Severity
from detector.causes import Cause, Factor
from detector.schemas import Incident

DRIVERS = {"clients": "clients", "messages_per_client": "messages per client", "bytes_per_message": "bytes per message"}
MINUTE_US = 60_000_000
NOTABLE = 1.15
"""A factor that changed by less is not worth a word."""
LEAST_RETRIES = 0.05
"""A smaller share of retries neither."""


def facts_of(
    incident: Incident, cause: Cause, severity: Severity, *, unit: str, scale: float, ended_us: int | None = None
) -> Facts:
    """The facts of an incident.

    Args:
        incident: the surge.
        cause: what drives it.
        severity: how bad.
        unit: such as `lines/min`.
        ended_us: what stands for the end of one that lasts; None: it lasts.
        scale: by what a value per window is multiplied to have it.
    """
    top = cause.contributors[0] if cause.contributors else None
    return Facts(
        id=incident.id, service=incident.service, severity=severity, page=incident.page, kind=cause.kind,
        started_us=incident.started_us, detected_us=incident.detected_us,
        ended_us=incident.ended_us if incident.ended_us is not None else ended_us,
        settled=incident.settled, factor=incident.factor if math.isfinite(incident.factor) else None,
        observed=incident.observed * scale, expected=incident.expected * scale, unit=unit, score=incident.score,
        drivers=_drivers(cause), contributor=f"{top.value} ({top.dimension})" if top is not None else None,
        share=top.share if top is not None else None, group=cause.group or None, services_together=cause.together,
        minutes_to_overload=_minutes_left(cause), detail=_version(cause),
    )  # fmt: skip


def _minutes_left(cause: Cause) -> float | None:
    left_us = cause.forecast.left_us if cause.forecast is not None else None
    return None if left_us is None else left_us / MINUTE_US


def _version(cause: Cause) -> str:
    """Such as: clients of App/2 send x6 as much as those of App/1; 5 % have it."""
    rise = cause.version
    if rise is None:
        return ""
    others = f"those of {rise.against}" if rise.against else "the others"
    share = f"{100 * rise.share_of_clients:.0f} %"
    return f"Clients of {rise.version} send x{rise.ratio:.2g} as much as {others}; {share} have it."


def _drivers(cause: Cause) -> tuple[str, ...]:
    """Those that changed, the largest share first: `messages per client x9.4`."""
    known = [(words.replace("client", cause.per), factor) for name, words in DRIVERS.items()
             if (factor := getattr(cause, name)) is not None]  # fmt: skip
    found = [(words, factor) for words, factor in known if factor.share is not None and _is_notable(factor)]
    found.sort(key=lambda item: -item[1].share)
    return tuple(f"{words} {_change(factor)}{_retries(cause, factor)}" for words, factor in found)


def _retries(cause: Cause, factor: Factor) -> str:
    """Such as: (of that 35 % retries)."""
    share = cause.retries_share or 0.0
    is_worth = factor is cause.messages_per_client and share >= LEAST_RETRIES
    return f" (of that {100 * share:.0f} % retries)" if is_worth else ""


def _is_notable(factor: Factor) -> bool:
    low, high = sorted((factor.before, factor.during))
    return low <= 0 or high / low >= NOTABLE


def _change(factor: Factor) -> str:
    return f"x{factor.during / factor.before:.2g}" if factor.before > 0 else "from nothing"
