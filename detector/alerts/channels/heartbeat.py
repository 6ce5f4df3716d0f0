"""A sign of life to a dead man's switch, such as Healthchecks: it calls somebody when the signs stay away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from detector.alerts.notice import Notice
from detector.alerts.receiver import Edge, HttpReceiver
from detector.alerts.retrying import Answer
from detector.alerts.secrets import SecretError
from detector.alerts.transport import Request, post
from detector.config import parse_span
from detector.errors import SettingsError


class Heartbeat(HttpReceiver, frozen=True, kw_only=True):
    """An address that wants a POST now and then.

    Attributes:
        every: how often.
    """

    takes_digests: ClassVar[bool] = False
    takes_notices: ClassVar[bool] = False

    every: str = "1m"

    @property
    def every_s(self) -> float:
        """Seconds."""
        return parse_span(self.every)

    def check(self) -> None:
        """Refuse a span that is none."""
        super().check()
        parse_span(self.every)


def refresh(notices: Sequence[Notice], receiver: Heartbeat, edge: Edge, *, alive: bool) -> Answer | None:  # noqa: ARG001
    """Say that detector lives, if it does."""
    if not alive:
        return None
    try:
        return post(Request(receiver.address(edge.environment), b"", {}), receiver, edge)
    except (SecretError, SettingsError) as error:
        return Answer("retry", str(error))


def deliver(notice: Notice, receiver: Heartbeat, edge: Edge) -> Answer:
    """A test: one sign of life."""
    answer = refresh((), receiver, edge, alive=notice.topic == "test")
    return Answer("accepted") if answer is None else answer
