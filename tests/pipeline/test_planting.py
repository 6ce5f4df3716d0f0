"""Planted surges: of the size that was asked for, the same every time, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.pipeline.planting import KINDS, SHAPES, SIZES, Planted, Slot, choose, course, rate
from detector.pipeline.stores import Real
from detector.windows.grid import Grid
from tests.pipeline.making import START_US, season
from tests.pipeline.storing import grid_of

WIDTH = 60_000_000
FIRST = START_US // WIDTH
SLOT = Slot("shop", FIRST + 600, FIRST + 660, "step")


def day_of(store: Grid, number: int = 0) -> dict[str, Real]:
    """All measures of one day of the only service."""
    matrices = store.matrices(FIRST // 1440 + number, np.array([0]), ("lines", "bytes", "clients"))
    return {name: matrix[0] for name, matrix in matrices.items()}


def planted_day(store: Grid, slot: Slot = SLOT, factor: float = 4.0, kind: str = "lines") -> dict[str, Real]:
    """The same with a surge."""
    return day_of(Planted(store, {0: slot}, factor, kind))  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("factor", SIZES)
def test_the_size_is_exact_in_expectation(shape, factor):
    """Over many surges the extra records are (factor - 1) x the usual rate x the shape, within four standard errors."""
    store = grid_of({"shop": np.full(1440, 50)})
    extra = expected = 0.0
    for begin in range(60, 1300, 40):
        slot = Slot("shop", FIRST + begin, FIRST + begin + 30, shape)
        extra += float((planted_day(store, slot, factor)["lines"] - day_of(store)["lines"]).sum())
        expected += 50 * float(course(shape, 30, factor).sum())
    assert abs(extra - expected) < 4 * np.sqrt(expected)


def test_shapes_reach_the_factor():
    """A step at once, a ramp and a doubling in the last window."""
    for shape in SHAPES:
        assert pytest.approx(3.0) == course(shape, 30, 4.0)[-1]
    assert [3.0] * 5 == course("step", 5, 4.0).tolist()
    steps = np.log(1 + course("doubling", 8, 4.0))
    assert pytest.approx(np.diff(steps)[0]) == np.diff(steps)


@pytest.mark.parametrize("kind", KINDS)
def test_a_size_of_one_is_what_was_there(kind):
    """To the bit, in every measure."""
    store = grid_of({"shop": season(1)}, clients=20)
    for name, values in planted_day(store, factor=1.0, kind=kind).items():
        np.testing.assert_array_equal(day_of(store)[name], values)


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_windows_of_the_surge_change(kind):
    """All others are conserved, of this day and of the next."""
    store = grid_of({"shop": season(2)}, clients=20)
    for name, values in planted_day(store, kind=kind).items():
        changed = np.flatnonzero(values != day_of(store)[name])
        assert changed.size == 0 or (600 <= changed.min() and changed.max() < 660)
    tomorrow = day_of(Planted(store, {0: SLOT}, 4.0, kind), 1)  # type: ignore[arg-type]
    np.testing.assert_array_equal(day_of(store, 1)["lines"], tomorrow["lines"])


@pytest.mark.parametrize(
    ("kind", "grows"),
    [("lines", {"lines", "bytes", "clients"}), ("messages_per_client", {"lines", "bytes"}), ("bytes", {"bytes"})],
)
def test_each_kind_lets_its_measures_grow(kind, grows):
    """More clients, more messages of as many clients, or larger messages."""
    store = grid_of({"shop": season(1)}, clients=20)
    before, after = day_of(store), planted_day(store, kind=kind)
    assert grows == {name for name in after if after[name][600:660].sum() > 2 * before[name][600:660].sum()}
    assert all((after[name] >= before[name]).all() for name in after)


def test_the_same_surge_is_the_same_every_time():
    """And another size is another one."""
    store = grid_of({"shop": season(1)})
    first, second = planted_day(store), planted_day(store)
    np.testing.assert_array_equal(first["lines"], second["lines"])
    assert not np.array_equal(first["lines"], planted_day(store, factor=2.0)["lines"])


@given(st.integers(601, 659), st.integers(0, 10_000))
def test_a_surge_knows_nothing_of_later_counts(cut, later):
    """What is planted up to a moment is the same whatever comes after it."""
    counts = season(1)
    changed = counts.copy()
    changed[cut:] = later
    one, two = (planted_day(grid_of({"shop": values}))["lines"][:cut] for values in (counts, changed))
    np.testing.assert_array_equal(one, two)


def test_a_series_is_that_of_the_days():
    """One service over any stretch has the surge of its day."""
    store = Planted(grid_of({"shop": season(2)}), {0: SLOT}, 4.0, "lines")
    series = store.series(0, FIRST + 630, FIRST + 1500)["lines"]
    days = [store.matrices(FIRST // 1440 + day, np.array([0]), ("lines",))["lines"][0] for day in (0, 1)]
    np.testing.assert_array_equal(np.concatenate(days)[630:1500], series)


def test_gaps_stay_gaps():
    """Nothing is planted where nothing is known."""
    counts = season(1).astype(float)
    counts[620:630] = np.nan
    lines = planted_day(grid_of({"shop": counts}))["lines"]
    assert np.isnan(lines[620:630]).all()
    assert np.isfinite(lines[:620]).all()


def test_the_rate_lies_between_the_count_and_its_past():
    """Half the count, half the mean of the last quarter of an hour, gaps left out."""
    lines = np.r_[np.full(14, 10.0), 40.0, np.nan]
    assert [10.0, (40 + 12) / 2, 0.0] == rate(lines, WIDTH)[-3:].tolist()


@given(st.integers(0, 30), st.integers(0, 2000))
def test_a_place_is_allowed_and_speaks(turn, seed):
    """All its windows and the next one are allowed, and the service says something in it."""
    rng = np.random.default_rng(seed)
    lines = rng.poisson(rng.choice([0.0, 0.05, 5.0], 48).repeat(30)).astype(float)
    allowed = rng.random(1440) > 0.002
    slot = choose({"lines": lines}, allowed, "shop", 1440, turn, WIDTH)
    if slot is not None:
        here = slice(slot.first - 1440, slot.end - 1440)
        assert allowed[here.start : here.stop + 1].all()
        assert here.stop < 1440
        assert lines[here].sum() >= 10
        assert ("lines",) == slot.kinds
