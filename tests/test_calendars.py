"""Calendars: planned times on the clock of a place."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from detector.calendars import WEEKDAYS, Calendar

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US


def us(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> int:
    """A moment in UTC, microseconds since 1970."""
    return int(datetime(year, month, day, hour, minute, tzinfo=UTC).timestamp()) * 1_000_000


def test_a_night_begins_on_its_day_and_ends_on_the_next():
    """A time that ends before it begins lasts past midnight, by the day on which it begins."""
    night = Calendar("batch", time(22), time(2), days=("fri",))
    found = night.spans(us(2026, 7, 13), us(2026, 7, 27))
    assert [(us(2026, 7, 17, 22), us(2026, 7, 18, 2)), (us(2026, 7, 24, 22), us(2026, 7, 25, 2))] == found


def test_the_clock_of_the_place_counts_when_it_is_changed():
    """One in the morning in Berlin is another hour in UTC from the last Sunday of March on; that night is shorter."""
    batch = Calendar("batch", time(1), time(4), timezone="Europe/Berlin")
    found = batch.spans(us(2026, 3, 27, 12), us(2026, 3, 30, 12))
    assert [us(2026, 3, 28, 0), us(2026, 3, 29, 0), us(2026, 3, 29, 23)] == [begin for begin, _ in found]
    assert [3, 2, 3] == [(end - begin) // HOUR_US for begin, end in found]


def test_two_dates_are_one_time():
    """It is met from its begin to its end, and no longer."""
    begin, end = datetime(2026, 7, 15, 10, tzinfo=UTC), datetime(2026, 7, 15, 12, tzinfo=UTC)
    move = Calendar("move", begin, end)
    assert [(us(2026, 7, 15, 10), us(2026, 7, 15, 12))] == move.spans(us(2026, 7, 15, 11), us(2026, 7, 15, 11, 30))
    assert [] == move.spans(us(2026, 7, 15, 12), us(2026, 7, 16))
    assert [] == move.spans(us(2026, 7, 15), us(2026, 7, 15, 10))


MOMENTS = st.integers(us(2026, 1, 1), us(2026, 12, 31))
TIMES = st.builds(time, st.integers(0, 23), st.integers(0, 59))


LENGTHS = st.integers(1, 5 * DAY_US)


@given(MOMENTS, LENGTHS, TIMES, TIMES, st.sets(st.sampled_from(WEEKDAYS)), LENGTHS)
def test_any_cut_finds_the_same_times(first, length, begin, end, days, cut):
    """What two halves of a stretch meet is what the whole meets."""
    one = Calendar("x", begin, end, days=tuple(sorted(days)), timezone="America/New_York")
    middle = min(first + cut, first + length)
    halves = one.spans(first, middle) + one.spans(middle, first + length) if first < middle < first + length else None
    whole = one.spans(first, first + length)
    assert whole == (sorted(set(halves)) if halves is not None else whole)
    assert sorted(whole) == whole


@given(st.dates(date(2026, 1, 1), date(2026, 12, 30)))
def test_every_day_is_met_once(day):
    """A calendar of all days has one time that begins on each."""
    noon = Calendar("x", time(12), time(13), timezone="Asia/Kolkata")
    begin = datetime.combine(day, time(12), UTC) - timedelta(hours=5, minutes=30)
    first = int(begin.timestamp()) * 1_000_000
    assert [(first, first + HOUR_US)] == noon.spans(first, first + 1)
