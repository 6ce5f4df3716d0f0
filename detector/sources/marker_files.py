"""A file of markers, to which people and deploying programs append lines."""

from __future__ import annotations

import os
from typing import NamedTuple

from detector.errors import SettingsError
from detector.markers import Marker, parse_marker

MOST_BYTES = 1024 * 1024
"""Of the end of the file."""
MOST_TOLD = 3


class Told(NamedTuple):
    """What a file of markers says, and which of its lines say nothing, in words."""

    markers: list[Marker]
    faults: list[str]


def state_of(path: str) -> tuple[int, int, int] | None:
    """What changes when the file does; None if it is not there."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def read_marker_file(path: str) -> Told:
    """Read it; empty lines and those that begin with `#` say nothing."""
    try:
        with open(path, "rb") as file:
            skipped = max(0, os.fstat(file.fileno()).st_size - MOST_BYTES)
            file.seek(skipped)
            lines = file.read().decode("utf-8", "replace").splitlines()[bool(skipped) :]
    except OSError as error:
        return Told([], [f"{path}: no markers can be read: {error.strerror or error}"])
    markers, faults = [], []
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.lstrip().startswith("#"):
            try:
                markers.append(parse_marker(line))
            except SettingsError as error:
                faults.append(f"{path}: line {number}{' of its end' * bool(skipped)}: {error}")
    more = [f"{path}: {len(faults) - MOST_TOLD} more lines like these"] if len(faults) > MOST_TOLD else []
    return Told(markers, faults[:MOST_TOLD] + more)
