"""HTML: one file that asks for nothing else and runs nothing; for people who were not there.

Its policy forbids everything but its own style sheet, which it knows by its hash: no script, no request. Numbers stand
in `<data value>` and times in `<time datetime>` as they stand in `--format json`.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import polars as pl

from detector.report.article import tell_incident
from detector.report.course import Course, course_of
from detector.report.look import Look
from detector.report.markup import Markup, element, join
from detector.report.overview import list_incidents, list_services
from detector.report.shape import ScanShape, shape_scan
from detector.report.summary import outcome, summarize
from detector.schemas import ScanResult

STYLE = Path(__file__).with_name("page.css")
READING = (
    "All times are UTC. Expected is what the service's own past says about this time of day and week, from what was "
    "known then. The score is the logarithm (base 10) of the weeks that one service would have to be watched to see "
    "something as strange by chance: 0 is a week, 1 ten weeks, 2 two years. An alarm comes from one window far above "
    "what is expected, or from many a little above it."
)
MOST_ARTICLES = 100
"""Of the strangest incidents; the others stand in the overview."""


def render(result: ScanResult, look: Look) -> bytes:
    """The page."""
    scan, style = shape_scan(result), STYLE.read_text("utf-8")
    page = element("html", _head(style), _body(result, scan, look), lang="en")
    return f"<!DOCTYPE html>\n{page}\n".encode()


def _head(style: str) -> Markup:
    fingerprint = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{fingerprint}'; base-uri 'none'; form-action 'none'"
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", "detector report"),
        element("style", Markup(style)),
    )


def _body(result: ScanResult, scan: ScanShape, look: Look) -> Markup:
    shown = _strangest(scan)
    hidden = len(scan.incidents) - len(shown)
    courses = _courses(result, shown)
    articles = [tell_incident(scan.incidents[index], course, scan.to, can_mark=look.can_mark)
                for index, course in zip(shown, courses, strict=True)]  # fmt: skip
    more = f"{hidden} more, less strange, stand in the list above only." if hidden else None
    return element(
        "body",
        element("header", element("h1", outcome(result))),
        element("main",
                list_incidents(scan, set(shown)),
                element("section", element("h2", "One by one"), *articles,
                        more and element("p", more, class_="soft")) if articles else None,
                list_services(result),
                _input(result)),
        element("footer", element("h2", "How to read this"), element("p", READING, class_="soft")),
    )  # fmt: skip


def _strangest(scan: ScanShape) -> list[int]:
    """Which incidents are told one by one, in their order."""
    order = sorted(range(len(scan.incidents)), key=lambda index: (-scan.incidents[index].score, index))
    return sorted(order[:MOST_ARTICLES])


def _courses(result: ScanResult, shown: list[int]) -> list[Course | None]:
    """Of the services of these incidents, which are looked up once: the table may be long."""
    if result.windows is None:
        return [None] * len(shown)
    incidents = [result.incidents[index] for index in shown]
    ours = result.windows.filter(pl.col("service").is_in({one.service for one in incidents}))
    of_service = ours.partition_by("service", as_dict=True)
    return [course_of(of_service.get((one.service,), ours.clear()), one) for one in incidents]


def _input(result: ScanResult) -> Markup:
    """What was read and what was not, in the words of the table."""
    lines = summarize(result)[1:]
    return element("section", element("h2", "What was read, and what was not"),
                   join(*(element("p", line) for line in lines)))  # fmt: skip
