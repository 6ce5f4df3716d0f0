"""Who holds the excess, found by a second look at the logs."""

from __future__ import annotations

import gzip
import io
import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from detector.causes import Contributor
from detector.config import Settings
from detector.pipeline import contributors as second_look
from detector.pipeline import gather as gathering
from detector.pipeline.aids import NO_AIDS, Aids
from detector.pipeline.index import FileIndex
from detector.pipeline.read import Reading
from detector.pipeline.scan import scan
from detector.schemas import ScanResult
from detector.sources.again import read_again
from detector.sources.files import SourceFile, find
from detector.sources.parts import Part, identity_at
from detector.windows.counting import Partial
from tests.pipeline.making import START, START_US, season

NOW_US = START_US + 400 * 86_400_000_000
DATA = Path(__file__).parents[2] / "data"
BEGIN, END = 1500, 1560
SECRET = "hunter2hunter2"


def surging_log(seed: int = 3) -> bytes:
    """An access log of 26 hours; in one hour of the second day `app/2` sends five times as much as all others."""
    rng = np.random.default_rng(seed)
    counts = season(2, 20.0)[: END + 30]
    lines = []
    for minute, usual in enumerate(counts.tolist()):
        extra = 5 * usual if BEGIN <= minute < END else 0
        seconds = np.sort(rng.integers(0, 60, usual + extra))
        for second, is_extra in zip(seconds.tolist(), rng.permutation(usual + extra) < extra, strict=True):
            stamp = (START + timedelta(minutes=minute, seconds=second)).strftime("%d/%b/%Y:%H:%M:%S +0000")
            version = 2 if is_extra or rng.random() < 0.1 else 1
            path = f"/cars/{int(rng.integers(100, 999))}?token={SECRET}"
            client = int(rng.integers(30))
            lines.append(f'192.0.2.{client} - - [{stamp}] "GET {path} HTTP/1.1" 200 10 "-" "app/{version}"')
    return ("\n".join(lines) + "\n").encode()


LOG = surging_log()


def contributors(result: ScanResult) -> list[tuple[Contributor, ...]]:
    """Those of each incident."""
    return [result.causes[one.id].contributors for one in result.incidents]


def look(*paths: Path, aids: Aids = NO_AIDS, threads: int = 1) -> ScanResult:
    """Scan these paths."""
    return scan([str(path) for path in paths], Settings(threads=threads), NOW_US, aids)


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Contributor, ...]]:
    """What one thread finds in the log in one piece."""
    path = tmp_path_factory.mktemp("whole") / "www.log"
    path.write_bytes(LOG)
    return contributors(look(path))


def test_the_guilty_version_of_the_sample_comes_first():
    """The update of 19 November 2021."""
    (found,) = contributors(look(DATA / "fleet-api.log.gz"))
    assert ("version", "FleetApp/4.9.0") == (found[0].dimension, found[0].value)
    assert found[0].share > 0.9
    assert "FleetApp/4.9.0" in found[0].sample


def test_what_is_told_of_the_guilty(expected):
    """Rates per minute before and in the surge, and a line without its secret."""
    ((first, *_),) = expected
    assert ("version", "app/2") == (first.dimension, first.value)
    assert first.during > 20 * first.before > 0
    assert first.share > 0.95
    assert "token=***" in first.sample
    assert SECRET not in first.sample


@pytest.mark.parametrize("block_bytes", [600_000, 4_194_304])
def test_threads_and_blocks_do_not_matter(expected, monkeypatch, tmp_path, block_bytes):
    """However the log is cut, every number and every line is the same."""
    (tmp_path / "www.log").write_bytes(LOG)
    monkeypatch.setattr("detector.sources.blocks.BLOCK_BYTES", block_bytes)
    assert expected == contributors(look(tmp_path / "www.log", threads=2))


def test_shares_of_a_large_file_do_not_matter(expected, monkeypatch, tmp_path):
    """The index of what other processes read comes back with their counts."""
    (tmp_path / "www.log").write_bytes(LOG)
    monkeypatch.setattr(gathering, "PART_BYTES", 1_000_000)
    assert expected == contributors(look(tmp_path / "www.log", threads=2))


def test_files_in_any_cut_give_the_same_contributors(expected, tmp_path):
    """A log rotated into pieces, one compressed, is the log in one piece."""
    cut = [LOG.index(b"\n", len(LOG) * part // 100) + 1 for part in (50, 90)]
    (tmp_path / "www.log").write_bytes(LOG[cut[1] :])
    (tmp_path / "www.log.1").write_bytes(LOG[cut[0] : cut[1]])
    (tmp_path / "www.log.2.gz").write_bytes(gzip.compress(LOG[: cut[0]]))
    assert expected == contributors(look(tmp_path))


def test_a_pipe_is_not_read_twice():
    """It says so."""
    result = scan(["-"], Settings(threads=1), NOW_US, Aids(io.BytesIO(LOG)))
    assert [["app/2"]] == [[one.value for one in found] for found in contributors(result)], "all versions are counted"
    assert ["who holds the excess is not told from -: it cannot be read twice"] == result.notes


def test_a_large_compressed_log_is_not_unpacked_twice(monkeypatch, tmp_path):
    """It says so."""
    (tmp_path / "www.log.gz").write_bytes(gzip.compress(LOG))
    monkeypatch.setattr(second_look, "MOST_UNPACKED", 1_000_000)
    result = look(tmp_path)
    assert ["app/2"] == [one.value for found in contributors(result) for one in found]
    assert "can only be read from the beginning" in result.notes[0]


def test_templates_and_levels_of_one_service_among_others(tmp_path):
    """In a log of several services only the records of the one that surges count."""
    rng = np.random.default_rng(5)
    rows = []
    for minute, usual in enumerate(season(2, 15.0)[: END + 30].tolist()):
        messages = [("shop", "info", f"order {int(rng.integers(9999))} done")] * usual + [("till", "info", "tick")] * 20
        if BEGIN <= minute < END:
            messages += [("shop", "debug", f"retry {int(rng.integers(9999))} of user bob")] * 5 * usual
        stamp = (START + timedelta(minutes=minute)).isoformat()
        rows += [json.dumps({"time": stamp, "service": s, "level": level, "msg": m}) for s, level, m in messages]
    (tmp_path / "app.jsonl").write_text("\n".join(rows) + "\n")
    result = look(tmp_path)
    assert ["shop"] == [one.service for one in result.incidents]
    ((first, second, *_),) = contributors(result)
    assert ("message", "retry <*> of <*>") == (first.dimension, first.value)
    assert ("level", "debug") == (second.dimension, second.value)
    assert first.share > 0.95


def reading(offset: int, times: tuple[int, int] | None) -> Reading:
    """A block of ten bytes with these times."""
    first, last = times or (None, None)
    return Reading(Partial(["a"], first_us=first, last_us=last), 1, 10, {}, {}, offset)


def test_only_the_blocks_that_hold_a_time_are_read():
    """Neighbours are joined, the last one goes on to the end."""
    index = FileIndex(SourceFile("a.log", 0, 40, "a"), None)
    for offset, times in ((0, (0, 9)), (10, (10, 19)), (20, None), (30, (15, 29))):
        index.add(reading(offset, times))
    assert [Part(10, 20), Part(30, None)] == index.parts([(16, 17)])
    assert [Part(0, 20)] == index.parts([(9, 11)])
    assert [] == index.parts([(30, 40)])


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_parts_of_a_file_are_read_again(pack, tmp_path):
    """Of a plain file and of a compressed one; nothing if another file has its name by now."""
    path = tmp_path / "a.log"
    path.write_bytes(pack(LOG))
    (file,) = find([str(path)]).files
    identity = identity_at(file.path)
    assert identity is not None
    assert LOG == b"".join(block.data for block in read_again(file, identity, [Part(0, None)]))
    assert [] == list(read_again(file, identity, []))
    path.rename(tmp_path / "a.log.1")
    path.write_bytes(pack(LOG))
    assert [] == list(read_again(file, identity, [Part(0, None)]))
