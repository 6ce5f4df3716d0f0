"""The same verdicts as `advance.py` gives, window by window as they close: only what is new is computed.

A block is judged while it goes on and learned when it is over. What a tick needs of the past stands ready in running
totals, windows along the first axis, so that a tick reads a few long columns. What can be computed ahead of a window
(to learn from the block before it, its season) is done by `prepare`, when nobody waits for an answer. For counts that
are whole numbers nothing depends on how a block is cut into ticks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace

import numpy as np
from numpy.typing import NDArray

from detector.baseline.expectation import Season, season
from detector.baseline.habits import Habits
from detector.baseline.history import Stretch
from detector.incidents.surge import Surge
from detector.pipeline.advance import State, age_of, follow, look, pass_block, pseudo_before, remember
from detector.pipeline.block import Block, nothing_weighed
from detector.pipeline.outlook import Ground, Seen
from detector.schemas import Incident

Real = NDArray[np.float64]
Numbers = NDArray[np.int64]


def _rows(services: Sequence[int], signals: Sequence[str], wanted: Sequence[str]) -> Numbers:
    """The rows of some signals of services."""
    places = np.array([signals.index(name) for name in wanted], np.int64)
    return np.asarray((np.array(services, np.int64)[:, None] * len(signals) + places).ravel())


def _going_on(before: Real, new: Real) -> Real:
    """Running totals of windows, R x n, after a total of R."""
    return np.cumsum(np.hstack([before[:, None], new]), axis=1)[:, 1:]


@dataclass(slots=True)
class Ticking:
    """Services that are judged window by window.

    Attributes:
        state: what is known of them, up to the begin of the block.
        block: that goes on; None between blocks.
        begun: whether any window was judged: a model may end long before the first.
    """

    state: State
    block: Block | None = field(default=None)
    begun: bool = False

    @property
    def next(self) -> int | None:
        """The window that comes next; None before the first."""
        if not self.begun:
            return None
        return self.state.history.next if self.block is None else self.block.first + self.block.windows

    @property
    def learned(self) -> int | None:
        """The window up to which everything was learned: the begin of the block."""
        return self.state.history.next if self.block is None else self.block.first

    def grow(self, names: list[str]) -> None:
        """Add services of which nothing is known."""
        self._finish()
        self.state.grow(names)
        if self.block is not None:
            self.block.grow(self.state, len(names) * len(self.state.signals))

    def follow(self, source: Ticking) -> None:
        """Where nothing was judged yet: begin where another one has come to."""
        if self.next is None and source.next is not None:
            self.state.history.next, self.begun = source.state.history.next, True
            if source.block is not None:
                self.block = Block.begin(self.state, source.block.first)
                self.block.windows = source.block.windows
                tests, falls = len(self.state.reaches), len(self.state.falls.services)
                if source.block.weighed is not None:
                    done = source.block.weighed.windows
                    self.block.weighed = nothing_weighed(done, tests, len(self.block.known))
                    self.block.fallen = nothing_weighed(done, tests, falls) if falls else None

    def copy(self, source: Ticking, theirs: Sequence[int], ours: Sequence[int]) -> None:
        """What is known of services of a state that has come as far is known of some of this too.

        Signals that the other one does not have stay unknown.
        """
        self._finish()
        source._finish()
        shared = [name for name in self.state.signals if name in source.state.signals]
        there = _rows(theirs, source.state.signals, shared)
        here = _rows(ours, self.state.signals, shared)
        mine, other = self.state, source.state
        for each in fields(Habits):
            getattr(mine.habits, each.name)[here] = getattr(other.habits, each.name)[there]
        for name in ("counts", "exposure", "cells", "cells_exposure"):
            getattr(mine.history, name)[here] = getattr(other.history, name)[there]
        for name in ("sums", "phi", "dispersion"):
            getattr(mine.detector.noise, name)[..., here] = getattr(other.detector.noise, name)[..., there]
        mine.detector.peaks.seen[:, here] = other.detector.peaks.seen[:, there]
        mine.detector.peaks.measure()
        if self.block is not None and source.block is not None:
            self.block.copy(source.block, there, here)
        self._copy_falls(source, theirs, ours)

    def _copy_falls(self, source: Ticking, theirs: Sequence[int], ours: Sequence[int]) -> None:
        """The same for what is known of falls, where both are watched for them."""
        known, mine = (list(tile.state.falls.services) for tile in (source, self))
        pairs = [(known.index(one), mine.index(other)) for one, other in zip(theirs, ours, strict=True)
                 if one in known and other in mine]  # fmt: skip
        if not pairs:
            return
        there, here = (np.array(side) for side in zip(*pairs, strict=True))
        old, new = source.state.falls.detector, self.state.falls.detector
        for name in ("sums", "phi", "dispersion"):
            getattr(new.noise, name)[..., here] = getattr(old.noise, name)[..., there]
        new.peaks.seen[:, here] = old.peaks.seen[:, there]
        new.peaks.measure()
        if self.block is not None and source.block is not None and source.block.fallen is not None:
            if self.block.fallen is None:
                self.block.fallen = nothing_weighed(source.block.fallen.windows, len(self.state.reaches), len(mine))
            self.block.fallen.moments[..., here] = source.block.fallen.moments[..., there]
            self.block.fallen.peaks[..., here] = source.block.fallen.peaks[..., there]
            self.block.fallen.flagged[here] = source.block.fallen.flagged[there]

    def is_known(self, service: int) -> bool:
        """Whether anything was learned of a service."""
        signals = len(self.state.signals)
        return bool(self.state.habits.windows[service * signals : (service + 1) * signals].any())

    def take_surges(self, source: Ticking) -> None:
        """Go on with the incidents of the same services judged by fewer signals."""
        place = [self.state.signals.index(name) for name in source.state.signals]

        def moved(surges: dict[int, Surge]) -> dict[int, Surge]:
            return {at: replace(one, signal=place[one.signal]) for at, one in surges.items()}

        ours, theirs = self.state, source.state
        ours.follower.surges, ours.follower.over = moved(theirs.follower.surges), dict(theirs.follower.over)
        ours.falls.detector, ours.falls.follower = theirs.falls.detector, theirs.falls.follower
        if self.block is not None and source.block is not None:
            (surges, over), falls = source.block.followers
            self.block.followers, self.block.fallen = ((moved(surges), over), falls), source.block.fallen

    def tick(self, first: int, counts: Real, exposure: Real) -> list[Incident]:
        """Judge windows that closed, in order, and learn from each block that is over.

        Args:
            first: number of the first of them: the one that comes next, or a later one.
            counts, exposure: R x n.

        Returns:
            the incidents that closed.
        """
        closed: list[Incident] = []
        done = 0 if self.begun else min(max((self.learned or first) - first, 0), counts.shape[1])  # a model knows it
        while done < counts.shape[1]:
            at = first + done
            block = self._block_of(at)
            cell, rest = self.state.history.cell, counts.shape[1] - done
            size = self.state.block if block.windows == 0 and rest >= self.state.block else min(cell - at % cell, rest)
            part = slice(done, done + size)
            if size == self.state.block:
                closed += pass_block(self.state, at, counts[:, part], exposure[:, part])
                self.block = None
            else:
                closed += self._judge(block, at, counts[:, part], exposure[:, part])
            done += size
        return closed

    @property
    def is_ready(self) -> bool:
        """Whether the next tick has nothing to do before it can judge."""
        now, block = self.next, self.block
        return now is None or (
            block is not None and block.windows < self.state.block and block.cell == now // self.state.history.cell
        )

    def prepare(self) -> None:
        """Do what the next tick would do before it can judge."""
        if self.next is not None:
            block = self._block_of(self.next)
            self._season(block, self.next)

    def _block_of(self, at: int) -> Block:
        """The block that goes on with window `at`; windows before it of which nothing is known are judged as such."""
        self._finish()
        if self.block is None:
            self.block = Block.begin(self.state, self._begin_at(at))
            self.begun = True
        missing = at - self.block.first - self.block.windows
        if missing:
            nothing = np.zeros((len(self.block.known), missing))
            self.tick(self.block.first + self.block.windows, nothing, nothing)
            return self._block_of(at)
        return self.block

    def _begin_at(self, at: int) -> int:
        """The first window of the block after the last one; at first that of the day, as a scan begins."""
        learned = self.state.history.next
        if learned is None:
            return at - at % self.state.block
        return learned if self.begun else max(learned, at - at % self.state.windows_per_day)

    def _judge(self, block: Block, at: int, counts: Real, exposure: Real) -> list[Incident]:
        """Take windows of one cell into the block, and score them."""
        state = self.state
        seen = Seen(at, counts, exposure, block.left_out, len(state.signals), state.width_us)
        ground = self._ground(block, seen)
        outlook, tick = look(state, seen, ground)
        verdict, lesson, falls = follow(state, seen, ground, outlook, tick)
        block.weighed = state.detector.weigh(lesson, block.left_out, block.weighed)
        if falls is not None:
            block.fallen = state.falls.weigh(falls, block.left_out, block.fallen)
        return verdict.closed

    def _ground(self, block: Block, seen: Seen) -> Ground:
        """What the windows are judged by, after they were taken into the block."""
        state, windows = self.state, seen.counts.shape[1]
        begin, end = block.windows, block.windows + windows
        after = state.history.reach + end + 1
        sides = ((block.counts, block.own_counts, seen.counts), (block.exposure, block.own_exposure, seen.exposure))
        for total, own, new in sides:
            own[begin:end] = new.T
            np.cumsum(np.vstack([total[after - windows - 1], new.T]), axis=0, out=total[after - windows - 1 : after])
        counts, exposure, known = (
            _going_on(before, new)
            for before, new in (
                (block.total_counts, seen.counts),
                (block.total_exposure, seen.exposure),
                (block.known, (seen.exposure > 0).astype(np.float64)),
            )
        )
        mean = state.habits.mean_with(counts, exposure)
        block.total_counts, block.total_exposure, block.known = counts[:, -1], exposure[:, -1], known[:, -1]
        block.windows = end
        stretch = Stretch(block.counts[:after].T, block.exposure[:after].T, windows)
        of = self._season(block, seen.first)
        shape = (*of.rate.shape[:2], windows)
        of = Season(np.broadcast_to(of.rate, shape), np.broadcast_to(of.move, shape))
        return Ground(stretch, of, mean, state.habits.windows[:, None] + known)

    def _season(self, block: Block, window: int) -> Season:
        """The season of a window, K x R x 1, which is that of its cell."""
        state = self.state
        cell = window // state.history.cell
        if block.of is None or block.cell != cell:
            block.of = season(state.history, cell * state.history.cell, 1, state.reaches, pseudo_before(state))
            block.cell = cell
        return block.of

    def _finish(self) -> None:
        """Learn from a block that is over."""
        state, block = self.state, self.block
        if block is None or block.windows < state.block:
            return
        counts, exposure = block.own_counts.T, block.own_exposure.T
        age = age_of(state, state.habits.windows + block.known)
        if block.weighed is not None:
            state.detector.absorb(block.weighed, age, block.left_out)
        if block.fallen is not None:
            state.falls.learn(block.fallen, age, block.left_out)
        remember(state, block.first, counts, exposure)
        self.block = None
