"""Records to a summary of who sent how much before a surge and during it: bounded, and mergeable in any order.

For every value of every dimension, and every pair of values, the summary holds exact counts in the two periods. Each
dimension keeps its `MOST_VALUES` largest; what is cut goes into one overflow row (value null), so that sums stay
right. As long as nothing is cut, any split of the records gives the same summary; after that a count may be too low
by what was cut while it was small.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import polars as pl

from detector.explain import retries
from detector.explain.agents import reduce_agents
from detector.explain.scrub import cut
from detector.explain.templates import templates_of

DIMENSIONS = ("message", "version", "endpoint", "client", "status", "host", "level")
"""Columns of Records by which records are told apart; what says most about a cause comes first."""
UNPAIRED = "client"
"""There are too many clients for pairs."""
MOST_VALUES, MOST_PAIRS, MOST_SAMPLES = 4096, 1024, 64
"""Kept for each dimension, for each pair of dimensions, and of these with a line."""
VALUE_CHARACTERS, SAMPLE_CHARACTERS = 512, 1024
SEGMENT = r"/(?:[0-9][^/ ]*|[^/ ]*[0-9]{3}[^/ ]*|[0-9A-Fa-f-]{16,})"
"""A part of a path that names one thing: it begins with a digit, or has three in a row; `v1` stays."""
KEY = ("dimension", "value", "second_dimension", "second_value")
SUMMARY = pl.Schema({
    **dict.fromkeys(KEY, pl.String()), "before": pl.Int64(), "during": pl.Int64(), "first_us": pl.Int64(),
    "sample_us": pl.Int64(), "sample": pl.String(),
})  # fmt: skip
"""`first_us`: the earliest record of either period; `sample`: the earliest line of the surge, and its time."""


@dataclass(frozen=True, slots=True)
class Periods:
    """Two half-open spans of event time, microseconds since 1970 UTC: what is usual, and the surge."""

    before: tuple[int, int]
    during: tuple[int, int]

    @property
    def minutes(self) -> tuple[float, float]:
        """Their lengths."""
        return (self.before[1] - self.before[0]) / 60e6, (self.during[1] - self.during[0]) / 60e6


@dataclass(frozen=True, slots=True)
class Summary:
    """Who sent how much.

    Attributes:
        values: a row for each value and pair, columns as `SUMMARY`; the second ones are null for a value alone.
        before, during: records in the periods, with those that they stand for; or their bytes.
        is_bytes: are these bytes?
        attempts: what clients asked in them.
    """

    values: pl.DataFrame
    before: int
    during: int
    is_bytes: bool = False
    attempts: retries.Attempts = retries.NONE


NOTHING = Summary(pl.DataFrame(schema=SUMMARY), 0, 0)


def summarize(records: pl.DataFrame, periods: Periods, *, is_bytes: bool = False) -> Summary:
    """Count the values of records in both periods.

    Args:
        records: n rows: `timestamp`, `line` (the text of the first line), and any of `repeats`, `payload_bytes`,
            `client_hash` and `DIMENSIONS`.
        periods: what lies outside of them is not counted.
        is_bytes: count their bytes, those of the payload where it is stated.
    """
    micros = pl.col("timestamp").dt.epoch("us")
    early, late = micros.is_between(*periods.before, closed="left"), micros.is_between(*periods.during, closed="left")
    weight = _bytes_of(records) if is_bytes else _records_of(records)
    mine = records.filter(early | late)
    rows = mine.select(
        *(pl.col(name) for name in DIMENSIONS if name in records.columns),
        pl.col("line").alias("sample"),
        before=pl.when(early).then(weight).otherwise(0),
        during=pl.when(late).then(weight).otherwise(0),
        first_us=micros,
        sample_us=pl.when(late).then(micros),
    )
    rows = _dimensions(rows.with_columns(cut(rows["sample"], SAMPLE_CHARACTERS)))
    names = [name for name in DIMENSIONS if name in rows.columns]
    cube = _sum(rows, [name for name in names if name != UNPAIRED])
    tables = [_table(rows if name == UNPAIRED else cube, name) for name in names]
    tables += [_table(cube, *pair) for pair in combinations((name for name in names if name != UNPAIRED), 2)]
    values = pl.concat([NOTHING.values, *tables])
    found = _cut(Summary(values, int(rows["before"].sum()), int(rows["during"].sum()), is_bytes))
    templates = rows["message"] if "message" in rows.columns else None
    return replace(found, values=_detached(found.values), attempts=retries.attempts_of(mine, templates))


def _records_of(records: pl.DataFrame) -> pl.Expr:
    """For how many each record stands."""
    return 1 + pl.col("repeats").fill_null(0) if "repeats" in records.columns else pl.lit(1, dtype=pl.Int64)


def _bytes_of(records: pl.DataFrame) -> pl.Expr:
    has_payload = "payload_bytes" in records.columns
    return pl.col("payload_bytes").fill_null(0) if has_payload else pl.col("line").str.len_bytes().cast(pl.Int64)


def merge(summaries: Sequence[Summary]) -> Summary:
    """Bring summaries together; the order does not matter."""
    values = _sum(pl.concat([NOTHING.values, *(one.values for one in summaries)]), list(KEY)).select(SUMMARY.names())
    before, during = sum(one.before for one in summaries), sum(one.during for one in summaries)
    is_bytes, attempts = any(one.is_bytes for one in summaries), retries.merge([one.attempts for one in summaries])
    return _cut(Summary(values, before, during, is_bytes, attempts))


def _detached(frame: pl.DataFrame) -> pl.DataFrame:
    """The same rows with copies of their texts: these point into the whole block, and would keep it in memory."""
    return pl.DataFrame(pl.from_arrow(frame.to_arrow(compat_level=pl.CompatLevel.oldest())), schema=SUMMARY)


def _dimensions(rows: pl.DataFrame) -> pl.DataFrame:
    """The values by which records are told apart; a column without any is left out."""
    ways: dict[str, Callable[[pl.Series], pl.Series]] = {
        "message": templates_of,
        "version": reduce_agents,
        "endpoint": _masked_paths,
        "status": _texts,
    }
    known = [name for name in DIMENSIONS if name in rows.columns and rows[name].null_count() < len(rows)]
    columns = [ways[name](rows[name]).alias(name) if name in ways else rows[name] for name in known]
    columns = [cut(column, VALUE_CHARACTERS) for column in columns]
    return pl.DataFrame([*columns, *rows.select("before", "during", "first_us", "sample_us", "sample").get_columns()])


def _masked_paths(endpoints: pl.Series) -> pl.Series:
    return endpoints.str.replace_all(SEGMENT, "/<*>")


def _texts(numbers: pl.Series) -> pl.Series:
    return numbers.cast(pl.String)


def _sum(rows: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """Sums of the counts, and the earliest of the times and lines, ties by text."""
    earliest = pl.col("sample").filter(pl.col("sample_us") == pl.col("sample_us").min()).min()
    sums = [pl.col("before", "during").sum(), pl.col("first_us", "sample_us").min(), earliest]
    return rows.group_by(by).agg(sums) if by else rows.select(sums)


def _table(rows: pl.DataFrame, name: str, second: str | None = None) -> pl.DataFrame:
    """The rows of SUMMARY for a dimension or a pair of them."""
    names = [name] if second is None else [name, second]
    sums = _sum(rows.drop_nulls(names), names)
    found = sums.with_columns(
        dimension=pl.lit(name), value=pl.col(name), second_dimension=pl.lit(second, dtype=pl.String),
        second_value=pl.lit(None, dtype=pl.String) if second is None else pl.col(second),
    )  # fmt: skip
    return found.select(SUMMARY.names())


def _cut(summary: Summary) -> Summary:
    """Keep the largest values of each dimension, and the lines of the very largest; the rest is one row without."""
    if len(summary.values) <= MOST_SAMPLES:
        return summary
    order = [pl.col("value").is_null(), pl.col("before") + pl.col("during"), pl.col("value"), pl.col("second_value")]
    ranked = summary.values.sort(order, descending=[False, True, False, False], nulls_last=True)
    rank = pl.int_range(pl.len()).over("dimension", "second_dimension")
    most = pl.when(pl.col("second_dimension").is_null()).then(MOST_VALUES).otherwise(MOST_PAIRS)
    ranked = ranked.with_columns(rank=rank).with_columns(kept=pl.col("rank") < most)
    with_line = pl.col("rank") < MOST_SAMPLES
    ranked = ranked.with_columns(pl.when(with_line).then(name).alias(name) for name in ("sample_us", "sample"))
    if ranked["kept"].all():
        return replace(summary, values=ranked.select(SUMMARY.names()))
    mine = [pl.when("kept").then(name).alias(name) for name in ("value", "second_value")]
    values = _sum(ranked.with_columns(mine), list(KEY)).select(SUMMARY.names())
    return replace(summary, values=values)
