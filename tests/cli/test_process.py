"""The program as a process: pipes, signals, time to answer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.making import access_log, calm, surging

PROGRAM = [sys.executable, "-m", "detector"]
ROOT = Path(__file__).parent.parent.parent


def start(*arguments, **options):
    """The program, with pipes."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([*PROGRAM, *arguments], env=environment, **(pipes | options))


def test_help_answers_at_once():
    """Nothing heavy is loaded: the best of five starts takes less than 0.3 s, and polars is not among the modules."""
    took = []
    for _ in range(5):
        begin = time.perf_counter()
        start("--help").communicate()
        took.append(time.perf_counter() - begin)
    assert 0.3 > min(took)
    code = ("import sys; from detector.cli.main import run; run(['--help']);"
            "sys.exit(bool({'polars', 'numpy', 'msgspec', 'rich', 'sklearn'} & set(sys.modules)))")  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
    assert 0 == done.returncode


def test_the_package_is_cheap_to_import():
    """Frames are loaded when they are needed."""
    code = "import sys, detector; sys.exit('polars' in sys.modules)"
    assert 0 == subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode


@pytest.mark.parametrize("command", ["parse", "scan"])
def test_a_reader_that_leaves_is_no_error(quiet_place, command):
    """`| head -1` makes no noise."""
    (quiet_place / "access.log").write_text(access_log(40_000))
    read, write = os.pipe()
    os.close(read)
    program = start(command, "access.log", "--no-progress", "--quiet", stdout=write, cwd=quiet_place)
    os.close(write)
    assert b"" == program.communicate()[1]
    assert program.returncode in (0, 1)


def test_incidents_are_told_by_the_exit_code_even_if_nobody_reads(quiet_place):
    """`detector scan x | head -0` still knows what it found."""
    read, write = os.pipe()
    os.close(read)
    program = start("scan", surging(quiet_place), stdout=write, cwd=quiet_place)
    os.close(write)
    assert (b"", 1) == (program.communicate()[1], program.returncode)


def interrupt(program):
    """Press Ctrl-C, and again if nothing comes of it: a signal that comes while a library loads can be lost in it."""
    for _ in range(3):
        program.send_signal(signal.SIGINT)
        try:
            return program.communicate(timeout=8)
        except subprocess.TimeoutExpired:
            continue
    program.kill()
    return program.communicate()


@pytest.mark.parametrize("command", ["scan", "parse"])
def test_an_interrupt_gives_130(quiet_place, command):
    """While it waits for a silent pipe, in one line and without a traceback; its opening tells that reading began."""
    os.mkfifo(quiet_place / "live.log")
    program = start(command, "live.log", cwd=quiet_place)
    with open(quiet_place / "live.log", "w") as live:
        live.write(access_log(10))
        live.flush()
        out, err = interrupt(program)
    assert (130, b"", b"interrupted\n") == (program.returncode, out, err)


def test_a_full_disk_is_told(quiet_place):
    """In one line."""
    with open("/dev/full", "wb") as full:
        program = start("scan", calm(quiet_place), stdout=full, cwd=quiet_place)
        err = program.communicate()[1]
    assert (2, b"error: standard output cannot be written: No space left on device\n") == (program.returncode, err)


def test_a_closed_standard_output_is_told(quiet_place):
    """With what to do."""
    name = calm(quiet_place)
    line = f'"$0" -m detector scan {name} >&-'
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    shell = ["sh", "-c", line, sys.executable]
    done = subprocess.run(shell, cwd=quiet_place, capture_output=True, env=environment, check=False)
    assert (2, b"error: standard output is closed: name a file with -o FILE\n") == (done.returncode, done.stderr)


def test_bugs_give_one_line(quiet_place):
    """A traceback comes only if it is asked for."""
    code = ("import detector.pipeline.scan as s, sys; s.scan = lambda *a, **k: 1 / 0\n"
            "from detector.cli.main import run; sys.exit(run(['scan', 'x.log']))")  # fmt: skip
    for debug, lines in (("", 1), ("1", 5)):
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "DETECTOR_DEBUG": debug}
        program = [sys.executable, "-c", code]
        done = subprocess.run(program, env=environment, cwd=quiet_place, capture_output=True, text=True, check=False)
        expected = "internal error: ZeroDivisionError: division by zero; please report it"
        assert (70, True) == (done.returncode, done.stderr.splitlines()[-1].startswith(expected))
        assert lines <= done.stderr.count("\n")
        assert bool(debug) == ("Traceback" in done.stderr)


SHELLS = [("bash", "complete -o nosort"), ("zsh", "#compdef detector"), ("fish", "complete")]


@pytest.mark.parametrize(("shell", "mark"), SHELLS)
def test_completion(shell, mark, detector):
    """The script of each shell."""
    answer = detector("completion", shell)
    assert (0, "") == (answer.code, answer.err)
    assert mark in answer.out


def test_completion_knows_commands():
    """As the shell asks for them."""
    words = {"_DETECTOR_COMPLETE": "bash_complete", "COMP_WORDS": "detector sc", "COMP_CWORD": "1"}
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **words}
    done = subprocess.run(PROGRAM, env=environment, capture_output=True, check=False)
    assert (0, b"plain,scan\n", b"") == (done.returncode, done.stdout, done.stderr)
