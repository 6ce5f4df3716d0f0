"""A backtest as text, JSON and HTML."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.errors import UsageError
from detector.report.backtest_formats import RENDERERS, format_for
from detector.report.backtest_shape import BacktestShape
from detector.report.escape import cells, is_harmful
from detector.report.look import Look
from detector.trials import BacktestResult, BudgetTrials, MethodTrials, ServiceTrials, Trial, by_size, smallest
from tests.report.making import BEGIN, LOOK, MINUTE, incident, result

KEYS = {
    "": ["schema", "input", "window_seconds", "from", "to", "services", "incidents", "planted", "by_service",
         "by_budget", "by_method", "services_left_out", "services_too_quiet", "kinds_unknown",
         "notes"],
    "planted": ["service", "kind", "shape", "recall"],
    "recall": ["factor", "surges", "found", "paged", "median_delay_seconds"],
    "by_service": ["service", "lines_per_minute", "reported", "pages", "smallest_factor", "recalls"],
    "by_budget": ["incident_budget", "chosen", "reported", "pages", "recalls"],
    "by_method": ["name", "alarms", "service_weeks", "recalls"],
}  # fmt: skip
"""What scripts may rely on."""


def trials(service: str = "www") -> list[Trial]:
    """Six surges of each of two sizes; the small ones are missed but for one."""
    found: dict[float, list[int | None]] = {2.0: [5, None, None, None, None, None], 4.0: [3, 4, 5, 6, 7, 8]}
    return [
        Trial(service, "lines", "step", factor, BEGIN + 60 * number * MINUTE, BEGIN + (60 * number + 30) * MINUTE,
              None if delay is None else delay * MINUTE, delay is not None and delay > 4)
        for factor, delays in found.items() for number, delay in enumerate(delays)
    ]  # fmt: skip


def answer(service: str = "www") -> BacktestResult:
    """A backtest of one service with one page."""
    mine = trials(service)
    recalls = by_size(mine)
    return BacktestResult(
        result(incident(service)), mine, [ServiceTrials(service, 22.0, 1, 1, recalls, smallest(recalls))],
        [BudgetTrials("1/week", chosen=False, reported=3, pages=1, recalls=recalls),
         BudgetTrials("1/month", chosen=True, reported=1, pages=1, recalls=recalls)],
        [MethodTrials("detector", 1, 4.0, recalls), MethodTrials("last_week", 9, 3.0, recalls)],
        left_out=13, too_quiet=["nightly"], unknown=["messages_per_client"],
    )  # fmt: skip


def text_of(answer: BacktestResult, look: Look = LOOK) -> str:
    """As the table."""
    return RENDERERS["table"](answer, look).decode()


class Texts(HTMLParser):
    """What a browser would show, and the tags that it met."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.shown: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag; none of them fetches or runs anything."""
        self.tags.append(tag)
        assert not {name for name, _ in attrs} & {"src", "href", "onload", "onclick"}

    def handle_data(self, data: str) -> None:
        """A text, entities resolved."""
        self.shown.append(data)


def test_the_text_says_what_matters():
    """Pages, recall, the smallest surge, budgets, rivals, and what was left out."""
    text = text_of(answer())
    assert text.startswith("These settings would have sent 1 page and reported 1 surge in 23 h 59 min of 14\nservices")
    for line in (
        "15 Jul 11:35  www      x9.8          14 min  26 min  #0a1b2c3d",
        "x2         6    17%        17%         5 min   17%     -         -",
        "x4         6   100%        67%         6 min  100%     -         -",
        "www             22         1      1  17%  100%         x4",
        "1/month (now)           30.5         30.5       17%  5 min      100%  6 min",
        "over 3 x same hour last week      13      12  17%  100%  6 min",
        "13 services with fewer lines got no surges; --services N takes more.",
        "Too quiet or too short for a surge: nightly.",
    ):
        assert line in text.splitlines()


def test_a_large_surge_that_is_missed_is_said():
    """With what may be the reason."""
    mine = [Trial("www", "lines", "step", 10.0, number, number + 1, None, page=False) for number in range(6)]
    service = ServiceTrials("www", 1.0, 0, 0, by_size(mine), None)
    text = text_of(BacktestResult(result(), mine, [service]))
    assert "over x10" in text
    assert "Over x10: too few lines" in text


def test_without_surges_the_pages_remain():
    """One line says why."""
    text = text_of(BacktestResult(result(incident())))
    assert "No surge could be planted" in text
    assert "#0a1b2c3d" in text
    assert "WHICH BUDGET" not in text


def test_nothing_is_an_answer_too():
    """No line with a time."""
    assert "Nothing could be judged" in text_of(BacktestResult(result(from_us=None, to_us=None)))


@pytest.mark.parametrize("width", [60, 80, 120])
def test_lines_keep_to_the_width(width):
    """A long service gives way."""
    text = text_of(answer("a-very-long-name-of-a-service-" * 4), Look(width=width))
    assert max(map(cells, text.splitlines())) <= max(width, 78)


def test_all_promised_keys_are_there():
    """At every level of the JSON."""
    document = json.loads(RENDERERS["json"](answer(), LOOK))
    assert "detector.backtest/1" == document["schema"]
    levels = {"": document, "recall": document["planted"][0]["recall"]}
    levels |= {name: document[name][0] for name in KEYS if name.startswith(("by_", "planted"))}
    assert KEYS == {level: list(levels[level]) for level in KEYS}
    assert 300.0 == document["by_service"][0]["recalls"][0]["median_delay_seconds"]


@pytest.mark.parametrize("one", [answer(), BacktestResult(result()), BacktestResult(result(from_us=None, to_us=None))])
def test_the_json_keeps_to_its_own_types(one):
    """It decodes strictly into the declared shape."""
    msgspec.json.decode(RENDERERS["json"](one, LOOK), type=BacktestShape)


def test_the_page_loads_and_runs_nothing():
    """No script, no link, no picture; a policy that forbids them."""
    page = RENDERERS["html"](answer(), LOOK).decode()
    texts = Texts(page)
    assert set() == set(texts.tags) & {"script", "link", "img", "iframe", "object", "a", "form"}
    assert "default-src 'none'" in page
    assert re.search(r"https?:|url\(|@import", page) is None
    assert "#0a1b2c3d" in texts.shown


@given(st.text(min_size=1))
def test_names_harm_nobody(name):
    """Whatever a service is called: escaped on the terminal, in JSON and in the page, where it opens no tag."""
    one = answer(name)
    for format_name, render in RENDERERS.items():
        text = render(one, LOOK).decode()
        assert [] == [character for character in text if is_harmful(character) and character != "\n"]
        if format_name == "html":
            assert Texts(RENDERERS["html"](answer(), LOOK).decode()).tags == Texts(text).tags
        if format_name == "json":
            assert name == json.loads(text)["by_service"][0]["service"]


def test_markup_is_text():
    """A name that looks like a tag is shown as it is."""
    page = RENDERERS["html"](answer('<script>alert("1")</script>'), LOOK).decode()
    assert "<script" not in page
    assert '<script>alert("1")</script>' in Texts(page).shown


@pytest.mark.parametrize(
    ("expected", "wanted", "path"),
    [("table", None, None), ("json", "json", "x.html"), ("html", None, "x.HTML"), ("table", None, "-"),
     ("json", None, "x.json")],
)  # fmt: skip
def test_the_format_follows_the_suffix(expected, wanted, path):
    """Unless it is named."""
    assert expected == format_for(wanted, path)


def test_a_suffix_that_says_nothing_is_refused():
    """With those that do."""
    with pytest.raises(UsageError, match=r"\.json, \.html"):
        format_for(None, "x.pdf")
