"""Formats that users describe in their settings: `[formats.mine]` with a pattern, a way to write times, and samples."""

from __future__ import annotations

from dataclasses import dataclass

NUMBERS = ("status", "duration_us", "payload_bytes", "repeats")
GROUPS = (*("timestamp", "service", "host", "level", "client", "version", "request", "endpoint", *NUMBERS, "message"),)
"""What a pattern may find: columns of records."""
EPOCHS = ("epoch_s", "epoch_ms", "epoch_us", "epoch_ns")


@dataclass(frozen=True, slots=True)
class UserSample:
    """A line, and the fields that it must yield: (name, text or whole number), as written."""

    line: str
    fields: tuple[tuple[str, str | int], ...]


@dataclass(frozen=True, slots=True)
class UserFormat:
    """A format from the settings.

    Attributes:
        name: as in `--input-format`.
        pattern: a regular expression of linear time (Rust's, without look-around), with named groups of `GROUPS`.
        time: how `timestamp` is written, tried in order: strptime patterns, `iso`, or one of `EPOCHS`.
        samples: lines and what they must yield, one at least.
        about: what it is, one line.
        multiline: lines that do not fit continue the record before them.
    """

    name: str
    pattern: str
    time: tuple[str, ...]
    samples: tuple[UserSample, ...]
    about: str = "from the settings"
    multiline: bool = False

    @property
    def yields(self) -> frozenset[tuple[str, str | int]]:
        """All fields of all samples."""
        return frozenset(field for sample in self.samples for field in sample.fields)
