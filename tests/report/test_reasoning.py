"""The reasoning in words, as far as the report goes."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.report.escape import is_harmful
from detector.report.reasoning import Reasoning
from detector.report.shape import BudgetsShape, KeptShape
from tests.report.injections import INJECTIONS
from tests.report.making import incident, result
from tests.report.pages import enriched


def reason(scan=None, sample="POST /v1/status", settings=None, width=120):
    """The text about the first incident."""
    shape = enriched(scan if scan is not None else result(incident()), sample)
    kept = KeptShape(**msgspec.structs.asdict(shape), settings=settings)
    return Reasoning(kept.incidents[0], kept).text(width)


def test_contributors_and_forecast_are_told():
    """Where the report has them."""
    text = reason()
    for part in ("- version POST /v1/status: 93 % of the excess (1.5 lines/min before, 193 during)",
                 "for example: POST /v1/status",
                 "51 min when it was noticed: full at about 12:40 (12:31 at the earliest)",
                 "- messages per client: 2.2 before, 20.7 during (x9.4), 97 % of the change",
                 "Other services rose by the same cause: POST /v1/status."):  # fmt: skip
        assert part in text


@pytest.mark.parametrize(
    ("expected", "score", "page"),
    [
        ("once in 9 weeks", 1.0, False),
        ("- --incident-budget 5/year, or less.", 1.0, False),
        ("once in 19.1 years", 3.0, True),
        ("- The page alone: --budget 0.7/year, or less.", 3.0, True),
        ("in more than 1,000 years", 400.0, True),
        ("- no sensible --incident-budget, not even one in 1,000 years.", 30.0, False),
    ],
)
def test_what_would_have_silenced_it(expected, score, page):
    """The budget at which its score would have been too low."""
    assert expected in reason(result(incident(score=score, page=page)))


def test_budgets_are_told_where_they_are_known():
    """With the scores that they stand for; fourteen services share the one for pages."""
    text = reason(settings=BudgetsShape("1/week", "1/month"))
    assert "Incidents are reported from 0.728 on (--incident-budget 1/month)." in text
    assert "They page from 1.18 on (--budget 1/week, shared by 14 services), so this one does." in text


@settings(deadline=None)  # the first of them loads much
@given(st.sampled_from(INJECTIONS) | st.text(), st.integers(60, 120))
def test_log_text_is_escaped(name, width):
    """Names and samples move no cursor and start no line."""
    text = reason(result(incident(name)), name, width=width)
    assert [] == [one for one in text if is_harmful(one) and one != "\n"]
