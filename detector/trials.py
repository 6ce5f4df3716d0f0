"""What a backtest found: the scan of what is really there, and what became of the surges planted into it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median

from detector.schemas import ScanResult

SEEN = 0.8
"""Share of the surges of a size that has to be found to call it visible."""
FEW = 5
"""A share of fewer surges says nothing."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One planted surge and what became of it.

    Attributes:
        service, kind, shape, factor: what was planted where.
        started_us, ended_us: when, microseconds since 1970 UTC.
        delay_us: from its begin to the alarm; None if it was missed.
        page: whether it would have been a page.
    """

    service: str
    kind: str
    shape: str
    factor: float
    started_us: int
    ended_us: int
    delay_us: int | None
    page: bool


@dataclass(frozen=True, slots=True)
class Recall:
    """How many of some planted surges were found.

    Attributes:
        surges, found, paged: how many were planted, raised an incident, and would have been a page.
        delay_us: median from the begin to the alarm, of those found; None without any.
    """

    surges: int
    found: int
    paged: int
    delay_us: float | None

    @property
    def share(self) -> float | None:
        """Found of those planted, 0..1; None without any."""
        return self.found / self.surges if self.surges else None


@dataclass(frozen=True, slots=True)
class ServiceTrials:
    """What one service can see.

    Attributes:
        service: its name.
        lines_per_minute: what it says in the mean, surges aside.
        reported, pages: incidents and pages of what is really there.
        recalls: size of the surge -> recall over all kinds and shapes.
        smallest: the smallest size from which on at least `SEEN` are found; None if there is none.
    """

    service: str
    lines_per_minute: float
    reported: int
    pages: int
    recalls: dict[float, Recall]
    smallest: float | None


@dataclass(frozen=True, slots=True)
class BudgetTrials:
    """What another `--incident-budget` would have given.

    Attributes:
        budget: as the setting is written.
        chosen: whether it is the one in force.
        reported, pages: incidents and pages of what is really there, all services.
        recalls: size of the surge -> recall.
    """

    budget: str
    chosen: bool
    reported: int
    pages: int
    recalls: dict[float, Recall]


@dataclass(frozen=True, slots=True)
class MethodTrials:
    """What one way of judging gives on the services with planted surges.

    Attributes:
        name: `detector`, `last_week` or `threshold`.
        alarms: on what is really there.
        weeks: of service time in which it could judge.
        recalls: size of the surge -> recall, of surges that it could judge.
    """

    name: str
    alarms: int
    weeks: float
    recalls: dict[float, Recall]


@dataclass(frozen=True, slots=True)
class BacktestResult:
    """The answer of a backtest.

    Attributes:
        scan: what `scan` says with the same settings; its pages are those that would have been sent.
        trials: every planted surge, judged with the settings in force.
        services: with planted surges, the busiest first.
        budgets: the laxest first.
        methods: `detector`, then its rivals.
        left_out: services that were not among the busiest.
        too_quiet: services in which no surge could be planted.
        unknown: kinds of surges that could not be planted, because the input says nothing of clients or bytes.
    """

    scan: ScanResult
    trials: list[Trial] = field(default_factory=list)
    services: list[ServiceTrials] = field(default_factory=list)
    budgets: list[BudgetTrials] = field(default_factory=list)
    methods: list[MethodTrials] = field(default_factory=list)
    left_out: int = 0
    too_quiet: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def recall(trials: Iterable[Trial]) -> Recall:
    """How many were found, and how late."""
    trials = list(trials)
    delays = [one.delay_us for one in trials if one.delay_us is not None]
    paged = sum(one.page for one in trials)
    return Recall(len(trials), len(delays), paged, float(median(delays)) if delays else None)


def by_size(trials: Iterable[Trial]) -> dict[float, Recall]:
    """Size -> recall, the smallest size first."""
    groups: dict[float, list[Trial]] = {}
    for one in trials:
        groups.setdefault(one.factor, []).append(one)
    return {size: recall(groups[size]) for size in sorted(groups)}


def smallest(recalls: Mapping[float, Recall]) -> float | None:
    """The smallest size from which on enough are found; None if even the largest is missed, or too few say so."""
    found = None
    for size in sorted(recalls, reverse=True):
        share = recalls[size].share
        if recalls[size].surges < FEW or share is None or share < SEEN:
            break
        found = size
    return found
