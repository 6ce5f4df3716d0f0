"""What is expected of the sums that a test looks at: the last hour, moved as the hour of the day usually moves it.

A surge is above its recent past and above its season. The recent level is the mean rate of the last hour before a guard
gap; by how much this time of day is usually above the hour before it, and how high it usually is, is the median of the
last seven days at the same time, half an hour to either side. Expected is the higher of both. Nothing is left out of
the past: a median over days and a level of one hour forget a surge by themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.baseline.history import History, Stretch

Real = NDArray[np.float64]
Mask = NDArray[np.bool_]
MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
GUARD_US = 5 * MINUTE_US
"""The newest windows before a sum are left out: a surge that grows would hide itself."""
LEAST_WINDOWS = 6
"""The recent level is a mean over an hour, or so many windows, or twice the sum's length."""
AROUND_US = 30 * MINUTE_US
SHARES = ((0.25, 0.2), (1.0, 0.6), (2.0, 0.2))
"""The recent level is the geometric mean of a quarter of that length, of all of it and of twice of it."""
MOST_MOVE = 3.0
SURE_DAYS = 3
"""The usual move counts in full when so many days tell it."""
KNOWN = 4
"""Windows that must be known of the recent level."""
SMALLEST = 1e-12


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a test on sums of `windows` windows looks back.

    Attributes:
        windows: of the sum.
        guard: left out before it.
        level: windows of the recent level, before the guard gap.
        around: windows to either side of the same time on other days.
        slow: the season is expected, not the last hour: so what grows for hours is seen.
    """

    windows: int
    guard: int
    level: int
    around: int
    slow: bool = False

    @classmethod
    def of(cls, windows: int, width_us: int, *, slow: bool = False) -> Reach:
        """For windows of `width_us` microseconds."""
        hour = max(LEAST_WINDOWS, round(HOUR_US / width_us))
        guard = round(GUARD_US / width_us) if width_us <= GUARD_US else 0
        around = AROUND_US // width_us
        return cls(windows, guard, max(hour, 2 * windows), around, slow)

    @property
    def back(self) -> int:
        """Windows before the newest that are looked at."""
        return self.windows + self.guard + 2 * self.level


@dataclass(frozen=True, slots=True)
class Season:
    """The last seven days around the times of a block, K x R x n for K tests.

    Attributes:
        rate: median rate at this time, NaN where no day is known.
        move: by how much this time is usually above the hour before it, 1 where that is not known.
    """

    rate: Real
    move: Real


@dataclass(frozen=True, slots=True)
class Expected:
    """What is expected of the sums that end in the n windows of a block, K x R x n.

    Attributes:
        counts: mean; NaN where nothing can be expected yet.
        exposure: of the sums.
        support: exposure that the recent level stands on.
    """

    counts: Real
    exposure: Real
    support: Real


@dataclass(frozen=True, slots=True)
class Pseudo:
    """Counts and exposure that are added to every sum, K x R x n or K x R x 1: zeros alone say little about a rate."""

    counts: Real
    exposure: Real


def season(history: History, first: int, windows: int, reaches: Sequence[Reach], pseudo: Pseudo) -> Season:
    """The season of the block of `windows` windows that begins with window `first`; `pseudo` is K x R x 1."""
    size, cells = history.cell, -(-windows // history.cell)
    spans = [_cells_of(reach, size) for reach in reaches]
    before = max(max(near, far) for near, _, far, _ in spans)
    counts, exposure = history.earlier_days(first, windows, before, spans[0][1])

    def sums(begins: Sequence[int], ends: Sequence[int]) -> tuple[Real, Mask]:
        """Rates from `begins` to `ends` cells after each cell of the block, and where they are known, K x R x 7 x m."""
        low, high = ([slice(before + 1 + at, before + 1 + at + cells) for at in several] for several in (begins, ends))
        pairs = list(zip(low, high, strict=True))
        seen = np.stack([counts[..., end] - counts[..., begin] for begin, end in pairs])
        exposed = np.stack([exposure[..., end] - exposure[..., begin] for begin, end in pairs])
        added, added_exposure = pseudo.counts[:, :, None], pseudo.exposure[:, :, None]
        return (seen + added) / np.maximum(exposed + added_exposure, SMALLEST), exposed >= 1

    here, known = sums([-near for near, *_ in spans], [after for _, after, *_ in spans])
    hour, known_hour = sums([-far for *_, far, _ in spans], [-lag for *_, lag in spans])
    usual = _median(np.where(known, here, np.nan), upper=True)
    known &= known_hour
    move = _median(np.where(known, here / np.maximum(hour, SMALLEST), np.nan))
    days = known.sum(axis=2)
    move = np.where(days > 0, np.clip(move, 1.0, MOST_MOVE), 1.0) ** np.minimum(1.0, days / SURE_DAYS)
    return Season(*(np.repeat(part, size, axis=2)[..., :windows] for part in (usual, move)))


def _cells_of(reach: Reach, size: int) -> tuple[int, int, int, int]:
    """Cells of `size` windows before and after the end of a sum that are its season, and where its hour before lies."""
    back = reach.windows + reach.guard
    near, far, lag = (-(-windows // size) for windows in (reach.windows + reach.around, back + reach.level, back))
    return near, reach.around // size, far, lag


def expect(stretch: Stretch, of: Season, reaches: Sequence[Reach], pseudo: Pseudo, active: Real) -> Expected:
    """Expected sums.

    Args:
        stretch: the block with what came before it, R rows.
        of: the season of the block.
        reaches: of the sums of K tests.
        pseudo: of each window.
        active: rate of a row that is silent most of the time when it speaks, R; NaN: it is not known to speak.
    """
    exposure = np.stack([stretch.sums(0, reach.windows)[1] for reach in reaches])
    recent, support = np.zeros(exposure.shape), exposure
    for part, weight in SHARES:
        lengths = [max(1, int(reach.level * part)) for reach in reaches]
        pairs = [
            stretch.sums(reach.windows + reach.guard, length) for reach, length in zip(reaches, lengths, strict=True)
        ]
        seen, exposed = (np.stack(side) for side in zip(*pairs, strict=True))
        share = min(1.0, part)
        rate = (seen + share * pseudo.counts) / np.maximum(
            exposed + share * pseudo.exposure, SMALLEST
        )
        recent += weight * np.log(np.maximum(rate, SMALLEST))
        support = exposed if part == 1 else support
    recent = np.exp(recent)
    active = active[:, None]
    # what was silent is measured against its usual rate when it speaks, not against silence
    level = np.where(recent < active / 2, np.maximum(recent * of.move, active - recent), recent * of.move)
    known = (support >= KNOWN) & (exposure >= 1)
    slow = np.array([reach.slow for reach in reaches])[:, None, None]
    rate = np.where(slow, of.rate, np.fmax(level, of.rate))
    return Expected(np.where(known, rate, np.nan) * exposure, exposure, support)


def expect_least(stretch: Stretch, of: Season, reaches: Sequence[Reach]) -> Expected:
    """What is expected of sums at least: the lower of the last hour and the season; nothing by a slow test.

    Args:
        stretch, of, reaches: as for `expect`.
    """
    shape = (len(reaches), len(stretch.counts), stretch.windows)
    counts, exposure, support = np.full(shape, np.nan), np.zeros(shape), np.zeros(shape)
    for test, reach in enumerate(reaches):
        exposure[test] = stretch.sums(0, reach.windows)[1]
        seen, support[test] = stretch.sums(reach.windows + reach.guard, reach.level)
        known = (support[test] >= KNOWN) & (exposure[test] >= 1) & (not reach.slow)
        rate = np.fmin(seen / np.maximum(support[test], SMALLEST), of.rate[test])
        counts[test] = np.where(known, rate * exposure[test], np.nan)
    return Expected(counts, exposure, support)


def _median(days: Real, *, upper: bool = False) -> Real:
    """The median over axis 2, of two in the middle the mean or the upper one; NaN where no day is known."""
    ordered = np.sort(days, axis=2)  # NaN goes last
    known = (~np.isnan(days)).sum(axis=2, keepdims=True)
    high = np.take_along_axis(ordered, np.minimum(known // 2, days.shape[2] - 1), axis=2)[:, :, 0]
    if upper:
        return high
    low = np.take_along_axis(ordered, np.maximum((known - 1) // 2, 0), axis=2)[:, :, 0]
    return np.asarray((low + high) / 2)
