"""`learn` and scans with a model."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from detector.baseline.store import load
from detector.config import Settings
from detector.errors import ModelError
from detector.layers import settings_of
from detector.pipeline.learn import learn
from detector.pipeline.scan import scan
from tests.pipeline.making import START_US, counts_csv, season

NOW_US = 0


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four days of two services, and the fifth with a surge right at its begin."""
    folder = tmp_path_factory.mktemp("history")
    counts = season(5)
    fifth = counts.copy()
    fifth[4 * 1440 : 4 * 1440 + 20] *= 3
    lines = counts_csv({"www": fifth, "api": season(5, 8.0, seed=4)}).splitlines(keepends=True)
    at = 1 + 2 * 4 * 1440
    (folder / "old.csv").write_bytes(b"".join(lines[:at]))
    (folder / "new.csv").write_bytes(lines[0] + b"".join(lines[at:]))
    (folder / "all.csv").write_bytes(b"".join(lines))
    return folder


def test_a_model_knows_what_a_fresh_scan_does_not(history: Path, tmp_path: Path) -> None:
    """A surge in the first minutes of the input is found with a model, and cannot be without."""
    learned = learn([str(history / "old.csv")], Settings(), str(tmp_path / "m"), NOW_US)
    assert learned.services == 2
    first = START_US + 4 * 86_400_000_000 + 20 * 60_000_000
    without = scan([str(history / "new.csv")], Settings(), NOW_US).incidents
    known = scan([str(history / "new.csv")], Settings(model=str(tmp_path / "m")), NOW_US).incidents
    assert all(one.started_us > first for one in without)
    assert ["www"] == [one.service for one in known]


def test_update_goes_on_where_learning_ended(history: Path, tmp_path: Path) -> None:
    """Learning two stretches one after the other knows what learning both at once knows."""
    learn([str(history / "old.csv")], Settings(), str(tmp_path / "a"), NOW_US)
    learn([str(history / "all.csv")], Settings(), str(tmp_path / "a"), NOW_US, update=True)
    learn([str(history / "all.csv")], Settings(), str(tmp_path / "b"), NOW_US)
    one, two = (load(str(tmp_path / name)) for name in "ab")
    assert one[1].next_window == two[1].next_window
    assert one[0]["rows"].equals(two[0]["rows"])


def damage(folder: Path, kind: str) -> None:
    """Break a model in one way."""
    manifest = folder / "manifest.json"
    table = next(folder.glob("rows-*.parquet"))
    content = json.loads(manifest.read_text())
    if kind == "bit flip":
        data = bytearray(table.read_bytes())
        data[len(data) // 2] ^= 1
        table.write_bytes(data)
    elif kind == "missing table":
        table.unlink()
    elif kind == "newer":
        manifest.write_text(json.dumps(content | {"schema": "detector.model/9"}))
    elif kind == "foreign":
        manifest.write_text('{"schema": "another/1"}')
    elif kind == "no JSON":
        manifest.write_text("{")
    elif kind == "unknown field":
        manifest.write_text(json.dumps(content | {"more": 1}))
    elif kind == "no model":
        manifest.unlink()


KINDS = ["bit flip", "missing table", "newer", "foreign", "no JSON", "unknown field", "no model"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_model_is_refused_in_one_line(history: Path, tmp_path: Path, kind: str) -> None:
    """Damaged, foreign, newer or missing: one clear line with exit code 78, never a wrong baseline."""
    folder = tmp_path / "m"
    learn([str(history / "old.csv")], Settings(), str(folder), NOW_US)
    damage(folder, kind)
    with pytest.raises(ModelError) as told:
        scan([str(history / "new.csv")], Settings(model=str(folder)), NOW_US)
    assert 78 == told.value.exit_code
    assert "\n" not in str(told.value)
    assert str(folder) in str(told.value)


def test_a_model_of_other_windows_is_refused(history: Path, tmp_path: Path) -> None:
    """A model learned with one-minute windows is not used for five-minute ones, nor under other service names."""
    folder = str(tmp_path / "m")
    learn([str(history / "old.csv")], Settings(), folder, NOW_US)
    for other in (Settings(model=folder, window="5m"), Settings(model=folder, by="service,host")):
        with pytest.raises(ModelError):
            scan([str(history / "new.csv")], other, NOW_US)


def test_a_model_knows_the_falls_of_those_that_ask(history: Path, tmp_path: Path) -> None:
    """Silence in the first hour is noticed with a model; it remembers nothing of services that did not ask."""
    settings = settings_of({"services": {"www": {"direction": "both"}}})
    learn([str(history / "old.csv")], settings, str(tmp_path / "m"), NOW_US)
    assert ["www"] == load(str(tmp_path / "m"))[0]["falls"]["service"].to_list()
    rows = (history / "new.csv").read_text().splitlines(keepends=True)
    fallen = [f"{row.rpartition(',')[0]},0\n" if 1 + 2 * 30 <= index < 1 + 2 * 58 else row
              for index, row in enumerate(rows)]  # fmt: skip
    (tmp_path / "fallen.csv").write_text("".join(fallen))

    def falls(model: str | None) -> list[str]:
        found = scan([str(tmp_path / "fallen.csv")], replace(settings, model=model), NOW_US)
        hour_us = START_US + 4 * 86_400_000_000 + 3_600_000_000
        return [one.service for one in found.incidents if one.factor < 1 and one.detected_us < hour_us]

    assert ["www"] == falls(str(tmp_path / "m"))
    assert [] == falls(None)
