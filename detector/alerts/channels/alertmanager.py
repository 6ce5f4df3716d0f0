"""Prometheus Alertmanager, API v2. It forgets what is not repeated, so what lasts is sent again and again.

An alert is known by its labels. Severity is one of them, because routes are made of it: when it changes, the alert
under the old one is resolved in the same request.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import msgspec
from msgspec import field

from detector.alerts.notice import Notice, Severity
from detector.alerts.receiver import Edge, HttpReceiver
from detector.alerts.retrying import Answer
from detector.alerts.secrets import SecretError
from detector.alerts.transport import Request, post
from detector.alerts.wording import clean
from detector.config import parse_span
from detector.errors import SettingsError
from detector.times import rfc3339

PATH = "/api/v2/alerts"
NAMES = {"surge": "DetectorSurge", "source_silent": "DetectorSourceSilent", "source_lagging": "DetectorSourceLagging",
         "test": "DetectorTest"}  # fmt: skip
HEARTBEAT = "DetectorHeartbeat"
LONGEST_LABEL = 200
LONGEST_TEXT = 4000
MOST_ALERTS = 500
"""In one request."""


class Alertmanager(HttpReceiver, frozen=True, kw_only=True):
    """An Alertmanager; `url` without `/api/v2/alerts`.

    Attributes:
        every: what lasts is sent again so often; much less than its `resolve_timeout`, which is 5m unless changed.
        heartbeat: send an alert `DetectorHeartbeat` that always fires, for a dead man's switch.
        labels: more labels for every alert.
    """

    keeps_state: ClassVar[bool] = True
    takes_digests: ClassVar[bool] = False

    every: str = "1m"
    heartbeat: bool = False
    labels: dict[str, str] = field(default_factory=dict)

    def check(self) -> None:
        """Refuse what would let alerts resolve between two requests."""
        super().check()
        if parse_span(self.every) > 120:
            raise SettingsError("`every`: is too long, alerts would resolve meanwhile; write at most 2m")
        for name in self.labels:
            if not name.isidentifier() or not name.isascii():
                raise SettingsError(f"`labels`: {name!r} is no name of a label")

    @property
    def every_s(self) -> float:
        """Seconds."""
        return parse_span(self.every)


def deliver(notice: Notice, receiver: Alertmanager, edge: Edge) -> Answer:
    """One attempt."""
    return _post(alerts_of(notice, receiver, edge.now_us()), receiver, edge)


def refresh(notices: Sequence[Notice], receiver: Alertmanager, edge: Edge, *, alive: bool) -> Answer | None:
    """Send again what lasts, and the sign of life; None if there is nothing to send."""
    alerts = [alert for notice in notices for alert in alerts_of(notice, receiver, edge.now_us())[:1]]
    if receiver.heartbeat and alive:
        labels = {"alertname": HEARTBEAT, "severity": "none", **receiver.labels}
        alerts.append({"labels": labels, "annotations": {"summary": "detector watches"}})
    answer = None
    for start in range(0, len(alerts), MOST_ALERTS):
        answer = _post(alerts[start : start + MOST_ALERTS], receiver, edge)
    return answer


def alerts_of(notice: Notice, receiver: Alertmanager, now_us: int) -> list[dict[str, Any]]:
    """The alert, and those that it had under other severities as resolved."""
    alert = _alert(notice, notice.severity, receiver)
    end = _end_us(notice, now_us)
    if notice.state == "resolved":
        return [_ended(_alert(notice, one, receiver), end) for one in notice.told]
    old = [one for one in notice.told if one != notice.severity]
    return [alert, *(_ended(_alert(notice, one, receiver), end) for one in old)]


def _alert(notice: Notice, severity: Severity, receiver: Alertmanager) -> dict[str, Any]:
    labels = {
        **receiver.labels, "alertname": NAMES.get(notice.topic, "Detector"), "service": label(notice.service),
        "severity": severity, "incident": label(notice.key),
    }  # fmt: skip
    annotations = {"summary": notice.title, "description": _shorten(notice.text), "kind": notice.facts.kind}
    annotations |= {"runbook_url": notice.runbook} if notice.runbook else {}
    annotations |= {"owner": notice.owner} if notice.owner else {}
    return {"labels": labels, "annotations": annotations, "startsAt": rfc3339(_start_us(notice))}


def _start_us(notice: Notice) -> int:
    return min(notice.facts.started_us, notice.decided_us - 1)


def _ended(alert: dict[str, Any], end_us: int) -> dict[str, Any]:
    return {**alert, "endsAt": rfc3339(end_us)}


def _end_us(notice: Notice, now_us: int) -> int:
    """When it ended, not in the future, and after it began."""
    end = notice.facts.ended_us if notice.state == "resolved" and notice.facts.ended_us is not None else now_us
    return max(min(end, now_us), _start_us(notice) + 1)


def label(value: str) -> str:
    """A value of bounded length that stays different for different names."""
    if len(value) <= LONGEST_LABEL:
        return clean(value)
    digest = hashlib.blake2b(value.encode("utf-8", "backslashreplace"), digest_size=4).hexdigest()
    return f"{clean(value[: LONGEST_LABEL - len(digest) - 1])}-{digest}"


def _shorten(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 3]}..."


def _post(alerts: Iterable[dict[str, Any]], receiver: Alertmanager, edge: Edge) -> Answer:
    try:
        address = receiver.address(edge.environment)
    except (SecretError, SettingsError) as error:
        return Answer("retry", str(error))
    headers = {"content-type": "application/json"}
    return post(Request(address.rstrip("/") + PATH, msgspec.json.encode([*alerts]), headers), receiver, edge)
