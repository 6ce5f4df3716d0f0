"""Retries among what clients send."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.causes import Cause, Factor
from detector.explain import retries
from detector.explain.retries import NONE, Attempts, attempts_of, merge, retried

Row = tuple[int, int, str, int | None]
"""Second, client, what is asked, status."""


def records(rows: list[Row], **columns: list[object]) -> pl.DataFrame:
    """These requests; other columns instead of theirs."""
    found = {
        "timestamp": pl.Series([second * 1_000_000 for second, *_ in rows], dtype=pl.Int64).cast(
            pl.Datetime("us", "UTC")
        ),
        "client_hash": pl.Series([client << 55 for _, client, *_ in rows], dtype=pl.UInt64),
        "endpoint": pl.Series([asked for *_, asked, _ in rows], dtype=pl.String),
        "status": pl.Series([status for *_, status in rows], dtype=pl.Int32),
    }
    return pl.DataFrame(found | columns)


def shares(rows: list[Row], begin: int = 0) -> tuple[float, float] | None:
    """Of retries, before and from second `begin` on; enough other requests make them known."""
    others = [(second, 99, f"/{second}", 200) for second in (begin - 1, begin + 1000)] * retries.LEAST_ATTEMPTS
    every = [*rows, *others]
    found = retried(attempts_of(records(every), None), begin * 1_000_000)
    late = sum(second >= begin for second, *_ in every)
    return None if found is None else (round(found[0] * (len(every) - late), 6), round(found[1] * late, 6))


@pytest.mark.parametrize("status", [429, 500, 503, 504, 599, 408, 499])
def test_the_same_again_after_a_failure_is_a_retry(status):
    """Whoever asks the same within the horizon after it failed retries, also when it then succeeds."""
    assert (0, 2) == shares([(10, 1, "GET /a", status), (12, 1, "GET /a", status), (20, 1, "GET /a", 200)])
    assert (0, 1) == shares([(10, 1, "GET /a", status), (10, 1, "GET /a", 200), (12, 1, "GET /a", 200)])


@pytest.mark.parametrize("rows", [
    [(10, 1, "GET /a", 200), (11, 1, "GET /a", 200)],
    [(10, 1, "GET /a", 404), (11, 1, "GET /a", 200)],
    [(10, 1, "GET /a", 503), (11, 2, "GET /a", 200)],
    [(10, 1, "GET /a", 503), (11, 1, "GET /b", 200)],
    [(10, 1, "GET /a", 503), (11 + retries.HORIZON_S, 1, "GET /a", 200)],
    [(10, 1, "GET /a", 503), (9, 1, "GET /a", 200)],
])  # fmt: skip
def test_nothing_else_is_a_retry(rows):
    """Not after a success, of another client, of another request, after the horizon, nor before the failure."""
    assert (0, 0) == shares(rows)


def test_both_periods_have_their_share():
    """A retry belongs to the period in which it comes."""
    assert (1, 2) == shares([(50, 1, "/a", 500), (52, 1, "/a", 500), (55, 1, "/a", 500), (56, 1, "/a", 200)], begin=54)


def test_a_message_tells_it_where_no_status_does():
    """Without status and path the template is the request, and the message says that it timed out."""
    texts = ["call to db-1 timed out", "call to db-2 timed out", "all is well"] * 10
    frame = records([(n // 3 * 60 + n % 3, 1, "", None) for n in range(30)]).select("timestamp", "client_hash")
    templates = pl.Series(["call to <*> timed out", "call to <*> timed out", "all is well"] * 10)
    well = ["all is well"] * 30
    found = [retried(attempts_of(frame.with_columns(message=pl.Series(each)), templates), 0) for each in (texts, well)]
    assert [(0, 10 / 30), None] == found


def test_what_nothing_tells_is_not_known():
    """Without clients, without what was asked, or with few attempts nothing is said."""
    rows: list[Row] = [(n, 1, "/a", 500) for n in range(30)]
    assert NONE is attempts_of(records(rows).drop("client_hash"), None)
    assert NONE is attempts_of(records(rows).drop("endpoint"), None)
    assert retried(attempts_of(records(rows[:5]), None), 0) is None
    assert (0, 29 / 30) == retried(attempts_of(records(rows), None), 0)


requests = st.lists(
    st.tuples(st.integers(0, 60), st.integers(0, 3), st.sampled_from(["/a", "/b"]), st.sampled_from([200, 503, None])),
    max_size=60,
)


def of_parts(rows: list[Row], cuts: list[int]) -> Attempts:
    """Attempts of the rows cut into parts, which are merged in another order."""
    edges = [0, *sorted({cut % (len(rows) + 1) for cut in cuts}), len(rows)]
    parts = [attempts_of(records(rows[begin:end]), None) for begin, end in pairwise(edges)]
    return merge([merge(parts[::-2]), merge(parts[-2::-2])])


@pytest.mark.parametrize("most", [retries.MOST_ROWS, 12, 3])
@settings(max_examples=60, deadline=None)
@given(rows=requests, cuts=st.lists(st.integers(0, 60), max_size=6))
def test_any_split_tells_the_same(most: int, rows: list[Row], cuts: list[int]) -> None:
    """Wherever the records are cut and in whatever order they come, also where only a sample of them is kept."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retries, "MOST_ROWS", most)
        whole, parts = merge([attempts_of(records(rows), None)]), of_parts(rows, cuts)
        assert (whole.halvings, whole.tells) == (parts.halvings, parts.tells)
        assert whole.rows.sort("pair", "second").equals(parts.rows.sort("pair", "second"))
        assert len(whole.rows) <= most
        assert retried(whole, 30_000_000) == retried(parts, 30_000_000)


@settings(max_examples=60, deadline=None)
@given(rows=requests)
def test_it_is_what_a_walk_through_the_requests_finds(rows: list[Row]) -> None:
    """One after the other, those that failed first within a second: the slow way gives the same number."""
    last: dict[tuple[int, str], tuple[int, bool]] = {}
    expected = 0
    for second, client, asked, status in sorted(rows, key=lambda row: (row[0], row[3] != 503)):
        before, failed = last.get((client, asked), (-1000, False))
        expected += failed and second - before <= retries.HORIZON_S
        last[client, asked] = second, status == 503
    found = shares(rows)
    assert found is not None
    assert (0, expected) == found


@pytest.mark.parametrize(("retried", "messages", "share"), [
    ((0.1, 0.35), (2.0, 10.0), 3.3 / 8),
    ((0.0, 0.9), (8.0, 10.0), 1.0),
    ((0.9, 0.1), (8.0, 10.0), 0.0),
    ((0.1, 0.35), (10.0, 9.0), None),
    (None, (2.0, 10.0), None),
])  # fmt: skip
def test_the_share_is_of_what_messages_per_client_grew_by(retried, messages, share):
    """From 2 to 10 messages, of which before 10 % and then 35 % are retries: 3.3 of the 8 more."""
    clients = Factor(5.0, 5.0, 0.0)
    cause = Cause("messages_per_client", clients, Factor(messages[0], messages[1], 1.0), None, retried=retried)
    assert share == (None if cause.retries_share is None else pytest.approx(cause.retries_share))
    assert replace(cause, clients=None).retries_share is None
