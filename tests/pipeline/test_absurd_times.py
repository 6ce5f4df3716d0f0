"""One absurd timestamp does not stretch the time axis, and no line is lost in silence."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from detector.config import Settings
from detector.pipeline.digest import Keep
from detector.pipeline.learn import learn
from detector.pipeline.scan import scan
from tests.pipeline.making import START, START_US, access_line, access_log

NOW_US = START_US + 400 * 86_400_000_000
MINUTES = 600


@pytest.fixture(params=[-20_000, 30_000], ids=["1971", "2108"])
def disturbed(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Ten hours of a log with one line of another century in its middle."""
    lines = access_log([5] * MINUTES).splitlines(keepends=True)
    lines.insert(1500, (access_line(START + timedelta(days=request.param), 1) + "\n").encode())
    path = tmp_path / "www.log"
    path.write_bytes(b"".join(lines))
    return str(path)


def test_a_scan_leaves_it_out_and_says_so(disturbed: str) -> None:
    """It is counted by its reason, and the span is that of all other lines."""
    result = scan([disturbed], Settings(), NOW_US, keep=Keep(windows=True))
    summary = result.input
    assert {"implausible_time": 1} == summary.lines_unparsed
    assert (5 * MINUTES + 1, 5 * MINUTES) == (summary.lines_read, summary.lines_parsed)
    assert (START_US, START_US + MINUTES * 60_000_000) == (result.from_us, result.to_us)
    assert result.windows is not None
    assert (MINUTES, 5 * MINUTES) == (len(result.windows), result.windows["lines"].sum())


def test_small_blocks_agree(disturbed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However the input is cut."""
    expected = scan([disturbed], Settings(), NOW_US, keep=Keep(windows=True))
    monkeypatch.setattr("detector.sources.blocks.BLOCK_BYTES", 9_000)
    found = scan([disturbed], Settings(threads=2), NOW_US, keep=Keep(windows=True))
    assert expected.windows is not None
    assert found.windows is not None
    assert expected.windows.equals(found.windows)
    assert expected.input.lines_unparsed == found.input.lines_unparsed


def test_learning_leaves_it_out(disturbed: str, tmp_path: Path) -> None:
    """The span of a model is that of the plausible lines."""
    learned = learn([disturbed], Settings(), str(tmp_path / "model"), NOW_US)
    assert (START_US, START_US + MINUTES * 60_000_000) == (learned.from_us, learned.to_us)
    assert {"implausible_time": 1} == learned.input.lines_unparsed
