"""Slack, by an incoming webhook. What comes from logs is escaped: it names nobody and links nowhere."""

from __future__ import annotations

from typing import Any

import msgspec

from detector.alerts.notice import Notice
from detector.alerts.receiver import Edge, HttpReceiver
from detector.alerts.retrying import Answer
from detector.alerts.secrets import SecretError
from detector.alerts.transport import Request, post
from detector.errors import SettingsError

LONGEST_SECTION = 3000
LONGEST_HEADER = 150
MOST_BLOCKS = 50
SIGNS = {"resolved": ":white_check_mark:", "critical": ":red_circle:", "warning": ":large_orange_circle:",
         "info": ":large_blue_circle:"}  # fmt: skip


class Slack(HttpReceiver, frozen=True, kw_only=True):
    """An incoming webhook; its address is a secret."""

    def check(self) -> None:
        """Refuse an address that everybody can read."""
        super().check()
        if self.url is not None:
            raise SettingsError("`url`: the address is a secret; name where it is with `url_file` or `url_env`")


def deliver(notice: Notice, receiver: Slack, edge: Edge) -> Answer:
    """One attempt."""
    try:
        address = receiver.address(edge.environment)
    except (SecretError, SettingsError) as error:
        return Answer("retry", str(error))
    body = msgspec.json.encode(message_of(notice))
    return post(Request(address, body, {"content-type": "application/json"}), receiver, edge)


def message_of(notice: Notice) -> dict[str, Any]:
    """The message: a heading and the text, in as many sections as it needs."""
    sign = SIGNS["resolved" if notice.state == "resolved" else notice.severity]
    head = {
        "type": "header",
        "text": {"type": "plain_text", "text": escape(notice.title, LONGEST_HEADER), "emoji": False},
    }
    sections = [
        {"type": "section", "text": {"type": "mrkdwn", "text": piece, "verbatim": True}}
        for piece in pieces(f"{sign} {escape(notice.text)}")
    ]
    left_out = len(sections) - (MOST_BLOCKS - 1)
    if left_out > 0:
        sections = sections[: MOST_BLOCKS - 2]
        sections.append({"type": "section", "text": {"type": "plain_text", "text": "(shortened)", "emoji": False}})
    return {"text": escape(notice.title, LONGEST_SECTION), "blocks": [head, *sections]}


def escape(text: str, longest: int | None = None) -> str:
    """The three characters that mean something to Slack, as it wants them; not longer than allowed."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if longest is None or len(escaped) <= longest:
        return escaped
    keep = longest - 3
    return f"{_whole(escaped[:keep])}..."


def _whole(text: str) -> str:
    """Without a half entity at the end."""
    at = text.rfind("&", max(len(text) - 5, 0))
    return text[:at] if at >= 0 and ";" not in text[at:] else text


def pieces(text: str) -> list[str]:
    """Cut between lines, where that is possible, so that no piece is too long."""
    found, rest = [], text
    while len(rest) > LONGEST_SECTION:
        at = rest.rfind("\n", 1, LONGEST_SECTION)
        piece = rest[:at] if at > 0 else _whole(rest[:LONGEST_SECTION])
        found.append(piece)
        rest = rest[len(piece) :].removeprefix("\n")
    return [*found, rest] if rest else found
