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
    """A file that is left alone while it is like this; `seen_us`: when it was last there."""

    begins: Fingerprint
    log: Log
    state: tuple[int, int]
    seen_us: int


class Meeting:
    """Decides about files that are not followed yet.

    Args:
        name: of the source; its positions are stored under keys that begin with it.
        wait_seconds: how long a file may stay too short to be told from a copy.
        keep_seconds: how long a file is remembered that is not found: a look may miss one that is just renamed.
        losses: counts `not_followed`: files that are no plain text.
    """

    def __init__(self, name: str, wait_seconds: float, keep_seconds: float, losses: Losses) -> None:
        self.past = Past()
        self._name, self._wait_us, self._losses = name, int(wait_seconds * SECOND), losses
        self._keep_us = int(keep_seconds * SECOND)
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
            match = next((stored for stored in reversed(same) if _is_same(stored.place, one)), None)
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
        passed = self._passed.get(found.identity)
        if passed is not None and passed.state == _state(found):
            self._passed[found.identity] = passed._replace(seen_us=now)
            return Pass(), None
        head = head_at(found.path)
        if head is None:
            return Wait(), None
        decision: Decision = Pass()
        ended = None
        if passed is None or not passed.begins.size or not passed.begins.matches(head):
            decision, ended = self._decide(found, head, followed, now)
        if isinstance(decision, Wait):
            self._waiting_since.setdefault(found.identity, now)
            return decision, ended
        self._waiting_since.pop(found.identity, None)
        if isinstance(decision, Pass) or decision.is_packed:
            self._unread.discard(found.identity)
            self._passed[found.identity] = Passed(fingerprint(head), found.log, _state(found), now)
        return decision, ended

    def end_look(self, present: set[Identity], now: int) -> None:
        """Forget what is gone; from now on a file that nobody met is new."""
        gone = [identity for identity, passed in self._passed.items() if now - passed.seen_us > self._keep_us]
        for identity in gone:
            del self._passed[identity]
        self._waiting_since = {one: since for one, since in self._waiting_since.items() if one in present}
        self.is_first_start, self._is_first_look = False, False

    def _decide(
        self, found: Found, head: bytes, followed: Iterable[Followed], now: int
    ) -> tuple[Decision, Ended | None]:
        is_packed = bool(codec(head))
        if not is_packed and (refusal(head) or utf16(head)):
            self._losses.add("not_followed")
            return Pass(), None
        is_old = self.is_first_start or (self._is_first_look and found.identity not in self._unread)
        if self.is_first_start and found.is_wanted and not is_packed:
            return Follow(Place()), None
        if not found.is_rotated and not is_packed and not self.is_first_start:
            return Follow(Place()), None
        if is_old and not (is_packed and self.past.has(found.log)):
            return Pass(), None
        current = [file.place.begins for file in followed if file.found.log == found.log]
        if is_packed:
            return self._decide_packed(found, current, now, is_old=is_old)
        is_quiet = now - self._waiting_since.get(found.identity, now) > self._wait_us
        return decide_rotated(found, head, current, self.past, is_quiet=is_quiet)

    def _decide_packed(
        self, found: Found, current: list[Fingerprint], now: int, *, is_old: bool
    ) -> tuple[Decision, Ended | None]:
        """A compressed part of a log is only read as far as its content was not."""
        if now - found.changed_us < self._wait_us:
            return Wait(), None  # it may still be written
        head = head_within(found.path)
        ended = self.past.match(found.log, head)
        if ended is not None:
            return Follow(ended.place, is_packed=True), ended
        known = [*current, *(passed.begins for passed in self._passed.values() if passed.log == found.log)]
        is_known = any(begins.size and begins.matches(head) for begins in known)
        if is_old or is_known or not current or not head:
            return Pass(), None
        return Follow(Place(), is_packed=True), None


def _state(found: Found) -> tuple[int, int]:
    return found.size, found.changed_us


def _is_same(place: Place, found: Found) -> bool:
    try:
        head = head_at(found.path)
    except OSError:  # for now; it will be told when it is to be read
        return True
    return bool(head) and found.size >= place.offset and place.begins.matches(head or b"")
