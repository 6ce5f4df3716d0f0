"""Which formats a source is written in, judged by its first lines, as lnav does it.

Each format is fitted to the head and tried on it. The one that dates the most lines wins; formats that read lines
which the better ones do not read are kept too, because one file may hold several. A format of negative priority is a
generic one: what a specific format reads does not count for it, and it comes last.

Source: https://docs.lnav.org/en/latest/formats.html (the approach; the code is our own)
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detector.errors import UsageError
from detector.formats.clock import Calendar
from detector.formats.format import Format
from detector.formats.lines import Lines, cut_lines
from detector.formats.records import CONTINUATION, HEADER, PART, RECORD, Recipe, read_records
from detector.schemas import RECORDS

HEAD_LINES = 1000
HEAD_CHARACTERS = 256 * 1024
"""As many lines as a format is judged by, fewer if they are longer than this together, and one at least."""
ALSO = 0.005
"""A further format is kept if it reads at least this share of the head, and one line."""
INNER, INNER_SURE, SURE = 0.5, 0.05, 10
"""The messages of an envelope are opened if this share of them is understood; less will do for a format of at least
this priority, which hardly reads a message by mistake."""
MESSAGES = 250
"""As many messages of an envelope are looked at."""
SAID = frozenset(column.name for column in RECORDS) - {"timestamp", "message", "format", "source", "line_number"}
"""The columns that show that a line inside an envelope was understood, not only dated."""
USERS = 100
"""The priority of formats that users have described: whatever else reads their lines, they come first."""
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A format that reads some lines of the head.

    Attributes:
        format: fitted to the head.
        confidence: share of the lines, blank and header lines aside, that are records or continue one, with a time.
        matched: lines that are records of this format.
        dated: those with a time.
        why: one short phrase.
    """

    format: Format
    confidence: float
    matched: int
    dated: int
    why: str


@dataclass(slots=True)
class Trial:
    """What a fitted format made of each of the n lines of the head: flags by line."""

    format: Format
    order: int
    records: Flags
    dated: Flags
    said: Flags
    continued: Flags
    skipped: Flags

    @property
    def generic(self) -> bool:
        """Does it give way to every format that is more specific?"""
        return self.format.priority < 0

    def confidence(self) -> float:
        """Share of the lines that are dated records or continue one; a head may begin in the middle of a record."""
        opened = np.maximum.accumulate(np.where(self.records, np.arange(len(self.records)), -1))
        counted = ~self.skipped & ~(self.continued & (opened < 0))
        follows = self.continued & (opened >= 0) & self.dated[opened]
        return float(((self.dated | follows) & counted).sum() / max(1, counted.sum()))

    def key(self) -> tuple[bool, float, float, int, int]:
        """Sorts the best first; what the user has described comes before all others."""
        lines = max(1, int((~self.skipped).sum()))
        share = self.dated.sum() if self.dated.any() else self.records.sum()
        share += self.continued.sum() if self.format.envelope else 0
        others = self.format.priority < USERS or self.dated.mean() < ALSO
        return (
            others,
            -round(self.confidence(), 1),
            -round(float(share / lines), 1),
            -self.format.priority,
            self.order,
        )


def rank(head: Sequence[str], formats: Sequence[Format], calendar: Calendar) -> list[Candidate]:
    """The formats that read some line of the head, best first: by confidence, then priority, then table order."""
    return [_candidate(trial) for trial in _ranked(_beginning(head), formats, calendar)]


def choose(
    head: Sequence[str], formats: Sequence[Format], calendar: Calendar, wanted_name: str | None = None
) -> Recipe:
    """How to read a source that begins with `head`.

    Args:
        head: its first lines; no more than HEAD_LINES and HEAD_CHARACTERS of them are looked at.
        formats: those to choose from, usually the whole table.
        calendar: completes times without zone or year.
        wanted_name: the format that the user names; it comes first, whatever the head looks like.

    Raises:
        UsageError: there is no format of that name.
    """
    head = _beginning(head)
    trials = _ranked(head, formats, calendar)
    if wanted_name is not None:
        order = [known.name for known in formats].index(find_format(wanted_name, formats).name)
        named = next((trial for trial in trials if trial.order == order), None)
        trials = [named or _unfitted(formats[order], order, head), *(trial for trial in trials if trial.order != order)]
    kept = _keep(trials, forced=wanted_name is not None)
    inner = _inner(head, kept, formats, calendar) if any(known.envelope for known in kept) else ()
    return Recipe(kept, inner, calendar)


def find_format(name: str, formats: Sequence[Format]) -> Format:
    """The format of this name.

    Raises:
        UsageError: there is none; the message suggests the nearest name.
    """
    by_name = {known.name: known for known in formats}
    if name in by_name:
        return by_name[name]
    close = difflib.get_close_matches(name.lower(), by_name, n=1, cutoff=0.5)
    hint = f"; did you mean `{close[0]}`?" if close else "; `detector formats list` shows those known"
    raise UsageError(f"unknown input format `{name}`{hint}")


def fit(known: Format, head: Sequence[str]) -> Format | None:
    """The format fitted to these lines, or None if it cannot be theirs."""
    if known.adapt is not None:
        return known.adapt(head)
    return known if not known.hint or any(map(re.compile(known.hint).match, head)) else None


def _ranked(head: Sequence[str], formats: Sequence[Format], calendar: Calendar) -> list[Trial]:
    lines = _cut(head)
    trials = [
        _try_out(fitted, order, lines, calendar)
        for order, known in enumerate(formats)
        if (fitted := fit(known, head)) is not None
    ]
    _give_way(trials)
    return sorted((trial for trial in trials if trial.records.any()), key=Trial.key)


def _beginning(head: Sequence[str]) -> Sequence[str]:
    """As much of it as is looked at, so that recognising a source takes no longer where lines are huge."""
    ends = accumulate(map(len, head[:HEAD_LINES]))
    return head[: max(1, sum(end <= HEAD_CHARACTERS for end in ends))]


def _cut(head: Sequence[str]) -> Lines:
    return cut_lines("".join(line + "\n" for line in head).encode())


def _try_out(
    fitted: Format, order: int, lines: Lines, calendar: Calendar, wanted: frozenset[str] = frozenset()
) -> Trial:
    parsed = read_records(lines, Recipe((fitted,), calendar=calendar), wanted)
    rows = len(lines.begins)
    kinds = np.zeros(rows, np.uint8) if parsed.kinds is None else parsed.kinds.to_numpy()
    records = kinds == RECORD
    dated = records & parsed.frame["timestamp"].is_not_null().to_numpy()
    named = [name for name in parsed.frame.columns if name in wanted]
    said = parsed.frame.select(pl.any_horizontal(pl.lit(value=False), *(pl.col(name).is_not_null() for name in named)))
    blank = (lines.text.str.strip_chars() == "").to_numpy()
    said_flags = np.broadcast_to(said.to_series().to_numpy(), rows)
    further = (kinds == CONTINUATION) | (kinds == PART)
    return Trial(fitted, order, records, dated, said_flags, further, blank | (kinds == HEADER))


def _unfitted(named: Format, order: int, head: Sequence[str]) -> Trial:
    """A format that the user insists on although the head does not look like it."""
    nothing = np.zeros(len(head), bool)
    return Trial(named, order, nothing, nothing, nothing, nothing, nothing)


def _give_way(trials: list[Trial]) -> None:
    """Take from the generic formats what a specific one reads."""
    specific = [trial.dated if trial.dated.any() else trial.records for trial in trials if not trial.generic]
    if not specific:
        return
    taken = np.logical_or.reduce(specific)
    last = np.maximum.accumulate(np.where(taken, np.arange(len(taken)), -1))
    for trial in trials:
        if trial.generic:
            own = np.maximum.accumulate(np.where(trial.records & ~taken, np.arange(len(taken)), -1))
            trial.records, trial.dated = trial.records & ~taken, trial.dated & ~taken
            trial.said = trial.said & ~taken
            trial.continued = trial.continued & ~taken & (own >= last)


def _candidate(trial: Trial) -> Candidate:
    confidence, lines = trial.confidence(), int((~trial.skipped).sum())
    matched, dated, continued = int(trial.records.sum()), int(trial.dated.sum()), int(trial.continued.sum())
    why = f"{matched} of {lines} lines are records"
    if dated < matched:
        why += f", {dated} with a time"
    if continued:
        why += f", {continued} continue one"
    return Candidate(trial.format, confidence, matched, dated, why)


def _keep(trials: list[Trial], *, forced: bool = False) -> tuple[Format, ...]:
    """The best one and those others that read what it does not; generic ones last, as they would read too much."""
    if not trials or not (forced or _fits(trials[0])):
        return ()
    best, kept = trials[0], [trials[0]]
    taken = best.records | best.skipped
    if best.format.envelope:  # it says itself which lines go on
        taken |= best.continued
    for trial in () if best.format.alone else trials[1:]:
        new = trial.records & ~taken
        if trial.dated.any() == best.dated.any() and new.sum() >= max(1.0, ALSO * len(new)):
            kept.append(trial)
            taken |= new
    kept.sort(key=lambda trial: trial.generic and not (forced and trial is best))
    # only of the best one is it sure that an odd line continues its records
    return tuple(trial.format if trial is best else replace(trial.format, continues=None) for trial in kept)


def _fits(trial: Trial) -> bool:
    """Does it read enough to be used at all? Without times it must read half."""
    lines = max(1, int((~trial.skipped).sum()))
    return bool(trial.dated.any()) or 2 * trial.records.sum() >= lines


def _inner(
    head: Sequence[str], outer: tuple[Format, ...], formats: Sequence[Format], calendar: Calendar
) -> tuple[Format, ...]:
    """The formats of the messages in envelopes, if half of these say more than a time."""
    envelopes = tuple(known for known in outer if known.envelope)
    opened = read_records(_cut(head), Recipe(envelopes, calendar=calendar), frozenset({"message"})).frame
    messages = opened["message"].drop_nulls().to_list() if "message" in opened.columns else []
    messages = messages[:: max(1, len(messages) // MESSAGES)]
    if not messages:
        return ()
    lines = _cut([message.replace("\n", " ") for message in messages])
    trials = [
        _try_out(fitted, order, lines, calendar, SAID)
        for order, known in enumerate(formats)
        if not known.envelope and (fitted := fit(known, messages)) is not None
    ]
    _give_way(trials)
    trials = [trial for trial in trials if trial.said.any()]
    trials.sort(key=lambda trial: (-round(float(trial.said.mean()), 1), -trial.format.priority, trial.order))
    if trials and trials[0].said.mean() < INNER:
        trials = [trial for trial in trials if trial.format.priority >= SURE and trial.said.mean() >= INNER_SURE]
    return _keep_said(trials) if trials else ()


def _keep_said(trials: list[Trial]) -> tuple[Format, ...]:
    """Those that understand messages which the better ones do not; the generic ones last."""
    taken, kept = np.zeros(len(trials[0].said), bool), []
    for trial in trials:
        new = trial.said & ~taken
        if new.sum() >= max(1.0, ALSO * len(new)):
            kept.append(trial)
            taken |= new
    kept.sort(key=lambda trial: trial.generic)
    return tuple(replace(trial.format, continues=None) for trial in kept)
