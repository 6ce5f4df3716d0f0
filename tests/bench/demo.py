"""Prints how early the outage of `detector demo` is noticed, for many seeds.

    python tests/bench/demo.py            # seeds 1 to 20, some minutes

For each seed: when it was noticed first, and when by the signal `version` (where that was not the first in its service
the incident keeps the first one's signal): minutes after the stage begins in which 5 % of the fleet have the update,
minutes before the first 500, the signal; then whether the kind is right and the update stands first among the
contributors of every incident of the outage. The bar: by `version` within 10 minutes of that stage in 18 of 20.
"""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from detector.config import Settings
from detector.demo.files import NEW, Story, write_story
from detector.demo.story import BEGIN, MINUTE, minute_of
from detector.pipeline.learn import learn
from detector.pipeline.scan import scan
from detector.schemas import Incident, ScanResult

STAGE_US = int((BEGIN + minute_of(19, 19, 15) * MINUTE).timestamp() * 1e6)
"""When 5 % have it."""
LATEST_MINUTES = 10


def live(seed: int) -> tuple[Story, ScanResult]:
    """As the demo does it."""
    with TemporaryDirectory(prefix="detector-demo-") as folder:
        story, model = write_story(Path(folder), seed), str(Path(folder) / "model")
        now_us = story.first_failure_us + 400 * 86_400_000_000
        learn([str(story.history)], Settings(), model, now_us)
        return story, scan(list(map(str, story.logs)), Settings(model=model), now_us)


def of_outage(result: ScanResult, story: Story) -> list[Incident]:
    """What was raised between the release and the first 500, the earliest first."""
    found = [one for one in result.incidents if story.released_us <= one.detected_us <= story.first_failure_us]
    return sorted(found, key=lambda one: (one.detected_us, one.service))


def row(seed: int) -> bool:
    """Print a seed; whether it is within the bar."""
    story, result = live(seed)
    found = of_outage(result, story)
    others = len(result.incidents) - len(found)
    if not found:
        print(f"{seed:4}  not noticed; {others} other incidents")
        return False
    rises = [result.causes[one.id].version for one in found]
    noticed = min((rise.noticed_us for rise in rises if rise is not None), default=None)
    kinds = all(result.causes[one.id].kind == "messages_per_client" for one in found)
    values = [[each.value for each in result.causes[one.id].contributors[:1]] for one in found]
    is_right = ["yes" if right else "NO" for right in (kinds, values == [[NEW]] * len(found))]
    print(f"{seed:4}  {_told(found[0].detected_us, story)}  {found[0].signal:16}   {_told(noticed, story)}   "
          f"{is_right[0]:5} {is_right[1]:7} {others:6}", flush=True)  # fmt: skip
    return noticed is not None and noticed <= STAGE_US + LATEST_MINUTES * 60_000_000


def _told(at: int | None, story: Story) -> str:
    """When it was noticed, how long after the stage, how long before the first 500."""
    if at is None:
        return "    not noticed"
    when, before = datetime.fromtimestamp(at / 1e6, UTC), (story.first_failure_us - at) / 60e6
    return f"{when:%H:%M} {(at - STAGE_US) / 60e6:+5.0f} {before:5.0f}"


def main() -> None:
    """Run the seeds asked for."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("seeds", type=int, nargs="*", default=range(1, 21))
    seeds = list(ask.parse_args().seeds)
    print("seed  first alarm (after 5 %, before 500)   by version         kind  version others")
    good = sum(map(row, seeds))
    bar = f"{good} of {len(seeds)} (bar: 18 of 20)"
    print(f"-> noticed by version within {LATEST_MINUTES} minutes of the 5 % stage: {bar}")


if __name__ == "__main__":
    main()
