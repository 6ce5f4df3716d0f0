"""Lines without a time at the begin of a block: any cut gives the same totals."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.windows.counting import CONTINUATION
from detector.windows.stitch import Seam
from detector.windows.totals import Totals
from tests.windows.counts_reference import BEGIN_US, MINUTE_US, STEM, UNKNOWN, Reference, Row, blocks, partial_of

WINDOW = BEGIN_US // MINUTE_US
HEAD = Row(None, "a", size=3)


def walk(rows: list[Row], cuts: list[int]) -> tuple[Totals, int]:
    """Totals of rows cut into blocks, and the lines that never got a time."""
    totals, seam = Totals(MINUTE_US), Seam()
    edges = [0, *sorted(cut % (len(rows) + 1) for cut in cuts), len(rows)]
    for begin, end in pairwise(edges):
        partial = partial_of(rows[begin:end])
        head = seam.join(partial)
        if head is not None:
            totals.add(head, "stream")
        totals.add(partial, "stream")
    return totals, seam.lines_without_time()


def table_of(totals: Totals) -> dict[str, dict[str, list[float]]]:
    """All series of all services, -1 where nothing is known."""
    if not totals.services:
        return {}
    return {
        name: {
            key: np.nan_to_num(values, nan=-1).tolist() for key, values in totals.series(number, *totals.span()).items()
        }
        for name, number in sorted(totals.services.items())
    }


@settings(deadline=None, max_examples=100)
@given(rows=blocks, cuts=st.lists(st.integers(0, 25), max_size=5))
def test_any_cut_gives_the_same_totals(rows, cuts):
    """The same lines in one block or in many give the same counts, clients and lines without a time."""
    whole, cut = walk(rows, []), walk(rows, cuts)
    assert (table_of(whole[0]), whole[1]) == (table_of(cut[0]), cut[1])


@settings(deadline=None)
@given(rows=blocks, cuts=st.lists(st.integers(0, 25), max_size=3))
def test_nothing_is_lost_at_a_seam(rows, cuts):
    """All lines are counted or told as without a time."""
    totals, untimed = walk(rows, cuts)
    counted = sum(sum(series["lines"]) for series in table_of(totals).values() if min(series["lines"]) >= 0)
    expected = Reference.of(rows)
    everything = sum(cell[0] for cell in [*expected.cells.values(), *expected.head.values()])
    assert everything == counted + untimed


def test_a_head_belongs_to_the_last_known_time():
    """A record without a time at the begin of a block is placed with the last time of the block before."""
    seam = Seam()
    assert seam.join(partial_of([Row(BEGIN_US, "a"), Row(BEGIN_US + 2 * MINUTE_US, "b")])) is None
    head = seam.join(partial_of([HEAD, Row(BEGIN_US + 9 * MINUTE_US, "a")]))
    assert head is not None
    assert ([WINDOW + 2], ["a"], [[1], [0], [0], [0]]) == (head.window.tolist(), head.services, head.measures.tolist())


def test_the_first_head_belongs_to_the_first_known_time():
    """Before any time is known, blocks of such lines wait for the first one."""
    seam = Seam()
    assert seam.join(partial_of([HEAD])) is None
    assert 1 == seam.lines_without_time()
    head = seam.join(partial_of([HEAD, Row(BEGIN_US, "b")]))
    assert head is not None
    assert ([WINDOW], ["a"], 2) == (head.window.tolist(), head.services, int(head.measures[0, 0]))
    assert 0 == seam.lines_without_time()


def test_a_further_line_after_a_cut_belongs_to_the_record_before():
    """A stack trace goes to the service that began it, though that record has no time and stands in another block."""
    rows = [Row(BEGIN_US, "a"), Row(None, "b"), Row(kind=CONTINUATION, payload=7)]
    totals, _ = walk(rows, [1, 2])
    assert [7.0] == table_of(totals)["b"]["bytes"]


def test_lines_that_never_get_a_time_are_told():
    """A source without any time has no counts, and says how many records it had."""
    totals, untimed = walk([HEAD, Row(kind=UNKNOWN), Row(kind=CONTINUATION)], [1])
    assert ({}, 2) == (totals.services, untimed)


def test_a_client_without_a_time_does_not_depend_on_the_cut():
    """Clients of records without a time of their own are not counted, wherever a block begins."""
    rows = [Row(BEGIN_US, STEM, "192.0.2.1"), Row(None, STEM, "192.0.2.2")]
    assert [[1.0], [1.0]] == [table_of(walk(rows, cuts)[0])[STEM]["clients"] for cuts in ([], [1])]
