"""What a score may claim: what was never heard of is rare only if it was listened for, a ratio needs lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detector.detect.peaks import NOTHING
from detector.incidents.follower import SHARES
from detector.pipeline.outlook import Outlook
from detector.pipeline.signals import LINES, PER_LINE

Real = NDArray[np.float64]
WATCHING, NOVELTY = 2.0, 0.7
"""The unseen may be as rare as five times the square of the weeks in which it was not seen."""
LEAST_LINES = 50
"""Lines in the sum that a ratio stands on, at least."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What is known of R rows, the signals of a service together.

    Attributes:
        signals: of each service, in the order of its rows.
        weeks: known up to each window, R x n.
        unheard: rows that have hardly ever spoken, R.
        least_factor: times what is expected that an incident needs, R.
    """

    signals: tuple[str, ...]
    weeks: Real
    unheard: NDArray[np.bool_]
    least_factor: Real


def claimed(outlook: Outlook, strangest: NDArray[np.int64], score: Real, claims: Claims) -> Real:
    """The scores of a block, R x n, as far as they may be claimed.

    What has hardly ever spoken may be rare only if it was watched for long. A ratio needs many lines, and one that
    rises by less than an incident needs is not strange at all: it would spend the budget of the lines.
    """
    seen, usual, exposed = (
        np.take_along_axis(side, strangest[None], axis=0)[0]
        for side in (outlook.found.sums, outlook.found.expected, outlook.expected.exposure)
    )
    most = WATCHING * np.log10(np.maximum(claims.weeks, 1e-9)) + NOVELTY
    score = np.where(claims.unheard[:, None], np.minimum(score, most), score)
    kinds, services = np.array(claims.signals), len(score) // len(claims.signals)
    per_line, ratio = (np.tile(which, services)[:, None] for which in (kinds == PER_LINE, kinds != LINES))
    shares = np.tile([SHARES.get(signal, 1.0) for signal in claims.signals], services)
    small = seen < (1 + (claims.least_factor - 1) * shares)[:, None] * usual
    lines = np.where(per_line, exposed, seen)
    return np.where(ratio & (small | (lines < LEAST_LINES)), NOTHING, score)
