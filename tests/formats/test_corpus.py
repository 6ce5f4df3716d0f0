"""Real files, where there is a corpus of them: set DETECTOR_CORPUS to a folder with an `expected.json`.

It lists for every file the format and, for some lines, what they must yield; a list holds equally right answers, a
key that is absent is not judged.
"""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from detector.formats.clock import Calendar
from detector.formats.lines import cut_lines
from detector.formats.records import RECORD, read_records
from detector.formats.sniff import HEAD_LINES, choose
from detector.formats.table import FORMATS

CORPUS = os.environ.get("DETECTOR_CORPUS")
ENTRIES: list[dict[str, Any]] = json.loads((Path(CORPUS) / "expected.json").read_text())["files"] if CORPUS else []
FIELDS = ("level", "service", "client", "status", "bytes")
COLUMN = {"bytes": "payload_bytes"}
EQUAL_LEVELS = {"trace": "debug", "notice": "info"}
READ: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.decompress,
    ".bz2": bz2.decompress,
    ".xz": lzma.decompress,
    ".zst": lambda data: pa.input_stream(pa.BufferReader(data), compression="zstd").read(),
}
RIGHT = 0.9
"""Of the judged values of one file; the truth itself was made by a throwaway parser."""


SPLIT_BEFORE = frozenset({"journald_export", "suricata_eve", "nfdump_json", "otlp_json"})
"""What the reader of files takes apart before lines are read; one of these is written in lines already."""
IN_LINES = frozenset(["suricata-eve-detect", "suricata-logs-evelog"])
DISPUTED = {
    "client": "the truth takes the virtual host, which stands first, for the client",
    "year": "several years in one file without them: the latest that fits is taken",
    "service": "the truth takes the level `WARN:` for a syslog tag",
    "zone": "the truth leaves out the zone that the line states",
    "line year": "the truth takes a year by convention where the line itself states another one",
    "slow": "the truth knows a record by its first line, here it is the one with the time; the pipeline joins them",
    "unended": "a part of a line (`P`) whose end never comes is a record for the pipeline alone",
}
CASES = {
    "client": "bunkerweb-bad-user-agent bunkerweb-http-path-traversal bunkerweb-http-sensitive-files CVE-2022-35914 "
    "nginx-cve-2021-41773",
    "year": "charon-ipsec-bf charon-ipsec-logs charon-ipsec-slow-bf sshd-logs proftpd-logs unifi-cef",
    "service": "dockge-bf dockge-logs uptime-kuma-bf uptime-kuma-logs",
    "zone": "jellyfin-logs",
    "line year": "haproxy-nextcloud-whitelist",
    "slow": "mariadb_slow",
    "unended": "cri-logs",
}
REASONS = {stem: DISPUTED[kind] for kind, stems in CASES.items() for stem in stems.split()}


def case(entry: dict[str, Any]) -> Any:
    """One file as a test; those that cannot be right so far are marked with the reason."""
    stem = Path(entry["path"]).stem
    reason = REASONS.get(stem)
    if entry["format"] in SPLIT_BEFORE and stem not in IN_LINES:
        reason = "not written in lines"
    marks = [] if reason is None else [pytest.mark.xfail(reason=reason, strict=True)]
    return pytest.param(entry, id=entry["path"], marks=marks)


def load(path: Path) -> str:
    """A file's text, decompressed."""
    data = READ.get(path.suffix, bytes)(path.read_bytes())
    return data.decode("utf-8", "replace").replace("\0", "").replace("\r", "").removeprefix("\ufeff")


def latest_of(entry: dict[str, Any]) -> datetime:
    """An hour after the last line, as a file's modification time would be."""
    last = entry.get("last_timestamp")
    return datetime.fromisoformat(last) + timedelta(hours=1) if last else datetime(2100, 1, 1, tzinfo=UTC)


def is_right(field: str, expected: Any, got: Any) -> bool:
    """One value against one or several right answers."""
    for one in expected if isinstance(expected, list) else [expected]:
        if field == "level" and EQUAL_LEVELS.get(got, got) == EQUAL_LEVELS.get(one, one):
            return True
        if field == "bytes" and (one or 0) == (got or 0):
            return True
        if field in ("service", "client", "status") and str(one).lower() == str(got).lower():
            return True
    return False


def judge(entry: dict[str, Any], frame: pl.DataFrame) -> tuple[list[bool], list[str]]:
    """Each judged value of the sampled lines, right or not, and the wrong ones in words."""
    marks, wrong = [], []
    tolerance = timedelta(seconds=entry.get("tolerance_seconds", 0.001))
    for sample in entry["samples"]:
        row = frame.row(sample["line"] - 1, named=True) if sample["line"] <= len(frame) else {}
        for field in ("timestamp", *(field for field in FIELDS if field in entry.get("fields", []))):
            if field not in sample:
                continue
            expected, got = sample[field], row.get(COLUMN.get(field, field))
            if field == "timestamp":
                right = [
                    datetime.fromisoformat(one) for one in (expected if isinstance(expected, list) else [expected])
                ]
                good = got is not None and any(abs(got - one) <= tolerance for one in right)
            else:
                good = is_right(field, expected, got)
            marks.append(good)
            wrong += [] if good else [f"line {sample['line']}: {field} is {got!r}, not {expected!r}"]
    return marks, wrong


@pytest.mark.skipif(not CORPUS, reason="DETECTOR_CORPUS names no folder of real files")
@pytest.mark.parametrize("entry", [case(entry) for entry in ENTRIES])
def test_real_files(entry: dict[str, Any]) -> None:
    """A real file is recognised and its sampled lines yield what they say."""
    text = load(Path(CORPUS or "") / entry["path"])
    lines = text.removesuffix("\n").split("\n")
    recipe = choose(lines[:HEAD_LINES], FORMATS, Calendar(latest=latest_of(entry)))
    if not entry.get("records_dated"):
        return
    assert recipe.formats, "no format fits"
    parsed = read_records(cut_lines(text.encode()), recipe, frozenset(COLUMN.get(field, field) for field in FIELDS))
    frame = parsed.frame if parsed.kinds is None else parsed.frame.with_columns(kind=parsed.kinds)
    dated = frame.filter(
        pl.col("timestamp").is_not_null(), pl.lit(value=True) if parsed.kinds is None else pl.col("kind") == RECORD
    )
    assert len(dated) >= RIGHT * entry["records_dated"]
    marks, wrong = judge(entry, frame)
    assert sum(marks) >= RIGHT * len(marks), "; ".join(wrong[:5])
