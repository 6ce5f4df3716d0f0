"""Prints how well overload is foretold on a thousand generated ramps: `python -m tests.bench.forecast`."""

from __future__ import annotations

import time

from tests.explain.making import judge

RAMPS = 1000


def main() -> None:
    """One line for each bar."""
    begin = time.perf_counter()
    error, held, right = judge(seed=7, number=RAMPS)
    milliseconds = 1000 * (time.perf_counter() - begin) / RAMPS
    print(f"{RAMPS} ramps, {milliseconds:.0f} ms each")
    print(f"median error of the lead time: {100 * error:.1f} % (bar: 15 %)")
    print(f"intervals that hold the truth: {100 * held:.1f} % (bar: 85 %)")
    print(f"course told right: {100 * right:.1f} %")


if __name__ == "__main__":
    main()
