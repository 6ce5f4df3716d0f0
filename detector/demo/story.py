"""What happened when, minute by minute; all times UTC.

In the evening of Friday, 19 November 2021, an update that had by accident raised the verbosity of network traffic
spread through a fleet of cars; the servers drowned in messages for five hours. Names and numbers here are invented,
the course is that of the published reports: the number of clients stays flat, each updated app sends six times as much.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
Numbers = NDArray[np.int64]
BEGIN = datetime(2021, 11, 5, tzinfo=UTC)
HISTORY_DAYS, RAW_DAYS = 14, 2
MINUTES = (HISTORY_DAYS + RAW_DAYS) * 1440
RAW_FROM = HISTORY_DAYS * 1440
"""The first minute that is written as log lines; the minutes before it are counts."""
MINUTE = timedelta(minutes=1)
CHATTIER = 6.0
"""Messages of an updated app, for each one of the old version."""


def minute_of(day: int, hour: int, minute: int = 0) -> int:
    """Number of a minute of November 2021."""
    return int((datetime(2021, 11, day, hour, minute, tzinfo=UTC) - BEGIN) / MINUTE)


RELEASED, CROSSED, RECOVERED = minute_of(19, 18), minute_of(19, 22), minute_of(20, 3)
ROLLOUT = (
    (RELEASED, 0.0), (minute_of(19, 18, 5), 0.01), (minute_of(19, 19), 0.01), (minute_of(19, 19, 15), 0.05),
    (minute_of(19, 20, 15), 0.05), (minute_of(19, 20, 45), 0.25), (minute_of(19, 21, 30), 0.25),
    (minute_of(19, 22, 30), 1.0),
)  # fmt: skip
"""Minute -> share of the fleet that has the update; straight lines between."""
CALMING = ((RECOVERED - 15, 1.0), (RECOVERED, 0.0))
"""Minute -> how much of the additional verbosity is left; it is switched off from afar."""


@dataclass(frozen=True, slots=True)
class Region:
    """One service with the cars that speak to it.

    Attributes:
        service: its name, which is that of its log file.
        hours: from UTC to local time.
        cars: each with an app and a unit in the car.
        third: third number of its first address; all are of 198.18.0.0/16, which is for tests (RFC 2544).
        talking: clients that talk at the same time, on average over the day.
    """

    service: str
    hours: int
    cars: int
    third: int
    talking: float


REGIONS = (
    Region("fleet-api-eu", 1, 1500, 0, 58.0),
    Region("fleet-api-na", -6, 1700, 50, 62.0),
    Region("fleet-api-ap", 9, 800, 100, 30.0),
)


def updated(minutes: Numbers) -> Real:
    """Share of the fleet that has the update."""
    at, share = zip(*ROLLOUT, strict=True)
    shares: Real = np.interp(minutes, at, share)
    return shares


def verbosity(minutes: Numbers) -> Real:
    """Messages of an updated app, for each one of the old version."""
    at, left = zip(*CALMING, strict=True)
    chattier: Real = 1 + (CHATTIER - 1) * np.interp(minutes, at, left)
    return chattier


def rhythm(minutes: Numbers, region: Region) -> Real:
    """How busy a region is, around 1: least at four in the morning, less on weekends."""
    local = minutes + 60 * region.hours
    day = 1 - 0.7 * np.cos(2 * np.pi * (local / 1440 - 4 / 24))
    weekday = (BEGIN.weekday() + local // 1440) % 7
    busy: Real = day * np.where(weekday >= 5, 0.85, 1.0)
    return busy
