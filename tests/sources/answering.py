"""The same course of two services as each monitoring system answers or exports it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from tests.cli.making import counts_csv

Points = list[tuple[str, float]]
"""RFC 3339 and value."""


def courses() -> dict[str, Points]:
    """Service -> its points; one of two has a surge, and both have a gap."""
    found: dict[str, Points] = {}
    for service, surge in (("shop", 1500), ("search", None)):
        rows = csv.DictReader(io.StringIO(counts_csv(1700, surge_at=surge)))
        points = [(row["timestamp"], int(row["lines"]) / 4) for row in rows]
        found[service] = points[:200] + points[210:]
    return found


def seconds(stamp: str) -> int:
    """Since 1970."""
    return int(datetime.fromisoformat(stamp).timestamp())


def counts(found: dict[str, Points]) -> str:
    """A counts table."""
    rows = [f"{stamp},{service},{value}" for service, points in found.items() for stamp, value in points]
    return "\n".join(["timestamp,service,lines", *rows, ""])


def matrix(label: str) -> Callable[[dict[str, Points]], str]:
    """Prometheus and Loki: `query_range`."""

    def render(found: dict[str, Points]) -> str:
        series = [
            {"metric": {"__name__": "x", "zone": "a", label: service},
             "values": [[seconds(stamp), str(value)] for stamp, value in points]}
            for service, points in found.items()
        ]  # fmt: skip
        return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": series}})

    return render


def cloudwatch(found: dict[str, Points]) -> str:
    """`aws cloudwatch get-metric-data`: newest first, over several lines."""
    results = [
        {"Id": f"m{number}", "Label": service, "StatusCode": "Complete",
         "Timestamps": [stamp.replace("Z", "+00:00") for stamp, _ in points[::-1]],
         "Values": [value for _, value in points[::-1]]}
        for number, (service, points) in enumerate(found.items())
    ]  # fmt: skip
    return json.dumps({"MetricDataResults": results, "Messages": []}, indent=4)


def datadog(found: dict[str, Points]) -> str:
    """Version 1; a gap is null."""
    series: list[dict[str, Any]] = [
        {"unit": None, "metric": "web.hits", "scope": f"env:prod,service:{service}", "interval": 60,
         "tag_set": ["env:prod", f"service:{service}"],
         "pointlist": [[1000.0 * (seconds(points[0][0]) - 60), None],
                       *([1000.0 * seconds(stamp), value] for stamp, value in points)]}
        for service, points in found.items()
    ]  # fmt: skip
    return json.dumps({"status": "ok", "resp_version": 1, "query": "sum:web.hits{*} by {service}", "series": series})


def datadog_2(found: dict[str, Points]) -> str:
    """Version 2: the times once, a column of values for each series."""
    stamps = [stamp for stamp, _ in next(iter(found.values()))]
    attributes = {
        "series": [{"group_tags": [f"service:{service}"], "query_index": 0, "unit": None} for service in found],
        "times": [1000 * seconds(stamp) for stamp in stamps],
        "values": [[value for _, value in points] for points in found.values()],
    }
    return json.dumps({"data": {"id": "0", "type": "timeseries_response", "attributes": attributes}})


def written(rows: Sequence[Sequence[object]], separator: str) -> str:
    """A CSV in which texts are quoted."""
    out = io.StringIO()
    csv.writer(out, delimiter=separator, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n").writerows(rows)
    return out.getvalue()


def grafana_wide(found: dict[str, Points]) -> str:
    """Series joined by time; one has no value where only the other one has, and times are milliseconds."""
    stamps = [stamp for stamp, _ in next(iter(found.values()))]
    rows = [[1000 * seconds(stamp), *(points[at][1] for points in found.values())] for at, stamp in enumerate(stamps)]
    header = ["Time", *(f'{{__name__="hits", service="{service}"}}' for service in found)]
    return written([header, [1000 * seconds(stamps[0]) - 60_000, *("" for _ in found)], *rows], ",")


def grafana_excel(found: dict[str, Points]) -> str:
    """The same for Excel, with times as text."""
    stamps = [stamp for stamp, _ in next(iter(found.values()))]
    rows = [
        [stamp[:19].replace("T", " "), *(points[at][1] for points in found.values())] for at, stamp in enumerate(stamps)
    ]
    return "\ufeffsep=;\n" + written([["Time", *found], *rows], ";")


def grafana_long(found: dict[str, Points]) -> str:
    """A row for each point."""
    rows = [[service, stamp, value] for service, points in found.items() for stamp, value in points]
    return written([["Series", "Time", "Value"], *rows], ";")


ANSWERS: dict[str, Callable[[dict[str, Points]], str]] = {
    "prometheus": matrix("job"),
    "loki": matrix("app"),
    "cloudwatch": cloudwatch,
    "datadog": datadog,
    "datadog 2": datadog_2,
    "grafana wide": grafana_wide,
    "grafana for excel": grafana_excel,
    "grafana long": grafana_long,
}
