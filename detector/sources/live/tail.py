"""Files that are followed as they grow, through every usual way of rotating them.

Each file is known by device, inode and what it begins with. What is read is taken once: a renamed file is read to its
end, a copy that rotation made is read on from where its original was truncated, a compressed one likewise. Lines that
are written between the moment of copying and the moment of truncating are lost to any reader; so is a file that comes
and is removed between two looks. A file that is truncated and grows again beyond what was read of it, beginning with
the same kilobyte, is not noticed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from detector.errors import Losses
from detector.sources.live.deciding import Ended, Follow
from detector.sources.live.following import Followed, Place
from detector.sources.live.live import Arrived, Extent, Inbox, Lag, Position
from detector.sources.live.looking import Found, look
from detector.sources.live.meeting import SECOND, Meeting, file_key, pattern_key
from detector.sources.live.packed import rest_of
from detector.sources.live.settings import FileSource
from detector.sources.live.taking import clean_runs
from detector.sources.parts import Identity, identity_at
from detector.sources.rotations import printable


@dataclass(slots=True)
class Outlet:
    """Where lines go, until a stop."""

    inbox: Inbox
    stop: threading.Event

    @property
    def is_stopped(self) -> bool:
        """Whether nothing more is to be read."""
        return self.stop.is_set()

    def put(self, arrived: Arrived) -> bool:
        """As `Inbox.put`."""
        return self.inbox.put(arrived, self.stop)


class FileTail:
    """Follows files.

    Args:
        settings: which and how.
        clock: microseconds since 1970 UTC.
    """

    def __init__(self, settings: FileSource, clock: Callable[[], int]) -> None:
        self.name = "file " + ", ".join(settings.paths)
        self._settings, self._clock = settings, clock
        self._losses = Losses()
        self._meeting = Meeting(settings.paths, settings.flush_seconds, settings.rotated_seconds, self._losses)
        self._followed: dict[Identity, Followed] = {}
        self._troubles: dict[str, str] = {}
        self._looked_us: int | None = None

    def lag(self) -> Lag:
        """As of the last look at the files."""
        now = self._clock()
        behind = [file for file in list(self._followed.values()) if file.unread_bytes]
        oldest = max((now - file.caught_up_us for file in behind), default=0) / SECOND
        waiting = sum(file.unread_bytes for file in behind)
        return Lag(waiting, oldest, dict(self._losses.counts), tuple(self._troubles.values()))

    def run(self, inbox: Inbox, positions: Mapping[str, Position], stop: threading.Event) -> None:
        """As `Live.run`."""
        outlet = Outlet(inbox, stop)
        self._meeting.restore(positions)
        try:
            while not outlet.is_stopped:
                if not self._poll(outlet):
                    stop.wait(self._settings.poll_seconds)
        finally:
            for file in self._followed.values():
                file.close()

    def _poll(self, outlet: Outlet) -> bool:
        """Look at all files once and take what is new in them, a block of each at a time; whether there is more."""
        now = self._clock()
        if self._is_look_due(now) or self._was_rotated():
            self._look(outlet, now)
        files = list(self._followed.values())
        is_more = False
        for start in range(0, max(1, len(files)), self._settings.most_open):
            active = files[start : start + self._settings.most_open]
            while active and not outlet.is_stopped:
                active = [file for file in active if self._try_advance(file, outlet)]
                if self._is_look_due(self._clock()):
                    break
            is_more |= bool(active)
            self._let_go(outlet)
        return is_more

    def _is_look_due(self, now: int) -> bool:
        return self._looked_us is None or now - self._looked_us >= self._settings.look_seconds * SECOND

    def _was_rotated(self) -> bool:
        """Whether a file that is followed no longer has its name; cheap enough for every time."""
        return any(
            file.is_present and identity_at(file.path) != file.found.identity for file in self._followed.values()
        )

    def _look(self, outlet: Outlet, now: int) -> None:
        """Find new, renamed and vanished files; what was renamed or is gone is finished before what is new."""
        found = look(self._settings.paths)
        if self._looked_us is None:
            begun = {one.identity for one in look(self._meeting.begun)}
            known, useless = self._meeting.begin(found, begun)
            for one, stored in known:
                self._follow(one, stored.key, stored.place, now)
            for key in useless:
                self._forget(key, outlet)
        is_first_look, self._looked_us = self._looked_us is None, now
        present = {one.identity: one for one in found}
        for number, (identity, file) in enumerate(list(self._followed.items()), 1):
            file.found, file.is_present = present.get(identity, file.found), identity in present
            file.seen_us = now if file.is_present else file.seen_us
            self._try_advance(file, outlet)  # so that a truncated file is known before its copy is met
            if number % self._settings.most_open == 0:
                self._let_go(outlet)
        for one in found:
            if one.identity not in self._followed and not outlet.is_stopped:
                self._meet(one, outlet, now)
        self._meeting.end_look(set(present), now)
        for pattern in self._settings.paths if is_first_look else ():  # once all files have their positions
            outlet.put(Arrived(self.name, b"", now, pattern_key(pattern), {"begun": True}))
        self._troubles = {one.path: self._troubles[one.path] for one in found if one.path in self._troubles}

    def _meet(self, found: Found, outlet: Outlet, now: int) -> None:
        is_first = self._meeting.is_first(found)
        try:
            decision, ended = self._meeting.decide(found, list(self._followed.values()), now)
        except OSError as error:
            self._troubles[found.path] = _words(found.path, error)
            return
        self._troubles.pop(found.path, None)
        if isinstance(decision, Follow):
            if decision.is_packed:
                self._finish_packed(found, decision.place, outlet)
            else:
                file = self._follow(found, file_key(found.identity, now), decision.place, now)
                self._begin(file, outlet, at_end=is_first and self._at_end)
        if ended is not None:
            self._meeting.past.remove(found.log, ended)
            self._forget(ended.key, outlet)

    @property
    def _at_end(self) -> bool:
        return self._settings.begin == "end"

    def _follow(self, found: Found, key: str, place: Place, now: int) -> Followed:
        file = Followed(found, key, place, now, looked_bytes=place.offset)
        file.caught_up_us = file.seen_us = now
        self._followed[found.identity] = file
        return file

    def _begin(self, file: Followed, outlet: Outlet, *, at_end: bool) -> None:
        try:
            if at_end and file.open():
                file.skip_to_end()
        except OSError as error:
            self._troubles[file.path] = _words(file.path, error)
        outlet.put(self._arrived(file, b"", is_last=True))

    def _try_advance(self, file: Followed, outlet: Outlet) -> bool:
        """Take the next block; whether there may be more."""
        try:
            more = self._advance(file, outlet)
        except OSError as error:
            self._troubles[file.path] = _words(file.path, error)
            file.close()
            return False
        self._troubles.pop(file.path, None)
        return more

    def _advance(self, file: Followed, outlet: Outlet) -> bool:
        now = self._clock()
        if not file.is_open and not (file.may_have_grown() and file.open()):
            return False
        if not file.notice(now):
            self._end(file)
            return file.is_open
        is_quiet = now - file.grown_us >= self._settings.flush_seconds * SECOND
        if not file.unread_bytes and not (is_quiet and file.has_unfinished):
            file.caught_up_us = now
            return False
        before = file.place.offset, file.looked_bytes
        runs = clean_runs(file.read(flush=is_quiet), self._losses)
        extent = Extent(file.path, file.found.identity, before[0], file.place.offset)
        for number, run in enumerate(runs, 1):
            if not outlet.put(replace(self._arrived(file, run, is_last=number == len(runs)), extent=extent)):
                return False
        return file.unread_bytes > 0 and before != (file.place.offset, file.looked_bytes)

    def _end(self, file: Followed) -> None:
        """What was read of the file is past: it was truncated, or another file has its inode now."""
        self._losses.add("truncated")
        self._meeting.past.add(file.found.log, Ended(file.place, file.key if file.found.is_rotated else None))
        if file.found.is_rotated:
            file.close()
            del self._followed[file.found.identity]
        else:
            file.restart()

    def _finish_packed(self, found: Found, place: Place, outlet: Outlet) -> None:
        """Take what is left in a compressed file."""
        try:
            for lines, _ in rest_of(found.path, place):
                for run in clean_runs(lines, self._losses):
                    outlet.put(Arrived(printable(found.path), run, self._clock()))
        except OSError as error:
            self._troubles[found.path] = _words(found.path, error)

    def _let_go(self, outlet: Outlet) -> None:
        """Forget what is gone, and close what nothing is expected of for now."""
        now, quiet_us = self._clock(), self._settings.rotated_seconds * SECOND
        for file in list(self._followed.values()):
            if now - file.grown_us > quiet_us and not file.unread_bytes:
                is_gone = not file.is_present and now - file.seen_us > quiet_us
                if is_gone:
                    self._forget(file.key, outlet)
                    del self._followed[file.found.identity]
                if is_gone or file.found.is_rotated:
                    file.close()
        idle = [file for file in self._followed.values() if file.is_open]
        idle.sort(key=lambda file: (file.is_present, -file.grown_us))
        for file in idle[self._settings.most_open :]:
            file.close()

    def _arrived(self, file: Followed, run: bytes, *, is_last: bool) -> Arrived:
        now = self._clock()
        position = file.place.position(file.path, file.found.identity, now) if is_last else None
        return Arrived(printable(file.path), run, now, file.key, position)

    def _forget(self, key: str | None, outlet: Outlet) -> None:
        if key is not None:
            outlet.put(Arrived(self.name, b"", self._clock(), key, {}))


def _words(path: str, error: OSError) -> str:
    return f"{printable(path)}: cannot be read: {error.strerror or error}"
