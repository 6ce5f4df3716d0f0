"""What is remembered of every row, against a plain memory of every window ever seen."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from detector.baseline.expectation import Reach
from detector.baseline.history import CELL_US, DAY_US, DAYS, EARLIER_DAYS, MORE_CELLS, History
from detector.detect import verdicts
from detector.detect.verdicts import block_of

Real = NDArray[np.float64]
Past = dict[int, Real]
MINUTE_US = 60_000_000
HALF_HOUR_US = 30 * MINUTE_US
REACH = 40
FIRST = 20_516 * 1440
ROWS = 2
NOTHING = np.zeros((2, ROWS))
WIDTHS_US = [seconds * 1_000_000 for seconds in range(1, 86_401) if 86_400 % seconds == 0]


def history_of(width_us: int, reach: int = REACH) -> History:
    """A memory without rows, whose blocks are those in which a day is lived."""
    return History(width_us, block_of(width_us), reach)


def windows_of(cells: int, history: History, seed: int) -> tuple[Real, Real]:
    """Counts and exposure of so many cells, a fifth of the windows unknown."""
    random = np.random.default_rng(seed)
    shape = ROWS, cells * history.cell
    exposure = random.integers(1, 5, shape).astype(float) * (random.random(shape) < 0.8)
    return random.integers(0, 100, shape).astype(float) * (exposure > 0), exposure


def live(width_us: int, pieces: list[tuple[int, int]], seed: int = 0, reach: int = REACH) -> tuple[History, Past]:
    """Skip and see cells in turn; the memory, and counts and exposure (2 x R) of every window seen."""
    history, past, at = history_of(width_us, reach), Past(), FIRST * MINUTE_US // width_us
    history.grow(ROWS)
    for number, (skipped, cells) in enumerate(pieces):
        at += skipped * history.cell
        counts, exposure = windows_of(cells, history, seed + number)
        history.extend(at, counts, exposure)
        past |= {at + index: both for index, both in enumerate(np.stack([counts, exposure]).transpose(2, 0, 1))}
        at += counts.shape[1]
    return history, past


def sum_of(past: Past, begin: int, end: int) -> Real:
    """Counts and exposure from a window to before another, 2 x R."""
    return sum((past.get(window, NOTHING) for window in range(begin, end)), NOTHING)


def after(history: History) -> int:
    """The window that comes next."""
    assert history.next is not None
    return history.next


def cells_of(history: History) -> dict[int, Real]:
    """What the cells hold, 2 x R each, by number of the cell."""
    ring, end = history.cells.shape[1], after(history) // history.cell
    both = np.stack([history.cells, history.cells_exposure]).astype(float)
    return {number: both[:, :, number % ring] for number in range(end - ring, end)}


def assert_cells_are_sums(history: History, past: Past) -> None:
    """Every cell that is remembered is the sum of its windows."""
    for number, held in cells_of(history).items():
        assert sum_of(past, number * history.cell, (number + 1) * history.cell).tolist() == held.tolist()


pieces_drawn = st.lists(st.tuples(st.integers(0, 12), st.integers(1, 12)), min_size=1, max_size=6)


@settings(deadline=None, max_examples=40)
@given(
    pieces=pieces_drawn,
    seed=st.integers(0, 99),
    back=st.integers(0, 20),
    length=st.integers(1, 20),
    windows=st.integers(1, 30),
)
def test_running_totals_are_plain_sums(pieces, seed, back, length, windows):
    """Any sum that ends before the end of a window is that of the windows in it; unknown ones add nothing."""
    history, past = live(MINUTE_US, pieces, seed)
    counts, exposure = (side[:, :windows] for side in windows_of(6, history, 1000 + seed))
    first = after(history)
    past |= {first + index: np.stack([counts[:, index], exposure[:, index]]) for index in range(windows)}
    found = np.stack(history.stretch(counts, exposure).sums(back, length))
    assert (2, ROWS, windows) == found.shape
    for index in range(windows):
        end = first + index + 1 - back
        assert sum_of(past, end - length, end).tolist() == found[..., index].tolist()


def test_looking_ahead_changes_nothing():
    """A stretch is read from the memory and leaves it as it was."""
    (history, _), (same, _) = (live(MINUTE_US, [(0, 12)]) for _ in range(2))
    history.stretch(*windows_of(3, history, 5))
    assert_same(same, history)


def assert_same(expected: History, history: History) -> None:
    """Two memories hold the same."""
    assert expected.next == history.next
    for name in ("counts", "exposure", "cells", "cells_exposure"):
        np.testing.assert_array_equal(getattr(expected, name), getattr(history, name))


@settings(deadline=None, max_examples=20)
@given(pieces=pieces_drawn, seed=st.integers(0, 99))
def test_cells_are_sums_of_their_windows(pieces, seed):
    """Five windows of a minute make a cell, whatever the gaps between the blocks."""
    history, past = live(MINUTE_US, pieces, seed)
    assert 5 == history.cell
    assert_cells_are_sums(history, past)


@settings(deadline=None, max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 500), st.integers(1, 96)), min_size=1, max_size=8))
def test_what_is_older_than_eight_days_is_forgotten_and_nothing_younger(pieces):
    """Cells hold eight days and some more exactly, however long the gaps: a place that comes round is taken anew."""
    history, past = live(HALF_HOUR_US, pieces)
    assert DAYS * 48 + MORE_CELLS == history.cells.shape[1]
    assert_cells_are_sums(history, past)


@settings(deadline=None, max_examples=20)
@given(
    gap=st.integers(0, 60),
    begin=st.integers(0, 47),
    windows=st.integers(1, 6),
    before=st.integers(0, 48),
    later=st.integers(0, 42),
)
def test_earlier_days_are_the_same_time_on_each_of_seven_days(gap, begin, windows, before, later):
    """Yesterday first: running totals of the cells around the block, a whole number of days earlier."""
    history, past = live(HALF_HOUR_US, [(0, 48), (gap, 48), *[(0, 48)] * 8, (0, begin + 1)])
    first = after(history)
    counts, exposure = history.earlier_days(first, windows, before, later)
    assert counts.shape == exposure.shape == (ROWS, EARLIER_DAYS, before + windows + later + 1)
    for day in range(1, EARLIER_DAYS + 1):
        cells = range(first - before - 48 * day, first + windows + later - 48 * day)
        sums = np.cumsum([NOTHING, *(past.get(cell, NOTHING) for cell in cells)], axis=0)
        assert sums[:, 0].T.tolist() == counts[:, day - 1].tolist()
        assert sums[:, 1].T.tolist() == exposure[:, day - 1].tolist()


@pytest.mark.parametrize("hours", [1, 2, 3, 4, 6, 8, 12, 24])
def test_earlier_days_of_long_windows_are_no_later_ones(hours):
    """Six windows of a level reach back more than a day: these are remembered too, and none stands in for another."""
    per_day, before = 24 // hours, 7
    history, past = live(hours * 60 * MINUTE_US, [(0, 20 * per_day)])
    first = after(history)
    found = np.diff(np.stack(history.earlier_days(first, 1, before, 0)), axis=-1)
    for day in range(1, EARLIER_DAYS + 1):
        for index in range(before + 1):
            assert past[first - before + index - per_day * day].tolist() == found[:, :, day - 1, index].tolist()


def test_whatever_the_window_its_tests_look_at_what_is_remembered():
    """No test asks for more cells than there are, nor for those of a block that is still to come."""
    for width_us in WIDTHS_US:
        reaches = [Reach.of(test.windows, width_us, slow=test.slow) for test in verdicts.tests_of(width_us)]
        history = history_of(width_us, max(reach.back for reach in reaches))
        history.grow(1)
        size, per_day = history.cell, history.cells_per_day
        before = max(-(-(reach.windows + reach.guard + max(reach.level, reach.around)) // size) for reach in reaches)
        assert EARLIER_DAYS * per_day + before <= history.cells.shape[1], width_us
        assert history.block // size + reaches[0].around // size <= per_day, width_us


def test_earlier_days_come_in_cells():
    """Windows of a minute are told by fives, from the cell in which the block begins to the one in which it ends."""
    history, past = live(MINUTE_US, [(0, 288)] * 3)
    first = after(history)
    counts, _ = history.earlier_days(first, 12, 2, 1)
    assert (ROWS, EARLIER_DAYS, 2 + 3 + 1 + 1) == counts.shape
    yesterday = first - 1440
    sums = [sum_of(past, yesterday - 10, yesterday - 10 + 5 * cells)[0].tolist() for cells in range(7)]
    assert sums == counts[:, 0].T.tolist()


@settings(deadline=None, max_examples=20)
@given(st.sets(st.integers(1, 287), max_size=12))
def test_a_day_cut_into_any_blocks_of_whole_cells_is_the_same_memory(cuts):
    """How a day is cut makes no difference to what is remembered of it."""
    whole, _ = live(MINUTE_US, [(0, 12)])
    cut, _ = live(MINUTE_US, [(0, 12)])
    counts, exposure = windows_of(288, whole, 7)
    first = after(whole)
    whole.extend(first, counts, exposure)
    for begin, end in pairwise([0, *sorted(cuts), 288]):
        part = slice(begin * 5, end * 5)
        cut.extend(first + begin * 5, counts[:, part], exposure[:, part])
    assert_same(whole, cut)


@pytest.mark.parametrize("missing", [5, 35, 40, 45, 400])
def test_skipped_windows_are_unknown(missing):
    """What lies between has neither counts nor exposure; what is still within reach stays where it belongs."""
    history, past = live(MINUTE_US, [(0, 24)])
    end = after(history) + missing
    history.skip_to(end)
    assert end == history.next
    for side, held in enumerate((history.counts, history.exposure)):
        for index in range(REACH):
            assert past.get(end - REACH + index, NOTHING)[side].tolist() == held[:, index].tolist()
    assert_cells_are_sums(history, past)


def test_nothing_is_forgotten_by_skipping_to_the_past_or_to_what_comes_next():
    """Only windows that are missing are skipped."""
    (history, _), (same, _) = (live(MINUTE_US, [(0, 24)]) for _ in range(2))
    for first in (after(history), after(history) - 60):
        history.skip_to(first)
        assert_same(same, history)


def test_skipping_twice_is_skipping_once():
    """A block is skipped to when it is judged and again when it is remembered: the past moves once."""
    (history, _), (same, _) = (live(MINUTE_US, [(0, 24)]) for _ in range(2))
    first = after(history) + 10
    for memory, times in ((same, 1), (history, 2)):
        for _ in range(times):
            memory.skip_to(first)
        memory.extend(first, *windows_of(2, memory, 3))
    assert_same(same, history)


def test_new_rows_are_empty_and_the_old_ones_stay():
    """Growing adds rows of which nothing is known, below those that are there."""
    (history, _), (same, _) = (live(MINUTE_US, [(0, 12)]) for _ in range(2))
    history.grow(3)
    for name in ("counts", "exposure", "cells", "cells_exposure"):
        held, before = getattr(history, name), getattr(same, name)
        assert (before.dtype, (ROWS + 3, before.shape[1])) == (held.dtype, held.shape)
        assert before.tolist() == held[:ROWS].tolist()
        assert not held[ROWS:].any()


@pytest.mark.parametrize(
    ("seconds", "expected"), [(10, 30), (60, 5), (300, 1), (1800, 1), (3600, 1), (86_400, 1), (8, 30), (225, 1)]
)
def test_a_cell_is_five_minutes_or_a_window(seconds, expected):
    """Cells are of five minutes, less where that does not divide a block, and one window where windows are long."""
    history = history_of(seconds * 1_000_000)
    assert (expected, 86_400 // seconds // expected) == (history.cell, history.cells_per_day)


def test_cells_divide_the_day_whatever_the_window():
    """For every window that divides a day its cells do so too, and none but a long window's is over five minutes."""
    for width_us in WIDTHS_US:
        history = history_of(width_us)
        assert DAY_US == history.cells_per_day * history.cell * history.width_us
        assert history.cell == 1 or history.cell * history.width_us <= CELL_US


def test_blocks_are_whole_cells():
    """Whatever the window, the blocks in which a day is lived can be remembered."""
    for width_us in WIDTHS_US:
        assert 0 == block_of(width_us) % history_of(width_us).cell, width_us
