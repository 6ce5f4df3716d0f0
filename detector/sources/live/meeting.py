"""Files that are met for the first time by this process: which are followed, and from where on."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
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
KEY = "file "


def pattern_key(pattern: str) -> str:
    """Under which it is stored that a pattern was followed."""
    return f"{KEY}{pattern}"


def file_key(identity: Identity, now: int) -> str:
    """Under which the position in a file is stored that is met now; the same whichever pattern finds it."""
    return f"{KEY}{identity.device}:{identity.inode}:{now}"


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
        patterns: what is followed.
        wait_seconds: how long a file may stay too short to be told from a copy.
        keep_seconds: how long a file is remembered that is not found: a look may miss one that is just renamed.
        losses: counts `not_followed`: files that are no plain text.

    Attributes:
        past: what was followed and has ended.
        begun: the patterns that an earlier run followed.
    """

    def __init__(self, patterns: Sequence[str], wait_seconds: float, keep_seconds: float, losses: Losses) -> None:
        self.past = Past()
        self.begun: list[str] = []
        self._patterns, self._losses = patterns, losses
        self._wait_us, self._keep_us = int(wait_seconds * SECOND), int(keep_seconds * SECOND)
        self._first: set[Identity] = set()
        self._stored: list[Stored] = []
        self._unread: set[Identity] = set()
        self._passed: dict[Identity, Passed] = {}
        self._waiting_since: dict[Identity, int] = {}
        self._is_first_look = True

    def restore(self, positions: Mapping[str, Position]) -> None:
        """Take in what earlier runs stored."""
        self.begun = [pattern for pattern in self._patterns if pattern_key(pattern) in positions]
        for key, position in positions.items():
            if key.startswith(KEY) and "inode" in position:
                identity = Identity(int(position["device"]), int(position["inode"]))
                place, read_us = Place.stored(position), int(position["read_us"])
                self._stored.append(Stored(key, str(position["path"]), identity, place, read_us))

    def begin(self, found: Iterable[Found], begun: Container[Identity]) -> tuple[list[tuple[Found, Stored]], list[str]]:
        """At the first look: the files that earlier runs followed, and keys of which nothing can be made any more.

        What was followed and is not there any more is past; what was written to since and is unknown is unread.

        Args:
            found: all files.
            begun: those that patterns found which an earlier run followed.
        """
        logs = {one.log for one in found}
        here = {one.identity for one in found}
        left: dict[Identity, list[tuple[Stored, Log]]] = {}
        read_us: dict[Log, int] = {}
        for stored in sorted(self._stored, key=lambda stored: stored.read_us):
            log = log_of(stored.path)[0]
            if log in logs or stored.identity in here:  # else it is another source's
                left.setdefault(stored.identity, []).append((stored, log))
                read_us[log] = stored.read_us
        self._stored.clear()
        known: list[tuple[Found, Stored]] = []
        for one in found:
            same = left.get(one.identity, [])
            match = next((pair for pair in reversed(same) if _is_same(pair[0].place, one)), None)
            if match is not None:
                known.append((one, match[0]))
                same.remove(match)
            elif one.identity not in begun:
                self._first.add(one.identity)
            elif one.changed_us > read_us.get(one.log, one.changed_us):
                self._unread.add(one.identity)
        over = sorted((pair for pairs in left.values() for pair in pairs), key=lambda pair: pair[0].read_us)
        out = [self.past.add(log, Ended(stored.place, stored.key)) for stored, log in over]
        return known, [ended.key for ended in out if ended is not None and ended.key is not None]

    def is_first(self, found: Found) -> bool:
        """Whether it was there when its pattern was followed for the very first time."""
        return found.identity in self._first

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
        self._first.clear()
        self._is_first_look = False

    def _decide(
        self, found: Found, head: bytes, followed: Iterable[Followed], now: int
    ) -> tuple[Decision, Ended | None]:
        is_packed = bool(codec(head))
        if not is_packed and (refusal(head) or utf16(head)):
            self._losses.add("not_followed")
            return Pass(), None
        is_first = self.is_first(found)
        is_old = is_first or (self._is_first_look and found.identity not in self._unread)
        if is_first and found.is_wanted and not is_packed:
            return Follow(Place()), None
        if not found.is_rotated and not is_packed and not is_first:
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
