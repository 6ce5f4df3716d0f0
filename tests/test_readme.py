"""Every command that README shows runs as it stands there."""

from __future__ import annotations

import re
import shlex
import shutil
import socket
import subprocess
import sys
import tomllib
from pathlib import Path
from threading import Event

import pytest

from detector.layers import Layer, resolve
from tests.alerts.servers import wait_until

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
    assert resolve([]) != resolve([Layer("README", tomllib.loads(text))])


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


def test_the_demo_shows_what_readme_says(folder: Path) -> None:
    """The whole screen, word for word."""
    done = run("detector demo", folder)
    section = README.split("## The outage it is for")[1].split("\n## ")[0]
    shown = [line.removeprefix("    ") for line in section.splitlines() if line.startswith("    ")]
    assert shown == [line for line in done.stdout.splitlines() if line]


def test_the_python_example_runs(folder: Path) -> None:
    """The lines of Python print a service and its kind."""
    code = re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)[0]
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    assert 0 == done.returncode, done.stderr
    assert "billing" in done.stdout


def test_the_story_of_two_terminals_goes_as_told(tmp_path: Path) -> None:
    """A log grows, a watch follows it, Enter begins a surge: the webhook hears that it began and that it is over."""
    section, port = README.split("## Watching")[1], free_port()
    settings = re.findall(r"^```toml\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)[0]
    (tmp_path / "detector.toml").write_text(settings.replace("8099", port))
    (tmp_path / "data").mkdir()
    shutil.copy(ROOT / "data" / "grow_log.py", tmp_path / "data")
    growing, watching = (shlex.split(line) for line in re.findall(r"^    \$ (.*)$", section, re.MULTILINE))
    first = [sys.executable, *(port if word == "8099" else word for word in growing[1:]), "--speed", "600"]
    with start(first, tmp_path) as log, start([sys.executable, "-m", "detector", *watching[1:]], tmp_path) as watch:
        assert log.stdin is not None
        assert log.stdout is not None
        heard = [log.stdout.readline()]
        wait_until((tmp_path / "watch-state" / "state.sqlite").exists)
        Event().wait(4)  # minutes pass quickly there: what is expected is known before the surge
        log.stdin.write("\n")
        log.stdin.flush()
        while not any("resolved" in line for line in heard) and len(heard) < 9:
            heard.append(log.stdout.readline())
        watch.terminate()
        told = watch.communicate(timeout=30)[0]
        log.kill()
    assert heard[0] in re.sub(r"^    ", "", README, flags=re.MULTILINE)
    assert ["the surge begins\n"] == heard[1:2]
    assert re.search(r"^webhook: (info|warning): shop x\d", heard[2])
    assert "webhook: resolved: shop\n" == heard[-1]
    assert [" OPEN ", " RESOLVED "] == re.findall(r" OPEN | RESOLVED ", told)


def start(command: list[str], folder: Path) -> subprocess.Popen[str]:
    """A program that is written to and read from."""
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=folder, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)


def free_port() -> str:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return str(one.getsockname()[1])
