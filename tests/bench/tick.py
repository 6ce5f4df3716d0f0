"""What a live tick costs: `python tests/bench/tick.py [SERVICES ...] [--width SECONDS] [--signals N] [--replay DAYS]`.

For each number of services: seconds of a tick that judges one window of all of them (median and most), of what is done
between ticks ahead of the next five minutes, of what is done between ticks after the end of a block (learning) and of
the longest part of that, after which what arrived is looked at, and the peak of memory per service in bytes. All have a
history of random counts; one in a thousand surges.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import numpy as np

from detector.baseline.prior import load_prior
from detector.config import Settings
from detector.pipeline.advance import State, advance
from detector.pipeline.ticks import Ticking
from detector.pipeline.watching.fleet import MOST_PREPARED

SIGNALS = ("lines", "lines_per_client", "bytes_per_line")
TILE = 1024
THREADS = 2


def filled(services: int, width_us: int, signals: tuple[str, ...]) -> Ticking:
    """Services with eight days of random counts in their memory."""
    state = State(width_us, signals, load_prior(), Settings(), 0.73)
    state.grow([f"service-{number}" for number in range(services)])
    random = np.random.default_rng(services)
    history, rows = state.history, services * len(signals)
    history.counts[:] = random.integers(20, 60, history.counts.shape)
    history.exposure[:] = 1.0
    history.cells[:] = random.integers(100 * history.cell // 5, 300 * history.cell // 5 + 2, history.cells.shape)
    history.cells_exposure[:] = history.cell
    history.next = 8 * state.windows_per_day
    state.habits.windows[:] = history.next
    state.habits.counts[:], state.habits.exposure[:] = 40.0 * 2880, 2880.0
    state.habits.quarters[:], state.habits.active[:] = 700.0, np.log(40)
    state.detector.peaks.seen[:, :, 4:20] = random.integers(0, 20, (len(state.reaches), rows, 16))
    state.detector.peaks.measure()
    return Ticking(state)


def run(services: int, width_us: int, signals: tuple[str, ...]) -> None:
    """Print one line of the table."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tiles = [filled(min(TILE, services - at), width_us, signals) for at in range(0, services, TILE)]
    random = np.random.default_rng(1)
    cell, block = tiles[0].state.history.cell, tiles[0].state.block
    ticks: list[float] = []
    ahead: list[float] = []
    at = tiles[0].state.history.next or 0
    with ThreadPoolExecutor(THREADS) as pool:

        def spent(work: Callable[[Ticking], object], some: Sequence[Ticking] = tiles) -> float:
            begun = time.perf_counter()
            list(pool.map(work, some))
            return time.perf_counter() - begun

        for number in [*range(2 * cell + 1), *range(block - 3, block)]:
            if number == block - 3:  # the windows between are as if they had been
                skipped = block - 3 - 2 * cell - 1
                at += skipped
                for tile in tiles:
                    assert tile.block is not None
                    tile.block.windows += skipped
                    tile.prepare()
            window = {len(tile.state.names): of_window(random, tile) for tile in (tiles[0], tiles[-1])}
            ticks.append(spent(partial(judge, at, window)))
            at += 1
            parts = [spent(Ticking.prepare, some) for some in batched(tiles)]
            ahead.append(sum(parts))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    figures = (np.median(ticks[1:]), max(ticks[1:]), max(ahead[:-1]), ahead[-1], max(parts))
    told = "".join(f"{figure:12.3f}" for figure in figures)
    print(f"{services:9}{told}{peak * 1024 / services:14.0f}", flush=True)


def batched(tiles: Sequence[Ticking]) -> list[Sequence[Ticking]]:
    """As many as a watch prepares at once."""
    return [tiles[begin : begin + MOST_PREPARED] for begin in range(0, len(tiles), MOST_PREPARED)]


def judge(at: int, window: dict[int, tuple[np.ndarray, np.ndarray]], tile: Ticking) -> None:
    """One tick of a tile."""
    tile.tick(at, *window[len(tile.state.names)])


def of_window(random: np.random.Generator, tile: Ticking) -> tuple[np.ndarray, np.ndarray]:
    """Counts and exposure of one window; the first service of a tile surges."""
    counts = random.integers(20, 60, (len(tile.state.history.counts), 1)).astype(float)
    counts[0] *= 5
    return counts, np.ones(counts.shape)


def replay(services: int, days: int, signals: tuple[str, ...]) -> None:
    """Live through weeks of minutes, block by block as a scan does, and print the seconds."""
    state = State(60_000_000, signals, load_prior(), Settings(), 0.73)
    tiles = [replace(state, names=[]) for _ in range(0, services, TILE // 2)]
    for tile in tiles:
        tile.grow([f"service-{number}" for number in range(min(TILE // 2, services))])
    random = np.random.default_rng(2)
    spent = 0.0
    with ThreadPoolExecutor(THREADS) as pool:
        for day in range(days):
            counts = random.poisson(40.0, (len(tiles[0].history.counts), 1440)).astype(float)
            rows = counts, np.ones(counts.shape)
            begun = time.perf_counter()
            list(pool.map(partial(advance, day=day, rows=rows, until=(day + 1) * 1440), tiles))
            spent += time.perf_counter() - begun
    print(f"{sum(len(tile.names) for tile in tiles)} services, {days} days of minutes: {spent:.1f} s")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("services", nargs="*", type=int, default=[1, 1_000, 10_000, 100_000])
    parser.add_argument("--width", type=int, default=60)
    parser.add_argument("--signals", type=int, default=3)
    parser.add_argument("--replay", type=int, default=0, metavar="DAYS", help="replay so many days instead")
    options = parser.parse_args()
    if options.replay:
        for services in options.services:
            replay(services, options.replay, SIGNALS[: options.signals])
        return
    print(" services      tick_s      most_s     ahead_s  hour_end_s      part_s bytes/service")
    for services in options.services:
        run(services, options.width * 1_000_000, SIGNALS[: options.signals])


if __name__ == "__main__":
    main()
