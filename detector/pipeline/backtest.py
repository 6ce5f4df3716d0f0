"""`backtest`: the pages that would have been sent, and what planted surges of known size would have been found."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from detector.config import Settings, parse_budget
from detector.pipeline.gathered import Gathered
from detector.pipeline.period import Period
from detector.pipeline.planting import KINDS, SIZES
from detector.pipeline.replay import Ground, Seen, Test, make_plan, ready_at, replay, trial_of
from detector.pipeline.rivals import RULES, Rivals
from detector.pipeline.scan import incidents_of, judge, opens_at, period_in, stores_in, walks_of
from detector.pipeline.stores import Store, days_of, numbers_of
from detector.schemas import Incident, ScanResult
from detector.trials import BacktestResult, BudgetTrials, MethodTrials, ServiceTrials, Trial, by_size, smallest

BUDGETS = ("1/week", "0.5/week", "1/month", "4/year")
COMPARED: Sequence[Test] = ((2.0, "lines"), (4.0, "lines"))
"""The surges by which budgets are compared."""
WEEK_US, MINUTE_US = 7 * 86_400_000_000, 60_000_000
WALKS = 0.3
"""Share of the work before the first surge is planted, about."""
Tell = Callable[[float], None]


def backtest(gathered: Gathered, settings: Settings, services: int, tell: Tell = lambda _share: None) -> BacktestResult:
    """Judge what is really there, plant surges into the busiest services, and judge again.

    Args:
        gathered: what was read.
        settings: how to judge.
        services: at most so many get surges.
        tell: is told, now and then, which share of the work is done.

    Raises:
        ModelError: the model that the settings name cannot be read or does not fit.
        SettingsError: a setting is out of range.
        UsageError: the period of the report ends before it begins.
    """
    scan, period = judge(gathered, settings), period_in(gathered, settings)
    stores = stores_in(gathered, period)
    raised = {}
    for number, budget in enumerate(budgets := budgets_with(settings), 1):
        raised[budget] = _raised(gathered, period, settings, budget, scan)
        tell(WALKS * number / len(budgets))
    rates = _busiest(stores, period, services)
    grounds = [_ground(store, period, sorted(rates), raised) for store in stores]
    ledger = Ledger(settings, scan.services)
    for share in ledger.fill([one for one in grounds if one.names], budgets):
        tell(WALKS + (1 - WALKS) * share)
    trials = ledger.trials[settings.incident_budget]
    planted = {one.service for one in trials}
    return BacktestResult(
        scan=scan,
        trials=trials,
        services=[_of_service(name, trials, scan.incidents, rate) for name, rate in rates.items() if name in planted],
        budgets=[_of_budget(budget, raised[budget], ledger, settings) for budget in raised],
        methods=ledger.methods([one for one in scan.incidents if one.service in rates]),
        left_out=len({name for store in stores for name in store.services}) - len(rates),
        too_quiet=[name for name in rates if name not in planted],
        unknown=[kind for kind in KINDS if trials and not any(one.kind == kind for one in trials)],
    )


def budgets_with(settings: Settings) -> list[str]:
    """The budgets that are compared, the laxest first, with the one in force in the place of its equal."""
    own = settings.incident_budget
    others = [one for one in BUDGETS if not np.isclose(parse_budget(one), parse_budget(own))]
    return sorted([*others, own], key=parse_budget)


def _raised(
    gathered: Gathered, period: Period, settings: Settings, budget: str, scan: ScanResult
) -> list[Incident]:
    """Incidents of what is really there at a budget of incidents."""
    if budget == settings.incident_budget:
        return scan.incidents
    walks = walks_of(gathered, period, settings, budget)
    return incidents_of(walks, period, settings)


def _of_service(name: str, trials: Sequence[Trial], incidents: Sequence[Incident], rate: float) -> ServiceTrials:
    recalls = by_size(one for one in trials if one.service == name)
    raised = [one for one in incidents if one.service == name]
    return ServiceTrials(name, rate, len(raised), sum(one.page for one in raised), recalls, smallest(recalls))


def _of_budget(budget: str, incidents: Sequence[Incident], ledger: Ledger, settings: Settings) -> BudgetTrials:
    compared = [one for one in ledger.trials[budget] if (one.factor, one.kind) in COMPARED]
    pages = sum(one.page for one in incidents)
    return BudgetTrials(budget, budget == settings.incident_budget, len(incidents), pages, by_size(compared))


def _busiest(stores: Sequence[Store], period: Period, most: int) -> dict[str, float]:
    """The services with the most lines -> lines per minute in the mean, the busiest first."""
    lines: Counter[str] = Counter()
    minutes: Counter[str] = Counter()
    for store in stores:
        names, first, end = sorted(store.services), *store.span()
        order = numbers_of(store, names)
        for day in days_of(store, first, period.end(end, store.width_us)):
            counts = store.matrices(day, order, ("lines",))["lines"]
            lines.update(dict(zip(names, np.nansum(counts, axis=1).tolist(), strict=True)))
            known = np.isfinite(counts).sum(axis=1) * (store.width_us / MINUTE_US)
            minutes.update(dict(zip(names, known.tolist(), strict=True)))
    ranked = sorted(lines, key=lambda name: (-lines[name], name))[:most]
    return {name: lines[name] / minutes[name] for name in ranked if lines[name]}


def _ground(store: Store, period: Period, busiest: Sequence[str], raised: dict[str, list[Incident]]) -> Ground:
    """Where surges may be planted in a store: not near what any budget raised."""
    names = [name for name in busiest if name in store.services]
    order = numbers_of(store, names)
    first, end = store.span()
    end = period.end(end, store.width_us)
    ready = np.maximum(ready_at(store, order, end), -(-period.begin(first * store.width_us) // store.width_us))
    return Ground(store, names, order, ready, end, [one for each in raised.values() for one in each])


@dataclass(slots=True)
class Ledger:
    """What became of all planted surges.

    Attributes:
        settings: how to judge.
        installed: services in all, among which the budget of pages is divided.
        trials: budget of incidents -> its trials.
        rivals: rule -> trials that it could judge, with its delays.
        alarms, weeks: rule -> alarms on what is really there, and service-weeks judged.
    """

    settings: Settings
    installed: int
    trials: dict[str, list[Trial]] = field(default_factory=lambda: defaultdict(list))
    rivals: dict[str, list[Trial]] = field(default_factory=lambda: defaultdict(list))
    alarms: Counter[str] = field(default_factory=Counter)
    weeks: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    def fill(self, grounds: Sequence[Ground], budgets: Sequence[str]) -> Iterator[float]:
        """Live through everything; yields the share of the work that is done."""
        plans = [make_plan(ground) for ground in grounds]
        own = [(size, kind) for size in SIZES for kind in KINDS]
        work = {budget: own if budget == self.settings.incident_budget else COMPARED for budget in budgets}
        total = sum(len(tests) for tests in work.values()) * sum(map(len, plans))
        done = 0
        for ground, plan in zip(grounds, plans, strict=True):
            rivals = self._hire(ground)
            for budget, tests in work.items():
                for day, seen in replay(ground, plan, tests, self.settings, opens_at(budget)):
                    for one in seen:
                        self._enter(ground, budget, one, rivals)
                    done += len(tests) * (day in plan)
                    yield done / total

    def _hire(self, ground: Ground) -> Rivals:
        """The rivals for a store, and what they make of it as it is."""
        rivals = Rivals.of(ground.store, ground.order, ground.end, self.settings.least_excess)
        sum_us = rivals.windows * ground.store.width_us
        for rule in RULES:
            alarms, sums = rivals.alarms(rule)
            self.alarms[rule] += alarms
            self.weeks[rule] += sums * sum_us / WEEK_US
        self.weeks["detector"] += float(np.isfinite(rivals.sums).sum()) * sum_us / WEEK_US
        return rivals

    def _enter(self, ground: Ground, budget: str, seen: Seen, rivals: Rivals) -> None:
        width_us = ground.store.width_us
        trial = trial_of(seen, width_us, self.installed, self.settings)
        self.trials[budget].append(trial)
        if budget != self.settings.incident_budget or seen.kind == "bytes":
            return
        for rule in RULES:
            judged, alarm = rivals.noticed(rule, seen.row, seen.lines, seen.slot.first, seen.slot.end)
            if judged:
                delay = None if alarm is None else alarm * width_us - trial.started_us
                self.rivals[rule].append(replace(trial, delay_us=delay, page=False))

    def methods(self, incidents: Sequence[Incident]) -> list[MethodTrials]:
        """The detector, by the incidents of the services with surges, and its rivals."""
        own = [one for one in self.trials[self.settings.incident_budget] if one.kind != "bytes"]
        found = [MethodTrials("detector", len(incidents), self.weeks["detector"], by_size(own))]
        rivals = [MethodTrials(rule, self.alarms[rule], self.weeks[rule], by_size(self.rivals[rule])) for rule in RULES]
        return [*found, *rivals] if own else []
