"""Who talks in which minute, and how much.

A client talks in sessions of some minutes and sends about three messages in each, so nearly everybody who talks is seen
in every minute: clients stay as they are when each of them sends more. Sessions begin more evenly than by chance: a
small fleet stands for a large one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from detector.demo.story import (
    MINUTES,
    REGIONS,
    Numbers,
    Real,
    Region,
    rhythm,
    updated,
    verbosity,
)

SESSION_MINUTES = 10
MESSAGES = 3.0
"""In a minute of a session."""
APPS = 0.75
"""Share of sessions that are the app's; the others are those of the unit in the car, which has no update."""
WANDERING = 0.04
"""Standard deviation of what the day adds to the rhythm, in ln."""
MEMORY = 0.995
JUST = 10
"""Minutes before the servers fail, in which they can just bear what comes."""
RETRIED = 0.8
"""Share of failed messages that are sent again a minute later."""
MOST_RETRIES = 0.6
"""As a share of what is sent anyway: clients give up."""


@dataclass(slots=True)
class Talk:
    """One row per client and minute in which it talks, of one region.

    Attributes:
        minute: since the begin of the story.
        client: number; below the number of cars it is an app, else the unit of a car.
        is_updated: the app has the update.
        messages: sent in that minute.
    """

    region: Region
    minute: Numbers
    client: Numbers
    is_updated: np.ndarray
    messages: Numbers


def talk_of(region: Region, rng: np.random.Generator) -> Talk:
    """All sessions of a region over the whole story."""
    minute, client = _sessions(region, rng)
    is_app = client < region.cars
    turn = (rng.permutation(region.cars) + 0.5) / region.cars  # a car gets the update when the share passes its turn
    is_updated = is_app & (turn[np.where(is_app, client, 0)] < updated(minute))
    rate = MESSAGES * np.where(is_updated, verbosity(minute), 1.0)
    return Talk(region, minute, client, is_updated, rng.poisson(rate))


def _sessions(region: Region, rng: np.random.Generator) -> tuple[Numbers, Numbers]:
    """Minute and client of every minute of every session."""
    early = np.arange(-10 * SESSION_MINUTES, MINUTES)  # so that sessions are under way when the story begins
    wanted = region.talking / SESSION_MINUTES * rhythm(early, region) * _wandering(len(early), rng)
    begin = np.repeat(early, np.floor(wanted + rng.random(len(early))).astype(np.int64))
    length = rng.geometric(1 / SESSION_MINUTES, len(begin))
    car = rng.integers(region.cars, size=len(begin))
    client = np.where(rng.random(len(begin)) < APPS, car, car + region.cars)
    passed = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
    minute = np.repeat(begin, length) + passed
    inside = (minute >= 0) & (minute < MINUTES)
    return minute[inside], np.repeat(client, length)[inside]


def _wandering(length: int, rng: np.random.Generator) -> Real:
    """What no rhythm explains: a slow walk around 1."""
    steps = rng.normal(0, WANDERING * np.sqrt(1 - MEMORY**2), length)
    walk = np.empty(length)
    last = 0.0
    for index, step in enumerate(steps.tolist()):
        walk[index] = last = MEMORY * last + step
    return np.exp(walk)


def fleet_of(seed: int) -> list[Talk]:
    """All regions, each with numbers of its own."""
    return [talk_of(region, np.random.default_rng([seed, index])) for index, region in enumerate(REGIONS)]


@dataclass(frozen=True, slots=True)
class Overload:
    """What the servers make of it; one value per minute of the story.

    Attributes:
        capacity: messages per minute that they can answer, all regions together.
        failed: share of messages that are answered with 500.
        again: messages sent again, as a share of those sent for the first time.
    """

    capacity: float
    failed: Real
    again: Real


def overload_of(fleet: list[Talk], crossed: int) -> Overload:
    """Beyond the capacity messages fail, and a minute later most of them come again.

    Args:
        fleet: all regions; they share their servers.
        crossed: the minute up to which the servers could just bear it.
    """
    sent = sum(np.bincount(talk.minute, talk.messages, MINUTES) for talk in fleet)
    load = np.asarray(sent)
    capacity = float(load[crossed - JUST : crossed].mean())
    failed, again = np.zeros(MINUTES), np.zeros(MINUTES)
    waiting = 0.0
    for minute in range(crossed, MINUTES):
        offered = load[minute] + waiting
        again[minute] = waiting / load[minute]
        failed[minute] = max(0.0, 1 - capacity / offered)
        waiting = min(RETRIED * failed[minute] * offered, MOST_RETRIES * load[minute])
    return Overload(capacity, failed, again)
