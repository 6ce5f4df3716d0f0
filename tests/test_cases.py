"""The golden cases: each file in tests/cases is one behaviour, as a user sees it.

A case is TOML: `about` (one sentence), `command` (without the program's name), `exit`, `stdout` and `stderr`; also, if
needed, `stdin`, `[files]` (name -> text) and `[environment]`. In an expected line `[..]` stands for anything, and a
line `...` for any lines.
"""

from __future__ import annotations

import os
import re
import shlex
import tomllib
from pathlib import Path

import pytest

CASES = sorted((Path(__file__).parent / "cases").glob("*.toml"))
KEYS = {"about", "command", "exit", "stdout", "stderr", "stdin", "files", "environment"}
LONG_AGO = 1_751_328_000
"""1 July 2025, when all files of the cases were last written: some formats have no year."""


def pattern_of(expected: str) -> str:
    """The regular expression that an expected text stands for."""
    text = re.escape(expected).replace(re.escape("[..]"), "[^\n]*")
    return re.sub(r"(?m)^\\\.\\\.\\\.(\\\n|$)", "(?:[^\n]*\n)*", text)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path, detector, quiet_place, monkeypatch):
    """The command does just what the file says."""
    case = tomllib.loads(path.read_text("utf-8"))
    assert set() == set(case) - KEYS
    for name, text in case.get("files", {}).items():
        (quiet_place / name).parent.mkdir(parents=True, exist_ok=True)
        (quiet_place / name).write_text(text, "utf-8")
        os.utime(quiet_place / name, (LONG_AGO, LONG_AGO))
    for name, value in case.get("environment", {}).items():
        monkeypatch.setenv(name, value)
    answer = detector(*shlex.split(case["command"]), stdin=case.get("stdin", ""))
    for name, actual in (("stdout", answer.out), ("stderr", answer.err)):
        expected = case.get(name, "")
        if not re.fullmatch(pattern_of(expected), actual):
            assert expected == actual  # pytest shows the difference
    assert case["exit"] == answer.code


def test_every_case_says_what_it_is_about():
    """In one sentence."""
    abouts = {path.name: tomllib.loads(path.read_text("utf-8")).get("about", "") for path in CASES}
    assert [] == [name for name, about in abouts.items() if not about.endswith(".")]
