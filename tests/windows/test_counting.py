"""Counts of one block, against counting in plain Python."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings

from detector.windows.counting import CONTINUATION, count
from tests.windows.counts_reference import (
    BEGIN_US,
    MINUTE_US,
    STEM,
    UNKNOWN,
    Reference,
    Row,
    blocks,
    cells_of,
    clients_of,
    partial_of,
)

WIDTHS = pytest.mark.parametrize("width_us", [1_000_000, MINUTE_US, 3_600_000_000])


@WIDTHS
@settings(deadline=None)
@given(rows=blocks)
def test_cells_are_those_of_the_reference(width_us, rows):
    """Lines, bytes, errors and debug of every service and window are what counting by hand gives."""
    assert Reference.of(rows, width_us).cells == cells_of(partial_of(rows, width_us))


@WIDTHS
@settings(deadline=None)
@given(rows=blocks)
def test_distinct_clients_are_those_of_the_reference(width_us, rows):
    """A handful of clients is counted exactly, a missing client is none, an empty name is one."""
    expected = {key: len(found) for key, found in Reference.of(rows, width_us).clients.items()}
    assert expected == clients_of(partial_of(rows, width_us))


@settings(deadline=None)
@given(rows=blocks)
def test_lines_before_the_first_known_time_wait(rows):
    """What stands before the first known time and service is kept by service, None for further lines of no record."""
    partial = partial_of(rows)
    assert Reference.of(rows).head == {service: measures.tolist() for service, measures in partial.head.items()}


@settings(deadline=None)
@given(rows=blocks)
def test_edges_are_those_of_the_reference(rows):
    """First and last known line, earliest and latest time are found, and are None where nothing has a time."""
    partial, expected = partial_of(rows), Reference.of(rows)
    edges = (
        (expected.keys[0], expected.keys[-1], min(expected.times), max(expected.times))
        if expected.keys
        else (None,) * 4
    )
    assert edges == (partial.first, partial.last, partial.first_us, partial.last_us)


@settings(deadline=None)
@given(rows=blocks)
def test_nothing_is_lost(rows):
    """Every line is in a cell or in the head: their bytes add up to those of all lines."""
    partial = partial_of(rows)
    waiting = sum(int(measures[1]) for measures in partial.head.values())
    assert sum(row.payload or 0 for row in rows) == int(partial.measures[1].sum()) + waiting


def test_times_far_apart_take_no_memory_between_them():
    """Two records a century apart are two cells, not all the windows between."""
    century_us = 36_525 * 24 * 60 * MINUTE_US
    partial = partial_of([Row(-century_us // 2, "a"), Row(century_us // 2, "b")], 1_000_000)
    assert [-century_us // 2_000_000, century_us // 2_000_000] == partial.window.tolist()
    assert ["a", "b"] == [partial.services[code] for code in partial.service]


def test_a_further_line_belongs_to_its_record():
    """A further line adds bytes to the service and window of its record, but is no line of its own."""
    frame = pl.DataFrame(
        {"timestamp": [BEGIN_US, None, None], "service": ["a", None, None]},
        schema={"timestamp": pl.Datetime("us", "UTC"), "service": pl.String},
    )
    kinds = pl.Series([0, CONTINUATION, UNKNOWN], dtype=pl.Int8)
    partial = count(frame, kinds, np.array([5, 7, 11]), MINUTE_US, STEM)
    window = BEGIN_US // MINUTE_US
    assert {(window, "a"): [1, 12, 0, 0], (window, STEM): [1, 11, 0, 0]} == cells_of(partial)


def test_only_times_are_needed():
    """Without a service lines are the file's, without a stated payload their own size counts, clients are none."""
    frame = pl.DataFrame({"timestamp": [BEGIN_US, BEGIN_US + 1]}, schema={"timestamp": pl.Datetime("us", "UTC")})
    partial = count(frame, None, np.array([5, 7]), MINUTE_US, STEM)
    assert {(BEGIN_US // MINUTE_US, STEM): [2, 12, 0, 0]} == cells_of(partial)
    assert {} == clients_of(partial)


def test_big_payloads_are_summed_exactly():
    """Sums of bytes stay whole numbers: a petabyte and one byte is more than a petabyte."""
    partial = partial_of([Row(BEGIN_US, "a", payload=10**15), Row(BEGIN_US, "a", payload=1)])
    assert [10**15 + 1] == partial.measures[1].tolist()
