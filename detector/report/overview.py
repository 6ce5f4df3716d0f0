"""The two lists of the page: all incidents, and all services whether or not anything was found in them."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any

import polars as pl

from detector.report.article import chips, factor, moment
from detector.report.chart import draw_spark
from detector.report.markup import Markup, element
from detector.report.numbers import brief, grouped
from detector.report.sentences import tell_delay, tell_length, tell_reasons
from detector.report.shape import IncidentShape, ScanShape
from detector.schemas import ScanResult

MOST_INCIDENTS, MOST_SERVICES = 1000, 200
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
    """One row each, those with incidents and high scores first; None where no courses were kept."""
    if result.overview is None or result.overview.is_empty():
        return None
    ranked = _ranked(result.overview, result)
    shown = ranked.head(MOST_SERVICES)
    rows = [_service(row) for row in shown.iter_rows(named=True)]
    hidden = len(ranked) - len(shown)
    more = element("p", f"{grouped(hidden)} calmer services are left out here.", class_="soft") if hidden else None
    return element("section", element("h2", "Services"), _table(SERVICES, rows), more)


def _ranked(overview: pl.DataFrame, result: ScanResult) -> pl.DataFrame:
    """OVERVIEW with the number of incidents."""
    hit = pl.DataFrame({"service": [one.service for one in result.incidents]}, schema={"service": pl.String})
    joined = overview.join(hit.group_by("service").len("incidents"), on="service", how="left")
    order = ["incidents", "score", "lines"]
    ranked = joined.with_columns(pl.col("incidents").fill_null(0))
    return ranked.sort([*order, "service"], descending=[True, True, True, False], nulls_last=True)


def _service(row: dict[str, Any]) -> Markup:
    told = "not judged" if row["score"] is None else brief(row["score"])
    spark = draw_spark(row["course"], row["flagged"])
    return _row(SERVICES, (row["service"], grouped(round(row["lines"])), spark, told, str(row["incidents"])))
