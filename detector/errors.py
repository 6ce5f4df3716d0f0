"""Everything that can go wrong, and what it costs.

    DetectorError            exit code
    |-- UsageError           2   the command was called in a way that cannot work
    |-- InputError           2   nothing could be read
    |-- SettingsError        78  a setting is unknown, misspelt or out of range
    `-- ModelError           78  a stored baseline is damaged, foreign or newer

A message is one line: what, where, why, what to do. Trouble with a part of the input is no exception: it is a
`Fault` in the report, and lines that could not be used are counted by reason in `Losses`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


class DetectorError(Exception):
    """A failure that ends the command with one clear line and `exit_code`."""

    exit_code = 2


class UsageError(DetectorError):
    """The command was called in a way that cannot work."""


class InputError(DetectorError):
    """Nothing could be read."""


class SettingsError(DetectorError):
    """A setting is unknown, misspelt or out of range."""

    exit_code = 78


class ModelError(DetectorError):
    """A stored baseline is damaged, foreign or newer than this program."""

    exit_code = 78


@dataclass(frozen=True, slots=True)
class Fault:
    """Trouble with one source that did not end the command: it is told, and the rest goes on.

    Attributes:
        source: the path as the user would type it.
        reason: one of the closed list `missing`, `unreadable`, `special`, `truncated`, `damaged`, `undated`.
        detail: the cause in words, one line.
        offset_bytes: where in the decompressed stream, if that is known.
    """

    source: str
    reason: str
    detail: str
    offset_bytes: int | None = None

    def __str__(self) -> str:
        where = "" if self.offset_bytes is None else f" at byte {self.offset_bytes}"
        return f"{self.source}{where}: {self.detail}"


CUT_REPEATS = "repeats_beyond_most"
"""Why a record that says that it stands for an absurd number of others counts for fewer."""


@dataclass(slots=True)
class Losses:
    """How much was lost, cut or repaired, by reason. Merging is addition."""

    counts: Counter[str] = field(default_factory=Counter)

    def add(self, reason: str, count: int = 1) -> None:
        """Count `count` more under `reason`; nothing is stored for a count of zero."""
        if count:
            self.counts[reason] += count

    def merge(self, other: Losses) -> None:
        """Add what `other` counted."""
        self.counts.update(other.counts)

    def as_dict(self) -> dict[str, int]:
        """The counts, sorted by reason."""
        return dict(sorted(self.counts.items()))
