"""Who holds the excess of each incident: the logs are read once more, but only where incidents and the time before lie.

A counts table says nothing about who; neither does what cannot be read twice (a pipe), nor a large compressed file,
of which all would have to be unpacked again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import NamedTuple

import polars as pl

from detector.causes import Cause, Contributor
from detector.config import Settings
from detector.explain.contributors import find_contributors
from detector.explain.counting import DIMENSIONS, NOTHING, Periods, Summary, merge, summarize
from detector.explain.drivers import BYTES, MESSAGES
from detector.explain.retries import retried
from detector.formats.hashing import hash_texts
from detector.formats.lines import Lines, cut_lines
from detector.formats.records import RECORD, read_records
from detector.pipeline.causes import fleet_growth
from detector.pipeline.gathered import Gathered
from detector.pipeline.index import FileIndex
from detector.pipeline.naming import rename
from detector.pipeline.opening import context_for, for_counting
from detector.pipeline.parallel import in_order
from detector.pipeline.read import Context
from detector.pipeline.reference import MOST_LINES, Reference
from detector.pipeline.shares import head_lines
from detector.pipeline.walk import Walk
from detector.schemas import Block, Incident
from detector.sources.again import is_plain, read_again

MOST_INCIDENTS = 50
"""The strongest ones are explained; the cost does not grow with more."""
MOST_UNPACKED = 256 * 1024 * 1024
"""Bytes of a compressed log that are unpacked a second time."""
WAITING = 16
COLUMNS = frozenset({*DIMENSIONS, "service", "repeats", "payload_bytes", "client_hash"})

Answers = list[tuple[str, Summary]]


@dataclass(slots=True)
class Case:
    """One incident while its records are counted.

    Attributes:
        incident: what is to be explained.
        periods: the time before it and the first of it.
        is_bytes: it is the bytes that count, not the records.
        growth: of the number of clients from the one to the other, if that does not drive it.
        summaries: of the blocks so far.
    """

    incident: Incident
    periods: Periods
    is_bytes: bool = False
    growth: float = 1.0
    summaries: list[Summary] = field(default_factory=list)

    def take(self, summary: Summary) -> None:
        """Add the counts of a block."""
        self.summaries.append(summary)
        if len(self.summaries) >= WAITING:
            self.summaries = [merge(self.summaries)]


class Who(NamedTuple):
    """What a second look at the logs tells of an incident.

    Attributes:
        contributors: who holds the excess, the strongest first.
        retried: share of retries in what clients sent before and during; None where nothing tells it.
    """

    contributors: tuple[Contributor, ...] = ()
    retried: tuple[float, float] | None = None


def who_of(case: Case) -> Who:
    """The answer, when all records are counted."""
    summary, periods = merge(case.summaries) if case.summaries else NOTHING, case.periods
    return Who(find_contributors(summary, periods.minutes, case.growth), retried(summary.attempts, periods.during[0]))


def with_who(cause: Cause, who: Who) -> Cause:
    """The cause with what the second look tells."""
    return replace(cause, contributors=who.contributors, retried=who.retried)


def explain(
    causes: Mapping[str, Cause], walks: Sequence[Walk], gathered: Gathered, settings: Settings, now_us: int
) -> tuple[dict[str, Cause], list[str]]:
    """Add the contributors to the causes of incidents.

    Args:
        causes: by id of the incident; those that are reported.
        walks: the walks that found them.
        gathered: what was read, and where.
        settings, now_us: as the logs were read first.

    Returns:
        the causes, and what the user should know.
    """
    cases = _cases(causes, walks, gathered)
    if not cases:
        return dict(causes), []
    notes = []
    if len(cases) == MOST_INCIDENTS < len(causes):
        notes.append(f"who holds the excess is told for the {MOST_INCIDENTS} strongest incidents only")
    with ThreadPoolExecutor(settings.threads) as pool:
        jobs = _jobs(cases, gathered, settings, now_us, notes)
        for _, future in in_order(pool, jobs, ahead=settings.threads + 1):
            for key, summary in future.result():
                cases[key].take(summary)
    found = {key: who_of(case) for key, case in cases.items()}
    return {key: with_who(cause, found.get(key, Who())) for key, cause in causes.items()}, notes


def _cases(causes: Mapping[str, Cause], walks: Sequence[Walk], gathered: Gathered) -> dict[str, Case]:
    """The strongest incidents of logs, by id, with the times to look at."""
    found = [
        (one, of)
        for of in walks
        if of.store is gathered.totals
        for one in of.incidents
        if one.id in causes and one.factor >= 1
    ]  # a fall has no excess

    found.sort(key=lambda pair: (-pair[0].score, pair[0].id))
    found = found[:MOST_INCIDENTS]
    references = {id(of): Reference(of, MOST_LINES / (2 * len(found))) for _, of in found}
    cases = {one.id: Case(one, references[id(of)].periods(one), causes[one.id].kind == BYTES) for one, of in found}
    for one, of in found:
        if causes[one.id].kind == MESSAGES:
            cases[one.id].growth = fleet_growth(of.store, one.service, cases[one.id].periods)
    return cases


def _jobs(
    cases: Mapping[str, Case], gathered: Gathered, settings: Settings, now_us: int, notes: list[str]
) -> Iterator[tuple[None, Callable[[], Answers]]]:
    """The work on each block that is needed; what cannot be read again is noted."""
    for index in gathered.indexes:
        mine = {key: case for key, case in cases.items() if case.incident.service in index.services}
        spans = [span for case in mine.values() for span in (case.periods.before, case.periods.during)]
        parts = index.parts(spans)
        if not parts:
            continue
        reason = _why_not(index)
        if reason or index.identity is None:
            notes.append(f"who holds the excess is not told from {index.file.path}: {reason}")
            continue
        context = index.context
        if context is None:
            context = context_for(index.file, head_lines(index.file), settings, now_us)
        for block in read_again(index.file, index.identity, parts):
            yield None, partial(count, block, context, mine)


def _why_not(index: FileIndex) -> str:
    """Why a source is not read again; empty if it is."""
    if index.identity is None:
        return "it cannot be read twice"
    if index.size_bytes > MOST_UNPACKED and not is_plain(index.file):
        return f"more than {MOST_UNPACKED >> 20} MiB that can only be read from the beginning (compressed, or no lines)"
    return ""


def count(block: Block, context: Context, cases: Mapping[str, Case]) -> Answers:
    """A block to the summaries of the incidents that it is of."""
    lines = _needed(cut_lines(block.data), context, cases.values())
    if not len(lines):
        return []
    parsed = read_records(lines, context.recipe, COLUMNS | context.names.columns)
    frame = _named(parsed.frame, lines, context).with_columns(line=lines.text)
    if context.names.client:
        frame = frame.with_columns(client_hash=hash_texts(frame["client"]))
    if parsed.kinds is not None:
        frame = frame.filter(parsed.kinds == RECORD)
    rows = [(key, case, frame.filter(_is_of(case))) for key, case in cases.items() if _reach(frame, case)]
    return [(key, summarize(mine, case.periods, is_bytes=case.is_bytes)) for key, case, mine in rows if len(mine)]


def _needed(lines: Lines, context: Context, cases: Iterable[Case]) -> Lines:
    """The lines of a block that are records of the services and times in question: to find them is quick."""
    parsed = read_records(lines, for_counting(context).recipe, frozenset({"service"}) | context.names.columns)
    frame = _named(parsed.frame, lines, context)
    near = [_is_of(case) for case in cases if _reach(frame, case)]
    if not near:
        return Lines(lines.bytes, lines.begins[:0], lines.ends[:0])
    rows = frame.select(pl.any_horizontal(near).fill_null(value=False).alias("rows")).to_series()
    if parsed.kinds is not None:
        rows &= parsed.kinds == RECORD
    places = rows.arg_true().to_numpy()
    return Lines(lines.bytes, lines.begins[places], lines.ends[places])


def _is_of(case: Case) -> pl.Expr:
    """Is a record of the service, and in one of the periods?"""
    micros, periods = pl.col("timestamp").dt.epoch("us"), case.periods
    before = micros.is_between(*periods.before, closed="left")
    return (pl.col("service") == case.incident.service) & (before | micros.is_between(*periods.during, closed="left"))


def _reach(frame: pl.DataFrame, case: Case) -> bool:
    """May any of these records be of the incident?"""
    times = frame["timestamp"].dt.epoch("us")
    first, last = times.min(), times.max()
    if not isinstance(first, int) or not isinstance(last, int):
        return False
    return any(first < end and last >= begin for begin, end in (case.periods.before, case.periods.during))


def _named(frame: pl.DataFrame, lines: Lines, context: Context) -> pl.DataFrame:
    """With the services and clients as they were named when the lines were counted."""
    stem = context.stem if context.names.all is None else context.names.all
    named = rename(frame, lines, context.names, stem)
    service = pl.col("service").fill_null(stem) if "service" in named.columns else pl.lit(stem)
    return named.with_columns(service=service)
