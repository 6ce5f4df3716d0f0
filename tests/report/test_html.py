"""The page, as text; test_browser.py opens it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.report import html
from detector.report import json as as_json
from detector.report.escape import escape, is_harmful
from detector.report.markup import Markup, element
from detector.report.scale import time_marks, value_marks
from detector.report.sentences import DRIVERS
from tests.report.injections import INJECTIONS
from tests.report.making import BEGIN, LOOK, MINUTE, incident, result
from tests.report.pages import answer, enriched

ELEMENTS = """html head meta title style body header main section article footer h1 h2 h3 h4 p a strong span data
    time table thead tbody tr th td div ul li figure figcaption code svg rect line path text"""
ATTRIBUTES = """lang charset http-equiv content name class id href value datetime scope data-label colspan viewbox
    preserveaspectratio width height x y x1 x2 y1 y2 d role aria-label aria-hidden text-anchor"""


class Reader(HTMLParser):
    """Which elements, attributes, links and texts a page has."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.values: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        """An element begins."""
        self.elements.add(tag)
        self.attributes |= {name for name, _ in attrs}
        known = dict(attrs)
        self.links += [known[name] for name in ("href", "src") if name in known]
        self.values += [(known.get("class") or "", known[name]) for name in ("value", "datetime") if name in known]

    def handle_data(self, data):
        """Text, with its entities resolved."""
        self.texts.append(data)


def page_of(scan, monkeypatch=None, sample=None):
    """The page; with contributors and a forecast if there is a sample."""
    if monkeypatch is not None:
        shape = enriched(scan, sample)
        monkeypatch.setattr(html, "shape_scan", lambda _: shape)
    return html.render(scan, LOOK).decode()


def test_numbers_are_those_of_the_json_answer():
    """What programs read in the page equals, digit by digit, what they read in JSON."""
    scan = answer("www", "api")
    page = Reader(page_of(scan))
    for one in json.loads(as_json.render(scan, LOOK))["incidents"]:
        for name, key in (("observed-mean", "observed"), ("expected-mean", "expected"), ("factor", "factor"),
                          ("score", "score"), ("started", "started_at"), ("detected", "detected_at"),
                          ("ended", "ended_at")):  # fmt: skip
            assert (name, str(one[key])) in page.values
        for driver in (one["drivers"][name] for name in DRIVERS):
            for key in ("before", "during", "share"):
                assert ("", str(driver[key])) in page.values


def test_log_text_stays_text(monkeypatch):
    """A corpus of injections as names and samples brings no element, attribute or link that the page has not anyway."""
    page = page_of(answer(*INJECTIONS), monkeypatch, " ".join(INJECTIONS))
    read = Reader(page)
    assert set() == read.elements - set(ELEMENTS.split())
    assert set() == read.attributes - set(ATTRIBUTES.split())
    assert [] == [link for link in read.links if not re.fullmatch("#i[0-9a-f]{8}", link)]
    for text in INJECTIONS:
        assert escape(text) in read.texts
    assert [] == [one for one in page if is_harmful(one) and one != "\n"]


@settings(deadline=None)  # a page takes a while on a busy machine
@given(st.text())
def test_no_name_leaves_its_place(name):
    """Drawn names give the same elements as a harmless one, and stand in the page as they are (escaped)."""
    usual, drawn = (Reader(html.render(result(incident(one)), LOOK).decode()) for one in ("www", name))
    assert (usual.elements, usual.attributes, len(usual.links)) == (drawn.elements, drawn.attributes, len(drawn.links))
    assert (escape(name) or "(no name)") in drawn.texts


def test_the_policy_allows_the_style_sheet_and_nothing_else():
    """By its hash; there is no script, no other style, and nothing to fetch."""
    page = page_of(answer("www"))
    style = page.partition("<style>")[2].partition("</style>")[0]
    fingerprint = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src &#x27;none&#x27;; style-src &#x27;sha256-{fingerprint}&#x27;;"
    assert f'http-equiv="Content-Security-Policy" content="{policy}' in page
    assert [] == re.findall(r"<script|\sstyle=|\son\w+=|url\(|https?:|@import", page)


def test_a_page_without_incidents_says_so():
    """And still shows the services and what was read."""
    scan = answer()
    page = page_of(scan)
    assert "No surge found in 33,996 lines" in page
    assert "<article" not in page
    assert "calm" in page


def test_without_windows_there_is_no_chart():
    """As from Python without `windows=True`; the rest stands."""
    page = page_of(result(incident()))
    assert "www" in page
    assert "<figcaption" not in page


@pytest.mark.parametrize("changes", [{"ended_us": None}, {"expected": 0.0}, {"ended_us": BEGIN + 3000 * MINUTE}])
def test_courses_of_any_kind(changes):
    """A surge that lasts, one from nothing and one beyond the windows have a chart of finite numbers."""
    scan = answer("www")
    scan.incidents[0] = incident(id="00000000", **changes)
    page = page_of(scan)
    assert 1 == page.count('class="chart"')
    assert [] == re.findall(r"\b(?:nan|inf)\b", page.split("</style>")[1])


def test_many_incidents_keep_the_page_small():
    """A hundred are told one by one, a thousand listed, the rest counted."""
    scan = result(*(incident(id=f"{index:08x}") for index in range(1200)))
    page = page_of(scan)
    assert 100 == page.count("<article")
    assert "200 later ones are left out here" in page
    assert 2_000_000 > len(page)


def test_markup_is_escaped_once_and_only_once():
    """Children built here stay, text does not."""
    assert '<p class="&quot;">&lt;b&gt;<b>x</b></p>' == element("p", "<b>", element("b", "x"), class_='"')
    assert isinstance(element("p"), Markup)


@given(st.floats(1e-6, 1e12))
def test_value_marks_cover_the_top(top):
    """From zero, in equal steps, few of them, and not much beyond."""
    marks = value_marks(top)
    assert 0.0 == marks[0]
    assert 3 <= len(marks) <= 6
    assert top * (1 - 1e-9) <= marks[-1] <= 2 * top


@given(st.integers(0, 2_000_000_000), st.integers(60, 400 * 86_400))
def test_time_marks_lie_inside(begin, length):
    """At most seven, in order, between begin and end."""
    marks = [at for at, _ in time_marks(begin * 1_000_000, (begin + length) * 1_000_000)]
    assert sorted(marks) == marks
    assert len(marks) <= 7
    assert all(begin * 1_000_000 <= at <= (begin + length) * 1_000_000 for at in marks)
