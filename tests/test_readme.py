"""Every command that README shows runs as it stands there."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from detector.layers import settings_of

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
COMMANDS = [line for block in BLOCKS[2:] for line in block.splitlines()]
LEARN = next(command for command in COMMANDS if command.startswith("detector learn"))
FIRST = BLOCKS[0].split("&&")[-1].strip()


SETTINGS = re.findall(r"^```toml\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that has the samples and is left with what the commands write."""
    place = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "data", place / "data")
    return place


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a `detector` command with this Python."""
    name, *arguments = shlex.split(command)
    assert "detector" == Path(name).name
    argv = [sys.executable, "-m", "detector", *arguments]
    return subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.parametrize("text", SETTINGS)
def test_settings_are_valid(text: str) -> None:
    """A settings file may hold what is shown, and nothing of it is a default that went unnoticed."""
    settings = settings_of(tomllib.loads(text))
    assert settings_of({}) != settings


@pytest.mark.parametrize("command", COMMANDS)
def test_command_runs(command: str, folder: Path) -> None:
    """It ends with 0 or 1 and says nothing of errors."""
    if "--model model" in command and not (folder / "model").exists():  # another process ran what stands above it
        run(LEARN, folder)
    done = run(command, folder)
    assert done.returncode in (0, 1), done.stderr
    assert "error" not in done.stderr


def test_the_first_command_shows_what_readme_says(folder: Path) -> None:
    """The incident that README shows is the one that the sample gives, word for word."""
    done = run(FIRST, folder)
    shown = re.search(r"^    WARNING .*?\n\n", README, re.MULTILINE | re.DOTALL)
    assert shown is not None
    assert 1 == done.returncode
    for line in shown[0].strip("\n").splitlines():
        assert line.removeprefix("    ") in done.stdout.splitlines()


def test_the_python_example_runs(folder: Path) -> None:
    """The lines of Python print a service and its kind."""
    code = re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)[0]
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    assert 0 == done.returncode, done.stderr
    assert "billing" in done.stdout
