"""Series that Grafana exports as CSV: a column for each ("series joined by time"), or a row for each of their points.

Source: https://grafana.com/docs/grafana/latest/panels-visualizations/panel-inspector/ ("Download CSV", "Download for
Excel" with a first line `sep=,`). Other tools write the wide layout too; it is taken for one where the first column is
called `Time`, or where all other columns carry labels in braces, as Prometheus and Datadog name their series.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from detector.sources.labels import labels_in, service_of
from detector.sources.series import Series, Time

TIMES = ("time", "timestamp", "date")
COUNTS = {"value", "count", "lines"}
_EXCEL = re.compile(r"sep=(.)\r?\n")
_NUMBER = re.compile(r"-?[\d.]+(?:e[-+]?\d+)?|nan|null|undefined|", re.IGNORECASE)
_MOMENT = re.compile(r"\d{10,19}(?:\.\d+)?|\d{4}-\d\d-\d\d[ T].*")
PROBE_ROWS = 5
TORN = "?"
"""In place of a cell that is not there: no number, so that the row is counted as bad."""


def is_export(head: bytes) -> bool:
    """Whether a text that begins with `head` is one of the two layouts, and not simply a counts table."""
    text = _text(head)
    separator = _separator(text)
    if separator is None:
        return False
    try:
        rows = [row for _, row in zip(range(PROBE_ROWS), _rows(text, separator), strict=False)]
    except csv.Error:
        return False
    return len(rows) > 1 and (_is_long(rows[0]) or _is_wide(rows[0], rows[1:-1] or rows[1:]))


def read_export(text: bytes) -> Iterator[Series]:
    """The series of an export, cell by cell as they stand there."""
    content = _text(text)
    rows = _rows(content, _separator(content) or ",")
    header = next(rows, [])
    if _is_long(header):
        yield from _long(header, rows)
        return
    columns: list[list[str]] = [[] for _ in header]
    for row in rows:
        for place, column in enumerate(columns):
            column.append(row[place] if place < len(row) else TORN)
    for name, column in zip(header[1:], columns[1:], strict=True):
        yield Series(_service(name), columns[0], column)


def _long(header: list[str], rows: Iterator[list[str]]) -> Iterator[Series]:
    series, time, value = (_lower(header).index(name) for name in ("series", "time", "value"))
    found: dict[str, tuple[list[Time], list[str]]] = {}
    for row in rows:
        cells = row + [TORN] * (len(header) - len(row))
        times, values = found.setdefault(cells[series], ([], []))
        times.append(cells[time])
        values.append(cells[value])
    for name, (times, values) in found.items():
        yield Series(_service(name), times, values)


def _is_long(header: list[str]) -> bool:
    return {"series", "time", "value"} <= set(_lower(header))


def _is_wide(header: list[str], rows: list[list[str]]) -> bool:
    if len(header) < 2 or _lower(header)[0] not in TIMES or COUNTS & set(_lower(header)):
        return False
    if header[0].strip() != "Time" and not all(labels_in(name) for name in header[1:]):
        return False
    return all(_MOMENT.fullmatch(row[0]) and all(map(_NUMBER.fullmatch, row[1:])) for row in rows if row)


def _service(name: str) -> str:
    return service_of(labels_in(name)) or name


def _lower(header: list[str]) -> list[str]:
    return [name.strip().lower() for name in header]


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace").removeprefix("\ufeff")


def _separator(text: str) -> str | None:
    """What stands between the fields of the header; None if this is no header with a time."""
    if excel := _EXCEL.match(text):
        return excel[1]
    first = text.partition("\n")[0]
    if "time" not in first.lower() and "date" not in first.lower():
        return None
    return next((separator for separator in ",;\t" if separator in first), None)


def _rows(text: str, separator: str) -> Iterator[list[str]]:
    excel = _EXCEL.match(text)
    lines = csv.reader(io.StringIO(text[excel.end() :] if excel else text), delimiter=separator)
    return (row for row in lines if row)
