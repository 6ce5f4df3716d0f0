"""Counts tables: gaps stay gaps, sums are exact, and services keep their names."""

from __future__ import annotations

import gc
from collections import defaultdict

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.windows.grid import Grid

MINUTE_US = 60_000_000
DAY = 20_514
FIRST = DAY * 1440
STEM = "stem"
rows_drawn = st.lists(
    st.tuples(
        st.integers(1438, 1443),
        st.sampled_from(["a", "b", None]),
        st.one_of(st.integers(0, 1 << 26), st.integers(0, 10**9).map(lambda millionths: millionths / 1e6)),
    ),
    max_size=20,
)


def frame_of(
    rows: list[tuple[int, str | None, float]], dtype: pl.DataType | type[pl.DataType] = pl.String
) -> pl.DataFrame:
    """Rows of (minute of DAY, service, lines)."""
    times = [(FIRST + row[0]) * MINUTE_US + 1 for row in rows]
    return pl.DataFrame({
        "timestamp": pl.Series(times, dtype=pl.Int64).cast(pl.Datetime("us", "UTC")),
        "service": pl.Series([row[1] for row in rows], dtype=pl.String).cast(dtype),
        "lines": pl.Series([row[2] for row in rows], dtype=pl.Float64),
    })  # fmt: skip


def lines_of(grid: Grid, service: str, begin: int, end: int) -> list[float | None]:
    """Lines of the minutes begin..end-1 of DAY, None for a gap."""
    values = grid.series(grid.services[service], FIRST + begin, FIRST + end)["lines"].tolist()
    return [None if np.isnan(value) else value for value in values]


@pytest.mark.parametrize("dtype", [pl.String, pl.Categorical])
@settings(deadline=None)
@given(rows=rows_drawn, cut=st.integers(0, 20))
def test_sums_are_exact_to_millionths_however_rows_arrive(dtype, rows, cut):
    """Rows of the same service and minute add up to the last millionth, in one batch, in two, or backwards."""
    exact: dict[tuple[str, int], int] = defaultdict(int)
    for minute, service, lines in rows:
        exact[service or STEM, minute] += round(lines * 1e6)
    for parts in ([rows], [rows[:cut], rows[cut:]], [rows[::-1]]):
        grid = Grid(MINUTE_US)
        for part in parts:
            grid.add(frame_of(part, dtype), STEM)
        found = {
            (name, minute): round(value * 1e6)
            for name in grid.services
            for minute, value in enumerate(lines_of(grid, name, 0, 2880))
            if value is not None
        }
        assert exact == found


def test_a_missing_row_is_a_gap():
    """A minute without a row is unknown, a row of zero is zero."""
    grid = Grid(MINUTE_US)
    grid.add(frame_of([(0, "a", 5), (2, "a", 0)]), STEM)
    assert [5.0, None, 0.0, None] == lines_of(grid, "a", 0, 4)


def test_duplicates_add_up():
    """Two rows of a service and minute, in one batch or in two, are summed."""
    grid = Grid(MINUTE_US)
    grid.add(frame_of([(0, "a", 5), (0, "a", 6)]), STEM)
    grid.add(frame_of([(0, "a", 7)]), STEM)
    assert [18.0] == lines_of(grid, "a", 0, 1)


def test_widening_keeps_what_is_there():
    """Small whole numbers take four bytes; one fraction widens the day and changes no other value."""
    grid = Grid(MINUTE_US)
    grid.add(frame_of([(minute, "a", minute) for minute in range(10)]), STEM)
    assert (4, False) == (grid.days[DAY]["lines"].itemsize, grid.fractional)
    grid.add(frame_of([(3, "a", 0.25), (11, "a", 2.0**24 + 1)]), STEM)
    assert (8, True) == (grid.days[DAY]["lines"].itemsize, grid.fractional)
    assert [0, 1, 2, 3.25, *range(4, 10), None, 2.0**24 + 1] == lines_of(grid, "a", 0, 12)


@pytest.mark.parametrize("batches", [1, 4])
def test_many_small_values_widen_before_they_lose_a_digit(batches):
    """Small odd numbers of one minute add up exactly beyond what four bytes hold."""
    grid = Grid(MINUTE_US)
    for _ in range(batches):
        grid.add(frame_of([(0, "a", 16_383)] * 2_001), STEM)
    assert [batches * 2_001 * 16_383.0] == lines_of(grid, "a", 0, 1)


def test_a_dictionary_keeps_its_names_from_batch_to_batch():
    """The numbers of a dictionary change from file to file; counts go by name all the same."""
    grid = Grid(MINUTE_US)
    for minute, names in enumerate((["a", "b"], ["b", "a"], ["c", "a", "b"])):
        grid.add(frame_of([(minute, name, ord(name)) for name in names], pl.Categorical), STEM)
        gc.collect()
    assert [[97.0, 97.0, 97.0], [98.0, 98.0, 98.0], [None, None, 99.0]] == [
        lines_of(grid, name, 0, 3) for name in "abc"
    ]


def test_dictionaries_of_their_own_do_not_mix():
    """Two columns whose dictionaries number the same names differently go by name, and so does plain text."""
    grid = Grid(MINUTE_US)
    kinds = pl.Categorical(pl.Categories("x")), pl.Categorical(pl.Categories("y")), pl.Enum(["b", "a"]), pl.String()
    dtypes: list[pl.DataType] = list(kinds)
    for minute, dtype in enumerate(dtypes):
        names = "ab" if minute % 2 else "ba"
        grid.add(frame_of([(minute, name, ord(name)) for name in names], dtype), STEM)
    assert [[97.0] * 4, [98.0] * 4] == [lines_of(grid, name, 0, 4) for name in "ab"]


def test_rows_without_a_service_are_the_files():
    """A table without services, or a row without one, counts for the file."""
    grid = Grid(MINUTE_US)
    grid.add(frame_of([(0, None, 1)]), STEM)
    grid.add(frame_of([(0, None, 2), (0, "a", 9)], pl.Categorical), STEM)
    grid.add(frame_of([(0, None, 4)]).drop("service"), STEM)
    assert ([7.0], [9.0]) == (lines_of(grid, STEM, 0, 1), lines_of(grid, "a", 0, 1))


def test_more_services_than_rooms_fit():
    """A day grows with its services, and those that came before keep their counts."""
    grid = Grid(MINUTE_US)
    names = [f"s{number}" for number in range(100)]
    for number, name in enumerate(names):
        grid.add(frame_of([(0, name, number)]), STEM)
    assert [[float(number)] for number in range(100)] == [lines_of(grid, name, 0, 1) for name in names]


def test_unknown_values_of_a_row_are_gaps_of_their_own():
    """A row whose bytes are unknown still counts its lines."""
    grid = Grid(MINUTE_US)
    grid.add(frame_of([(0, "a", 5), (1, "a", 6)]).with_columns(bytes=pl.Series([float("nan"), 70.0])), STEM)
    series = grid.series(0, FIRST, FIRST + 2)
    assert ([5.0, 6.0], [-1.0, 70.0]) == (series["lines"].tolist(), np.nan_to_num(series["bytes"], nan=-1).tolist())
    assert np.isnan(series["clients"]).all()


def test_the_span_is_that_of_all_services():
    """From the first window with a row to the one after the last, over days without any."""
    grid = Grid(MINUTE_US)
    grid.add(frame_of([(1000, "b", 1), (5 * 1440 + 7, "a", 1)]), STEM)
    assert (FIRST + 1000, FIRST + 5 * 1440 + 8) == grid.span()
    assert [None, 1.0, None] == lines_of(grid, "a", 5 * 1440 + 6, 5 * 1440 + 9)


def test_matrices_are_the_series_of_a_day():
    """A matrix has the services in the order asked for, an unknown row for -1, and gaps where nothing was read."""
    grid = Grid(MINUTE_US)
    grid.add(frame_of([(0, "a", 1.5), (1, "b", 2), (1440, "b", 3)]), STEM)
    for day in (DAY - 1, DAY, DAY + 1):
        matrix = grid.matrices(day, np.array([1, -1, 0]), ("lines",))["lines"]
        rows = [
            grid.series(1, day * 1440, day * 1440 + 1440)["lines"],
            np.full(1440, np.nan),
            grid.series(0, day * 1440, day * 1440 + 1440)["lines"],
        ]
        np.testing.assert_array_equal(np.stack(rows), matrix)


def test_no_rows_are_no_day():
    """An empty batch leaves no trace."""
    grid = Grid(MINUTE_US)
    grid.add(frame_of([]), STEM)
    assert ({}, {}) == (grid.services, grid.days)
