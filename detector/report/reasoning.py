"""The reasoning behind one incident, in plain words, from its report alone: where that says less, so does this."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from detector.config import PERIODS, parse_budget, score_of, weeks_of
from detector.report.escape import escape
from detector.report.leads import tell_forecast
from detector.report.numbers import brief, grouped, precise, times_normal
from detector.report.sentences import (
    named_drivers,
    signal_words,
    tell_change,
    tell_delay,
    tell_length,
    tell_markers,
    tell_moment,
    tell_percent,
    tell_planned,
    tell_question,
    tell_retries,
    tell_version,
)
from detector.report.shape import IncidentShape, KeptShape
from detector.times import duration

INDENT = "  "
LONGEST_YEARS = 1000.0
HIGHEST_SCORE = 300.0
"""Ten to a higher power is no number any more."""
WEEKS_IN_YEAR = PERIODS["year"]


@dataclass(frozen=True, slots=True)
class Reasoning:
    """An incident and the report that it is part of; `can_mark`: there is a command that takes an answer to it."""

    one: IncidentShape
    report: KeptShape
    can_mark: bool = False

    def text(self, width: int) -> str:
        """Headed paragraphs, wrapped to `width` columns; log text is escaped."""
        one = self.one
        marks = f"{one.severity.upper()}{' PAGE' if one.page else ''}"
        lines = [f"#{escape(one.id)}  {marks}  {escape(one.service) or '(no name)'}"]
        parts: Sequence[tuple[str, Iterator[str]]] = (
            ("What was seen", self.seen()), ("How strange that is", self.strange()), ("What drives it", self.drivers()),
            ("Who contributes", self.contributors()),
            ("How long is left", iter(tell_forecast(one.forecast, one.ended_at))),
            ("What would have silenced it", self.silence()),
        )  # fmt: skip
        for title, sentences in parts:
            told = [line for sentence in sentences for line in _wrap(sentence, width)]
            lines += ["", title, *told] if told else []
        return "\n".join(lines) + "\n"

    def seen(self) -> Iterator[str]:
        """The windows, the levels, the course."""
        one, report = self.one, self.report
        span = f", from {tell_moment(report.from_)} to {tell_moment(report.to)}" if report.from_ and report.to else ""
        windows = duration(report.window_seconds * 1e6)
        windows += ", tables in their own" if "counts" in report.input.formats else ""
        yield f"What was counted: {signal_words(one)} of each service in windows of {windows}{span}."
        yield (f"From its begin there were {precise(one.observed)} {one.unit} on average, where "
               f"{precise(one.expected)} were expected from what was known of the service by then: "
               f"{times_normal(one.factor)}.")  # fmt: skip
        what = "fall" if one.factor < 1 else "surge"
        yield (f"The {what} began at {tell_moment(one.started_at)} and was noticed at {tell_moment(one.detected_at)}, "
               f"after {tell_delay(one)}; it {tell_length(one, report.to)}.")  # fmt: skip
        if one.settled:
            yield tell_question(one, can_mark=self.can_mark)
        if one.version is not None:
            yield (f"Clients of {one.version.value}, first seen {tell_moment(one.version.first_seen_at)}, send "
                   f"{tell_version(one.version)}.")  # fmt: skip
        if one.markers:
            yield f"It began {tell_markers(one)}."
        if one.services_together:
            yield f"Other services rose by the same cause: {', '.join(one.services_together)}."

    def strange(self) -> Iterator[str]:
        """The score, and the budgets that it was measured by."""
        one, settings = self.one, self.report.settings
        yield (f"Its score is {precise(one.score)}: in one service something as strange comes by chance once in "
               f"{_weeks(one.score)}.")  # fmt: skip
        if settings is None:
            yield "It pages." if one.page else "It does not page."
            return
        opens, pages = self._limits()
        own = settings.own.get(one.service)
        budget = f"--incident-budget {settings.incident_budget}" if own is None else f"its own incident_budget, {own}"
        yield f"Incidents are reported from {precise(opens)} on ({budget})."
        known = self._services()
        services = f"shared by {grouped(known)} services" if known > 1 else "one service"
        verdict = "so this one does" if one.page else "so this one does not"
        if one.calendar is not None:
            verdict = f"but this one is {tell_planned(one.calendar)}"
        yield f"They page from {precise(pages)} on (--budget {settings.budget}, {services}), {verdict}."

    def _limits(self) -> tuple[float, float]:
        """Scores from which incidents are reported and page; not a number where the settings are not known."""
        settings = self.report.settings
        if settings is None:
            return math.nan, math.nan
        opens = score_of(parse_budget(settings.own.get(self.one.service, settings.incident_budget)))
        pages = score_of(self._services() * parse_budget(settings.budget))
        return opens, max(opens, pages)

    def _services(self) -> int:
        """Among which the budget of pages was divided."""
        return max(self.one.services_known or self.report.services, 1)

    def drivers(self) -> Iterator[str]:
        """Each factor of volume."""
        found, per = named_drivers(self.one.drivers), self.one.drivers.denominator or "client"
        if per != "client":
            yield f"No record of this service tells its client, so lines are counted per {per}."
        if found:
            yield f"Volume is {per}s x messages per {per} x bytes per message. Per window:"
        for words, driver in found:
            change = tell_change(driver.before, driver.during)
            share = "" if driver.share is None else f", {tell_percent(driver.share)} of the change"
            share += tell_retries(self.one.drivers, driver)
            yield f"- {words}: {precise(driver.before)} before, {precise(driver.during)} during ({change}){share}"
        if not found and self.one.kind == "volume":
            yield f"{per.capitalize()}s are not known here, so it cannot be said whether there are more of them."

    def contributors(self) -> Iterator[str]:
        """Which values of which dimensions, with a line of each."""
        unit = "bytes" if self.one.kind == "bytes_per_message" else "lines"
        for each in self.one.contributors:
            yield (f"- {each.dimension} {each.value}: {tell_percent(each.share_of_excess)} of the excess "
                   f"({precise(each.before)} {unit}/min before, {precise(each.during)} during), first seen "
                   f"{tell_moment(each.first_seen_at)}")  # fmt: skip
            if each.sample:
                yield f"  for example: {each.sample}"

    def silence(self) -> Iterator[str]:
        """Settings under which it would not have been reported, or would not have paged."""
        a_year = WEEKS_IN_YEAR / max(weeks_of(min(self.one.score, HIGHEST_SCORE)), 1e-9)
        yield f"- {_stricter('--incident-budget', a_year)}."
        if self.one.page:
            paging = _stricter("--budget", a_year * self._services())
            yield f"- The page alone: {paging}."
        yield "- A baseline that knows this level, if it is the new normal: detector learn PATH... --model DIR."


def _stricter(option: str, a_year: float) -> str:
    """The option with which the score would have been too low, if there is a sensible one."""
    if a_year < 1 / LONGEST_YEARS:
        return f"no sensible {option}, not even one in {LONGEST_YEARS:,.0f} years"
    digits = max(0, -math.floor(math.log10(a_year)))
    rounded = math.floor(a_year * 10**digits) / 10**digits
    return f"{option} {rounded:.{digits}f}/year, or less"


def _weeks(score: float) -> str:
    """How often a score comes by chance, in words."""
    weeks = weeks_of(min(score, HIGHEST_SCORE))
    years = weeks / WEEKS_IN_YEAR
    if years > LONGEST_YEARS:
        return f"more than {LONGEST_YEARS:,.0f} years"
    return f"{brief(years)} years" if years >= 2 else f"{brief(weeks)} weeks"


def _wrap(text: str, width: int) -> list[str]:
    """Indented; what follows a dash stands below what it belongs to."""
    hang = INDENT + "  " if text.startswith(("- ", "  ")) else INDENT
    return textwrap.wrap(escape(text), width, initial_indent=INDENT, subsequent_indent=hang, break_on_hyphens=False)
