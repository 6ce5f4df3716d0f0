"""Detection quality beside the best peers: `DETECTOR_EVAL=FOLDER python tests/bench/detection.py > table.md`.

FOLDER holds the evaluation (`run.py`, `cases.py`) beside its cases. Every case is scanned at the default settings; a
surge counts as found if an incident is noticed while it lasts. With `--knobs` all cases are scanned again for each of
`KNOBS`, and the mean over the groups is printed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

PEERS = {
    "ms_cloud": (84, 65, 0.70), "nab": (78, 74, 0.69), "nasa": (46, 43, 0.57), "worldcup": (67, 54, 0.70),
    "azure": (30, 18, 0.57), "hofstede": (45, 24, 0.27), "bgl": (16, 7, 0.14),
}  # fmt: skip
"""The best peer of each group: recall at one false alarm a service-week and a service-month in per cent, best F1."""


KNOBS: Sequence[Mapping[str, str]] = (
    {}, {"least_factor": "1.1"}, {"least_factor": "1.5"}, {"least_factor": "2"}, {"incident_budget": "1/week"},
    {"incident_budget": "1/year"}, {"warmup": "1d"},
)  # fmt: skip
"""Settings beside the default ones."""


def figures(settings: Mapping[str, str]) -> dict[str, Any]:
    """Group -> operating point -> figures, at these settings."""
    told = {f"DETECTOR_{key.upper()}": value for key, value in settings.items()}
    place = Path(os.environ["DETECTOR_EVAL"])
    with tempfile.TemporaryDirectory() as results:
        command = [sys.executable, "run.py", "product", "--split", "dev", "--windows",
                   "--command", f"{sys.executable} -m detector"]  # fmt: skip
        environment = {**os.environ, **told, "EVAL_RESULTS": results}
        subprocess.run(command, cwd=place, env=environment, check=True, stdout=sys.stderr)
        (found,) = Path(results).glob("product-*.json")
        content: dict[str, Any] = json.loads(found.read_text())
    groups: dict[str, Any] = content["groups"]
    return groups


def row(name: str, group: dict[str, Any]) -> str:
    """One line of the table."""
    week, month, best = (group[point] or {} for point in ("at_week", "at_month", "best_f1"))
    usual = group["default"]
    peer = PEERS[name]
    cells = [
        f"{week.get('recall', 0):.0%} ({peer[0]})", f"{month.get('recall', 0):.0%} ({peer[1]})",
        f"{best.get('f1', 0):.2f} ({peer[2]:.2f})", f"{week.get('delay_min') or 0:.0f}",
        f"{usual['recall']:.0%}", f"{usual['false_per_week']:.2f}", f"{usual['delay_min'] or 0:.0f}",
    ]  # fmt: skip
    return f"| {name} | " + " | ".join(cells) + " |"


def knobs() -> None:
    """Print what each setting costs."""
    print("| settings | recall | false alarms a service-week |\n|---|---|---|")
    for settings in KNOBS:
        usual = [group["default"] for group in figures(settings).values()]
        recall, alarms = (sum(one[key] for one in usual) / len(usual) for key in ("recall", "false_per_week"))
        name = ", ".join(f"`{key} = {value}`" for key, value in settings.items()) or "default"
        print(f"| {name} | {recall:.0%} | {alarms:.2f} |", flush=True)


def main() -> None:
    """Print the table."""
    if sys.argv[1:] == ["--knobs"]:
        knobs()
        return
    groups = figures({})
    print("| group | recall at 1/week (peer) | at 1/month (peer) | best F1 (peer) | delay, min "
          "| default: recall | false/week | delay, min |")  # fmt: skip
    print("|---" * 8 + "|")
    for name, group in groups.items():
        print(row(name, group))
    usual = [group["default"] for group in groups.values()]
    own = [(group["at_week"] or {}).get("recall", 0) for group in groups.values()]
    ratios = [one["recall"] / max(best, 1e-9) for one, best in zip(usual, own, strict=True)]
    print(f"\nDefault settings, mean over groups: {sum(ratios) / len(ratios):.0%} of the own recall at 1/week, "
          f"{sum(one['false_per_week'] for one in usual) / len(usual):.2f} false alarms per service-week.")  # fmt: skip


if __name__ == "__main__":
    main()
