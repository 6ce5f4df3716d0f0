"""Small facts and notices."""

from __future__ import annotations

from msgspec.structs import replace

from detector.alerts.lives import Book
from detector.alerts.notice import Facts, Notice
from detector.alerts.policy import decide
from detector.alerts.rules import Rules

MINUTE = 60_000_000
HOUR = 60 * MINUTE
NOW = 1_790_000_000_000_000
"""Some day in 2026."""


def facts(identity: str = "a1", **changes) -> Facts:
    """A surge that began five minutes ago."""
    plain = Facts(
        id=identity, service="checkout", severity="warning", started_us=NOW - 5 * MINUTE, detected_us=NOW,
        factor=9.7, observed=215.0, expected=22.0, unit="lines/min", kind="messages_per_client",
        drivers=("messages per client x9.4",), contributor="App/4.9.0 (version)", share=0.97, score=5.0,
    )  # fmt: skip
    return replace(plain, **changes)


def notice(identity: str = "a1", rules: Rules | None = None, **changes) -> Notice:
    """The first notice about a surge."""
    _, decisions = decide(Book(), [facts(identity, **changes)], NOW, rules or Rules())
    return notices(decisions)[0]


def notices(decisions) -> list[Notice]:
    """What was said."""
    return [one.notice for one in decisions if one.notice is not None]


def story(*states: str, identity: str = "a1", rules: Rules | None = None) -> list[Notice]:
    """Notices about one surge that goes through severities, six minutes apart; `end` ends it for good."""
    book, found = Book(), list[Notice]()
    for step, state in enumerate(states):
        now = NOW + 6 * MINUTE * step
        if state == "end":
            now, one = now + HOUR, facts(identity, ended_us=now)
        else:
            one = facts(identity, severity=state)
        book, decisions = decide(book, [one], now, rules or Rules())
        found += notices(decisions)
    return found
