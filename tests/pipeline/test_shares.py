"""Large files read in shares by several processes: the same answers, whatever becomes of the processes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from detector.config import Settings
from detector.pipeline import crew as crews
from detector.pipeline import gather as gathering
from detector.pipeline.aids import Aids
from detector.pipeline.crew import Crew
from detector.pipeline.gather import gather
from detector.pipeline.shares import Share, open_share, read_share
from detector.sources.files import find
from detector.sources.parts import divide
from tests.pipeline.test_promises import LOGS, NOW_US, table_of


def seen(path: Path, threads: int, aids: Aids) -> tuple[dict, dict]:
    """All that was counted, and where the lines went."""
    gathered = gather([str(path)], Settings(threads=threads), NOW_US, aids)
    summary = gathered.summary
    where = {name: getattr(summary, name) for name in summary.__slots__}
    return table_of(gathered.totals), where


@pytest.fixture(scope="module")
def crew():
    """One process beside this one."""
    with Crew(2) as started:
        started.start()
        yield started


@pytest.mark.parametrize("name", LOGS)
@pytest.mark.parametrize("part_bytes", [700, 3000])
def test_shares_give_the_same_counts(crew: Crew, monkeypatch, tmp_path: Path, name: str, part_bytes: int) -> None:
    """However large the shares are, and whoever reads them, every count and every loss is that of one reader."""
    (tmp_path / "a.log").write_bytes(LOGS[name])
    expected, where = seen(tmp_path / "a.log", 1, Aids())
    monkeypatch.setattr(gathering, "PART_BYTES", part_bytes)
    found, there = seen(tmp_path / "a.log", 2, Aids(crew=crew))
    assert there == where
    assert expected.keys() == found.keys()
    for key, value in expected.items():
        np.testing.assert_array_equal(found[key], value, err_msg=key)


def share_of(path: Path) -> Share:
    """The whole of a file as one share, and what it is read by."""
    divided = divide(str(path), 1000)
    assert divided is not None
    divided.file.close()
    whole = divided.parts[0]._replace(end=None)
    return Share(find([str(path)]).files[0], divided.identity, whole, Settings(), NOW_US, read_share)


def test_another_process_counts_like_this_one(crew: Crew, tmp_path: Path) -> None:
    """What comes over the pipe is what would have been counted here."""
    path = tmp_path / "a.log"
    path.write_bytes(LOGS["access"])
    share = share_of(path)
    done = crew.ask(share)
    with path.open("rb", buffering=0) as file:
        here = read_share(share, file)
    assert done is not None
    assert [reading.lines for reading in done.readings] == [reading.lines for reading in here.readings]
    assert (done.readings[0].partial.measures == here.readings[0].partial.measures).all()
    assert (done.readings[0].partial.sketches == here.readings[0].partial.sketches).all()


def test_a_file_that_was_replaced_is_not_read(tmp_path: Path) -> None:
    """A process that finds another file under the name says so, and the open file is read instead."""
    path = tmp_path / "a.log"
    path.write_bytes(LOGS["access"])
    share = share_of(path)
    path.rename(tmp_path / "a.log.1")
    path.write_bytes(LOGS["access"])
    assert open_share(share) is None
    assert open_share(replace(share, file=replace(share.file, path=str(tmp_path / "gone.log")))) is None


def test_a_dead_process_is_done_without(tmp_path: Path) -> None:
    """When a process dies its share is not answered, and it is not asked again."""
    (tmp_path / "a.log").write_bytes(LOGS["access"])
    share = share_of(tmp_path / "a.log")
    with Crew(2) as crew:
        crew.start()
        for worker in crew._workers:
            worker._process.kill()
            worker._process.wait()
        assert crew.ask(share) is None
        assert crew._idle.empty()


def test_processes_are_started_for_large_files_only(monkeypatch, tmp_path: Path) -> None:
    """A small file is read sooner than a process starts."""
    path = tmp_path / "a.log"
    path.write_bytes(bytes(100))
    with Crew(2, [str(path), str(tmp_path), "-", str(tmp_path / "missing")]) as small:
        assert not small._workers
    monkeypatch.setattr(crews, "WORTH_BYTES", 100)
    with Crew(2, [str(path)]) as large:
        assert len(large._workers) == 1
    assert large._workers[0]._process.returncode is not None


def test_no_process_loads_what_lies_in_the_working_folder(crew: Crew, monkeypatch, tmp_path: Path) -> None:
    """A folder of logs may hold a file that is called like a library."""
    (tmp_path / "polars.py").write_text("raise SystemExit(3)")
    (tmp_path / "a.log").write_bytes(LOGS["access"])
    share = share_of(tmp_path / "a.log")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("")
    with Crew(2) as started:
        started.start()
        assert started.ask(share) is not None
