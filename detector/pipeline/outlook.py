"""What is expected of a block, and what the follower is told of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.baseline.expectation import Expected, Reach, Season
from detector.baseline.history import Stretch
from detector.detect.noise import Noise
from detector.detect.verdicts import Deviation, lasting, parts_of
from detector.incidents.tick import Tick

Real = NDArray[np.float64]
SMALLEST = 1e-12


@dataclass(frozen=True, slots=True)
class Seen:
    """A block of R rows, or windows of one.

    Attributes:
        first: number of the first window.
        counts, exposure: R x n.
        left_out: rows that it teaches nothing, R.
        signals: rows of each service.
        width_us: length of a window.
    """

    first: int
    counts: Real
    exposure: Real
    left_out: NDArray[np.bool_]
    signals: int
    width_us: int


@dataclass(frozen=True, slots=True)
class Ground:
    """What n windows of a block are judged by.

    Attributes:
        stretch: the windows with what came before them.
        season: of their times, K x R x n.
        mean: rate up to and with each of them, R x n.
        age: windows known by then, R x n.
    """

    stretch: Stretch
    season: Season
    mean: Real
    age: Real


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is expected of a block of n windows.

    Attributes:
        reaches: of the tests.
        stretch: the block with what came before it.
        season: of its times.
        expected: of the sums that end in its windows.
        found: how far the sums deviate.
    """

    reaches: tuple[Reach, ...]
    stretch: Stretch
    season: Season
    expected: Expected
    found: Deviation


def tick_of(outlook: Outlook, seen: Seen, noise: Noise, score: Real, strangest: NDArray[np.int64]) -> Tick:
    """What the follower needs, by service and signal.

    Args:
        outlook, seen: a block of R rows.
        noise: what they scatter by.
        score, strangest: of each window, and which test gave it, R x n.
    """
    shape = (-1, seen.signals, seen.counts.shape[1])
    windows = np.array([reach.windows for reach in outlook.reaches])
    found, expected = outlook.found, outlook.expected
    sums, usual, exposed = (
        np.take_along_axis(side, strangest[None], axis=0)[0] for side in (found.sums, found.expected, expected.exposure)
    )
    shortest = int(windows[0])
    latest, latest_exposed = outlook.stretch.sums(0, shortest // parts_of(shortest, seen.width_us))
    return Tick(
        seen.first, seen.counts.reshape(shape), seen.exposure.reshape(shape),
        np.nan_to_num(usual / np.maximum(exposed, SMALLEST)).reshape(shape),
        score.reshape(shape), windows[strangest].reshape(shape), sums.reshape(shape), usual.reshape(shape),
        latest.reshape(shape), latest_exposed.reshape(shape),
        outlook.season.rate[0].reshape(shape), noise.phi[0].reshape(shape[:2]), noise.dispersion[0].reshape(shape[:2]),
        outlook.stretch,
    )  # fmt: skip


def sum_of(stretch: Stretch, windows: int, width_us: int, exposure: Real) -> Real:
    """Sums of so many windows, long ones without their spikes."""
    parts = parts_of(windows, width_us)
    part = windows // parts
    if parts == 1:
        return stretch.sums(0, windows)[0]
    return lasting([stretch.sums(back * part, part) for back in range(parts)], exposure)
