"""A block to partial counts: pure, so it runs on any thread or machine, and every way of cutting the input agrees."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from detector.formats.hashing import hash_texts
from detector.formats.lines import cut_lines
from detector.formats.records import CONTINUATION, PART, REASONS, Parsed, Recipe, read_records
from detector.markers import Marker
from detector.pipeline.marking import find_markers
from detector.pipeline.naming import Names, rename
from detector.pipeline.version_counts import Agents, InLines, count_versions, versions_from
from detector.schemas import TIME, Block
from detector.windows.counting import Partial, count
from detector.windows.versions import VersionCounts

COUNTED = frozenset({"service", "client_hash", "level", "status", "payload_bytes", "repeats"})
"""The columns that counting needs."""


@dataclass(frozen=True, slots=True)
class Context:
    """All that `read` needs besides the block.

    Attributes:
        recipe: how the source's lines are read.
        width_us: length of a window.
        stem: the service of lines that do not say whose they are.
        names: how services and clients are named.
        agents: what is known of the versions of its clients; it changes no count.
        marks: pattern of lines that are markers; empty: none are.
        arrived_us: the time of all lines of a block in which none has a time; None: they have none.
    """

    recipe: Recipe
    width_us: int
    stem: str
    names: Names = field(default_factory=Names)
    agents: Agents = field(default_factory=Agents, compare=False)
    marks: str = ""
    arrived_us: int | None = None


@dataclass(slots=True)
class Reading:
    """What one block gave: counts, and where its lines went.

    Attributes:
        partial: counts per service and window.
        lines, size_bytes: physical lines and bytes read.
        unparsed: lines that are no part of a record, by reason.
        formats: records by the name of the format that read them.
        offset_bytes: where the block begins in its decompressed stream.
        versions: lines of each client of each version; None where the format knows neither.
        markers: what was done to services; and lines that fit but were left out.
    """

    partial: Partial
    lines: int
    size_bytes: int
    unparsed: dict[str, int]
    formats: dict[str, int]
    offset_bytes: int = 0
    versions: VersionCounts | None = None
    markers: tuple[list[Marker], int] = ([], 0)


def read(block: Block, context: Context) -> Reading:
    """Bytes to counts."""
    lines = cut_lines(block.data)
    names = context.names
    wanted = COUNTED | names.columns | _others(context) | ({"client"} if names.client else set())
    parsed = read_records(lines, context.recipe, wanted | versions_from(context.recipe, context.agents))
    stem = context.stem if names.all is None else names.all
    frame = rename(parsed.frame, lines, names, stem)
    if context.arrived_us is not None and frame["timestamp"].null_count() == len(frame):
        frame = frame.with_columns(timestamp=pl.lit(context.arrived_us).cast(TIME))
    markers = find_markers(lines, frame, stem, context.recipe, context.marks) if context.marks else ([], 0)
    if names.client:
        frame = frame.with_columns(client_hash=hash_texts(frame["client"]))
    frame, kinds = _without_parts(frame, parsed.kinds)
    partial = count(frame, kinds, lines.sizes, context.width_us, stem)
    versions = None
    if "client_hash" in frame.columns and len(partial.window) and context.recipe.tells_versions:
        told = InLines(lines, context.recipe, frame)
        versions = count_versions(frame, partial, told, context.width_us, context.agents)
    where = unparsed(parsed), dict(parsed.formats)
    return Reading(partial, len(lines.begins), len(block.data), *where, block.offset_bytes, versions, markers)


def _others(context: Context) -> frozenset[str]:
    """What lines may be counted per where clients are not known: requests, and hosts that are no services."""
    if context.names.client or any("client" in known.fields for known in context.recipe.formats):
        return frozenset()
    return frozenset({"request_hash"} if context.names.by_host else {"request_hash", "host_hash"})


def _without_parts(frame: pl.DataFrame, kinds: pl.Series | None) -> tuple[pl.DataFrame, pl.Series | None]:
    """Parts count for the record before them, which is known wherever a block ends; it is seldom of another service."""
    parts = None if kinds is None else kinds == PART
    if kinds is None or parts is None or not parts.any():
        return frame, kinds
    return frame.with_columns(frame["timestamp"].set(parts, None)), kinds.set(parts, CONTINUATION)


def unparsed(parsed: Parsed) -> dict[str, int]:
    """Lines that are no part of a record, by reason."""
    if parsed.kinds is None:
        return {}
    return {REASONS[kind]: number for kind, number in parsed.kinds.value_counts().iter_rows() if kind in REASONS}
