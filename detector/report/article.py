"""One incident as a part of the page: how much, since when, why, and what that means."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import starmap

from detector.report.chart import draw_chart, draw_drivers
from detector.report.course import Course
from detector.report.leads import tell_forecast
from detector.report.markup import Markup, element, join
from detector.report.numbers import brief, precise, times_normal
from detector.report.sentences import (
    driver_words,
    signal_words,
    tell_change,
    tell_delay,
    tell_length,
    tell_markers,
    tell_moment,
    tell_percent,
    tell_planned,
    tell_question,
    tell_reasons,
    tell_retries,
    tell_version,
)
from detector.report.shape import ContributorShape, DriverShape, DriversShape, IncidentShape, VersionShape
from detector.times import clock, duration, micros

ORDER = ("messages_per_client", "clients", "bytes_per_message")
CONTRIBUTORS = (("Where", None), ("Before", "number"), ("During", "number"), ("Share of the excess", "number"),
                ("First seen", None))  # fmt: skip
HEADS = (("Driver", None), ("Before", "number"), ("During", "number"), ("Change", "number"), ("Share", "number"))


def tell_incident(one: IncidentShape, course: Course | None, to: str | None, *, can_mark: bool = False) -> Markup:
    """All that is known about an incident; `to`: end of the input; `can_mark`: a command takes an answer to it."""
    asked = tell_question(one, can_mark=can_mark)
    return element(
        "article", _heading(one), _headline(one), _when(one, to), element("p", asked) if asked else None,
        _chart(one, course), _drivers(one.drivers), _version(one.version), _contributors(one.contributors),
        _forecast(one), _together(one.services_together), id=f"i{one.id}",
    )  # fmt: skip


def number(value: float, class_: str | None = None) -> Markup:
    """What people read, with what the JSON answer says."""
    return element("data", brief(value), value=repr(value), class_=class_)


def moment(at: str, class_: str | None = None, after: str | None = None) -> Markup:
    """Likewise for a time; without its day if that is the day of `after`."""
    is_same_day = after is not None and at[:10] == after[:10]
    return element("time", f"{clock(micros(at))} UTC" if is_same_day else tell_moment(at), datetime=at, class_=class_)


def chips(one: IncidentShape) -> Markup:
    """Severity, and whether it pages."""
    page = element("span", "PAGE", class_="chip page") if one.page else None
    return join(element("span", one.severity.upper(), class_=f"chip {one.severity}"), page and Markup(" "), page)


def factor(one: IncidentShape) -> Markup:
    """`x9.7 normal`."""
    return element("data", times_normal(one.factor), value=repr(one.factor), class_="factor")


def _heading(one: IncidentShape) -> Markup:
    mark = element("a", f"#{one.id}", href=f"#i{one.id}", class_="id")
    return element("header", chips(one), element("h3", one.service or "(no name)"), mark, class_="incident")


def _headline(one: IncidentShape) -> Markup:
    reasons = tell_reasons(one)
    return element(
        "p", element("strong", factor(one)), ": ", number(one.observed, "observed-mean"), f" {one.unit}, expected ",
        number(one.expected, "expected-mean"), f", because of {reasons}" if reasons else None, ".",
        class_="headline",
    )  # fmt: skip


def _when(one: IncidentShape, to: str | None) -> Markup:
    begin = one.started_at
    ended = None if one.ended_at is None else join(" (until ", moment(one.ended_at, "ended", begin), ")")
    return element(
        "p", "Began ", moment(begin, "started"), ", noticed ", moment(one.detected_at, "detected", begin),
        f", after {tell_delay(one)}; {tell_length(one, to)}", ended,
        f", {tell_planned(one.calendar)}" if one.calendar else None,
        f", {tell_markers(one)}" if one.markers else None,
        f". Seen in {signal_words(one)}; score ", number(one.score, "score"), ".",
        class_="soft",
    )  # fmt: skip


def _chart(one: IncidentShape, course: Course | None) -> Markup | None:
    if course is None:
        return None
    step = f" (means of {duration(course.step_us)})" if course.step_us > 60_000_000 else ""
    caption = element("figcaption", f"Lines per minute{step}, times in UTC")
    return element("figure", caption, draw_chart(course, one), _legend(one))


def _legend(one: IncidentShape) -> Markup:
    line = {"x1": 0, "x2": 22, "y1": 6, "y2": 6}
    rows = [
        (element("line", **line, class_="observed"), "observed"),
        (element("line", **line, class_="expected"), "expected"),
        (element("rect", width=22, height=12, class_="band"), "no alarm by a single window"),
        (element("rect", width=22, height=12, class_="surge"), "the incident"),
    ]
    if one.forecast.capacity_unit == "lines/min":
        rows.append((element("line", **line, class_="capacity"), "capacity"))
    if one.forecast.capacity_unit == "lines/min" and one.forecast.overload_at is not None:
        rows.append((element("line", **line, class_="forecast"), "forecast"))
    items = starmap(_legend_item, rows)
    return element("ul", *items, class_="legend")


def _legend_item(shape: Markup, words: str) -> Markup:
    return element("li", element("svg", shape, width=22, height=12, class_="swatch", aria_hidden="true"), words)


def _drivers(drivers: DriversShape) -> Markup | None:
    """The bar, and the numbers that it is drawn from."""
    known = [(name, getattr(drivers, name)) for name in ORDER if getattr(drivers, name) is not None]
    shares = [(name, driver_words(name, drivers), one.share) for name, one in known if one.share is not None]
    if not shares:
        return None
    rows = [_driver(name, driver_words(name, drivers) + tell_retries(drivers, one), one) for name, one in known]
    head = [element("th", text, scope="col", class_=kind) for text, kind in HEADS]
    table = element("table", element("thead", element("tr", *head)), element("tbody", *rows))
    return element("section", element("h4", "What drives it"), element("figure", draw_drivers(shares)),
                   element("div", table, class_="wide"))  # fmt: skip


def _rate(value: float) -> Markup:
    """With three digits: rates per client are small."""
    return element("data", precise(value), value=repr(value))


def _driver(name: str, words: str, one: DriverShape) -> Markup:
    swatch = element("rect", width=12, height=12, class_=f"driver-{name}")
    title = element("span", element("svg", swatch, width=12, height=12, class_="swatch", aria_hidden="true"),
                    words, class_="driver")  # fmt: skip
    share = element("data", tell_percent(one.share), value=None if one.share is None else repr(one.share))
    cells = (_rate(one.before), _rate(one.during), tell_change(one.before, one.during), share)
    return element("tr", element("td", title), *(element("td", cell, class_="number") for cell in cells))


def _version(version: VersionShape | None) -> Markup | None:
    """What sets a version apart."""
    if version is None:
        return None
    return element("p", "Clients of ", element("code", version.value), " send ", tell_version(version), "; first seen ",
                   moment(version.first_seen_at), ".")  # fmt: skip


def _contributors(found: Sequence[ContributorShape]) -> Markup | None:
    if not found:
        return None
    head = [element("th", text, scope="col", class_=kind) for text, kind in CONTRIBUTORS]
    rows = [row for one in found for row in _contributor(one)]
    table = element("table", element("thead", element("tr", *head)), element("tbody", *rows), class_="stack")
    return element("section", element("h4", "Who contributes"), element("div", table, class_="wide"))


def _contributor(one: ContributorShape) -> list[Markup]:
    """Its numbers, and below them a line of it from the log."""
    share = element("data", tell_percent(one.share_of_excess), value=repr(one.share_of_excess))
    name = join(element("span", f"{one.dimension} ", class_="soft"), element("code", one.value))
    seen = moment(one.first_seen_at)
    numbers = zip(CONTRIBUTORS[1:], (_rate(one.before), _rate(one.during), share, seen), strict=True)
    cells = [element("td", cell, class_=kind, data_label=title) for (title, kind), cell in numbers]
    rows = [element("tr", element("td", name, class_="name"), *cells)]
    if one.sample:
        rows.append(element("tr", element("td", element("code", one.sample), colspan=len(CONTRIBUTORS)),
                            class_="sample"))  # fmt: skip
    return rows


def _forecast(one: IncidentShape) -> Markup | None:
    told = tell_forecast(one.forecast, one.ended_at)
    if not told:
        return None
    return element("section", element("h4", "How long is left"), *(element("p", line) for line in told))


def _together(services: Sequence[str]) -> Markup | None:
    return element("p", "Together with: ", ", ".join(services), class_="soft") if services else None
