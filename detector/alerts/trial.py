"""The notice that `detector alerts test` sends."""

from __future__ import annotations

from detector.alerts.notice import Facts, Notice, notice_id
from detector.alerts.wording import text, title


def trial_notice(now_us: int) -> Notice:
    """A notice that says that it is a test."""
    facts = Facts(
        id="test", service="detector", severity="info", started_us=now_us, detected_us=now_us, ended_us=now_us,
        topic="test",
    )  # fmt: skip
    identity = notice_id("test", now_us, "open", 0)
    return Notice(
        id=identity, key="test", thread=identity, sequence=0, state="open", reason="began", topic="test",
        service="detector", severity="info", worst="info", told=("info",), page=False, first_seen_us=now_us,
        decided_us=now_us, facts=facts, title=title("open", "info", facts),
        text=text("open", "began", facts, None, None),
    )  # fmt: skip
