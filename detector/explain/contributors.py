"""Which values hold the excess of a surge: explanations by risk ratio, as in DIFF.

Abuzaid, Kraft, Suri, Gan, Xu, Shenoy, Ananthanarayan, Sheu, Meijer, Wu, Naughton, Bailis, Zaharia 2018, "DIFF: a
relational interface for large-scale data explanation", PVLDB 12(4): values, alone and in pairs, with enough support
and a high risk ratio. Each has to pass a likelihood-ratio test of independence between value and period (Wilks 1938),
with the false discoveries among all values under control (Benjamini & Hochberg 1995). They are ranked by their
population attributable fraction, share of the excess x (ratio - 1) / ratio (Miettinen 1974).
"""

from __future__ import annotations

import math

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detector.causes import Contributor
from detector.explain.counting import DIMENSIONS, Summary
from detector.explain.scrub import scrub

LEAST_SHARE, LEAST_RATIO = 0.05, 1.5
"""Of the excess; of the growth against that of all other records."""
FALSE_DISCOVERIES = 0.01
MOST = 5
PAIR_HOLDS, PAIR_GAINS = 0.75, 1.2
"""A pair is told if it holds so much of what each of its values holds, at a so much higher ratio than both."""
BYTES_OF_A_RECORD = 1000
"""So many bytes are evidence like one record."""
STEPS = 20
"""Ranks that differ by less than a twentieth are equal; then the dimension that says more comes first."""
VALUE_CHARACTERS, SAMPLE_CHARACTERS = 200, 300

Real = NDArray[np.float64]


def find_contributors(summary: Summary, minutes: tuple[float, float], growth: float = 1.0) -> tuple[Contributor, ...]:
    """The values that hold the excess, the strongest first; none where records did not become more.

    Args:
        summary: counts before and during the surge.
        minutes: lengths of the two periods.
        growth: times as many records as before that there would be without the surge, as where clients come or go.
    """
    scale = growth * minutes[1] / minutes[0] if minutes[0] > 0 else 0.0
    if summary.during <= summary.before * scale or not scale:
        return ()
    known = summary.values.filter(pl.col("value").is_not_null())
    before, during = known["before"].to_numpy(), known["during"].to_numpy()
    share = np.clip((during - before * scale) / (summary.during - summary.before * scale), 0, 1)
    found = known.with_columns(share=share, ratio=_ratios(before, during, summary))
    found = found.with_row_index("row").filter(pl.col("share") >= LEAST_SHARE)
    if summary.before:  # where nothing was before, all is new alike and only the share tells
        found = found.filter(pl.col("ratio") >= LEAST_RATIO)
        found = found.filter(pl.Series(_significant(_evidence(found, summary), len(known)), dtype=pl.Boolean))
    return _tell(_ranked(_without_idle_pairs(found)).head(MOST), minutes)


def _ratios(before: Real, during: Real, summary: Summary) -> Real:
    """How many times more the records with each value grew than those without it; 1 where nothing was before.

    Half a record is added to each count, so that none is zero (Haldane 1956).
    """
    if not summary.before:
        return np.ones(len(before))
    others = (summary.during - during + 0.5) / (summary.before - before + 0.5)
    return np.asarray((during + 0.5) / (before + 0.5) / others)


def _evidence(found: pl.DataFrame, summary: Summary) -> Real:
    """p-value of the likelihood-ratio test on each value's two by two table of counts."""
    before, during = found["before"].to_numpy().astype(float), found["during"].to_numpy().astype(float)
    table = np.array([[before, during], [summary.before - before, summary.during - during]])
    table /= BYTES_OF_A_RECORD if summary.is_bytes else 1
    rows, columns, total = table.sum(axis=1), table.sum(axis=0), table.sum(axis=(0, 1))
    expected = rows[:, None] * columns[None] / np.maximum(total, 1)
    log = np.log(np.maximum(table, 1e-300) / np.maximum(expected, 1e-300))
    statistic = 2 * np.where(table > 0, table * log, 0).sum(axis=(0, 1))
    return np.array([math.erfc(math.sqrt(max(one, 0.0) / 2)) for one in statistic.tolist()])


def _significant(p_values: Real, tests: int) -> NDArray[np.bool_]:
    """Benjamini and Hochberg's step-up rule for those of `tests` tests whose p-values are given."""
    order = np.argsort(p_values, kind="stable")
    below = np.flatnonzero(p_values[order] <= FALSE_DISCOVERIES * np.arange(1, len(order) + 1) / max(tests, 1))
    keep = np.zeros(len(order), bool)
    keep[order[: below[-1] + 1 if len(below) else 0]] = True
    return keep


def _without_idle_pairs(found: pl.DataFrame) -> pl.DataFrame:
    """Leave out pairs that say no more than one of their values says alone."""
    alone = {
        (dimension, value): (share, ratio)
        for dimension, value, share, ratio in found.filter(pl.col("second_dimension").is_null())
        .select("dimension", "value", "share", "ratio")
        .iter_rows()
    }
    nobody = (0.0, 1.0)
    kept = []
    for row in found.iter_rows(named=True):
        if row["second_dimension"] is None:
            kept.append(True)
            continue
        first = alone.get((row["dimension"], row["value"]), nobody)
        second = alone.get((row["second_dimension"], row["second_value"]), nobody)
        holds = row["share"] >= PAIR_HOLDS * max(first[0], second[0])
        kept.append(holds and row["ratio"] >= PAIR_GAINS * max(first[1], second[1]))
    return found.filter(pl.Series(kept, dtype=pl.Boolean))


def _ranked(found: pl.DataFrame) -> pl.DataFrame:
    """The strongest first; nearly as strong ones by dimension, then by share and text."""
    places = {name: place for place, name in enumerate(DIMENSIONS)}
    strength = pl.col("share") * (1 - 1 / pl.col("ratio"))
    place = pl.col("dimension").replace_strict(places, return_dtype=pl.Int64)
    pair = pl.col("second_dimension").is_not_null()
    order = [-(strength * STEPS).round(), pair, place, -pl.col("share").round(6)]
    return found.sort(*order, "value", "second_dimension", "second_value", nulls_last=True)


def _tell(found: pl.DataFrame, minutes: tuple[float, float]) -> tuple[Contributor, ...]:
    """Rows as contributors, without secrets."""
    told = {"value": VALUE_CHARACTERS, "second_value": VALUE_CHARACTERS, "sample": SAMPLE_CHARACTERS}
    clean = found.with_columns(scrub(found[name]).str.head(length).alias(name) for name, length in told.items())
    pairs = (("dimension", "second_dimension"), ("value", "second_value"))
    clean = clean.with_columns(pl.concat_str(*names, separator=" + ", ignore_nulls=True) for names in pairs)
    return tuple(
        Contributor(
            row["dimension"], row["value"], row["before"] / minutes[0], row["during"] / minutes[1],
            row["share"], row["first_us"], row["sample"] or "",
        )
        for row in clean.iter_rows(named=True)
    )  # fmt: skip
