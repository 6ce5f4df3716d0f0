"""Prints how much of a corpus of real logs is read right: files recognised, lines parsed, and each field.

    DETECTOR_CORPUS=FOLDER python tests/bench/corpus.py            # the bars
    DETECTOR_CORPUS=FOLDER python tests/bench/corpus.py --wrong    # and every file and value that is not right

FOLDER holds an `expected.json`: for each file its format and, for some lines, what they must yield; a list holds
equally right answers, a key that is absent is not judged. Each file is parsed as `detector parse` does, on its own,
with an hour after its last time as its modification time.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from detector.config import Settings
from detector.errors import InputError
from detector.pipeline.parse import Parsing

FIELDS = ("timestamp", "level", "service", "client", "status", "bytes")
COLUMNS = {"bytes": "payload_bytes"}
CLASSES = {"trace": "debug", "notice": "info", "warn": "warning", "err": "error", "severe": "error",
           "fatal": "critical", "alert": "critical", "emerg": "critical", "panic": "critical"}  # fmt: skip
NAMES = {
    "apache_access": "access", "traefik_clf": "access|traefik", "traefik_json": "json|traefik", "zeek_tsv": "zeek",
    "zeek_json": "zeek|json", "suricata_eve": "json|suricata", "suricata_fast": "suricata|generic",
    "docker_json": "docker", "journald_json": "journal", "journald_export": "journal", "aws_alb": "alb|elb|aws",
    "aws_vpc_flow": "vpc_flow", "cloudfront": "w3c", "w3c_iis": "w3c", "postgresql_json": "postgres|json",
    "nfdump_json": "nfdump|json", "mysql_error": "mysql", "mysql_general": "mysql", "otlp_json": "otlp|json",
    "envoy": "envoy|cri", "syslog_iso": "syslog", "syslog_rfc3164": "syslog",
    **dict.fromkeys(("log4j", "logback", "python_logging"), "generic"),
    **dict.fromkeys(("pino", "bunyan", "winston", "structlog", "python_json_logger", "ecs", "gelf", "loguru",
                     "nginx_json", "caddy_json", "k8s_audit", "cloudtrail"), "json"),
}  # fmt: skip
"""What the corpus calls a format -> what the names of the formats that read it contain, where that differs."""


def parse(entry: dict[str, Any], folder: Path, scratch: Path) -> pl.DataFrame:
    """The records of one file, under its own name."""
    copy = scratch / entry["path"]
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(folder / entry["path"], copy)
    if entry.get("last_timestamp"):
        moment = datetime.fromisoformat(entry["last_timestamp"]).timestamp() + 3600
        os.utime(copy, (moment, moment))
    parsing = Parsing(Settings(threads=1), int(datetime.now(UTC).timestamp() * 1e6))
    try:
        frames = list(parsing.frames([str(copy)]))
    except InputError:
        frames = []
    return pl.concat(frames) if frames else pl.DataFrame({"format": [], "line_number": [], "timestamp": []})


def is_recognised(entry: dict[str, Any], frame: pl.DataFrame) -> bool:
    """Is the commonest format of the records the one that it should be?"""
    names = Counter(frame["format"].to_list()).most_common(1)
    accepted = entry.get("formats_accepted", [])
    if not names or names[0][0] == "unknown":
        return False
    wanted = "|".join([NAMES.get(entry["format"], re.escape(entry["format"])), *map(re.escape, accepted)])
    return accepted == ["*"] or re.search(wanted, names[0][0]) is not None


def is_right(field: str, expected: Any, got: Any, tolerance: float) -> bool:
    """One value against one or several right answers."""
    for one in expected if isinstance(expected, list) else [expected]:
        if field == "timestamp":
            good = got is not None and abs((got - datetime.fromisoformat(one)).total_seconds()) <= tolerance
        elif field == "level":
            good = CLASSES.get(str(got), got) == CLASSES.get(str(one), one)
        elif field in ("status", "bytes"):
            good = (got or 0) == (one or 0)
        else:
            have = str(got or "-").lower()
            good = str(one or "-").lower() in (have, have.rpartition(":")[0] if field == "client" else have)
        if good:
            return True
    return False


def judge(entry: dict[str, Any], frame: pl.DataFrame, bars: dict[str, list[int]]) -> list[str]:
    """Count what is right and what is judged for each bar; what is wrong in words."""
    recognised, dated = is_recognised(entry, frame), entry.get("records_dated") or 0
    found = len(frame) - frame["timestamp"].null_count()
    count(bars, "files recognised", int(recognised), 1)
    count(bars, "lines parsed", min(found, dated), dated)
    wrong = [] if recognised else [f"{entry['path']}: {entry['format']} read as {sorted(set(frame['format']))}"]
    if found < dated:
        wrong.append(f"{entry['path']}: {found} of {dated} records have a time")
    rows = {row["line_number"]: row for row in reversed(frame.to_dicts())}
    for sample in entry["samples"]:
        row = rows.get(sample["line"], {})
        for field in [field for field in FIELDS if field in sample]:
            got = row.get(COLUMNS.get(field, field))
            good = bool(row) and is_right(field, sample[field], got, entry.get("tolerance_seconds", 0.001))
            count(bars, field, int(good), 1)
            if not good:
                told = "no record" if not row else f"{got!s}"
                wrong.append(f"{entry['path']}:{sample['line']}: {field} is {told}, not {sample[field]}")
    return wrong


def count(bars: dict[str, list[int]], name: str, right: int, judged: int) -> None:
    """Add to one bar."""
    bar = bars.setdefault(name, [0, 0])
    bar[0] += right
    bar[1] += judged


def main() -> None:
    """Print the bars."""
    ask = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    ask.add_argument("--wrong", action="store_true", help="list what is not right")
    ask.add_argument("--only", default="", help="regular expression on the path")
    asked = ask.parse_args()
    if not os.environ.get("DETECTOR_CORPUS"):
        raise SystemExit("DETECTOR_CORPUS names no folder of real files with an `expected.json`")
    folder, bars, wrong = Path(os.environ["DETECTOR_CORPUS"]), dict[str, list[int]](), list[str]()
    entries = json.loads((folder / "expected.json").read_text())["files"]
    with tempfile.TemporaryDirectory() as scratch:
        for entry in entries:
            if re.search(asked.only, entry["path"]):
                wrong += judge(entry, parse(entry, folder, Path(scratch)), bars)
    for name, (right, judged) in bars.items():
        print(f"{name:18}{right:>8} of {judged:>8}  {100 * right / max(1, judged):6.2f} %")
    for line in wrong if asked.wrong else []:
        print(line)


if __name__ == "__main__":
    main()
