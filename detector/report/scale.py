"""Where the axes of a chart have their marks."""

from __future__ import annotations

import math

from detector.times import clock, day

MINUTE_US = 60_000_000
DAY_US = 1440 * MINUTE_US
STEPS_US = tuple(minutes * MINUTE_US for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080))
MOST_MARKS = 6


def value_marks(top: float) -> list[float]:
    """Three to five round values from 0; the last is at least `top`."""
    rough = max(top, 1e-9) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(times * power for times in (1, 2, 2.5, 5, 10) if times * power >= rough * (1 - 1e-9))
    return [step * index for index in range(math.ceil(top / step - 1e-9) + 1)]


def time_marks(begin_us: int, end_us: int) -> list[tuple[int, str]]:
    """At most seven round moments from begin to end, each with its label: the day at midnight, else the time."""
    step = next((one for one in STEPS_US if (end_us - begin_us) // one <= MOST_MARKS), STEPS_US[-1])
    first = -(-begin_us // step) * step
    marks = list(range(first, end_us + 1, step))
    marks = marks[:: -(-len(marks) // (MOST_MARKS + 1))] if marks else []
    return [(at, day(at, year=False) if at % DAY_US == 0 else clock(at)) for at in marks]
