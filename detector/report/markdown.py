"""Markdown for tickets and chats: one section per incident.

Text from logs stands in code spans only: there no Markdown, link, mention or HTML has a meaning.
"""

from __future__ import annotations

import re

from detector.report.escape import escape
from detector.report.leads import tell_forecast
from detector.report.look import Look
from detector.report.numbers import precise
from detector.report.sentences import (
    named_drivers,
    tell_change,
    tell_course,
    tell_markers,
    tell_moment,
    tell_percent,
    tell_question,
    tell_reasons,
    tell_retries,
    tell_version,
    tell_volume,
)
from detector.report.shape import ContributorShape, IncidentShape, shape_scan
from detector.report.summary import outcome, summarize
from detector.schemas import ScanResult

FROM_OUTSIDE = ("Note: ", "Problem: ")
"""Lines of the summary that may carry names of files and services."""


def render(result: ScanResult, look: Look) -> bytes:
    """The outcome as heading, the incidents, then what was read."""
    scan = shape_scan(result)
    lines = [f"# {outcome(result)}", ""]
    for one in scan.incidents:
        lines += [*_section(one, scan.to, can_mark=look.can_mark), ""]
    lines += ["## What was read", "", *(f"- {_summary(line)}" for line in summarize(result)[1:])]
    return ("\n".join(lines) + "\n").encode()


def code(text: str) -> str:
    """Text as a code span that it cannot leave."""
    inside = escape(text) or "(no name)"
    fence = "`" * (max((len(run) for run in re.findall("`+", inside)), default=0) + 1)
    gap = " " if inside.startswith("`") or inside.endswith("`") or inside != inside.strip() else ""
    return f"{fence}{gap}{inside}{gap}{fence}"


def _section(one: IncidentShape, to: str | None, *, can_mark: bool) -> list[str]:
    page = ", PAGE" if one.page else ""
    reasons = tell_reasons(one)
    lines = [
        f"## {one.severity.upper()}{page}: {code(one.service)}",
        "",
        f"**{tell_volume(one)}**" + (f", because of {reasons}" if reasons else ""),
        "",
        f"- {tell_course(one, to)}",
        *([f"- planned ({code(one.calendar)}), so it does not page"] if one.calendar else []),
        f"- signal {code(one.signal)}, score {precise(one.score)}, incident {code(one.id)}",
    ]
    lines += [f"- {words}: {precise(driver.before)} before, {precise(driver.during)} during "
              f"({tell_change(driver.before, driver.during)}), share {tell_percent(driver.share)}"
              f"{tell_retries(one.drivers, driver)}"
              for words, driver in named_drivers(one.drivers)]  # fmt: skip
    if one.version is not None:
        lines.append(f"- version {code(one.version.value)}: {code(tell_version(one.version))}")
    lines += [f"- {_contributor(found)}" for found in one.contributors]
    lines += [f"- {line}" for line in tell_forecast(one.forecast, one.ended_at)]
    asked = tell_question(one, can_mark=can_mark)
    lines += [f"- {asked}"] if asked else []
    if one.markers:
        lines.append(f"- began {code(tell_markers(one))}")
    if one.services_together:
        lines.append(f"- together with {', '.join(map(code, one.services_together))}")
    return lines


def _contributor(found: ContributorShape) -> str:
    sample = f", for example {code(found.sample)}" if found.sample else ""
    change = f"{precise(found.before)} before, {precise(found.during)} during"
    share = tell_percent(found.share_of_excess)
    seen = f"first seen {tell_moment(found.first_seen_at)}"
    return f"{code(found.dimension)} {code(found.value)}: {share} of the excess ({change}), {seen}{sample}"


def _summary(line: str) -> str:
    for title in FROM_OUTSIDE:
        if line.startswith(title):
            return title + code(line.removeprefix(title))
    return escape(line).replace("_", "\\_")
