"""Where results go: standard output or a file, and how a terminal wants them."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, cast

from detector.cli.group import COMMANDS
from detector.cli.main import silence
from detector.errors import DetectorError, UsageError
from detector.report.look import ASCII_BARS, BARS, Look

if TYPE_CHECKING:
    import polars as pl

WIDTHS = range(60, 121)
MARK = "mark"


def look_for(color: str, environment: Mapping[str, str], *, to_file: bool) -> Look:
    """How a report may look where it goes; `to_file`: not to standard output."""
    is_terminal = not to_file and sys.stdout is not None and sys.stdout.isatty()
    plain = bool(environment.get("NO_COLOR")) or environment.get("TERM") == "dumb"
    is_colored = color == "always" or (color == "auto" and is_terminal and not plain)
    width = min(max(shutil.get_terminal_size().columns, WIDTHS.start), WIDTHS.stop - 1) if is_terminal else 80
    bars = BARS if to_file or _speaks_unicode() else ASCII_BARS
    return Look(width, is_colored, is_terminal, bars, MARK in COMMANDS)


def _speaks_unicode() -> bool:
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    return encoding.lower().replace("-", "").startswith("utf")


def write(data: bytes, path: str | None) -> None:
    """Write all of `data` to a file, which appears whole, or to standard output; a closed pipe is no error.

    Raises:
        DetectorError: it cannot be written.
    """
    if path is None or path == "-":
        write_stdout(data)
        return
    with open_target(path) as sink:
        sink.write(data)


def write_stdout(data: bytes) -> bool:
    """Write to standard output; False if nobody reads any more.

    Raises:
        DetectorError: it cannot be written.
    """
    if sys.stdout is None:
        raise DetectorError("standard output is closed: name a file with -o FILE")
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        silence()
        return False
    except OSError as error:
        silence()
        raise DetectorError(f"standard output cannot be written: {error.strerror}") from None
    return True


def recode(data: bytes) -> bytes:
    """UTF-8 text in the encoding of the terminal, with escapes for what it lacks."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return data if _speaks_unicode() else data.decode().encode(encoding, "backslashreplace")


def check_target(option: str, path: str | None, suffixes: tuple[str, ...] = ()) -> None:
    """Refuse a file that cannot be written before minutes are spent on what goes into it.

    Raises:
        UsageError: its folder is not there, it is a folder itself, or its suffix says nothing.
    """
    if path is None or path == "-":
        return
    if suffixes and not path.lower().endswith(suffixes):
        raise UsageError(f"{option} {path}: write a name that ends in {' or '.join(suffixes)}")
    folder = os.path.dirname(path) or "."
    if os.path.isdir(path) or not os.path.isdir(folder):
        what = "is a folder" if os.path.isdir(path) else f"there is no folder {folder}"
        raise UsageError(f"{option} {path}: cannot be written, {what}")


def warn(lines: list[str]) -> None:
    """Tell what the user should know, on standard error, escaped."""
    from detector.report.escape import escape

    for line in lines:
        print(escape(line), file=sys.stderr)


def write_table(frame: pl.DataFrame, path: str) -> None:
    """Write a table as its suffix says, .parquet or .csv.

    Raises:
        DetectorError: it cannot be written.
    """
    from detector.report.csv import TIMES

    try:
        if path.lower().endswith(".parquet"):
            frame.write_parquet(path)
        else:
            frame.write_csv(path, datetime_format=TIMES)
    except OSError as error:
        raise DetectorError(f"{path}: cannot be written: {error.strerror or error}") from None


@contextmanager
def open_target(path: str | None) -> Iterator[BinaryIO]:
    """A file that appears under its name only when it is whole, or standard output.

    Raises:
        BrokenPipeError: nobody reads standard output any more.
        DetectorError: it cannot be written.
    """
    name = "standard output" if path is None or path == "-" else path
    try:
        if path is None or path == "-":
            yield _standard_output()
            sys.stdout.buffer.flush()
        elif os.path.exists(path) and not os.path.isfile(path):
            with open(path, "wb") as sink:  # a device or a pipe
                yield sink
        else:
            with _part_of(path) as sink:
                yield sink
    except BrokenPipeError:
        raise
    except OSError as error:
        raise DetectorError(f"{name}: cannot be written: {error.strerror or error}") from None


@contextmanager
def _part_of(path: str) -> Iterator[BinaryIO]:
    part = f"{path}.part"
    try:
        with open(part, "wb") as sink:
            yield sink
        os.replace(part, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(part)
        raise


def _standard_output() -> BinaryIO:
    if sys.stdout is None:
        raise DetectorError("standard output is closed: name a file with -o FILE")
    return cast("BinaryIO", Escaping(sys.stdout.buffer)) if sys.stdout.isatty() else sys.stdout.buffer


@dataclass(frozen=True, slots=True)
class Escaping:
    """NDJSON on its way to a terminal."""

    sink: BinaryIO

    def write(self, data: bytes) -> int:
        """Write what means the same and harms no terminal."""
        from detector.report.escape import escape_json

        return self.sink.write(escape_json(data.decode()).encode())
