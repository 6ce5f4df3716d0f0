"""The page in a real browser; skipped where there is none (`.ci/setup-system` installs it)."""

from __future__ import annotations

import json
import shutil

import pytest

from detector.report import html
from detector.report import json as as_json
from detector.report.escape import escape
from tests.report.injections import INJECTIONS
from tests.report.making import LOOK
from tests.report.pages import answer, enriched

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SIZES = {"desk": (1100, 800), "phone": (390, 800), "smallest phone": (320, 600)}


@pytest.fixture(scope="module")
def browser():
    """Chromium without a window."""
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine")
    with playwright.sync_playwright() as driver:
        try:
            opened = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        except playwright.Error as error:
            pytest.skip(f"chromium does not start: {error.message.splitlines()[0]}")
        yield opened
        opened.close()


@pytest.fixture(params=list(SIZES), scope="module")
def page(request, browser, tmp_path_factory):
    """The report of an attacked service, opened; it notes what is asked for and what is complained about."""
    width, height = SIZES[request.param]
    scan = answer("www", *INJECTIONS)
    shape = enriched(scan, "".join(INJECTIONS))
    file = tmp_path_factory.mktemp("page") / "report.html"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(html, "shape_scan", lambda _: shape)
        file.write_bytes(html.render(scan, LOOK))
    tab = browser.new_page(viewport={"width": width, "height": height})
    tab.requests, tab.complaints = [], []
    tab.on("request", lambda request: tab.requests.append(request.url))
    tab.on("console", lambda message: tab.complaints.append(message.text))
    tab.on("pageerror", lambda error: tab.complaints.append(str(error)))
    tab.on("dialog", lambda dialog: tab.complaints.append(dialog.message))
    tab.goto(file.as_uri())
    tab.scan = scan
    yield tab
    tab.close()


def test_the_page_is_alone_and_calm(page):
    """It asks for itself only, breaks no policy, runs nothing, and needs no scrolling sideways."""
    page.mouse.move(200, 300)
    assert [page.url] == page.requests
    assert [] == page.complaints
    assert "detector report" == page.title()
    assert 0 == page.locator("script, img, iframe, link, base, object, form, [onload], [onerror]").count()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_names_are_read_as_they_are(page):
    """Every injection is the visible text of a heading."""
    assert ["www", *map(escape, INJECTIONS)] == page.locator("article h3").all_text_contents()


def test_numbers_are_those_of_the_json_answer(page):
    """What the browser holds, and what a person sees, of the first incident."""
    [one, *_] = json.loads(as_json.render(page.scan, LOOK))["incidents"]
    first = page.locator("article").first
    for name, key in (("observed-mean", "observed"), ("expected-mean", "expected"), ("factor", "factor"),
                      ("score", "score")):  # fmt: skip
        assert one[key] == float(first.locator(f"data.{name}").get_attribute("value"))
    assert one["started_at"] == first.locator("time.started").get_attribute("datetime")
    assert "x9.8 normal: 215 lines/min, expected 22" in first.inner_text()


def test_links_lead_by_keyboard(page):
    """Tab reaches the first incident of the list, Enter goes to it."""
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.url.endswith("#i00000000")


def test_curves_are_drawn(page):
    """Observed and expected have a size, and the shaded time lies in the chart."""
    chart = page.locator("article svg.chart").first
    whole = chart.bounding_box()
    for part in ("path.observed", "path.band", "rect.surge"):
        box = chart.locator(part).bounding_box()
        assert box["width"] > 5
        assert whole["x"] - 1 <= box["x"]
        assert box["x"] + box["width"] <= whole["x"] + whole["width"] + 1
