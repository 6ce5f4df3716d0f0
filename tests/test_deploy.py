"""What `deploy/` says can be run: its commands are commands of this program, its units are units of systemd."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from detector.cli.group import group

DEPLOY = Path(__file__).resolve().parent.parent / "deploy"
UNITS = sorted(DEPLOY.glob("systemd/*"))


def commands() -> list[list[str]]:
    """The arguments of every command in the files."""
    units = "\n".join(unit.read_text() for unit in UNITS)
    found = [shlex.split(line)[1:] for line in re.findall(r"^ExecStart=(.*)$", units, re.MULTILINE)]
    image = (DEPLOY / "Dockerfile").read_text()
    found += [json.loads(words) for words in re.findall(r"^CMD (\[.*\])$", image, re.MULTILINE)]
    for manifest in sorted(DEPLOY.glob("kubernetes/*.yaml")):
        listed = re.findall(r"^ +args: \[(.*)\]$", manifest.read_text(), re.MULTILINE)
        found += [[word.strip(' "') for word in line.split(",")] for line in listed]
    cron = re.findall(r"^    \S+ \* \* \* \* detector (.*)$", (DEPLOY / "README.md").read_text(), re.MULTILINE)
    return found + [shlex.split(line) for line in cron]


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_commands_are_understood(words: list[str]) -> None:
    """Every option and value is one that the command knows."""
    main = group
    context = click.Context(main, info_name="detector")
    command = main.get_command(context, words[0])
    assert command is not None
    command.make_context(words[0], words[1:], parent=context)


def test_all_files_have_a_command() -> None:
    """Two units, the image, two manifests and the line for cron."""
    assert 6 == len(commands())


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    """`systemd-analyze verify` has nothing to say against the units."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd is not here")
    for unit in UNITS:
        text = unit.read_text().replace("/opt/detector/bin/detector", "/bin/true")
        (tmp_path / unit.name).write_text(text)
    names = [str(tmp_path / unit.name) for unit in UNITS]
    done = subprocess.run([program, "verify", *names], capture_output=True, text=True, check=False, timeout=60)
    assert (0, "") == (done.returncode, done.stderr)
