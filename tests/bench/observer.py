"""What an observer could find who knew the true level: `DETECTOR_EVAL=FOLDER python tests/bench/observer.py`.

For every planted surge this observer knows what a detector has to guess: the level around it (mean before and after,
the surge left out), when it begins and how long it lasts. All that is left to him is how sums of that length scatter
around such a level where nothing was planted. He calls what is above all but one peak a week of those sums: one
false alarm a service-week. He may look half an hour, one or two hours to either side, and measure in roots of the level
or in parts of it: of these six the one that finds most in the group is shown. What he misses drowns in the noise of the
series.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.float64]
AROUND_SECONDS, POWERS, WEEK = (1800, 3600, 7200), (0.5, 1.0), 604_800
SIZES = (1.25, 1.5, 2.0, 4.0, 10.0)


def sums(values: Real, length: int) -> Real:
    """Sums of so many windows up to each, NaN where one is unknown."""
    total = np.concatenate([[0.0], np.nancumsum(values)])
    unknown = np.concatenate([[0], np.cumsum(np.isnan(values))])
    found = np.full(len(values), np.nan)
    found[length - 1 :] = np.where(unknown[length:] == unknown[:-length], total[length:] - total[:-length], np.nan)
    return found


def strangeness(values: Real, length: int, around: int, seen: Real, power: float) -> Real:
    """How far the sum of the windows up to each is above what those around it say, in powers of what they say."""
    inside = sums(seen, length)
    before, after = np.full(len(values), np.nan), np.full(len(values), np.nan)
    wide = sums(values, around)
    before[length:] = wide[:-length]
    after[: len(values) - around] = wide[around:]
    level = np.nanmean(np.stack([before, after]), axis=0) * length / around
    return np.asarray((inside - level) / (level + 1.0) ** power)


def limit_of(score: Real, width: int) -> float:
    """Above all hourly peaks but one a week."""
    block = max(1, 3600 // width)
    usable = score[: len(score) // block * block].reshape(-1, block)
    peaks = np.sort(np.where(np.isnan(usable), -np.inf, usable).max(axis=1))[::-1]
    weeks = np.isfinite(score).sum() * width / WEEK
    return float(peaks[min(round(weeks), len(peaks) - 1)])


def looks(case: Any, around_seconds: int, power: float) -> Iterator[tuple[float, bool]]:
    """Size of each planted surge of a case, and whether it is found."""
    width = case.window_seconds
    around = max(2, around_seconds // width)
    for service, start, values in case.series():
        mine = [one for one in case.segments if one.service == service]
        places = [tuple(round((at - start).total_seconds() / width) for at in (one.start, one.end)) for one in mine]
        calm = values.copy()
        for begin, end in places:
            calm[max(begin, 0) : end] = np.nan
        for one, (begin, end) in zip(mine, places, strict=True):
            if one.target:
                length, seen = max(1, end - begin), calm.copy()
                seen[begin:end] = values[begin:end]
                limit = limit_of(strangeness(calm, length, around, calm, power), width)
                yield one.magnitude, bool(strangeness(calm, length, around, seen, power)[end - 1] > limit)


def main() -> None:
    """Print the share that the observer finds, by group and size."""
    sys.path.insert(0, os.environ["DETECTOR_EVAL"])
    from cases import load_cases
    from score import group_of

    warnings.simplefilter("ignore", RuntimeWarning)  # a mean of nothing is unknown
    groups: dict[str, list[Any]] = defaultdict(list)
    for case in load_cases("dev", None):
        if case.family == "injected":
            groups[group_of(case)].append(case)
    print("| group | " + " | ".join(f"x{size:g}" for size in SIZES) + " | all |")
    print("|---" * (len(SIZES) + 2) + "|")
    for name, cases in groups.items():
        tried = [[found for case in cases for found in looks(case, around, power)]
                 for around in AROUND_SECONDS for power in POWERS]  # fmt: skip
        best = max(tried, key=lambda found: sum(hit for _, hit in found))
        of_size = [[hit for size, hit in best if size == wanted] for wanted in SIZES]
        cells = [f"{np.mean(hits):.0%}" if hits else "" for hits in [*of_size, [hit for _, hit in best]]]
        print(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
