"""Absurd times: a clock that starts in 1970, a year with a digit too many.

One such line would stretch the time axis over decades of silence. Days that lie far from all others and hold hardly
any lines are therefore dropped and counted. Only the merged totals are looked at, so that every way of cutting the
input agrees.
"""

from __future__ import annotations

from detector.windows.totals import FAR_DAYS, Totals

LARGEST_SHARE = 0.01
"""Of all lines: what is dropped at both ends together holds no more."""


def drop_outliers(totals: Totals) -> int:
    """Drop days at either end that are far from the rest and hold hardly any lines.

    Days less than `FAR_DAYS` apart belong to one stretch. As long as all that is dropped holds at most
    `LARGEST_SHARE` of all lines, the first or the last stretch is dropped, whichever holds fewer lines (of equals the
    first).

    Returns:
        lines that were dropped.
    """
    lines = {day: counts.lines() for day, counts in totals.days.items()}
    stretches = stretches_of(sorted(lines))
    allowed = LARGEST_SHARE * sum(lines.values())
    dropped = 0
    while len(stretches) > 1:
        held = [sum(lines[day] for day in stretches[end]) for end in (0, -1)]
        if dropped + min(held) > allowed:
            break
        dropped += min(held)
        stretches.pop(0 if held[0] <= held[1] else -1)
    if stretches:
        totals.keep_days(stretches[0][0], stretches[-1][-1])
    return dropped


def stretches_of(days: list[int]) -> list[list[int]]:
    """Cut sorted days where `FAR_DAYS` or more lie between one and the next."""
    stretches: list[list[int]] = []
    for day in days:
        if not stretches or day - stretches[-1][-1] >= FAR_DAYS:
            stretches.append([])
        stretches[-1].append(day)
    return stretches
