"""Prints the speed of the message templates beside drain3, and how well both group, in one run on one processor.

    DETECTOR_CORPUS=FOLDER python tests/bench/templates.py      # needs `pip install drain3`

FOLDER holds the loghub samples somewhere below it (https://github.com/logpai/loghub, `*_2k.log`). Where a
`*_2k.log_structured.csv` lies beside one, or in $DETECTOR_TRUTH, its contents are what is grouped, and grouping
accuracy is printed: the share of messages whose group holds just the messages of their event (Zhu et al. 2019, "Tools
and benchmarks for automated log parsing", ICSE-SEIP).
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ["POLARS_MAX_THREADS"] = "1"  # drain3 has one thread
import polars as pl

from detector.explain.templates import templates_of

REPEATS = 10
"""Each sample is read so often over, as a block of a real log is longer than these."""
RUNS = 3
"""In turns; the fastest counts, since others may use the machine."""


def drain_of(messages: pl.Series) -> pl.Series:
    """The number of the group that drain3 gives each message, with its own settings."""
    from drain3 import TemplateMiner  # type: ignore[import-untyped,import-not-found,unused-ignore]
    from drain3.template_miner_config import (  # type: ignore[import-untyped,import-not-found,unused-ignore]
        TemplateMinerConfig,
    )

    miner = TemplateMiner(config=TemplateMinerConfig())
    return pl.Series([miner.add_log_message(one)["cluster_id"] for one in messages.to_list()])


def accuracy(groups: pl.Series, events: pl.Series) -> float:
    """Share of messages whose group and event are the same set of messages."""
    frame = pl.DataFrame({"group": groups, "event": events})
    sizes = frame.with_columns(
        both=pl.len().over("group", "event"), group_size=pl.len().over("group"), event_size=pl.len().over("event")
    )
    right = (pl.col("both") == pl.col("group_size")) & (pl.col("both") == pl.col("event_size"))
    return float(sizes.select(right.mean()).item())


def timed(work: Callable[[pl.Series], pl.Series], messages: pl.Series) -> tuple[pl.Series, float]:
    """What it gives for the messages, and seconds."""
    begin = time.perf_counter()
    groups = work(messages)
    return groups, time.perf_counter() - begin


def load(sample: Path) -> tuple[pl.Series, pl.Series | None]:
    """The messages of a sample, and their events where these are known."""
    for folder in (sample.parent, Path(os.environ.get("DETECTOR_TRUTH", sample.parent))):
        truth = folder / f"{sample.name}_structured.csv"
        if truth.exists():
            table = pl.read_csv(truth, infer_schema=False)
            return table["Content"].fill_null(""), table["EventId"]
    lines = sample.read_text(encoding="utf-8", errors="replace").split("\n")
    return pl.Series([line for line in lines if line]), None


def main() -> None:
    """One row for each sample, then the sums."""
    if "DETECTOR_CORPUS" not in os.environ:
        sys.exit(__doc__)
    samples = sorted(Path(os.environ["DETECTOR_CORPUS"]).rglob("*_2k.log"))
    rows, mine, theirs = 0, 0.0, 0.0
    right: list[tuple[float, float]] = []
    for sample in samples:
        messages, events = load(sample)
        many = pl.concat([messages] * REPEATS)
        runs = [(timed(templates_of, many), timed(drain_of, many)) for _ in range(RUNS)]
        groups, clusters = (answer for answer, _ in runs[0])
        seconds, slow = (min(run[tool][1] for run in runs) for tool in (0, 1))
        rows, mine, theirs = rows + len(many), mine + seconds, theirs + slow
        told = ""
        if events is not None:
            size = len(messages)
            right.append((accuracy(groups.head(size), events), accuracy(clusters.head(size), events)))
            told = f"grouping {right[-1][0]:.3f}, drain3 {right[-1][1]:.3f}"
        print(f"{sample.stem:16} {len(many) / seconds:9,.0f} /s, drain3 {len(many) / slow:7,.0f} /s  {told}")
    print(f"-> {rows / mine:,.0f} messages/s, {theirs / mine:.1f} times drain3 (bar: 10)")
    if right:
        means = [sum(column) / len(right) for column in zip(*right, strict=True)]
        print(f"-> mean grouping accuracy {means[0]:.3f}, drain3 {means[1]:.3f}, over {len(right)} samples")
    else:
        print("-> no ground truth beside the samples")


if __name__ == "__main__":
    main()
