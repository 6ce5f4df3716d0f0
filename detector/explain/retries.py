"""How much of what clients send are retries: the same client asks the same once more, shortly after that failed.

Attempts are counted for each pair of a client and what it asks (method and path, else the template of the message) and
second of event time. Sums do not depend on the order of records, so any split of them gives the same; within a second
those that failed are taken to come first. Where there are too many, those of a share of the pairs are kept, chosen by
their hash.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

HORIZON_S = 10
"""What is asked again later than this is no retry: many clients ask the same every minute."""
MOST_ROWS, MOST_HALVINGS = 200_000, 32
LEAST_ATTEMPTS = 20
FAILED = (408, 429, 499)
"""Beside 5xx: the server, the limit or the client had enough (499: nginx, of a client that closed the connection)."""
TIMED_OUT = r"(?i)\btimed?[ -]?out\b|deadline exceeded|too many requests"
"""Says that it failed where no status does."""
ROWS = pl.Schema({"pair": pl.UInt64(), "second": pl.Int64(), "attempts": pl.Int64(), "failed": pl.Int64()})


@dataclass(frozen=True, slots=True)
class Attempts:
    """What clients asked.

    Attributes:
        rows: columns as `ROWS`, a row for each pair and second.
        halvings: of all pairs 2^-halvings are kept.
        tells: can it be seen whether something failed?
    """

    rows: pl.DataFrame
    halvings: int = 0
    tells: bool = False


NONE = Attempts(pl.DataFrame(schema=ROWS))


def attempts_of(records: pl.DataFrame, templates: pl.Series | None) -> Attempts:
    """Count the attempts of records.

    Args:
        records: n rows of Records with a `timestamp`, and any of `client_hash`, `endpoint`, `status`, `message`.
        templates: of their messages.
    """
    asked = [records["endpoint"]] if "endpoint" in records.columns else []
    asked += [templates] if templates is not None else []
    if "client_hash" not in records.columns or not asked:
        return NONE
    status = pl.col("status") if "status" in records.columns else pl.lit(None, dtype=pl.Int32)
    said = pl.col("message").str.contains(TIMED_OUT) if "message" in records.columns else pl.lit(None, dtype=pl.Boolean)
    answered = status.is_between(500, 599) | status.is_in(FAILED)
    what = pl.DataFrame([each.alias(f"asked {n}") for n, each in enumerate(asked)])
    rows = records.hstack(what).with_columns(asked=pl.coalesce(what.columns), failed=pl.coalesce(answered, said))
    rows = rows.drop_nulls(["client_hash", "asked"])
    pair, second = pl.struct("client_hash", "asked").hash(), pl.col("timestamp").dt.epoch("us") // 1_000_000
    counted = rows.group_by(pair=pair, second=second).agg(attempts=pl.len(), failed=pl.col("failed").sum())
    tells = "status" in rows.columns and rows["status"].null_count() < len(rows)
    return merge([Attempts(counted.cast(ROWS), 0, tells or bool(counted["failed"].sum()))])


def merge(parts: Sequence[Attempts]) -> Attempts:
    """Bring attempts together; the order does not matter."""
    halvings = max((part.halvings for part in parts), default=0)
    rows = pl.concat([NONE.rows, *(part.rows for part in parts)])
    rows = rows.group_by("pair", "second").agg(pl.col("attempts", "failed").sum()) if len(parts) > 1 else rows
    rows = _thinned(rows, halvings)
    while len(rows) > MOST_ROWS and halvings < MOST_HALVINGS:
        halvings += 1
        rows = _thinned(rows, halvings)
    return Attempts(rows, halvings, any(part.tells for part in parts))


def _thinned(rows: pl.DataFrame, halvings: int) -> pl.DataFrame:
    return rows.filter(pl.col("pair") < (1 << (64 - halvings))) if halvings else rows


def retried(attempts: Attempts, begin_us: int) -> tuple[float, float] | None:
    """The share of retries in the attempts before a moment and from then on; None where nothing tells it."""
    order = pl.col("pair"), pl.col("second")
    same = (pl.col("pair") == pl.col("pair").shift(1)) & (pl.col("second") - pl.col("second").shift(1) <= HORIZON_S)
    goes_on = same & (pl.col("failed") == pl.col("attempts")).shift(1)
    within = pl.min_horizontal(pl.col("failed"), pl.col("attempts") - 1)
    is_late = pl.col("second") * 1_000_000 >= begin_us
    rows = attempts.rows.sort(order).with_columns(retries=within + goes_on.fill_null(value=False))
    early, after = (rows.filter(late).select(pl.sum("retries", "attempts")).row(0) for late in (~is_late, is_late))
    if not attempts.tells or after[1] < LEAST_ATTEMPTS:
        return None
    return early[0] / max(early[1], 1), after[0] / after[1]
