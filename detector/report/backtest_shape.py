"""The answer of a backtest as `detector.backtest/1`, for scripts. It grows; what stands here keeps its meaning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from detector.report.numbers import rounded
from detector.report.shape import IncidentShape, InputShape, shape_incidents, shape_input
from detector.times import rfc3339
from detector.trials import BacktestResult, Recall, Trial, recall

SCHEMA = "detector.backtest/1"


class RecallShape(msgspec.Struct, frozen=True):
    """What became of surges of one size: numbers, and the median seconds from begin to alarm of those found."""

    factor: float
    surges: int
    found: int
    paged: int
    median_delay_seconds: float | None


class GroupShape(msgspec.Struct, frozen=True):
    """The same for one service, kind and shape."""

    service: str
    kind: str
    shape: str
    recall: RecallShape


class ServiceShape(msgspec.Struct, frozen=True):
    """What one service can see; `smallest_factor` is None where even the largest surges are missed."""

    service: str
    lines_per_minute: float
    reported: int
    pages: int
    smallest_factor: float | None
    recalls: list[RecallShape]


class BudgetShape(msgspec.Struct, frozen=True):
    """What another budget of incidents would have given; `chosen` is the one in force."""

    incident_budget: str
    chosen: bool
    reported: int
    pages: int
    recalls: list[RecallShape]


class MethodShape(msgspec.Struct, frozen=True):
    """One way of judging: alarms on what is really there, in so many service-weeks, and recall."""

    name: str
    alarms: int
    service_weeks: float
    recalls: list[RecallShape]


class BacktestShape(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """The whole answer; `incidents` are those of `detector.scan/1`, pages are marked."""

    schema: str
    input: InputShape
    window_seconds: float
    from_: str | None
    to: str | None
    services: int
    incidents: list[IncidentShape]
    planted: list[GroupShape]
    by_service: list[ServiceShape]
    by_budget: list[BudgetShape]
    by_method: list[MethodShape]
    services_left_out: int
    services_too_quiet: list[str]
    kinds_unknown: list[str]
    notes: list[str]


def shape_backtest(result: BacktestResult) -> BacktestShape:
    """The answer as scripts get it."""
    scan = result.scan
    return BacktestShape(
        schema=SCHEMA, input=shape_input(scan.input), window_seconds=rounded(scan.window_seconds),
        from_=rfc3339(scan.from_us), to=rfc3339(scan.to_us), services=scan.services, incidents=shape_incidents(scan),
        planted=_groups(result.trials),
        by_service=[ServiceShape(one.service, rounded(one.lines_per_minute), one.reported, one.pages, one.smallest,
                                 _recalls(one.recalls)) for one in result.services],
        by_budget=[BudgetShape(one.budget, one.chosen, one.reported, one.pages, _recalls(one.recalls))
                   for one in result.budgets],
        by_method=[MethodShape(one.name, one.alarms, rounded(one.weeks), _recalls(one.recalls))
                   for one in result.methods],
        services_left_out=result.left_out, services_too_quiet=result.too_quiet,
        kinds_unknown=result.unknown, notes=scan.notes,
    )  # fmt: skip


def _groups(trials: Iterable[Trial]) -> list[GroupShape]:
    groups: dict[tuple[str, str, str, float], list[Trial]] = {}
    for one in trials:
        groups.setdefault((one.service, one.kind, one.shape, one.factor), []).append(one)
    return [
        GroupShape(service, kind, shape, _recall(factor, recall(groups[service, kind, shape, factor])))
        for service, kind, shape, factor in sorted(groups)
    ]


def _recalls(recalls: Mapping[float, Recall]) -> list[RecallShape]:
    return [_recall(factor, one) for factor, one in recalls.items()]


def _recall(factor: float, one: Recall) -> RecallShape:
    delay = None if one.delay_us is None else rounded(one.delay_us / 1e6)
    return RecallShape(factor, one.surges, one.found, one.paged, delay)
