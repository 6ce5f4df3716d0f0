"""What to do with a file that is met for the first time: is it new, a copy of what was read, or none of our business?

A log is rotated by renaming, by copying and truncating, and by compressing, often between two looks. What a file begins
with tells a new file from a copy, and a copy whose original was truncated tells what came last in the original.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from detector.sources.live.fingerprints import Fingerprint
from detector.sources.live.following import Place
from detector.sources.live.looking import Found, Log

MOST_ENDED = 16


class Follow(NamedTuple):
    """Read it from `place` on; `is_packed`: it is compressed, and read once."""

    place: Place
    is_packed: bool = False


class Pass(NamedTuple):
    """Leave it, as long as it begins as it does."""


class Wait(NamedTuple):
    """It cannot be told yet: look again."""


Decision = Follow | Pass | Wait


class Ended(NamedTuple):
    """What was read of a file that is there no more: truncated, replaced, or gone while nobody looked.

    Attributes:
        place: how far it was read.
        key: under which that is stored; None where it no longer is.
    """

    place: Place
    key: str | None = None


@dataclass(slots=True)
class Past:
    """What has ended of each log; the newest `MOST_ENDED` are kept."""

    _ended: defaultdict[Log, deque[Ended]] = field(default_factory=lambda: defaultdict(deque))

    def add(self, log: Log, ended: Ended) -> Ended | None:
        """Remember it; what is forgotten in its stead."""
        if not ended.place.begins.size:
            return ended
        kept = self._ended[log]
        kept.append(ended)
        return kept.popleft() if len(kept) > MOST_ENDED else None

    def match(self, log: Log, head: bytes) -> Ended | None:
        """What ended of this log and began with `head`, the newest."""
        return next((one for one in reversed(self._ended.get(log, ())) if one.place.begins.matches(head)), None)

    def may_match(self, log: Log, head: bytes) -> bool:
        """Whether `head` is too short to tell."""
        return any(len(head) < one.place.begins.size for one in self._ended.get(log, ()))

    def has(self, log: Log) -> bool:
        """Whether anything of this log has ended."""
        return bool(self._ended.get(log))

    def remove(self, log: Log, ended: Ended) -> None:
        """It was found again."""
        self._ended[log].remove(ended)


def decide_rotated(
    found: Found, head: bytes, current: Iterable[Fingerprint], past: Past, *, is_quiet: bool
) -> tuple[Decision, Ended | None]:
    """For a file whose name says that it was rotated, and that nobody has met; what of the past it continues.

    Args:
        found: the file.
        head: what it begins with.
        current: what the files of the same log begin with that are followed.
        past: what was followed.
        is_quiet: nothing was written to it for a while.
    """
    if not head:
        return Wait(), None
    ended = past.match(found.log, head)
    if ended is not None and (is_quiet or found.size >= ended.place.offset):
        copied = found.size >= ended.place.offset
        return (Follow(ended.place) if copied else Pass()), ended if copied else None
    known = [begins for begins in current if begins.size]
    if ended is not None or any(begins.matches(head) for begins in known):
        return Wait(), None  # a copy: being made, or of a file that is not truncated yet
    too_short = past.may_match(found.log, head) or any(len(head) < begins.size for begins in known)
    return (Wait() if too_short and not is_quiet else Follow(Place())), None
