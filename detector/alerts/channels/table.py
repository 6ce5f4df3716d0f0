"""The channels: kind -> what its settings are, how it sends a notice, and what it repeats."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from detector.alerts.channels import alertmanager, heartbeat, mail, pagerduty, slack, webhook
from detector.alerts.receiver import Receiver
from detector.alerts.retrying import Answer


class Channel(NamedTuple):
    """One way to send notices.

    Attributes:
        settings: of a receiver of this kind.
        deliver: `deliver(notice, receiver, edge)`, one attempt, whatever goes wrong is an answer.
        refresh: `refresh(notices that last, receiver, edge, alive=...)`, called every `receiver.every_s`.
    """

    settings: type[Receiver]
    deliver: Callable[..., Answer]
    refresh: Callable[..., Answer | None] | None = None


CHANNELS: Mapping[str, Channel] = {
    "webhook": Channel(webhook.Webhook, webhook.deliver),
    "alertmanager": Channel(alertmanager.Alertmanager, alertmanager.deliver, alertmanager.refresh),
    "pagerduty": Channel(pagerduty.PagerDuty, pagerduty.deliver),
    "slack": Channel(slack.Slack, slack.deliver),
    "email": Channel(mail.Mail, mail.deliver),
    "heartbeat": Channel(heartbeat.Heartbeat, heartbeat.deliver, heartbeat.refresh),
}


def channel_of(receiver: Receiver) -> Channel:
    """The channel of a receiver."""
    return next(one for one in CHANNELS.values() if one.settings is type(receiver))
