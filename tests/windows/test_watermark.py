"""The watermark: it never goes back, waits for the slowest source, and believes no single absurd time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.windows.watermark import LEAP_US, Clock, Watermark

MINUTE = 60_000_000
BEGIN = 1_772_409_600_000_000
ABSURD = 4_070_908_800_000_000
"""2099."""
STEPS = st.lists(st.integers(-5 * MINUTE, 10 * MINUTE), min_size=8, max_size=60)
ANY = st.lists(st.integers(-ABSURD, ABSURD) | st.integers(BEGIN, BEGIN + LEAP_US), max_size=60)


def clock_after(*times):
    """A clock that saw these times."""
    clock = Clock()
    clock.see(times)
    return clock


def walk(steps):
    """Times that go on by these steps."""
    times, now = [], BEGIN
    for step in steps:
        now += step
        times.append(now)
    return times


@given(ANY)
def test_a_clock_never_goes_back(times):
    """Whatever it is told, and no faster than what it was told."""
    clock, before = Clock(), None
    for time in times:
        clock.see([time])
        assert before is None or (clock.newest is not None and before <= clock.newest)
        assert clock.newest is None or clock.newest in times
        before = clock.newest


@given(ANY, st.integers(0, 60))
def test_any_cut_shows_the_same_time(times, cut):
    """Times told one by one or in batches."""
    parts = Clock()
    parts.see(times[:cut])
    parts.see(times[cut:])
    assert clock_after(*times) == parts


ABSURDITIES = st.integers(BEGIN + 30 * LEAP_US, ABSURD) | st.integers(-ABSURD, BEGIN - 30 * LEAP_US)


@given(STEPS, st.integers(0, 60), ABSURDITIES)
def test_one_absurd_time_moves_no_clock(steps, at, absurd):
    """Wherever it comes among ordinary times, the clock is never beyond the newest of these and ends there."""
    times, clock = walk(steps), Clock()
    for time in [*times[:at], absurd, *times[at:]]:
        clock.see([time])
        assert clock.newest is None or clock.newest <= max(times)
    assert clock.newest is not None
    assert clock.newest >= max(times[2:])  # an absurd time among the first three may cost the two others
    assert max(times) == clock_after(*times).newest


def test_two_absurd_times_in_a_row_move_nothing():
    """Three are needed, and an ordinary one between them begins the count anew."""
    usual = [BEGIN] * 3
    assert BEGIN == clock_after(*usual, ABSURD, ABSURD, BEGIN, ABSURD, ABSURD, BEGIN).newest
    assert ABSURD == clock_after(*usual, ABSURD, ABSURD, ABSURD).newest


def test_a_pause_is_over_with_the_third_record():
    """After a night of silence the clock leaps, past an absurd time among the three."""
    morning = BEGIN + 8 * LEAP_US
    assert morning + 2 == clock_after(*[BEGIN] * 3, morning, morning + 1, morning + 2).newest
    assert morning + 1 == clock_after(*[BEGIN] * 3, morning, ABSURD, morning + 1).newest


def test_a_slow_source_is_followed():
    """One record every two hours: the clock lags by a few of them and does not stand still."""
    times = [BEGIN + 2 * LEAP_US * number for number in range(30)]
    newest = clock_after(*times).newest
    assert newest is not None
    assert newest >= times[-6]


EVENTS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(BEGIN, BEGIN + LEAP_US), st.integers(0, 100)))


@given(EVENTS)
def test_the_watermark_is_the_lowest_active_clock_and_never_goes_back(events):
    """Less the lateness; a source that was not heard for long holds nobody up."""
    watermark, arrival, reached = Watermark(lateness_us=7, idle_us=150), 0, 0
    for source, time, passed in events:
        arrival += passed
        watermark.see(source, [time], arrival)
        active = [clock.newest for clock in watermark.clocks.values() if clock.heard + 150 >= arrival]
        known = [newest for newest in active if newest is not None]
        if len(known) == len(active):
            reached = max(reached, min(known) - 7)
        assert (reached or None) == watermark.advance(arrival)


@pytest.mark.parametrize("now", [0, 10**9])
def test_nothing_heard_is_no_watermark(now):
    """Without any source nothing is known."""
    assert Watermark(0, 0).advance(now) is None
