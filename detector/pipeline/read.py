"""A block to partial counts: pure, so it runs on any thread or machine, and every way of cutting the input agrees."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from detector.formats.lines import cut_lines
from detector.formats.records import REASONS, Parsed, Recipe, read_records
from detector.schemas import Block
from detector.windows.counting import Partial, count

COUNTED = frozenset({"service", "client", "level", "status", "payload_bytes", "repeats"})
"""The columns of Records that counting needs."""


@dataclass(frozen=True, slots=True)
class Context:
    """All that `read` needs besides the block.

    Attributes:
        recipe: how the source's lines are read.
        width_us: length of a window.
        stem: the service of lines that do not say whose they are.
        by_host: the service is split by host.
        service_name: all lines are this service's.
    """

    recipe: Recipe
    width_us: int
    stem: str
    by_host: bool = False
    service_name: str | None = None


@dataclass(slots=True)
class Reading:
    """What one block gave: counts, and where its lines went.

    Attributes:
        partial: counts per service and window.
        lines, size_bytes: physical lines and bytes read.
        unparsed: lines that are no part of a record, by reason.
        formats: records by the name of the format that read them.
    """

    partial: Partial
    lines: int
    size_bytes: int
    unparsed: dict[str, int]
    formats: dict[str, int]


def read(block: Block, context: Context) -> Reading:
    """Bytes to counts."""
    lines = cut_lines(block.data)
    wanted = COUNTED | {"host"} if context.by_host else COUNTED
    parsed = read_records(lines, context.recipe, wanted)
    frame = name_services(parsed.frame, context)
    partial = count(frame, parsed.kinds, lines.sizes, context.width_us, context.service_name or context.stem)
    return Reading(partial, len(lines.begins), len(block.data), unparsed(parsed), dict(parsed.formats))


def name_services(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    """One name for all, or the service, split by host where that is asked for: `sshd@web1`."""
    if context.service_name is not None:
        return frame.drop("service", strict=False)
    if context.by_host and "host" in frame.columns:
        service = pl.col("service") if "service" in frame.columns else pl.lit(None, dtype=pl.String)
        split = service.fill_null(context.stem) + "@" + pl.col("host")
        return frame.with_columns(service=pl.coalesce(split, service))
    return frame


def unparsed(parsed: Parsed) -> dict[str, int]:
    """Lines that are no part of a record, by reason."""
    if parsed.kinds is None:
        return {}
    return {REASONS[kind]: number for kind, number in parsed.kinds.value_counts().iter_rows() if kind in REASONS}
