"""Merged counts of a run: sums that do not depend on the order in which they arrive."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.windows.totals import DAY_US, Totals
from tests.windows.counts_reference import BEGIN_US, MINUTE_US, Reference, Row, blocks, partial_of

DAY = BEGIN_US // DAY_US
FIRST = BEGIN_US // MINUTE_US
LATER = Row(BEGIN_US + 3 * MINUTE_US)  # in the next day


def totals_of(*parts: tuple[str, list[Row]]) -> Totals:
    """Totals of the rows of several streams."""
    totals = Totals(MINUTE_US)
    for stream, rows in parts:
        totals.add(partial_of(rows), stream)
    return totals


def rows_at(service: str, *minutes: int, clients: tuple[str | None, ...] = (None,)) -> list[Row]:
    """A record of each client at each minute after BEGIN_US."""
    return [Row(BEGIN_US + minute * MINUTE_US, service, client) for minute in minutes for client in clients]


def table_of(totals: Totals) -> dict[str, dict[str, list[float]]]:
    """All series of all services by name, -1 where nothing is known."""
    return {
        name: {
            key: np.nan_to_num(values, nan=-1).tolist() for key, values in totals.series(number, *totals.span()).items()
        }
        for name, number in sorted(totals.services.items())
    }


@settings(deadline=None, max_examples=60)
@given(
    parts=st.lists(st.tuples(st.sampled_from(["x", "y"]), blocks), max_size=5), chance=st.randoms(use_true_random=False)
)
def test_the_order_of_partials_makes_no_difference(parts, chance):
    """Partial counts in any order give the same series."""
    assert table_of(totals_of(*parts)) == table_of(totals_of(*chance.sample(parts, len(parts))))


@settings(deadline=None, max_examples=60)
@given(parts=st.lists(blocks, min_size=1, max_size=4))
def test_sums_are_those_of_the_reference(parts):
    """Every cell holds the sum over all blocks; clients seen in several blocks count once."""
    totals = totals_of(*(("x", rows) for rows in parts))
    found = [Reference.of(rows) for rows in parts]
    for window, service in {key for one in found for key in one.cells}:
        series = {
            name: values[0] for name, values in totals.series(totals.services[service], window, window + 1).items()
        }
        expected = np.sum([one.cells[window, service] for one in found], axis=0).tolist()
        clients = len(set().union(*(one.clients[window, service] for one in found)))
        assert expected == [series[name] for name in ("lines", "bytes", "errors", "debug")]
        assert (clients or -1) == np.nan_to_num(series["clients"], nan=-1)


def test_many_partials_are_merged_on_the_way():
    """A day that has to be brought together again and again holds the same sums as one added at once."""
    rng = np.random.default_rng(5)
    rows = [Row(DAY * DAY_US + int(at), "a", f"c{at % 7}") for at in rng.integers(0, DAY_US, 30_000)]
    at_once, step = totals_of(("x", rows)), 3_000
    by_parts = totals_of(*(("x", rows[begin : begin + step]) for begin in range(0, len(rows), step)))
    assert len(by_parts.days[DAY].cells) < len(rows) // step
    assert table_of(at_once) == table_of(by_parts)


def test_silence_is_zero_inside_a_stream_and_unknown_outside():
    """Between the first and the last line of its stream a service is known to be silent, elsewhere nothing is known."""
    totals = totals_of(("x", rows_at("a", 0, 3) + rows_at("b", 1)))
    assert [-1, 0, 1, 0, 0, -1] == np.nan_to_num(
        totals.series(totals.services["b"], FIRST - 1, FIRST + 5)["lines"], nan=-1
    ).tolist()


def test_a_span_is_that_of_the_streams_of_a_service():
    """A stream without the service says nothing about it; streams with it join their spans."""
    totals = totals_of(("x", rows_at("a", 1)), ("y", rows_at("b", 0, 4)), ("z", rows_at("a", 3)))
    first, last = totals.spans()
    assert [(FIRST + 1, FIRST + 3), (FIRST, FIRST + 4)] == list(zip(first.tolist(), last.tolist(), strict=True))
    assert (FIRST, FIRST + 5) == totals.span()


def test_matrices_are_the_series_of_a_day():
    """A matrix has the services in the order asked for, an unknown row for -1, and the windows of one day."""
    totals = totals_of(("x", rows_at("a", 0, 1, 3, clients=("c", "d")) + rows_at("b", 4)))
    order = np.array([totals.services["b"], -1, totals.services["a"]])
    for day in (DAY, DAY + 1):
        matrices = totals.matrices(day, order)
        for row, number in enumerate(order):
            for name, matrix in matrices.items():
                expected = (
                    totals.series(number, day * 1440, day * 1440 + 1440)[name] if number >= 0 else np.full(1440, np.nan)
                )
                np.testing.assert_array_equal(expected, matrix[row])


def test_only_the_measures_asked_for_are_made():
    """A walk that needs lines does not pay for the rest."""
    totals = totals_of(("x", rows_at("a", 0)))
    assert ["lines"] == list(totals.matrices(DAY, np.array([0]), ("lines",)))


def test_a_day_without_lines_inside_a_stream_is_zero():
    """A day from which no line came, between two others, is silence."""
    totals = totals_of(("x", rows_at("a", 0, 3 * 1440)))
    assert [0.0] == np.unique(totals.matrices(DAY + 1, np.array([0]), ("lines",))["lines"]).tolist()


def test_distinct_clients_over_windows_count_once():
    """Clients of several windows and days together are a union, not a sum; without any they are unknown."""
    totals = totals_of(
        ("x", rows_at("a", 0, 1, 2, 3, clients=("c", "d", "e")) + rows_at("a", 3, clients=("f",)) + rows_at("b", 0))
    )
    a, b = totals.services["a"], totals.services["b"]
    assert [3, 4, None] == [
        totals.distinct(a, FIRST, FIRST + 3),
        totals.distinct(a, FIRST, FIRST + 4),
        totals.distinct(a, FIRST + 4, FIRST + 9),
    ]
    assert totals.distinct(b, FIRST, FIRST + 4) is None


def test_a_forgotten_day_frees_its_counts_alone():
    """After a day was forgotten the others are as before."""
    totals = totals_of(("x", rows_at("a", 0, 3)))
    totals.forget(DAY)
    assert [DAY + 1] == list(totals.days)
    assert 1.0 == np.nansum(totals.series(0, *totals.span())["lines"])


def test_nothing_adds_nothing():
    """A block without any time leaves no trace."""
    totals = totals_of(("x", []), ("y", [Row(None, "a")]))
    assert ({}, {}, {}) == (totals.services, totals.days, totals.extents)


@pytest.mark.parametrize("width_us", [10_000_000, 300_000_000, 3_600_000_000])
def test_other_widths(width_us):
    """Windows of any length that divides a day fall into their day."""
    totals = Totals(width_us)
    totals.add(partial_of([Row(BEGIN_US), LATER], width_us), "x")
    assert [DAY, DAY + 1] == sorted(totals.days)
    assert 2.0 == np.nansum(totals.series(0, *totals.span())["lines"])
