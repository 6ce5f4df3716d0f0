"""Is a score what it says? `DETECTOR_EVAL=FOLDER python tests/bench/calibration.py [PLOT.svg]` counts.

A score promises how many weeks pass between false alarms as strange. Here the hours that reach a score are counted
where nothing was planted or labelled (two hours after a surge are left out, while sums still hold it), per service-week
and group. Hours in a row count once. The plot needs matplotlib.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections import defaultdict
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

import detector
from detector.config import PERIODS, score_of

PROMISES = ("1/day", "1/week", "1/month", "1/year")
AFTER_US, HOUR_US, WEEK_US = 7_200_000_000, 3_600_000_000, 604_800_000_000
Real = NDArray[np.float64]


def peaks(case: Any) -> list[Real]:
    """The highest score of every hour of each service of a case, where there is no surge."""
    with tempfile.NamedTemporaryFile(suffix=".csv") as place:
        case.table.select("timestamp", "service", "lines").write_csv(place.name)
        windows = detector.scan([place.name], windows=True).windows
    assert windows is not None
    found = []
    for (service,), rows in windows.group_by(["service"], maintain_order=True):
        at = rows["window_start"].dt.epoch("us").to_numpy()
        score = np.where(np.isfinite(rows["score"].to_numpy()), rows["score"].to_numpy(), np.nan)
        for one in (one for one in case.segments if one.service == service):
            begin, end = (moment.timestamp() * 1e6 for moment in (one.start, one.end))
            score[(at >= begin - HOUR_US) & (at < end + AFTER_US)] = np.nan
        hours = pl.DataFrame({"hour": at // HOUR_US, "score": score}).filter(pl.col("score").is_not_nan())
        found.append(hours.group_by("hour").agg(pl.col("score").max()).sort("hour")["score"].to_numpy())
    return found


def rate(hours: list[Real], score: float) -> float:
    """So many times a service-week is the score reached; hours in a row are one time."""
    times = sum(int((np.diff((each >= score).astype(int), prepend=0) == 1).sum()) for each in hours)
    weeks = sum(len(each) for each in hours) * HOUR_US / WEEK_US
    return times / max(weeks, 1e-9)


def draw(groups: dict[str, list[Real]], path: str) -> None:
    """Promised against counted, one line a group; on the diagonal promises are kept, above it they are broken."""
    from matplotlib.figure import Figure

    promised = np.geomspace(0.02, 7, 40)
    figure = Figure(figsize=(7, 6), layout="constrained")
    axes = figure.add_subplot(xscale="log", yscale="log", xlabel="promised false alarms a service-week",
                              ylabel="counted", title="Calibration of the score")  # fmt: skip
    for name, hours in groups.items():
        counted = [rate(hours, score_of(1 / one)) for one in promised]
        axes.plot(promised, np.where(np.array(counted) > 0, counted, np.nan), label=name)
    axes.plot(promised, promised, color="gray", linestyle="--", label="kept")
    axes.legend()
    figure.savefig(path)


def main() -> None:
    """Print the table, and draw the plot if a path is given."""
    sys.path.insert(0, os.environ["DETECTOR_EVAL"])
    from cases import load_cases
    from score import group_of

    groups: dict[str, list[Real]] = defaultdict(list)
    for case in load_cases("dev", None):
        groups[group_of(case)] += peaks(case)
    print("| group | service-weeks | " + " | ".join(PROMISES) + " |")
    print("|---" * (len(PROMISES) + 2) + "|")
    weeks = [PERIODS[one.removeprefix("1/")] for one in PROMISES]
    print("| promised, a week | | " + " | ".join(f"{1 / one:.2f}" for one in weeks) + " |")
    for name, hours in groups.items():
        counted = " | ".join(f"{rate(hours, score_of(one)):.2f}" for one in weeks)
        print(f"| {name} | {sum(map(len, hours)) * HOUR_US / WEEK_US:.0f} | {counted} |")
    if sys.argv[1:]:
        draw(groups, sys.argv[1])


if __name__ == "__main__":
    main()
