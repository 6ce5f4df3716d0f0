"""Files that are met for the first time by this process: which are followed, and from where on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from detector.errors import Losses
from detector.sources.kinds import codec, refusal, utf16
from detector.sources.live.deciding import Decision, Ended, Follow, Pass, Past, Wait, decide_rotated
from detector.sources.live.fingerprints import Fingerprint, fingerprint, head_at
from detector.sources.live.following import Followed, Place
from detector.sources.live.live import Position
from detector.sources.live.looking import Found, Log, log_of
from detector.sources.live.packed import head_within
from detector.sources.parts import Identity

SECOND = 1_000_000


class Stored(NamedTuple):
    """A position from an earlier run."""

    key: str
    path: str
    identity: Identity
    place: Place
    read_us: int


class Passed(NamedTuple):
    """A file that is left alone while it is like this."""

    begins: Fingerprint
    size: int
    changed_us: int


class Meeting:
    """Decides about files that are not followed yet.

    Args:
        name: of the source; its positions are stored under keys that begin with it.
        wait_seconds: how long a file may stay too short to be told from a copy.
        losses: counts `not_followed`: files that are no plain text.
    """

    def __init__(self, name: str, wait_seconds: float, losses: Losses) -> None:
        self.past = Past()
        self._name, self._wait_us, self._losses = name, int(wait_seconds * SECOND), losses
        self._stored: list[Stored] = []
        self._unread: set[Identity] = set()
        self._passed: dict[Identity, Passed] = {}
        self._waiting_since: dict[Identity, int] = {}
        self.is_first_start, self._is_first_look = True, True

    def key(self, identity: Identity, now: int) -> str:
        """Under which the position in a file is stored that is met now."""
        return f"{self._name} {identity.device}:{identity.inode}:{now}"

    def restore(self, positions: Mapping[str, Position]) -> None:
        """Take in what earlier runs stored."""
        self.is_first_start = self._name not in positions
        for key, position in positions.items():
            if key.startswith(self._name + " ") and position:
                identity = Identity(int(position["device"]), int(position["inode"]))
                place, read_us = Place.stored(position), int(position["read_us"])
                stored = Stored(key, str(position["path"]), identity, place, read_us)
                self._stored.append(stored)

    def begin(self, found: Iterable[Found]) -> tuple[list[tuple[Found, Stored]], list[str]]:
        """At the first look: the files that earlier runs followed, and keys of which nothing can be made any more.

        What was followed and is not there any more is past; what was written to since and is unknown is unread.
        """
        read_us: dict[Log, int] = {}
        for stored in self._stored:
            log = log_of(stored.path)[0]
            read_us[log] = max(stored.read_us, read_us.get(log, 0))
        known: list[tuple[Found, Stored]] = []
        left = sorted(self._stored, key=lambda stored: stored.read_us)
        for one in found:
            same = [stored for stored in left if stored.identity == one.identity]
            head = head_at(one.path) if same else None
            match = next((stored for stored in reversed(same) if head and _is_same(stored.place, one, head)), None)
            if match is not None:
                known.append((one, match))
                left.remove(match)
            elif one.changed_us > read_us.get(one.log, one.changed_us):
                self._unread.add(one.identity)
        out = [self.past.add(log_of(stored.path)[0], Ended(stored.place, stored.key)) for stored in left]
        self._stored.clear()
        return known, [ended.key for ended in out if ended is not None and ended.key is not None]

    def decide(self, found: Found, followed: Iterable[Followed], now: int) -> tuple[Decision, Ended | None]:
        """What to do with a file that is not followed; what of the past it continues.

        Raises:
            OSError: it cannot be read.
        """
        decision, ended, head = self._decide(found, followed, now)
        if isinstance(decision, Pass) or (isinstance(decision, Follow) and decision.is_packed):
            self._unread.discard(found.identity)
            self._passed[found.identity] = Passed(fingerprint(head), found.size, found.changed_us)
        if isinstance(decision, Wait):
            self._waiting_since.setdefault(found.identity, now)
        else:
            self._waiting_since.pop(found.identity, None)
        return decision, ended

    def forget(self, present: Iterable[Identity]) -> None:
        """Keep only what is still there; from now on a file that nobody met is new."""
        kept = set(present)
        for known in (self._passed, self._waiting_since):
            for identity in known.keys() - kept:
                del known[identity]
        self._unread &= kept
        self.is_first_start, self._is_first_look = False, False

    def _decide(self, found: Found, followed: Iterable[Followed], now: int) -> tuple[Decision, Ended | None, bytes]:
        passed = self._passed.get(found.identity)
        if passed is not None and passed[1:] == (found.size, found.changed_us):
            return Pass(), None, b""
        head = head_at(found.path)
        if head is None or (passed is not None and passed.begins.size and passed.begins.matches(head)):
            return Pass() if head is not None else Wait(), None, head or b""
        if codec(head):
            return (*self._decide_packed(found, now), head)
        if refusal(head) or utf16(head):
            self._losses.add("not_followed")
            return Pass(), None, head
        if self.is_first_start:
            return Follow(Place()) if found.is_wanted else Pass(), None, head
        if not found.is_rotated:
            return Follow(Place()), None, head
        if self._is_first_look and found.identity not in self._unread:
            return Pass(), None, head
        current = [file.place for file in followed if log_of(file.path)[0] == found.log]
        is_quiet = now - self._waiting_since.get(found.identity, now) > self._wait_us
        return (*decide_rotated(found, head, current, self.past, is_quiet=is_quiet), head)

    def _decide_packed(self, found: Found, now: int) -> tuple[Decision, Ended | None]:
        is_unread = found.identity in self._unread
        if not is_unread and not self.past.has(found.log):
            return Pass(), None
        if now - found.changed_us < self._wait_us:
            return Wait(), None  # it may still be written
        ended = self.past.match(found.log, head_within(found.path))
        if ended is None and is_unread:
            return Follow(Place(), is_packed=True), None
        return Follow(ended.place, is_packed=True) if ended else Pass(), ended


def _is_same(place: Place, found: Found, head: bytes) -> bool:
    return found.size >= place.offset and place.begins.matches(head)
