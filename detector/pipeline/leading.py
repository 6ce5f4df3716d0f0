"""Parts of a record that stand before its own line: a long line that a container engine has cut, the head of a query.

They wait for the next record of the same writer, in this block or in a later one; where none comes they are one
themselves.
"""

from __future__ import annotations

import polars as pl

from detector.formats.records import CONTINUATION, PART, RECORD, Recipe

TOLD = (
    *("service", "host", "level", "client", "version", "request", "endpoint"),
    *("status", "duration_us", "payload_bytes"),
)
"""What the parts may tell where the record itself does not: the begin of a long line says the most."""
WITH_FIRST = (*TOLD, "timestamp", "line_number", "source", "format")


def threads(recipe: Recipe) -> pl.Expr:
    """Whose a line is, over `line`; parts of one writer are never those of another."""
    known = next((one.thread for one in recipe.formats if one.thread is not None), None)
    return pl.lit("") if known is None else known.fill_null("")


def joins_with(recipe: Recipe) -> str | None:
    """The text between two parts of a record; None where no format knows parts."""
    return next((step.part for known in recipe.formats for step in known.steps if step.part is not None), None)


def lead(rows: pl.DataFrame, between: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Join parts to their records.

    Args:
        rows: `kind`, `thread`, `line` and RECORDS, one row per line.
        between: the text between two parts.

    Returns:
        The rows without parts, and the parts whose record has not come: one row per thread, as `as_one` makes it.
    """
    columns = rows.columns
    rows = rows.with_columns(row=pl.int_range(pl.len()))
    own = pl.when(pl.col("kind") == RECORD).then("row")
    rows = rows.with_columns(goal=own.backward_fill().over("thread"))
    parts = rows.filter(pl.col("kind") == PART)
    if not len(parts):
        return rows.select(columns), parts.drop("kind", "line", "goal", "row")
    ready = as_one(parts.filter(pl.col("goal").is_not_null()), "goal", between)
    rest = rows.filter(pl.col("kind") != PART)
    rest = rest.join(ready, left_on="row", right_on="goal", how="left", suffix=" before", maintain_order="left")
    return _led(rest, between).select(columns), as_one(parts.filter(pl.col("goal").is_null()), "thread", between)


def as_one(parts: pl.DataFrame, by: str, between: str) -> pl.DataFrame:
    """One row for each value of `by`: parts put together. RECORDS but for `repeats`, and that value."""
    message = pl.col("message").fill_null("").str.join(between)
    first = [pl.col(name).drop_nulls().first() for name in WITH_FIRST]
    return parts.group_by(by, maintain_order=True).agg(message, pl.col("size_bytes").sum(), *first)


def _led(rest: pl.DataFrame, between: str) -> pl.DataFrame:
    """Records with what stood before them, which has the same columns with another name."""
    text = pl.col("message before") + between + pl.coalesce("message", pl.lit(""))
    return rest.with_columns(
        *(pl.coalesce(name, f"{name} before") for name in TOLD),
        message=pl.coalesce(text, "message"),
        size_bytes=pl.col("size_bytes") + pl.col("size_bytes before").fill_null(0),
        line_number=pl.coalesce("line_number before", "line_number"),
    )


def merge(later: pl.DataFrame, before: pl.DataFrame, between: str) -> pl.DataFrame:
    """One row with what stood in blocks before it, also one row."""
    names = [name for name in (*WITH_FIRST, "message", "size_bytes") if name in before.columns]
    both = later.hstack(before.select(names).rename({name: f"{name} before" for name in names}))
    return _led(both, between).select(later.columns)


def first_of(records: pl.DataFrame) -> dict[str, int]:
    """Thread -> the number of its first record among those that begin in a block."""
    if "thread" not in records.columns:
        return {}
    begun = records.filter(pl.col("kind") != CONTINUATION).with_columns(row=pl.int_range(pl.len()))
    firsts = begun.filter(pl.col("kind") == RECORD).group_by("thread").agg(pl.col("row").min())
    return dict(firsts.iter_rows())
