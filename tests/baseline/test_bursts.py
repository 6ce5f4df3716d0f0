"""Bursts by nature: twice at the same time of day, and short."""

from __future__ import annotations

import numpy as np
import pytest

from detector.baseline.bursts import JITTER_US, LONGEST_US, Bursts

MINUTE_US = 60_000_000
DAY = 20_516
WINDOWS = 1440
NOON = slice(720, 735)
NOTHING = np.zeros((1, WINDOWS), bool)


def day_with(height: float, begin: int, length: int, usual: float = 10.0) -> np.ndarray:
    """A flat day with a burst."""
    counts = np.full((1, WINDOWS), usual)
    counts[0, begin : begin + length] = height
    return counts


def taught(*days: np.ndarray, flagged: np.ndarray = NOTHING, first: int = DAY) -> Bursts:
    """Bursts after the given days in a row."""
    bursts = Bursts(MINUTE_US)
    bursts.grow(1)
    for number, counts in enumerate(days):
        bursts.learn(first + number, counts, flagged)
    return bursts


def expect(bursts: Bursts, part: slice = NOON, day: int = DAY + 2) -> tuple[list[float], list[bool]]:
    """What is expected of windows of the day after, and which are bursts, where 10 are usual."""
    usual = np.full((1, part.stop - part.start), 10.0)
    expected, burst = bursts.expect(day, part, usual, usual / 2)
    return expected[0].tolist(), burst[0].tolist()


def test_a_burst_on_two_days_is_expected_on_the_third():
    """What came at the same time on both days is expected again, from three minutes before to three minutes after."""
    bursts = taught(day_with(500, 725, 2), day_with(400, 725, 2))
    expected, burst = expect(bursts)
    assert [722 <= minute < 730 for minute in range(720, 735)] == burst
    assert [400.0 if is_burst else 10.0 for is_burst in burst] == expected


def test_a_burst_on_one_day_is_not_expected():
    """Once is no habit: neither after one day nor after a burst and a calm day."""
    calm = day_with(10, 0, 0)
    for bursts, day in ((taught(day_with(500, 725, 2)), DAY + 1), (taught(day_with(500, 725, 2), calm), DAY + 2)):
        assert ([10.0] * 15, [False] * 15) == expect(bursts, day=day)


@pytest.mark.parametrize(("minutes", "expected"), [(0, True), (6, True), (7, False)])
def test_a_batch_may_begin_a_little_later(minutes, expected):
    """Bursts whose jitters touch are the same batch, others are not."""
    bursts = taught(day_with(500, 700, 1), day_with(500, 700 + minutes, 1))
    assert expected is any(expect(bursts, slice(690, 720))[1])
    assert 3 * MINUTE_US == JITTER_US


@pytest.mark.parametrize(("hours", "expected"), [(1, True), (2, True), (5, False)])
def test_a_long_surge_is_no_burst(hours, expected):
    """An incident of five hours on both days is not expected on the third, one of up to two hours is."""
    length = 60 * hours
    flagged = day_with(1, 720, length, 0).astype(bool)
    bursts = taught(day_with(500, 720, length), day_with(500, 720, length), flagged=flagged)
    assert expected is all(expect(bursts)[1])
    assert 120 * MINUTE_US == LONGEST_US


def test_days_must_follow_each_other():
    """A burst from before a day that was not seen is not expected, nor is one the day after tomorrow."""
    burst = day_with(500, 725, 2)
    bursts = taught(burst, burst)
    assert not any(expect(bursts, day=DAY + 3)[1])
    bursts.learn(DAY + 5, burst, NOTHING)
    assert not any(expect(bursts, day=DAY + 6)[1])
    bursts.learn(DAY + 6, burst, NOTHING)
    assert any(expect(bursts, day=DAY + 7)[1])


def test_unknown_windows_are_no_bursts():
    """Gaps neither burst nor hide what lies beside them, and an unknown day expects nothing."""
    gappy = day_with(500, 725, 2)
    gappy[0, 724] = gappy[0, 726] = np.nan
    expected, burst = expect(taught(gappy, day_with(500, 725, 2)))
    assert [722 <= minute < 729 for minute in range(720, 735)] == burst
    assert not np.isnan(expected).any()
    assert not any(expect(taught(np.full((1, WINDOWS), np.nan), gappy))[1])


def test_what_does_not_stand_out_is_no_burst():
    """A little more than usual on both days leaves the expectation alone."""
    assert ([10.0] * 15, [False] * 15) == expect(taught(day_with(29, 720, 15), day_with(29, 720, 15)))


def test_services_do_not_mix():
    """A service that came later has no bursts of its own and takes none from another."""
    bursts = taught(day_with(500, 725, 2), day_with(500, 725, 2))
    bursts.grow(1)
    usual = np.full((2, 15), 10.0)
    assert [8, 0] == bursts.expect(DAY + 2, NOON, usual, usual / 2)[1].sum(axis=1).tolist()
