"""Cheap ways to cut a field out of a line, as polars expressions.

A field that lies in the line as it is should be a `Span`, which is cheaper still.
"""

from __future__ import annotations

import polars as pl


def before(text: pl.Expr, literal: str) -> pl.Expr:
    """What stands before the first `literal`; null where it does not occur."""
    return text.cast(pl.Binary).bin.slice(0, text.str.find(literal, literal=True)).cast(pl.String)


def whole(text: pl.Expr, dtype: pl.DataType | None = None) -> pl.Expr:
    """Digits to a whole number, null for anything else."""
    return text.cast(dtype or pl.Int64(), strict=False)


def present(text: pl.Expr) -> pl.Expr:
    """`-` and the empty text mean: not there."""
    return pl.when((text != "-") & (text != "")).then(text)
