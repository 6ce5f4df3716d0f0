"""The facts of an incident in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from detector.pipeline.telling import facts_about
from tests.report.making import CAUSE, incident


@pytest.mark.parametrize(("changes", "words"), [
    ({}, "messages per client x9.4"),
    ({"per": "request"}, "messages per request x9.4"),
    ({"per": "host"}, "messages per host x9.4"),
    ({"retried": (0.0, 0.35)}, "messages per client x9.4 (of that 39 % retries)"),
    ({"retried": (0.0, 0.01)}, "messages per client x9.4"),
])  # fmt: skip
def test_drivers_in_words(changes, words):
    """What stands for clients is named, and retries where they matter."""
    facts = facts_about(incident(signal="lines_per_client"), replace(CAUSE, **changes))
    assert (words,) == facts.drivers
    assert f"lines/{changes.get('per', 'client')}" == facts.unit
