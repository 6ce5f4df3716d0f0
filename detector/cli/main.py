"""The entry point: every failure ends here, as one line on standard error and an exit code."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

INTERRUPTED = 130
USAGE = 2
INTERNAL = 70
"""EX_SOFTWARE of sysexits.h: a bug, told apart from all that the user can mend."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and leave with its exit code, at once: to take everything apart first would cost 0.1 s."""
    code = run(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            silence()
    os._exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run one command; nothing but the exit code comes out, however it ends."""
    gc.set_threshold(100_000, 50)  # loading makes many objects and little garbage: a tenth of the start went there
    # the matrices are small: threads of the linear algebra only wait for each other, and for the threads that read
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        from detector.cli.group import (
            group,  # inside, so that an interrupt while loading is silent too
        )

        code = group.main(list(arguments), prog_name="detector", standalone_mode=False)
        if code == INTERRUPTED:
            return _say("interrupted", INTERRUPTED)
        if sys.stdout is not None:
            sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 1
    except BaseException as error:  # noqa: BLE001  polars panics with a BaseException; no traceback may reach the user
        return _tell(error)


def _tell(error: BaseException) -> int:
    """One line about a failure, and its exit code."""
    import click

    from detector.errors import DetectorError

    if isinstance(error, BrokenPipeError):
        silence()
        return 0
    if isinstance(error, KeyboardInterrupt | click.exceptions.Abort):
        return _say("interrupted", INTERRUPTED)
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return max(_say(line, error.exit_code) for line in error.format_message().splitlines())
    if isinstance(error, click.ClickException):
        return _say(f"error: {_in_one_line(error)}", error.exit_code)
    if isinstance(error, DetectorError):
        return _say(f"error: {error}", error.exit_code)
    if isinstance(error, OSError) and error.strerror:
        name = f"{error.filename}: " if error.filename else ""
        return _say(f"error: {name}{error.strerror}", USAGE)
    return _internal(error)


def _in_one_line(error: BaseException) -> str:
    """What click has to say about wrong usage, and where the help is."""
    import click

    if not isinstance(error, click.ClickException):
        return str(error)
    text = " ".join(error.format_message().split())
    if isinstance(error, click.UsageError) and error.ctx is not None:
        return f"{text.rstrip('.')} (see `{error.ctx.command_path} --help`)"
    return text


def _internal(error: BaseException) -> int:
    """A bug: one line, and the traceback for those who ask for it."""
    if os.environ.get("DETECTOR_DEBUG") == "1":
        import traceback

        traceback.print_exception(error, file=sys.stderr)
    first = str(error).splitlines()[0] if str(error) else ""
    cause = f"{type(error).__name__}: {first}" if first else type(error).__name__
    return _say(f"internal error: {cause}; please report it with the output of DETECTOR_DEBUG=1", INTERNAL)


def _say(line: str, code: int) -> int:
    """Print one line on standard error, as far as it can still be written to."""
    from detector.report.escape import escape

    try:
        print(escape(line), file=sys.stderr, flush=True)
    except (OSError, ValueError, AttributeError):
        silence()
    return code


def silence() -> None:
    """Let nothing complain about a closed pipe, not even the interpreter when it flushes at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            if stream is not None:
                os.dup2(nowhere, 1 if stream is sys.stdout else 2)
