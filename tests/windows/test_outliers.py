"""Absurd times: dropped when they are far away and few, counted, and the same for every cut."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.windows.counting import Partial
from detector.windows.outliers import drop_outliers, stretches_of
from detector.windows.totals import FAR_DAYS, Totals

WIDTH_US = 60_000_000
PER_DAY = 1440
TODAY = 20_500
FUTURE = TODAY + 10_000


def part(*cells):
    """Counts of one block: (service, day, lines), all at noon."""
    names = sorted({service for service, _, _ in cells})
    sums: Counter[tuple[int, int]] = Counter()
    for service, day, lines in cells:
        sums[day * PER_DAY + 720, names.index(service)] += lines
    window, service = np.array(sorted(sums), np.int64).T
    lines = np.array([sums[cell] for cell in sorted(sums)], np.int64)
    return Partial(list(names), window, service, np.stack([lines, lines * 100, 0 * lines, 0 * lines]))


def totals_of(*parts):
    """Totals of (stream, partial) pairs."""
    totals = Totals(WIDTH_US)
    for stream, partial in parts:
        totals.add(partial, stream)
    return totals


def table_of(totals):
    """All that can be asked of totals, by name."""
    order = np.array([totals.services[name] for name in sorted(totals.services)], np.int64)
    lines = {day: totals.matrices(day, order, ("lines",))["lines"].tolist() for day in sorted(totals.days)}
    return sorted(totals.services), totals.span(), str(lines)


def usual(service="www", lines=1000):
    """Three days of a service."""
    return part(*((service, TODAY + day, lines) for day in range(3)))


@pytest.mark.parametrize("absurd", [0, TODAY - FAR_DAYS, TODAY + 2 + FAR_DAYS, FUTURE])
def test_a_far_day_with_few_lines_is_dropped(absurd):
    """Before or after all others: what remains is as if it had never been, except for the count."""
    totals = totals_of(("a", usual()), ("a", part(("www", absurd, 30))))
    assert 30 == drop_outliers(totals)
    assert table_of(totals_of(("a", usual()))) == table_of(totals)


NEAR_OR_MANY = [(TODAY - FAR_DAYS + 1, 1), (TODAY + 1 + FAR_DAYS, 1), (0, 31), (FUTURE, 31)]


@pytest.mark.parametrize(("day", "lines"), NEAR_OR_MANY)
def test_near_days_and_many_lines_stay(day, lines):
    """Less than 90 days away, or more than one line in a hundred: the time axis is what the input says."""
    totals = totals_of(("a", usual()), ("a", part(("www", day, lines))))
    expected = table_of(totals)
    assert 0 == drop_outliers(totals)
    assert expected == table_of(totals)


def test_both_ends_are_cut():
    """1970 and 2099 in one file, and several stretches on one side."""
    absurd = part(("www", 0, 1), ("www", 200, 2), ("www", FUTURE, 3), ("www", FUTURE + 200, 4))
    totals = totals_of(("a", absurd), ("a", usual()))
    assert 10 == drop_outliers(totals)
    assert table_of(totals_of(("a", usual()))) == table_of(totals)


def test_all_that_is_dropped_is_one_line_in_a_hundred():
    """A job that runs twice a year is no collection of outliers."""
    totals = totals_of(("a", part(*(("yearly", TODAY + 180 * number, 1) for number in range(200)))))
    assert 2 == drop_outliers(totals)
    assert 198 == len(totals.days)


def test_a_service_seen_only_then_is_forgotten():
    """Its name was read from a broken line; the others keep their counts, new ones get numbers of their own."""
    absurd = part(("broken", FUTURE, 1), ("www", FUTURE, 1))
    totals = totals_of(("b", absurd), ("a", usual("api")), ("b", usual("www")))
    assert 2 == drop_outliers(totals)
    assert table_of(totals_of(("a", usual("api")), ("b", usual("www")))) == table_of(totals)
    totals.add(usual("new"), "c")
    assert 3 == len(set(totals.services.values()))


def test_a_stream_keeps_its_own_span():
    """What remains of a stream is silent between its own first and last line, not between those of others."""
    late = part(("cron", TODAY + 9, 500), ("cron", TODAY + 11, 500))
    totals = totals_of(("a", part(("cron", 0, 1))), ("a", late), ("b", usual()))
    drop_outliers(totals)
    first, last = totals.spans()
    cron = totals.services["cron"]
    assert ((TODAY + 9) * PER_DAY + 720, (TODAY + 11) * PER_DAY + 720) == (first[cron], last[cron])


STREAMS = ("a", "b")
CELLS = st.tuples(
    st.sampled_from(["www", "api", "cron"]), st.sampled_from([0, 80, 170, 400, 401, 500, 9000]), st.integers(0, 400)
)
PLACED = st.lists(st.tuples(st.sampled_from(STREAMS), CELLS), min_size=1, max_size=20)


def parts_of(placed):
    """One block of each stream."""
    own = {stream: [cell for one, cell in placed if one == stream] for stream in STREAMS}
    return [(stream, part(*cells)) for stream, cells in own.items() if cells]


@settings(max_examples=200, deadline=None)
@given(placed=PLACED, cuts=st.sets(st.integers(1, 19)), order=st.randoms(use_true_random=False))
def test_every_cut_drops_the_same(placed, cuts, order):
    """In one block per stream, or cut anywhere and in another order; and nothing is lost beyond what is counted."""
    edges = sorted({0, len(placed), *(cut for cut in cuts if cut < len(placed))})
    pieces = [one for begin, end in pairwise(edges) for one in parts_of(placed[begin:end])]
    order.shuffle(pieces)
    one, other = totals_of(*parts_of(placed)), totals_of(*pieces)
    dropped = drop_outliers(one)
    assert dropped == drop_outliers(other)
    assert table_of(one) == table_of(other)
    every = sum(lines for _, (_, _, lines) in placed)
    assert every - dropped == sum(day.lines() for day in one.days.values())
    assert dropped <= every / 100


def test_without_lines_nothing_happens():
    """No day, no stretch."""
    assert 0 == drop_outliers(Totals(WIDTH_US))
    assert [[1, 90], [180]] == stretches_of([1, 90, 180])
