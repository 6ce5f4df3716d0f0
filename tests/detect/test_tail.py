"""The tail of a service: calibrated on its own ticks, slow to believe, able to learn."""

from __future__ import annotations

import numpy as np
import pytest

from detector.detect.tail import THRESHOLD, Tail

TICK_US = 15 * 60_000_000
PER_DAY = 96
SHARE, SCALE = float(np.exp(-THRESHOLD)), 1.0
"""Of a service whose statistic is just exponential with mean one."""


def teach(tail: Tail, statistics: np.ndarray) -> None:
    """Ticks of one window, S x ticks."""
    for column in statistics.T:
        tail.learn(column[:, None], np.ones((len(statistics), 1), bool), TICK_US)


def draws(services: int, ticks: int, scale: float = 1.0, seed: int = 3) -> np.ndarray:
    """Exponential statistics."""
    return np.random.default_rng(seed).exponential(scale, (services, ticks))


@pytest.mark.parametrize(("prior", "least"), [((SHARE, SCALE), 1 / 1.5), ((0.05, 4.0), 1 / 3)])
@pytest.mark.parametrize("rarity", [1.0, 2.0, 3.0, 4.0])
def test_rarities_are_calibrated(prior, least, rarity):
    """After a month r is exceeded in 10^-r of the ticks to a factor of 1.5, of 3 where the prior was too wide."""
    tail = Tail.of(100, *prior)
    teach(tail, draws(100, 30 * PER_DAY))
    share = float((tail.rarity(draws(100, 20_000, seed=4)) > rarity).mean())
    assert least < share * 10**rarity < 1.5


def test_a_wider_tail_is_learned():
    """A service whose statistic is five times as wide is judged by that: 10^-2 is 10^-2, within a factor of 1.5."""
    tail = Tail.of(50, SHARE, SCALE)
    teach(tail, draws(50, 30 * PER_DAY, 5.0))
    share = float((tail.rarity(draws(50, 20_000, 5.0, seed=4)) > 2).mean())
    assert 0.01 / 1.5 < share < 0.01 * 1.5


def test_without_a_history_the_prior_speaks():
    """A new service is judged by the prior alone."""
    rarity = Tail.of(1, 0.1, 2.0).rarity(np.array([[THRESHOLD, THRESHOLD + 2 * np.log(10)]]))
    np.testing.assert_allclose([[1.0, 2.0]], rarity)


def test_a_tick_counts_once():
    """Fifteen strange windows of a tick are one peak, the highest."""
    many, one = Tail.of(1, SHARE, SCALE), Tail.of(1, SHARE, SCALE)
    many.learn(np.full((1, 15), 7.0), np.ones((1, 15), bool), TICK_US)
    one.learn(np.array([[7.0]]), np.ones((1, 1), bool), TICK_US)
    assert (1.0, 1.0, 7.0 - THRESHOLD) == (many.ticks[0], many.peaks[0], many.excess[0])
    assert (one.ticks[0], one.peaks[0], one.excess[0]) == (many.ticks[0], many.peaks[0], many.excess[0])


def test_what_is_not_usable_is_not_learned():
    """A tick of an incident or a gap is no tick, and a window of one is not the highest of its tick."""
    tail = Tail.of(2, SHARE, SCALE)
    tail.learn(np.array([[99.0, 0.0], [99.0, 2.0]]), np.array([[False, False], [False, True]]), TICK_US)
    assert [[0.0, 1.0], [0.0, 1.0], [0.0, 0.5]] == [tail.ticks.tolist(), tail.peaks.tolist(), tail.excess.tolist()]


def test_a_daily_burst_stops_being_strange():
    """A burst of 60 nats every day is rarer than once in a quarter at first, and no more after a month."""
    tail = Tail.of(1, SHARE, SCALE)
    days = np.zeros((1, 30, PER_DAY))
    days[:, :, 40] = 60.0
    before = float(tail.rarity(np.array([[60.0]]))[0, 0])
    teach(tail, days.reshape(1, -1))
    after = float(tail.rarity(np.array([[60.0]]))[0, 0])
    assert before > np.log10(PER_DAY * 90)
    assert after < np.log10(PER_DAY * 7) + 1


def test_a_single_surge_does_not_widen_the_tail_much():
    """After one surge of a thousand nats a second one is still rarer than once in a thousand years."""
    tail = Tail.of(1, SHARE, SCALE)
    teach(tail, draws(1, 30 * PER_DAY))
    before = tail.rarity(np.array([[20.0]]))[0, 0]
    tail.learn(np.array([[1000.0]]), np.ones((1, 1), bool), TICK_US)
    assert 0.9 * before < tail.rarity(np.array([[20.0]]))[0, 0] < before
    assert np.log10(PER_DAY * 365_000) < tail.rarity(np.array([[1000.0]]))[0, 0]


def test_a_young_service_believes_one_surge_no_more():
    """On its first day one surge moves the rarity of the next by less than half."""
    tail = Tail.of(1, SHARE, SCALE)
    before = tail.rarity(np.array([[50.0]]))[0, 0]
    tail.learn(np.array([[1000.0]]), np.ones((1, 1), bool), TICK_US)
    assert before / 2 < tail.rarity(np.array([[50.0]]))[0, 0]


@pytest.mark.parametrize("rarity", [1.0, 3.0, 8.0])
def test_the_statistic_inverts_the_rarity(rarity):
    """The statistic that is so rare has that rarity, for a young and an old service."""
    for ticks in (0, 500):
        tail = Tail.of(2, SHARE, SCALE)
        teach(tail, draws(2, ticks))
        np.testing.assert_allclose(tail.rarity(tail.statistic(rarity)[:, None]), rarity)


def test_services_do_not_mix():
    """A service learns the same alone and beside others, and a new one begins with the prior."""
    statistics = draws(3, 200)
    together, alone = Tail.of(3, SHARE, SCALE), Tail.of(1, SHARE, SCALE)
    teach(together, statistics)
    teach(alone, statistics[1:2])
    together.grow(1)
    at = np.full((4, 1), 9.0)
    assert alone.rarity(at[:1])[0, 0] == together.rarity(at)[1, 0]
    assert Tail.of(1, SHARE, SCALE).rarity(at[:1])[0, 0] == together.rarity(at)[3, 0]
