"""A course of numbers as a line of bars."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

CELLS = 24


def sparkline(values: Sequence[float], bars: str, width: int = CELLS) -> str:
    """Bars for `values`, oldest first: each is the highest of its stretch, so that a short peak is not lost.

    Args:
        values: at least 0; unknown ones count as 0.
        bars: characters from nothing to full.
        width: at most so many bars.
    """
    known = [value if math.isfinite(value) else 0.0 for value in values]
    top = max(known, default=0.0)
    if top <= 0:
        return ""
    number = min(width, len(known))
    edges = [round(index * len(known) / number) for index in range(number + 1)]
    peaks = [max(known[begin:end]) for begin, end in pairwise(edges)]
    return "".join(bars[math.ceil(peak / top * (len(bars) - 1))] for peak in peaks)
