"""The windows around the incidents that are told one by one.

Which those are is known when everything was judged, so their services are judged once more: a service is judged by
itself, and there are few of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from detector.config import Settings
from detector.pipeline.period import Period
from detector.pipeline.stores import days_of, numbers_of
from detector.pipeline.verdict_table import tabulate_day
from detector.pipeline.walk import Walk, begin, live
from detector.schemas import VERDICTS, Incident, schema


def windows_around(
    walks: Sequence[Walk], incidents: Sequence[Incident], period: Period, settings: Settings, open_at: float
) -> pl.DataFrame:
    """The verdicts of the windows around incidents, VERDICTS, of their services alone.

    Raises:
        ModelError: the model that the settings name cannot be read or does not fit.
    """
    frames = [pl.DataFrame(schema=schema(VERDICTS))]
    for walk in walks:
        mine = [one for one in incidents if one.id in {other.id for other in walk.incidents}]
        if mine:
            frames += _of_walk(walk, mine, settings, open_at)
    return period.cut(pl.concat(frames).sort("window_start", "service"))


def _of_walk(walk: Walk, incidents: Sequence[Incident], settings: Settings, open_at: float) -> list[pl.DataFrame]:
    """Judge their services again, and keep what lies around them."""
    names = sorted({one.service for one in incidents})
    again = Walk(walk.store, names, walk.first, walk.end)
    order, state = numbers_of(walk.store, names), begin(walk.store, names, settings, open_at, settings.model)
    begins, ends = zip(*(one.around for one in incidents), strict=True)
    spans = pl.DataFrame({"service": [one.service for one in incidents], "begin": begins, "end": ends})
    frames = []
    for day in days_of(walk.store, walk.first, walk.end):
        counts, results = live(state, walk.store, order, day, walk.end, keep=True)
        frames.append(_around(tabulate_day(again, day, counts, results), spans))
    return frames


def _around(windows: pl.DataFrame, spans: pl.DataFrame) -> pl.DataFrame:
    """The windows of a day that lie around an incident of their service."""
    at = pl.col("window_start").dt.epoch("us")
    places = windows.with_row_index("place").join(spans, on="service").filter(at >= pl.col("begin"), at < pl.col("end"))
    return windows[places["place"].unique().sort()]
