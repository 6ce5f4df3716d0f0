"""PagerDuty, Events API v2: open and update trigger, resolved resolves, all under one `dedup_key`."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

from detector.alerts.notice import Notice
from detector.alerts.receiver import Edge, HttpReceiver
from detector.alerts.retrying import Answer
from detector.alerts.secrets import SecretError, read_secret
from detector.alerts.transport import Request, post
from detector.alerts.wording import clean
from detector.errors import SettingsError
from detector.times import rfc3339

URL = "https://events.pagerduty.com/v2/enqueue"
LONGEST_KEY = 255
LONGEST_SUMMARY = 1024
LONGEST_TEXT = 100_000
"""An event may have 512 KB."""


class PagerDuty(HttpReceiver, frozen=True, kw_only=True):
    """A service of PagerDuty.

    Attributes:
        secret_file, secret_env: where its integration key is.
    """

    keeps_state: ClassVar[bool] = True
    takes_digests: ClassVar[bool] = False

    url: str | None = URL
    secret_file: str | None = None
    secret_env: str | None = None

    def check(self) -> None:
        """Refuse one without a key."""
        super().check()
        if self.secret_file is None and self.secret_env is None:
            raise SettingsError("needs `secret_file` or `secret_env`: where the integration key is")

    def secret_places(self) -> list[tuple[str | None, str | None]]:
        """That of the key."""
        return [(self.secret_file, self.secret_env)]


def deliver(notice: Notice, receiver: PagerDuty, edge: Edge) -> Answer:
    """One attempt."""
    try:
        key = read_secret(receiver.secret_file, receiver.secret_env, edge.environment) or ""
        address = receiver.address(edge.environment)
    except (SecretError, SettingsError) as error:
        return Answer("retry", str(error))
    body = msgspec.json.encode(event_of(notice, key))
    return post(Request(address, body, {"content-type": "application/json"}), receiver, edge)


def event_of(notice: Notice, key: str) -> dict[str, Any]:
    """The event. A life that begins anew gets a key of its own: what was resolved stays so."""
    dedup = notice.thread if len(notice.key) > LONGEST_KEY - 40 else f"{clean(notice.key)}:{notice.thread[:8]}"
    event: dict[str, Any] = {"routing_key": key, "dedup_key": dedup}
    if notice.state == "resolved":
        return event | {"event_action": "resolve"}
    facts = notice.facts
    details = {
        "text": _shorten(notice.text, LONGEST_TEXT), "factor": facts.factor, "observed": facts.observed,
        "expected": facts.expected, "unit": facts.unit, "kind": facts.kind, "owner": notice.owner,
        "minutes_to_overload": facts.minutes_to_overload, "notice": notice.id,
    }  # fmt: skip
    payload = {
        "summary": _shorten(notice.title, LONGEST_SUMMARY), "source": clean(notice.service),
        "severity": notice.severity, "timestamp": rfc3339(notice.decided_us), "component": clean(notice.service),
        "class": notice.topic, "custom_details": {name: one for name, one in details.items() if one is not None},
    }  # fmt: skip
    links = [{"href": notice.runbook, "text": "Runbook"}] if notice.runbook else []
    return event | {"event_action": "trigger", "client": "detector", "payload": payload, "links": links}


def _shorten(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 3]}..."
