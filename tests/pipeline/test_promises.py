"""The promises of the design, held over the whole path."""

from __future__ import annotations

import os
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.config import Settings
from detector.formats.lines import cut_lines
from detector.formats.records import CONTINUATION, PART, read_records
from detector.layers import settings_of
from detector.pipeline.digest import Keep
from detector.pipeline.opening import context_for, for_counting, head_of
from detector.pipeline.read import Context, read
from detector.pipeline.scan import scan
from detector.schemas import MOST_REPEATS, Block, ScanResult
from detector.sources.files import SourceFile
from detector.windows.stitch import Seam
from detector.windows.totals import MEASURES, Totals
from detector.windows.versions import VersionTotals
from tests.pipeline.making import START_US, access_log, agents_log, counts_csv, season, syslog, text_log

NOW_US = START_US + 400 * 86_400_000_000
GARBAGE = b"no time here\n\n" + b"\xef\xbf\xbd#!\n" + b"2026 is not a time\n"
PARTS = b"".join(
    b"2026-07-01T10:%02d:00.5Z std%s %s %s\n" % (n // 3, b"err" if n % 5 else b"out", b"P" if n % 4 < 2 else b"F", text)
    for n, text in enumerate([b'{"level":"error","service":"a"}', b"x", b'{"level":"info","service":"b"}', b"y z"] * 30)
)
SLOW = b"".join(
    b"# User@Host: a[a] @ [192.0.2.1]\n# Query_time: 2.0\nSET timestamp=%d;\nselect\n1;\n" % (1_782_900_000 + 40 * n)
    for n in range(40)
)
TRACES = b"".join(
    b'{"time":"2026-07-01T10:%02d:%02dZ","level":"info","host":"h%d","msg":"m"%s}\n'
    % (n // 9, n % 9, n % 3, b',"trace_id":"t%d"' % (n // 4) if n % 5 else b"")
    for n in range(180)
)
LOGS: dict[str, bytes] = {
    "access": access_log([5, 0, 3, 9, 1] * 4),
    "text with stack traces": text_log(60),
    "syslog": syslog(90),
    "lines in parts": PARTS,
    "slow queries": SLOW,
    "requests and hosts": TRACES,
    "garbage first": GARBAGE + access_log([4] * 6),
    "garbage inside": access_log([4] * 6) + GARBAGE + text_log(9) + access_log([2] * 3),
}
AGENTS = agents_log(600)


def context_of(data: bytes) -> Context:
    """How the whole input is read; every cut is read the same way."""
    file = SourceFile("a.log", NOW_US, len(data), "a")
    return for_counting(context_for(file, head_of(Block("a.log", 0, 1, data)), Settings(), NOW_US))


def versions_of(data: bytes, cuts: list[int], context: Context) -> list[tuple[str, int, str, int, int]]:
    """Service, tile, version, client and lines of the input cut after the given lines, sorted."""
    lines = data.splitlines(keepends=True)
    edges = [0, *sorted({cut % len(lines) for cut in cuts}), len(lines)]
    versions = VersionTotals(Totals(context.width_us))
    for begin, end in pairwise(edges):
        reading = read(Block("a.log", 0, begin + 1, b"".join(lines[begin:end])), context)
        versions.totals.add(reading.partial, "a")
        if reading.versions is not None:
            versions.add(reading.versions)
    services, names = list(versions.totals.services), list(versions.versions)
    rows = [zip(*(column.tolist() for column in versions.rows(day)), strict=True) for day in sorted(versions.days)]
    return sorted((services[row[0]], row[1], names[row[2]], row[3], row[4]) for day in rows for row in day)


def totals_of(data: bytes, cuts: list[int], context: Context) -> tuple[Totals, int, int]:
    """Totals, lines and lines unparsed of the input cut after the given lines."""
    lines = data.splitlines(keepends=True)
    edges = [0, *sorted({cut % len(lines) for cut in cuts}), len(lines)]
    totals, seam, read_lines, unparsed = Totals(context.width_us), Seam(), 0, 0
    for begin, end in pairwise(edges):
        reading = read(Block("a.log", 0, begin + 1, b"".join(lines[begin:end])), context)
        head = seam.join(reading.partial)
        for part in (head, reading.partial):
            if part is not None:
                totals.add(part, "a")
        read_lines, unparsed = read_lines + reading.lines, unparsed + sum(reading.unparsed.values())
    return totals, read_lines, unparsed


def table_of(totals: Totals) -> dict[str, np.ndarray]:
    """All counts, services by name."""
    order = np.array([totals.services[name] for name in sorted(totals.services)])
    days = sorted(totals.days)
    found = {"services": np.array(sorted(totals.services)), "days": np.array(days)}
    for day in days:
        found |= {f"{day} {name}": matrix for name, matrix in totals.matrices(day, order).items()}
    return found


@pytest.mark.parametrize("name", LOGS)
@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(0, 10_000), max_size=12))
def test_any_cut_gives_the_same_counts(name: str, cuts: list[int]) -> None:
    """Wherever the input is cut into blocks, every count of every service and window is the same."""
    context = context_of(LOGS[name])
    whole, lines, unparsed = totals_of(LOGS[name], [], context)
    parts, part_lines, part_unparsed = totals_of(LOGS[name], cuts, context)
    expected, found = table_of(whole), table_of(parts)
    assert expected.keys() == found.keys()
    for key, value in expected.items():
        np.testing.assert_array_equal(value, found[key], err_msg=key)
    assert (lines, unparsed) == (part_lines, part_unparsed)


@pytest.mark.parametrize("most", [2000, 100, 10])
@settings(max_examples=15, deadline=None)
@given(cuts=st.lists(st.integers(0, 10_000), max_size=8))
def test_any_cut_gives_the_same_clients_of_versions(most: int, cuts: list[int]) -> None:
    """Wherever the input is cut, and however dense the sample has to be, the same clients and lines are counted."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("detector.windows.versions.MOST_LINES", most)
        whole = versions_of(AGENTS, [], context_of(AGENTS))
        assert {"FleetApp/4.9.0", "Chrome 126", "curl/8.5.0", ""} >= {row[2] for row in whole} > {""}
        assert whole == versions_of(AGENTS, cuts, context_of(AGENTS))


SAYINGS = ("did thing {}", "message repeated {} times: [ did it]", "Suppressed {} messages from a.service")


@settings(max_examples=40, deadline=None)
@given(
    said=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2 * MOST_REPEATS)), min_size=20, max_size=40),
    cuts=st.lists(st.integers(0, 10_000), max_size=8),
)
def test_what_was_suppressed_is_counted(said: list[tuple[int, int]], cuts: list[int]) -> None:
    """Lines are records and what they say was suppressed, up to a most that is told; bytes are what was written."""
    plain = syslog(len(said)).decode().splitlines()
    lines = [line.partition(": ")[0] + ": " + SAYINGS[way].format(n)
             for line, (way, n) in zip(plain, said, strict=True)]  # fmt: skip
    data = ("\n".join([*plain, *lines]) + "\n").encode()
    totals, read_lines, _ = totals_of(data, cuts, context_of(data))
    every = np.arange(len(totals.services))
    found = {name: sum(np.nansum(totals.matrices(day, every)[name]) for day in totals.days) for name in MEASURES}
    assert 2 * len(said) == read_lines
    assert read_lines + sum(min(n, MOST_REPEATS) for way, n in said if way) == found["lines"]
    assert len(data) - read_lines == found["bytes"]
    cut = read(Block("a.log", 0, 1, data), context_of(data)).partial.cut_repeats
    assert sum(n >= MOST_REPEATS for way, n in said if way) == cut


@pytest.mark.parametrize("name", LOGS)
def test_no_line_is_lost(name: str) -> None:
    """Physical lines read are lines of records and lines not parsed by reason, and a line nobody understands counts."""
    totals, lines, unparsed = totals_of(LOGS[name], [7], context_of(LOGS[name]))
    physical = LOGS[name].count(b"\n")
    assert physical == lines
    every = np.arange(len(totals.services))
    counted = sum(np.nansum(totals.matrices(day, every)["lines"]) for day in totals.days)
    kinds = read_records(cut_lines(LOGS[name]), context_of(LOGS[name]).recipe, frozenset()).kinds
    further = 0 if kinds is None else int(kinds.is_in([CONTINUATION, PART]).sum())
    assert (name in ("text with stack traces", "lines in parts", "slow queries")) == (further > 0)
    assert 0 <= unparsed < lines
    assert lines - further == counted


def surge() -> np.ndarray:
    """Two days of a rhythm, then an hour of five times as much."""
    counts = season(2)
    counts[2000:2060] *= 5
    return counts


def verdicts(result: ScanResult) -> list[dict[str, object]]:
    """Everything that an incident says."""
    return [asdict(incident) for incident in result.incidents]


def write(folder: Path, name: str, data: bytes) -> str:
    """A file with a fixed time of last writing."""
    path = folder / name
    path.write_bytes(data)
    os.utime(path, (NOW_US / 1e6, NOW_US / 1e6))
    return str(path)


@pytest.fixture(scope="module")
def surge_log(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An access log of two days with a surge."""
    return write(tmp_path_factory.mktemp("surge"), "www.log", access_log(surge()[:2400].tolist()))


def test_threads_and_blocks_do_not_matter(surge_log: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One thread or two, large blocks or small ones: the same incidents, ids included."""
    expected = verdicts(scan([surge_log], Settings(threads=1), NOW_US))
    assert len(expected) == 1
    assert expected == verdicts(scan([surge_log], Settings(threads=2), NOW_US))
    monkeypatch.setattr("detector.sources.blocks.BLOCK_BYTES", 600_000)
    assert expected == verdicts(scan([surge_log], Settings(threads=2), NOW_US))


def test_files_in_any_cut_give_the_same_incidents(surge_log: str, tmp_path: Path) -> None:
    """A log rotated into pieces, some compressed, is the log in one piece."""
    import gzip

    data = Path(surge_log).read_bytes()
    cut = [data.index(b"\n", len(data) * part // 3) + 1 for part in (1, 2)]
    write(tmp_path, "www.log", data[cut[1] :])
    write(tmp_path, "www.log.1", data[cut[0] : cut[1]])
    write(tmp_path, "www.log.2.gz", gzip.compress(data[: cut[0]]))
    expected = verdicts(scan([surge_log], Settings(), NOW_US))
    assert expected == verdicts(scan([str(tmp_path)], Settings(), NOW_US))


ALL_KNOBS = settings_of({
    "direction": "both", "services": {"a": {"incident_budget": "1/week"}},
    "calendar": [{"name": "x", "from": "06:00", "to": "08:00", "services": "[bw]*", "learn": False}],
})  # fmt: skip


@pytest.mark.parametrize("chosen", [Settings(), ALL_KNOBS])
def test_order_of_services_does_not_matter(tmp_path: Path, chosen: Settings) -> None:
    """Rows of a counts table in another order give the same windows and incidents."""
    data = counts_csv({"b": surge(), "a": season(2, 3.0, seed=5)})
    header, *rows = data.splitlines()
    mixed = b"\n".join([header, *np.random.default_rng(3).permutation(rows).tolist()]) + b"\n"
    one = scan([write(tmp_path, "x.csv", data)], chosen, NOW_US, keep=Keep(windows=True))
    two = scan([write(tmp_path, "y.csv", mixed)], chosen, NOW_US, keep=Keep(windows=True))
    assert verdicts(one) == verdicts(two)
    assert one.windows is not None
    assert two.windows is not None
    assert one.windows.equals(two.windows)


def alarms(result: ScanResult, until_us: int) -> list[tuple[str, int, int, int | None]]:
    """What was raised up to a moment, and among how many services."""
    found = [one for one in result.incidents if one.detected_us <= until_us]
    return [(one.id, one.started_us, one.detected_us, one.services_known) for one in found]


@settings(max_examples=6, deadline=None)
@given(end=st.integers(1500, 2800), chosen=st.sampled_from([Settings(), ALL_KNOBS]))
def test_the_future_changes_no_verdict(end: int, chosen: Settings, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Cutting off what comes later changes no score and no alarm of what came before."""
    folder = tmp_path_factory.mktemp("causal")
    series = np.concatenate([surge(), season(1, seed=9)])
    late = np.where(np.arange(len(series)) < 2900, np.nan, 5)
    tables = {"www": series, "late": late}, {"www": series[:end]}
    whole, part = (scan([write(folder, "a.csv", counts_csv(table))], chosen, NOW_US, keep=Keep(windows=True))
                   for table in tables)  # fmt: skip
    edge = START_US + end * 60_000_000
    assert alarms(whole, edge) == alarms(part, edge)
    assert whole.windows is not None
    assert part.windows is not None
    before = whole.windows.filter(pl.col("window_start").dt.epoch("us") < edge, service="www")
    assert before.equals(part.windows)


def test_a_jump_from_silence_is_seen(tmp_path: Path) -> None:
    """A service that was silent for a week and suddenly talks is an incident: zero is a value."""
    silent = np.zeros(8 * 1440, int)
    silent[7 * 1440 + 60 : 7 * 1440 + 90] = 50
    path = write(tmp_path, "a.csv", counts_csv({"quiet": silent, "other": season(8, 5.0)}))
    found = [one.started_us for one in scan([path], Settings(), NOW_US).incidents if one.service == "quiet"]
    assert [START_US + (7 * 1440 + 60) * 60_000_000] == found


def test_a_lasting_surge_stays_a_surge(tmp_path: Path) -> None:
    """What was flagged is not learned: a surge of five hours is one incident that lasts five hours."""
    counts = season(4)
    counts[4000:4300] *= 4
    (incident,) = scan([write(tmp_path, "a.csv", counts_csv({"www": counts}))], Settings(), NOW_US).incidents
    assert incident.ended_us is not None
    assert 270 <= (incident.ended_us - incident.started_us) / 60e6 <= 330


def test_short_and_bursty_files_raise_nothing(tmp_path: Path) -> None:
    """Twenty minutes of history, or a file that speaks for two minutes now and then, are no incident."""
    bursts = np.zeros(6 * 1440, int)
    for at in np.arange(0, len(bursts) - 500, 560) + np.random.default_rng(4).integers(0, 400, 15):
        bursts[at : at + 2] = 60 + at % 200
    short, bursty = access_log([30] * 20), access_log(bursts.tolist())
    for name, data in (("short.log", short), ("bursty.log", bursty)):
        assert [] == scan([write(tmp_path, name, data)], Settings(), NOW_US).incidents
