"""The batch: read everything, then live through its windows in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import BinaryIO

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detector.baseline.prior import load_prior
from detector.config import Settings, parse_budget
from detector.errors import InputError
from detector.explain.drivers import largest, split
from detector.incidents import mark_pages
from detector.pipeline.advance import Results, State, advance
from detector.pipeline.model import load_state
from detector.pipeline.gather import Gathered, Progress, gather
from detector.pipeline.period import Period, period_of
from detector.schemas import TIME, VERDICTS, Cause, Incident, ScanResult, check, schema
from detector.sources.files import SourceFile
from detector.windows.grid import Grid
from detector.windows.totals import Totals

Real = NDArray[np.float64]
Store = Totals | Grid
SPARK = 60
"""Windows shown on either side of the begin of an incident."""
HORIZON = 60
"""Windows over which clients are counted, at least; twice as many at most."""
DECIMALS = 6


def scan(paths: Sequence[str], settings: Settings, now_us: int, *, stdin: BinaryIO | None = None, keep_windows: bool = False,
         begin: Callable[[list[SourceFile]], None] | None = None, progress: Progress | None = None) -> ScanResult:  # fmt: skip
    """Find the surges in log dumps and counts tables.

    Args:
        paths: files, folders, globs, `-`.
        settings: how to read and how to judge.
        now_us: the clock, microseconds since 1970 UTC; only for times without a year in streams.
        stdin: what `-` is.
        keep_windows: keep the verdict of every service and window, for `--windows`.
        begin, progress: are told what was found and how far reading is.

    Raises:
        InputError: nothing could be read.
        SettingsError: a setting is out of range.
    """
    open_at = round(float(np.log10(parse_budget(settings.incident_budget))), DECIMALS)
    weeks_between_pages = parse_budget(settings.budget)
    gathered = gather(paths, settings, now_us, stdin, begin, progress)
    if list(paths) == ["-"] and gathered.summary.lines_read and not gathered.timed:
        raise InputError(
            "standard input: its lines have no time; read at once they would look like one surge. "
            "Add times (kubectl logs --timestamps, docker logs -t, journalctl -o short-iso)"
        )
    stores: list[Store] = [store for store in (gathered.totals, *gathered.grids.values()) if store.services]
    last_us = max((store.span()[1] * store.width_us for store in stores), default=0)
    period = period_of(settings, last_us)
    stores = [store for store in stores if period.meets(*(edge * store.width_us for edge in store.span()))]
    if gathered.timed and not stores:
        gathered.notes.append("no line lies between --since and --until")
    answers = [_Walk(store, open_at, settings, keep_windows).go(period) for store in stores]
    incidents = mark_pages([one for answer in answers for one in answer.incidents], sum(len(s.services) for s in stores), weeks_between_pages)
    incidents = [incident for incident in incidents if period.covers(incident)]
    return ScanResult(
        gathered.summary, (stores[0].width_us if stores else gathered.totals.width_us) / 1e6,
        min((period.begin(answer.first_us) for answer in answers), default=None), max((answer.end_us for answer in answers), default=None),
        sum(len(store.services) for store in stores), sorted(incidents, key=lambda one: (one.started_us, one.service, one.signal)),
        {one.id: answer.causes[one.id] for answer in answers for one in incidents if one.id in answer.causes}, _notes(gathered, answers),
        period.cut(pl.concat([answer.windows() for answer in answers])) if answers and keep_windows else None,
    )  # fmt: skip


def _notes(gathered: Gathered, answers: list[_Walk]) -> list[str]:
    notes = list(gathered.notes)
    for answer in answers:
        if answer.windows_known < 2 * YOUNG_HISTORY:
            minutes = answer.windows_known * answer.store.width_us / 60e6
            notes.append(f"history too short: {minutes:.0f} min; the first {YOUNG_HISTORY} windows of a service are learned, not judged")
    return notes


YOUNG_HISTORY = 30


class _Walk:
    """One store's days in order; its services sorted by name, so that the order of arrival does not matter."""

    def __init__(self, store: Store, open_at: float, settings: Settings, keep_windows: bool) -> None:
        self.store = store
        self.names = sorted(store.services)
        self.order = np.array([store.services[name] for name in self.names])
        self.settings, self.open_at = settings, open_at
        self.keep_windows = keep_windows
        self.days: list[tuple[int, Real, Results]] = []
        self.incidents: list[Incident] = []
        self.causes: dict[str, Cause] = {}

    def go(self, period: Period) -> _Walk:
        """Walk all days; then say what drives each incident."""
        per_day = self.store.windows_per_day
        first, end = self.store.span()
        end = period.end(end, self.store.width_us)
        self.first_us, self.end_us = first * self.store.width_us, end * self.store.width_us
        self.windows_known = end - first
        self.state = self._begin(first)
        for day in range(first // per_day, (end - 1) // per_day + 1):
            counts = self.store.matrices(day, self.order, ("lines",))["lines"]
            results = advance(self.state, day, counts, until=end, keep=self.keep_windows)
            self.incidents += results.incidents
            if self.keep_windows:
                self.days.append((day, counts, results))
        self.incidents += self.state.follower.still_open(self.names, end)
        self.causes = {one.id: self.cause(one, end) for one in self.incidents}
        return self

    def _begin(self, first: int) -> State:
        """What is known before the first window: the model's, if one was named, else the prior."""
        settings, prior, width_us = self.settings, load_prior(), self.store.width_us
        if settings.model:
            return load_state(settings.model, self.names, width_us, settings, prior=prior, open_at=self.open_at, first=first)[0]
        state = State(width_us, prior, self.open_at, settings.least_excess)
        state.grow(self.names, np.full(len(self.names), first))
        return state

    def cause(self, incident: Incident, end: int) -> Cause:
        """The factors of volume before and during an incident, from the counts around it."""
        width, number = self.store.width_us, self.store.services[incident.service]
        start = incident.started_us // width
        stop = max(min(end, (incident.ended_us or end * width) // width), start + 1)
        series = self.store.series(number, start - SPARK, max(stop, min(end, start + SPARK)))
        lines = tuple(np.nan_to_num(series["lines"]).tolist())
        usual = tuple([incident.expected] * len(lines))
        factors = self._factors(number, start, stop, incident.expected)
        if factors is None:
            return Cause("volume", None, None, None, lines, usual)
        shares = split(*factors)
        return Cause(largest(shares), *shares, lines, usual)

    def _factors(self, number: int, start: int, stop: int, expected: float) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
        """clients, messages per client and bytes per message, usual and seen; None where they are unknown.

        Clients are counted over a stretch in which nearly all of them speak, the same before and during: in a single
        window more of them would be seen merely because each of them sends more.
        """
        length = int(np.clip(stop - start, HORIZON, 2 * HORIZON))
        found = []
        for begin, end in ((start - length, start), (start, start + length)):
            series = self.store.series(number, begin, end)
            lines, size = float(np.nansum(series["lines"])), float(np.nansum(series["bytes"]))
            known = int(np.isfinite(series["lines"]).sum())
            clients = self.store.distinct(number, begin, end)
            if not (clients and lines and size):
                return None
            found.append((float(clients), lines / known / clients, size / lines))
        usual, seen = found
        scale = expected / (usual[0] * usual[1])
        return (usual[0], usual[1] * scale, usual[2]), seen

    def windows(self) -> pl.DataFrame:
        """The verdict of every service and window."""
        frames = [self._windows_of(*day) for day in self.days]
        return check(pl.concat(frames).sort("window_start", "service") if frames else pl.DataFrame(schema=schema(VERDICTS)), VERDICTS)

    def _windows_of(self, day: int, counts: Real, results: Results) -> pl.DataFrame:
        scored = np.hstack(results.score) if results.score else np.empty((len(self.names), 0))
        services, column = np.nonzero(~np.isnan(counts[:, : scored.shape[1]]))
        start = (day * self.store.windows_per_day + column) * self.store.width_us
        matrices = self.store.matrices(day, self.order)
        pick = lambda parts: np.hstack(parts)[services, column]  # noqa: E731 (used six times below, nowhere else)
        of_day = lambda name: matrices[name][services, column] if name in matrices else None  # noqa: E731
        frame = pl.DataFrame({
            "window_start": pl.Series(start, dtype=pl.Int64).cast(pl.Datetime("us")).dt.replace_time_zone("UTC").cast(TIME),
            "service": pl.Series(self.names).gather(services), "lines": counts[services, column],
            "bytes": of_day("bytes"), "clients": of_day("clients"),
            "expected_lines": pick(results.expected), "upper_lines": pick(results.upper),
            "score": pick(results.score), "flagged": pick(results.flagged),
        }, schema=schema(VERDICTS))  # fmt: skip
        return frame.with_columns(pl.col("bytes", "clients", "expected_lines", "upper_lines").fill_nan(None),
                                  pl.when(pl.col("score").is_finite()).then("score").alias("score"))  # fmt: skip
