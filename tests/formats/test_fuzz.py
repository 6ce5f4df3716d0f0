"""A short run of `tests/bench/fuzz.py`."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

SCRIPT = Path(__file__).parents[1] / "bench" / "fuzz.py"


def load() -> ModuleType:
    """The script as a module."""
    found = importlib.util.spec_from_file_location("fuzz", SCRIPT)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_damaged_lines_do_no_harm(tmp_path: Path) -> None:
    """A few seconds of damaged files of every format; what takes long is not judged, machines are busy."""
    tried, faults = load().fuzz(tmp_path, seed=7, seconds=6, judge_time=False)
    assert tried
    assert [] == faults
