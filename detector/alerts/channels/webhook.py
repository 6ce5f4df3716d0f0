"""Generic webhook: a CloudEvent 1.0 in structured JSON mode, signed after Standard Webhooks.

The id of the event is that of the notice and stays over attempts; timestamp and signature are those of the attempt.
Each of several secrets signs, so that a receiver can change over.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Any

import msgspec

from detector.alerts.notice import Notice
from detector.alerts.receiver import Edge, HttpReceiver
from detector.alerts.retrying import Answer
from detector.alerts.secrets import SecretError, read_secret
from detector.alerts.transport import Request, post
from detector.errors import SettingsError
from detector.times import rfc3339

SCHEMA = "detector.notice/1"
PREFIX = "whsec_"


class Webhook(HttpReceiver, frozen=True, kw_only=True):
    """A receiver of CloudEvents.

    Attributes:
        secret_file, secret_env: where secrets are, base64 with or without `whsec_`, separated by white space; unsigned
            without.
        source: what the events call their source, a URI reference.
    """

    secret_file: str | None = None
    secret_env: str | None = None
    source: str = "/detector"

    def secret_places(self) -> list[tuple[str | None, str | None]]:
        """Those of the address and of the secrets."""
        return [*super().secret_places(), (self.secret_file, self.secret_env)]


def deliver(notice: Notice, receiver: Webhook, edge: Edge) -> Answer:
    """One attempt."""
    try:
        secrets = read_secret(receiver.secret_file, receiver.secret_env, edge.environment)
        request = make_request(notice, receiver, edge, [] if secrets is None else secrets.split())
    except (SecretError, SettingsError) as error:
        return Answer("retry", str(error))
    return post(request, receiver, edge)


def make_request(notice: Notice, receiver: Webhook, edge: Edge, secrets: list[str]) -> Request:
    """The bytes and their signature at this moment."""
    body = msgspec.json.encode(event_of(notice, receiver.source))
    seconds = edge.now_us() // 1_000_000
    headers = {
        "content-type": "application/cloudevents+json; charset=utf-8", "webhook-id": notice.id,
        "webhook-timestamp": str(seconds),
    }  # fmt: skip
    if secrets:
        headers["webhook-signature"] = " ".join(sign(one, notice.id, seconds, body) for one in secrets)
    return Request(receiver.address(edge.environment), body, headers)


def event_of(notice: Notice, source: str) -> dict[str, Any]:
    """The event; its `data` is `detector.notice/1`."""
    return {
        "specversion": "1.0", "id": notice.id, "source": source, "type": f"detector.notice.{notice.state}",
        "time": rfc3339(notice.decided_us), "subject": notice.service, "datacontenttype": "application/json",
        "data": {"schema": SCHEMA, **_told(notice)},
    }  # fmt: skip


def _told(notice: Notice) -> dict[str, Any]:
    """All fields of a notice; times as RFC 3339 under names that end in `_at`."""
    told = _with_times(msgspec.to_builtins(notice))
    told["facts"] = _with_times(told["facts"])
    told["also"] = [_with_times(one) for one in told["also"]]
    return told


def _with_times(fields: dict[str, Any]) -> dict[str, Any]:
    return {
        f"{name.removesuffix('_us')}_at" if name.endswith("_us") else name:
        rfc3339(value) if name.endswith("_us") and value is not None else value
        for name, value in fields.items()
    }  # fmt: skip


def sign(secret: str, identity: str, seconds: int, body: bytes) -> str:
    """`v1,` and the base64 of HMAC-SHA256 over id, timestamp and the exact bytes.

    Raises:
        SecretError: the secret is no base64.
    """
    raw = secret.removeprefix(PREFIX)
    try:
        key = base64.b64decode(raw + "=" * (-len(raw) % 4), validate=True)
    except binascii.Error:
        raise SecretError("a secret of the webhook is no base64; write such as whsec_ and 32 random bytes") from None
    digest = hmac.new(key, f"{identity}.{seconds}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"
