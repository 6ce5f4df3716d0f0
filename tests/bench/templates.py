"""Prints the speed of the message templates beside drain3, and how well both group, in one run on one processor.

    DETECTOR_CORPUS=FOLDER python tests/bench/templates.py      # needs `pip install drain3`

FOLDER holds the loghub samples somewhere below it (https://github.com/logpai/loghub, `*_2k.log`). Where a
`*_2k.log_structured.csv` lies beside one, or in $DETECTOR_TRUTH, its contents are what is grouped, and grouping
accuracy is printed: the share of messages whose group holds just the messages of their event (Zhu et al. 2019, "Tools
and benchmarks for automated log parsing", ICSE-SEIP). What came out stands in `templates.md`.
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
"""In turns; the fastest counts."""
PUBLISHED = {
    "HDFS": 0.998, "Hadoop": 0.948, "Spark": 0.920, "Zookeeper": 0.967, "OpenStack": 0.733, "BGL": 0.963, "HPC": 0.887,
    "Thunderbird": 0.955, "Windows": 0.997, "Linux": 0.690, "Mac": 0.787, "Android": 0.911, "HealthApp": 0.780,
    "Apache": 1.000, "OpenSSH": 0.788, "Proxifier": 0.527,
}  # fmt: skip
"""Grouping accuracy of Drain with settings chosen for each sample (Zhu et al. 2019)."""


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
    """What it gives for the messages, and seconds of the processor, since others may use the machine."""
    begin = time.process_time()
    groups = work(messages)
    return groups, time.process_time() - begin


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
    """How well both group each sample, then how fast they are."""
    if "DETECTOR_CORPUS" not in os.environ:
        sys.exit(__doc__)
    samples = {path.stem.removesuffix("_2k"): load(path) for path in sorted(find())}
    print("| sample | templates | drain3 | Drain, published |\n|---|---|---|---|")
    rows = {
        name: (accuracy(templates_of(messages), events), accuracy(drain_of(messages), events), PUBLISHED[name])
        for name, (messages, events) in samples.items()
        if events is not None and name in PUBLISHED
    }
    if rows:
        columns = zip(*rows.values(), strict=True)
        rows["mean"] = tuple(sum(column) / len(column) for column in columns)
    for name, figures in rows.items():
        print(f"| {name} | " + " | ".join(f"{figure:.3f}" for figure in figures) + " |")
    texts = [messages for messages, _ in samples.values()]
    copies = [pl.concat([one] * REPEATS) for one in texts]
    print(f"-> {REPEATS} copies of each sample: {speed(copies, copies)} (bar: 10)")
    print(f"-> without copies, the templates of all samples in one block: {speed([pl.concat(texts)], texts)}")


def find() -> list[Path]:
    """The samples below the corpus."""
    return list(Path(os.environ["DETECTOR_CORPUS"]).rglob("*_2k.log"))


def speed(mine: list[pl.Series], theirs: list[pl.Series]) -> str:
    """How many messages of the same samples each reads in a second, and how many times as fast the templates are."""
    fast, slow = float("inf"), float("inf")
    for _ in range(RUNS):
        fast = min(fast, sum(timed(templates_of, block)[1] for block in mine))
        slow = min(slow, sum(timed(drain_of, block)[1] for block in theirs))
    size = sum(map(len, mine))
    return f"{size / fast:,.0f} messages/s, drain3 {size / slow:,.0f}: {slow / fast:.1f} times its speed"


if __name__ == "__main__":
    main()
