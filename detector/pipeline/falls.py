"""Falls: the tests of a surge mirrored at what is expected, on the lines of those services that ask for it.

Expected is the lower of the last hour and the season, so that neither a surge that ends nor the evening is a fall. What
is missing is measured by a detector of its own, which has seen nothing but these mirrored sums: a row that often goes
quiet has to go quieter than that. Slow decline is not looked for: the season alone would find every weekend.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from detector.baseline.expectation import Expected, Season, expect_least
from detector.baseline.history import Stretch
from detector.detect.noise import Age
from detector.detect.verdicts import Detector, Deviation, Lesson, Weighed, positive
from detector.incidents.follower import Follower, Limits
from detector.pipeline.knobs import Knobs
from detector.pipeline.outlook import Outlook, Seen, tick_of
from detector.schemas import Incident

Real = NDArray[np.float64]
SMALLEST = 1e-12


@dataclass(slots=True)
class Verdict:
    """What a block came to: highest score and whether it is part of an incident, S x n, and what closed."""

    score: Real
    flagged: NDArray[np.bool_]
    closed: list[Incident]


def limits_of(knobs: Knobs) -> Limits:
    """What incidents need."""
    return Limits(knobs.open_at, knobs.least, knobs.least_factor)


@dataclass(slots=True)
class Falls:
    """The services that ask for it.

    Attributes:
        services: their numbers among all.
        signals: rows of a service, the lines first.
        knobs: what they are judged by.
        detector, follower: of their lines alone.
    """

    services: NDArray[np.int64]
    signals: int
    knobs: Knobs
    detector: Detector
    follower: Follower

    @classmethod
    def of(cls, detector: Detector, knobs: Knobs, signals: int, longest: int) -> Falls:
        """For the first services; the detector is new."""
        nobody = knobs.of(np.empty(0, np.int64))
        follower = Follower(detector.width_us, ("lines",), longest, limits_of(nobody), falling=True)
        falls = cls(np.empty(0, np.int64), signals, nobody, detector, follower)
        falls.grow(knobs)
        return falls

    def grow(self, knobs: Knobs) -> None:
        """Take in new services; `knobs` are of all, the known ones first and as before."""
        known = len(self.services)
        self.services = np.flatnonzero(knobs.falling & ~knobs.ignored)
        self.knobs = knobs.of(self.services)
        self.detector.grow(len(self.services) - known)
        self.follower.limits = limits_of(self.knobs)

    def judge(self, outlook: Outlook, seen: Seen, age: Real, names: list[str], verdict: Verdict) -> Lesson:
        """Judge windows of all rows.

        Args:
            outlook, seen: of all rows.
            age: windows for which each row is known, R x n.
            names: of all services.
            verdict: the surges', to which the falls are added.

        Returns:
            what is to be learned from.
        """
        rows = self.services * self.signals
        counts, exposure, left_out = seen.counts[rows], seen.exposure[rows], seen.left_out[rows]
        mine = replace(seen, counts=counts, exposure=exposure, left_out=left_out, signals=1)
        below, mirrored = self._look(outlook, rows)
        score, strangest = self.detector.score(mirrored, age[rows])
        score = positive(score + self.knobs.share[:, None])
        known = (mine.exposure > 0) & (age[rows] > self.knobs.warmup[:, None])
        score = np.where(known, score, -np.inf)
        tick = tick_of(below, mine, self.detector.noise, score, strangest)
        flagged, closed = self.follower.follow([names[service] for service in self.services], tick)
        verdict.score[self.services] = np.maximum(verdict.score[self.services], score)
        verdict.flagged[self.services] |= flagged
        verdict.closed += closed
        return Lesson(mirrored, np.asarray(flagged.any(axis=1)))

    def learn(self, mirrored: Weighed, age: Age, left_out: NDArray[np.bool_]) -> None:
        """Learn from a whole block; age and what is left out are of all rows."""
        rows = self.services * self.signals
        self.detector.absorb(mirrored, Age(age.passed_days, age.days[rows], age.whole[rows]), left_out[rows])

    def weigh(self, lesson: Lesson, left_out: NDArray[np.bool_], before: Weighed | None = None) -> Weighed:
        """What is to be learned from windows of a block, together with those of it `before`."""
        return self.detector.weigh(lesson, left_out[self.services * self.signals], before)

    def _look(self, outlook: Outlook, rows: NDArray[np.int64]) -> tuple[Outlook, Deviation]:
        """What is expected at least of these rows, and how far they are below it."""
        stretch = Stretch(outlook.stretch.counts[rows], outlook.stretch.exposure[rows], outlook.stretch.windows)
        season = Season(outlook.season.rate[:, rows], outlook.season.move[:, rows])
        expected: Expected = expect_least(stretch, season, outlook.reaches)
        sums = np.stack([stretch.sums(0, reach.windows)[0] for reach in outlook.reaches])
        counting = np.maximum(outlook.found.counting[:, rows], expected.counts)
        doubt = np.sqrt(expected.counts)  # no ratio of counts is known better than that
        surges = (expected.counts + doubt) ** 2 / (sums + np.maximum(doubt, SMALLEST)) - doubt
        mirrored = self.detector.deviate(surges, expected.counts, counting)
        found = replace(mirrored, sums=np.where(np.isnan(expected.counts), np.nan, sums))
        return Outlook(outlook.reaches, stretch, season, expected, found), mirrored

    def still_open(self, names: list[str], now: int) -> list[Incident]:
        """The falls that last."""
        return self.follower.still_open([names[service] for service in self.services], now)
