"""What each channel sends."""

from __future__ import annotations

import base64
import json
import secrets
from datetime import UTC, datetime
from typing import Any

import pytest
import standardwebhooks
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from detector.alerts.channels import alertmanager, pagerduty, slack, webhook
from detector.alerts.channels.table import CHANNELS, channel_of
from detector.alerts.channels.webhook import Webhook, sign
from detector.alerts.notice import Notice
from detector.alerts.receiver import Edge
from detector.alerts.secrets import SecretError
from detector.alerts.trial import trial_notice
from tests.alerts.making import MINUTE, NOW, notice, story
from tests.alerts.servers import real_edge, server

LOCAL = ("127.0.0.0/8",)
EDGE = Edge(lambda: NOW, lambda: 0.0, {})
OLD, NEW = (f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}" for _ in range(2))


def received(one: Notice, environment: dict[str, str], **changes):
    """What a webhook receives."""
    with server() as team:
        receiver = Webhook(url=team.url(), allow_http=True, allow_networks=LOCAL, **changes)
        assert "accepted" == webhook.deliver(one, receiver, real_edge(environment)).outcome
        return team.received[0]


def test_a_webhook_is_signed_as_others_verify_it():
    """The reference implementation of Standard Webhooks accepts it under each of the secrets, and under no other."""
    request = received(notice(), {"HOOK": f"{NEW}\n{OLD}"}, secret_env="HOOK")
    for known in (NEW, OLD):
        event = standardwebhooks.Webhook(known).verify(request.body, request.headers)
        assert notice().id == event["id"] == request.headers["webhook-id"]
    stranger = standardwebhooks.Webhook(base64.b64encode(b"another one").decode())
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        stranger.verify(request.body, request.headers)
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        standardwebhooks.Webhook(NEW).verify(request.body + b" ", request.headers)


@settings(deadline=None)
@given(st.binary(min_size=1), st.uuids(), st.integers(0, 2**33), st.text())
def test_signatures_are_those_of_the_reference(key, identity, seconds, text):
    """For any key, id, time and body."""
    secret, at = base64.b64encode(key).decode(), datetime.fromtimestamp(seconds, UTC)
    data = text.encode("utf-8", "replace").decode()
    expected = standardwebhooks.Webhook(secret).sign(str(identity), at, data)
    assert expected == sign(secret, str(identity), seconds, data.encode())


def test_a_secret_that_is_none_is_not_told():
    """The reason stands in the outbox, the secret does not."""
    with pytest.raises(SecretError) as error:
        sign("whsec_not base64!", "id", 0, b"")
    assert "not base64!" not in str(error.value)


def test_a_webhook_is_a_cloud_event():
    """Structured mode, version 1.0: the attributes that it needs, and the notice as data with times as RFC 3339."""
    one = notice()
    request = received(one, {})
    event = json.loads(request.body)
    assert "application/cloudevents+json; charset=utf-8" == request.headers["content-type"]
    assert "webhook-signature" not in request.headers
    assert ("1.0", one.id, "/detector", "detector.notice.open", "checkout") == tuple(
        event[name] for name in ("specversion", "id", "source", "type", "subject")
    )
    assert NOW == round(datetime.fromisoformat(event["time"]).timestamp() * 1e6)
    data = event["data"]
    assert ("detector.notice/1", "open", "began") == (data["schema"], data["state"], data["reason"])
    assert (9.7, "2026-09-21T14:08:20Z") == (data["facts"]["factor"], data["facts"]["started_at"])
    assert data["text"] == one.text


@pytest.mark.parametrize("kind", CHANNELS)
def test_each_kind_has_one_line_and_takes_a_test(kind):
    """Whatever is missing, an attempt is an answer and no exception."""
    values: dict[str, Any] = {"email": {"host": "mail.invalid", "from_address": "a@b.example", "to": ("c@d.example",)}}
    make = CHANNELS[kind].settings
    receiver = make(name=kind, **values.get(kind, {"url_env": "NOWHERE"}))
    assert CHANNELS[kind] == channel_of(receiver)
    answer = CHANNELS[kind].deliver(trial_notice(NOW), receiver, EDGE)
    assert "retry" == answer.outcome
    assert answer.detail


def test_slack_gets_text_that_means_nothing_to_it():
    """Nobody is called and nothing is linked, whatever a log says."""
    message = slack.message_of(notice(service="<!channel> & <https://evil.example|click>"))
    told = json.dumps(message)
    assert "<" not in told
    assert "&lt;!channel&gt; &amp; &lt;https://evil.example|click&gt;" in told
    assert ":large_orange_circle:" in told


@settings(deadline=None)
@given(st.text(alphabet="a&<>\n", max_size=20_000), st.text(alphabet="a&<", max_size=400))
def test_slack_gets_no_more_than_it_takes(text, title):
    """Long text is cut into sections, none of them too long, and no entity is cut in two."""
    message = slack.message_of(replace(notice(), text=text * 20, title=title))
    assert len(message["blocks"]) <= 50
    head, *sections = message["blocks"]
    assert len(head["text"]["text"]) <= 150
    for piece in [head, *sections]:
        shown = piece["text"]["text"]
        assert len(shown) <= 3000
        for entity in ("&amp;", "&lt;", "&gt;"):
            shown = shown.replace(entity, "")
        assert "&" not in shown


@settings(deadline=None)
@given(st.text(alphabet="ab\n", min_size=1, max_size=9000))
def test_slack_pieces_are_the_whole_text(text):
    """Nothing but the line breaks between pieces is missing."""
    assert text.replace("\n", "") == "".join(slack.pieces(text)).replace("\n", "")


def test_pagerduty_is_triggered_and_resolved_under_one_key():
    """The update triggers again, the end resolves; a life that comes later has another key."""
    events = [pagerduty.event_of(one, "KEY") for one in story("warning", "critical", "end")]
    assert ["trigger", "trigger", "resolve"] == [one["event_action"] for one in events]
    assert 1 == len({one["dedup_key"] for one in events})
    assert ["warning", "critical"] == [one["payload"]["severity"] for one in events[:2]]
    assert "KEY" == events[2]["routing_key"]
    assert events[0]["dedup_key"] != pagerduty.event_of(notice(detected_us=NOW + 1), "KEY")["dedup_key"]


@settings(deadline=None)
@given(st.text(min_size=1, max_size=5000))
def test_pagerduty_gets_no_more_than_it_takes(service):
    """Key and summary are bounded, whatever a service is called."""
    event = pagerduty.event_of(notice(service, service=service), "KEY")
    assert len(event["dedup_key"]) <= 255
    assert len(event["payload"]["summary"]) <= 1024
    assert len(json.dumps(event)) < 512_000


def test_alertmanager_gets_one_alert_that_changes_its_severity():
    """The old label set is resolved when the severity changes, all of them at the end, at the time when it ended."""
    receiver = alertmanager.Alertmanager(url="https://x.example", labels={"team": "shop"})
    opened, updated, resolved = (
        alertmanager.alerts_of(one, receiver, NOW + 10 * MINUTE * 60) for one in story("warning", "critical", "end")
    )
    assert [("warning", False)] == [(one["labels"]["severity"], "endsAt" in one) for one in opened]
    assert [("critical", False), ("warning", True)] == [(one["labels"]["severity"], "endsAt" in one) for one in updated]
    assert [("warning", True), ("critical", True)] == [(one["labels"]["severity"], "endsAt" in one) for one in resolved]
    assert {"alertname": "DetectorSurge", "service": "checkout", "severity": "warning", "incident": "a1",
            "team": "shop"} == opened[0]["labels"]  # fmt: skip
    for one in resolved:
        assert one["startsAt"] < one["endsAt"]


@settings(deadline=None)
@given(st.text(min_size=150, max_size=500), st.text(min_size=150, max_size=500))
def test_labels_are_bounded_and_stay_different(one, other):
    """Long names are cut and told apart by a hash."""
    assert len(alertmanager.label("x" * 1000)) <= 200
    assert (one == other) == (alertmanager.label(one) == alertmanager.label(other))
