"""The journal is followed by its cursor, through ends of `journalctl`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from detector.errors import InputError
from detector.sources.live import journald
from detector.sources.live.journald import Journald
from detector.sources.live.settings import JournaldSource
from tests.sources.live.running import Running, clock

FAKE = """#!{python}
import json, sys
after = next((one.split("=", 1)[1] for one in sys.argv if one.startswith("--after-cursor=")), None)
begin = 0 if after is None else int(after.split("-")[1]) + 1
for number in range(begin, begin + 3):
    print(json.dumps({{"__CURSOR": f"c-{{number}}", "MESSAGE": str(number)}}))
sys.stdout.flush()
print("told why", file=sys.stderr)
sys.exit(1)
"""


@pytest.fixture
def command(tmp_path: Path) -> str:
    """A program that ends after three entries behind the cursor that it is given."""
    path = tmp_path / "journalctl"
    path.write_text(FAKE.format(python=sys.executable))
    path.chmod(0o700)
    return str(path)


def test_it_goes_on_behind_the_last_entry(command, monkeypatch):
    """When the program ends it is started again behind the last cursor, and a later run goes on there too."""
    monkeypatch.setattr(journald, "FIRST_PAUSE_SECONDS", 0.01)
    with Running(Journald(JournaldSource(command), clock)) as first:
        messages = [json.loads(line)["MESSAGE"] for line in first.until(7)]
    assert [str(number) for number in range(len(messages))] == messages
    count = len(first.lines)
    assert {"journald": {"cursor": f"c-{count - 1}"}} == first.positions
    source = Journald(JournaldSource(command), clock)
    with Running(source, first.positions) as second:
        assert str(count) == json.loads(second.until(1)[0])["MESSAGE"]
        while not source.lag().troubles:
            second.take(0.01)
        assert (f"journald: {command} ended with 1: told why",) == source.lag().troubles
        assert source.lag().losses["restarts"] > 0


def test_a_missing_program_is_told():
    """One line with the program and the reason."""
    running = Running(Journald(JournaldSource("/nowhere/journalctl"), clock))
    running.thread.start()
    running.thread.join(5)
    assert isinstance(running.error, InputError)
    assert "/nowhere/journalctl: cannot be run: No such file or directory" == str(running.error)


def test_the_journal_of_this_machine():
    """What is written to a real journal arrives."""
    if shutil.which("systemd-cat") is None or not Path("/run/systemd/journal/stdout").exists():
        pytest.skip("journald does not run here")
    word = uuid.uuid4().hex
    with Running(Journald(JournaldSource(), clock)) as running:
        while word.encode() not in running.data:
            subprocess.run(["systemd-cat", "echo", word], check=True, timeout=10)
            running.take(0.5)
