"""The two lists of the page: all incidents, and all services whether or not anything was found in them."""

from __future__ import annotations

from collections.abc import Container, Sequence

import polars as pl

from detector.report.article import chips, factor, moment
from detector.report.chart import draw_spark
from detector.report.markup import Markup, element
from detector.report.numbers import brief, grouped
from detector.report.sentences import tell_delay, tell_length, tell_reasons
from detector.report.shape import IncidentShape, ScanShape
from detector.schemas import ScanResult

MOST_INCIDENTS, MOST_SERVICES = 1000, 200
BARS = 48
INCIDENTS = (("", "still"), ("Service", "name"), ("How much", "number"), ("Began", "still"),
             ("Noticed after", "number"), ("Course", None), ("Because of", None))  # fmt: skip
SERVICES = (("Service", "name"), ("Lines", "number"), ("Lines over time", None), ("Highest score", "number"),
            ("Incidents", "number"))  # fmt: skip
Column = tuple[str, str | None]


def list_incidents(scan: ScanShape, linked: Container[int]) -> Markup | None:
    """One row each, in order of time; those of `linked` lead to their article."""
    if not scan.incidents:
        return None
    rows = [_incident(one, scan.to, is_linked=index in linked)
            for index, one in enumerate(scan.incidents[:MOST_INCIDENTS])]  # fmt: skip
    hidden = len(scan.incidents) - len(rows)
    more = element("p", f"{grouped(hidden)} later ones are left out here; --format json lists all.") if hidden else None
    return element("section", element("h2", "Incidents"), _table(INCIDENTS, rows), more)


def _incident(one: IncidentShape, to: str | None, *, is_linked: bool) -> Markup:
    name = one.service or "(no name)"
    link = element("a", name, href=f"#i{one.id}") if is_linked else name
    return _row(INCIDENTS, (chips(one), link, factor(one), moment(one.started_at), tell_delay(one),
                            tell_length(one, to), tell_reasons(one) or "-"))  # fmt: skip


def _table(columns: Sequence[Column], rows: Sequence[Markup]) -> Markup:
    """A table whose rows become blocks on a narrow screen."""
    head = element("tr", *(element("th", title, scope="col", class_=kind) for title, kind in columns))
    table = element("table", element("thead", head), element("tbody", *rows), class_="stack")
    return element("div", table, class_="wide")


def _row(columns: Sequence[Column], cells: Sequence[str]) -> Markup:
    made = [element("td", cell, class_=kind, data_label=title or None)
            for (title, kind), cell in zip(columns, cells, strict=True)]  # fmt: skip
    return element("tr", *made)


def list_services(result: ScanResult) -> Markup | None:
    """One row each, those with incidents and high scores first; None where no windows were kept."""
    if result.windows is None or result.windows.is_empty():
        return None
    ranked = _ranked(result)
    shown = ranked.head(MOST_SERVICES)
    courses = _courses(result.windows, shown["service"].to_list())
    rows = [_service(row, courses[row["service"]]) for row in shown.iter_rows(named=True)]
    hidden = len(ranked) - len(shown)
    more = element("p", f"{grouped(hidden)} calmer services are left out here.", class_="soft") if hidden else None
    return element("section", element("h2", "Services"), _table(SERVICES, rows), more)


def _ranked(result: ScanResult) -> pl.DataFrame:
    """service, lines, score, incidents of every service."""
    hit = pl.DataFrame({"service": [one.service for one in result.incidents]}, schema={"service": pl.String})
    windows = pl.DataFrame() if result.windows is None else result.windows
    totals = windows.group_by("service").agg(pl.col("lines").sum(), pl.col("score").max())
    joined = totals.join(hit.group_by("service").len("incidents"), on="service", how="left")
    order = ["incidents", "score", "lines"]
    ranked = joined.with_columns(pl.col("incidents").fill_null(0))
    return ranked.sort([*order, "service"], descending=[True, True, True, False], nulls_last=True)


def _courses(windows: pl.DataFrame, services: Sequence[str]) -> dict[str, tuple[list[float], list[bool]]]:
    """Mean lines of equal stretches of the whole time, and whether any of their windows was flagged."""
    at = pl.col("window_start").dt.epoch("us")
    first, last = windows.select(at.min().alias("first"), at.max().alias("last")).row(0)
    place = (at - first) * BARS // (last - first + 1)
    ours = windows.filter(pl.col("service").is_in(list(services)))
    bars = ours.group_by("service", place.alias("place")).agg(pl.col("lines").mean(), pl.col("flagged").any())
    courses: dict[str, tuple[list[float], list[bool]]] = {name: ([0.0] * BARS, [False] * BARS) for name in services}
    for service, at, lines, flagged in bars.select("service", "place", "lines", "flagged").iter_rows():
        courses[service][0][at], courses[service][1][at] = lines or 0.0, bool(flagged)
    return courses


def _service(row: dict[str, object], course: tuple[list[float], list[bool]]) -> Markup:
    score, lines = row["score"], row["lines"]
    told = brief(score) if isinstance(score, float) else "not judged"
    total = grouped(round(lines)) if isinstance(lines, float) else "-"
    return _row(SERVICES, (str(row["service"]), total, draw_spark(*course), told, str(row["incidents"])))
