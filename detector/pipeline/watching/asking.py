"""Who holds the excess of the incidents of a watch: lines around their begin are read again, beside the loop.

When an incident opens the loop waits for that a moment, so that the first notice can tell it; where it takes longer
the notice goes out without, and an update follows. It is asked again when the first hour of the incident is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from threading import Event
from typing import TYPE_CHECKING, NamedTuple

from detector.errors import DetectorError
from detector.explain.counting import Periods
from detector.pipeline.contributors import Case as Counting
from detector.pipeline.contributors import Who, count, who_of, with_who
from detector.pipeline.index import Span
from detector.pipeline.read import Context
from detector.pipeline.reference import BACK_US, LEAST_US, MOST_LINES, MOST_US, Reference
from detector.pipeline.stores import Real
from detector.pipeline.version_walk import with_version
from detector.pipeline.walk import Walk
from detector.pipeline.watching.cases import Case, Told, case_of, store
from detector.pipeline.watching.trails import Trail
from detector.schemas import Block, Incident

if TYPE_CHECKING:
    from detector.pipeline.watching.watch import Watch

WAIT_S = 1.5
"""A first notice waits for so long."""
MOST_WAITING = 20
"""Answers that are waited for; of more incidents at once nobody is told."""
MOST_INCIDENTS = 10
"""In one question."""
MOST_BYTES = 256 * 1024 * 1024
"""Of files, read for one question."""
UNTOLD = "incidents of which nobody is told who holds the excess"

Found = dict[str, Who]


class Look(NamedTuple):
    """Lines to read again.

    Attributes:
        trail: where they are.
        context: how they are read.
        spans: times.
        keys: ids of the incidents that they may tell of.
        blocks: the lines, as they were known when it was asked.
    """

    trail: Trail
    context: Context
    spans: list[Span]
    keys: frozenset[str]
    blocks: Iterator[Block] = iter(())


@dataclass(slots=True)
class Asking:
    """Questions that are not answered yet.

    Attributes:
        pool: one thread, so that reading again never takes more than one processor from what arrives.
        waiting: of each question ids of the incidents with up to when they were known, and its answer.
        stop: ends them.
    """

    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "who"))
    waiting: list[tuple[dict[str, int], Future[Found]]] = field(default_factory=list)
    stop: Event = field(default_factory=Event)

    @property
    def is_answered(self) -> bool:
        """Whether any answer is there."""
        return any(future.done() for _, future in self.waiting)

    def asked_us(self, incident: str) -> int:
        """Up to when an incident was known when it was last asked about, of what is not answered; 0: nothing is."""
        return max((known.get(incident, 0) for known, _ in self.waiting), default=0)

    def ask(self, known: dict[str, int], cases: dict[str, Counting], looks: list[Look]) -> None:
        """Begin to read."""
        self.waiting.append((known, self.pool.submit(search, cases, looks, self.stop)))

    def wait(self, seconds: float) -> None:
        """Give answers a moment."""
        wait([future for _, future in self.waiting], timeout=seconds)

    def take(self) -> dict[str, tuple[int, Who | None]]:
        """The answers that are there, by incident: up to when it was known, and who; None where nobody can tell."""
        done = [each for each in self.waiting if each[1].done()]
        self.waiting = [each for each in self.waiting if not each[1].done()]
        found: dict[str, tuple[int, Who | None]] = {}
        for known, future in done:
            answer = {} if future.exception() is not None else future.result()
            found |= {key: (known_us, answer.get(key)) for key, known_us in known.items()}
        return found

    def close(self) -> None:
        """End what goes on."""
        self.stop.set()
        self.pool.shutdown(wait=True, cancel_futures=True)


def search(cases: dict[str, Counting], looks: Sequence[Look], stop: Event) -> Found:
    """Read lines again and find who holds the excess; incidents of which lines are gone are left out."""
    lost: set[str] = set()
    for look in looks:
        mine = {key: cases[key] for key in look.keys - lost}
        try:
            for block in look.blocks if mine else ():
                if stop.is_set():
                    return {}
                for key, summary in count(block, look.context, mine):
                    cases[key].take(summary)
        except (DetectorError, OSError):
            lost |= look.keys
    return {key: who_of(case) for key, case in cases.items() if key not in lost}


@dataclass(slots=True)
class Lately(Reference):
    """The times around incidents of a watch, from the windows that closed last."""

    lately: Mapping[int, int] = field(default_factory=dict)

    def lines(self, first: int, end: int) -> Real:
        """Lines of all services in windows first..end-1."""
        import numpy as np

        return np.array([self.lately.get(window, 0) for window in range(first, end)], np.float64)


def ask(watch: Watch, cases: Sequence[Case], now: int) -> None:
    """Begin to find out who holds the excess of incidents."""
    wanted = [case for case in cases if case.incident.factor >= 1]  # a fall has no excess
    wanted = sorted(wanted, key=lambda case: (-case.incident.score, case.incident.id))
    room = MOST_INCIDENTS if len(watch.asking.waiting) < MOST_WAITING else 0
    counting: dict[str, Counting] = {}
    looks: dict[str, Look] = {}
    left = MOST_BYTES
    for case in wanted[:room]:
        mine = _looks(watch, case.incident, _periods(watch, case.incident, now, min(len(wanted), room)))
        size = sum(look.trail.size(look.spans) for _, look in mine[1]) if mine is not None else 0
        if mine is None or size > left:
            continue
        left -= size
        counting[case.incident.id] = mine[0]
        for key, look in mine[1]:
            old = looks.get(key, look._replace(spans=[], keys=frozenset()))
            looks[key] = look._replace(spans=[*old.spans, *look.spans], keys=old.keys | look.keys)
    known = {case.incident.id: _known_us(case) for case in cases}
    for case in cases:
        if case.incident.id not in counting:
            watch.intake.tally[UNTOLD] += case.incident.factor >= 1
            _note(watch, replace(case, asked_us=known[case.incident.id]))
    if counting:
        read = [look._replace(blocks=look.trail.blocks(look.spans)) for look in looks.values()]
        watch.asking.ask({key: known[key] for key in counting}, counting, read)


def _periods(watch: Watch, incident: Incident, now: int, together: int) -> Periods:
    recent = watch.recent
    rows = watch.connection.execute(
        "SELECT body FROM watch_incidents WHERE service = ? AND started_us >= ?",
        (incident.service, incident.started_us - BACK_US),
    ).fetchall()
    others = [case_of(data).incident for (data,) in rows]
    walk = Walk(recent, [], recent.span()[0], now, others)
    lately = {window: cells.lines() for window, cells in recent.windows.items()}
    return Lately(walk, MOST_LINES / (2 * together), lately=lately).periods(incident)


def _looks(watch: Watch, incident: Incident, periods: Periods) -> tuple[Counting, list[tuple[str, Look]]] | None:
    """What is to be read for an incident; None where too little of it is there."""
    trails = [(key, one) for key, one in watch.intake.trails.trails.items() if incident.service in one.services]
    known_us = max((one.since_us for _, one in trails), default=0)
    since = max(periods.before[0], known_us)
    if not trails or since > max(periods.before[0], periods.before[1] - LEAST_US) or since > periods.during[0]:
        return None
    periods = replace(periods, before=(since, periods.before[1]))
    looks = []
    for key, trail in trails:
        context = watch.intake.streams[trail.source].context if trail.source in watch.intake.streams else None
        if context is not None:
            spans = [periods.before, periods.during]
            looks.append((key, Look(trail, context, spans, frozenset({incident.id}))))
    return Counting(incident, periods), looks


def _known_us(case: Case) -> int:
    """Up to when an incident is known."""
    return case.seen_us if case.incident.ended_us is None else case.incident.ended_us


def is_due(case: Case) -> bool:
    """Whether nobody asked yet, or all of the first hour of an incident is known and was not when it was asked."""
    one, hour = case.incident, case.incident.started_us + MOST_US
    is_whole = one.ended_us is not None or case.seen_us >= hour
    return not case.asked_us or (is_whole and case.asked_us < min(hour, _known_us(case)))


def ask_again(watch: Watch) -> None:
    """After a restart: what was asked and not answered before."""
    since = watch.recent.span()[0] * watch.recent.width_us
    rows = watch.connection.execute("SELECT body FROM watch_incidents WHERE ended_us >= ?", (since,)).fetchall()
    unanswered = [case for case in map(case_of, (body for (body,) in rows)) if is_due(case)]
    if unanswered:
        ask(watch, unanswered, watch.intake.closed or 0)


def _note(watch: Watch, case: Case) -> None:
    """Keep an incident as it is known now; the caller commits."""
    store(watch.connection, case)
    if case.incident.id in watch.lasting:
        watch.lasting[case.incident.id] = case


def hear(watch: Watch) -> list[Case]:
    """Take the answers that are there into the incidents, and store them; the caller commits."""
    heard = []
    for key, (known_us, who) in watch.asking.take().items():
        watch.intake.tally[UNTOLD] += who is None
        row = watch.connection.execute("SELECT body FROM watch_incidents WHERE id = ?", (key,)).fetchone()
        case = watch.lasting.get(key) or (None if row is None else case_of(row[0]))
        if case is not None:
            cause = case.cause if who is None else with_who(case.cause, who)
            cause = with_version(cause, case.incident.signal)
            heard.append(replace(case, cause=cause, asked_us=known_us))
            _note(watch, heard[-1])
    return heard


def name(watch: Watch, told: Told) -> list[Case]:
    """Tell who holds the excess as far as that is known by now; the incidents of which it is new."""
    heard = {case.incident.id: case for case in hear(watch)}
    told.opened = [heard.get(case.incident.id, case) for case in told.opened]
    told.closed = [heard.get(case.incident.id, case) for case in told.closed]
    return list(heard.values())
