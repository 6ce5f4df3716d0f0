"""The incidents of versions beside those of the services they speak to, as they open: one incident per cause."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import NamedTuple

import msgspec

from detector.causes import Rise
from detector.pipeline.stores import Store
from detector.pipeline.version_walk import is_same
from detector.pipeline.versions import Found
from detector.pipeline.watching import memory
from detector.schemas import Incident


@dataclass(slots=True)
class Joined:
    """A version's incident with those of its service that have the same cause.

    Attributes:
        members: by id, as they are now.
        versions: id -> version, of those that a version raised.
        rise: of the version, as last seen.
    """

    members: dict[str, Incident]
    versions: dict[str, str]
    rise: Rise

    def kept(self) -> Incident:
        """As it was noticed first, from the first alarm to the last end."""
        every = list(self.members.values())
        first = min(every, key=lambda one: (one.detected_us, one.id in self.versions, one.id))
        ends = [one.ended_us for one in every if one.ended_us is not None]
        return replace(
            first, score=max(one.score for one in every), ended_us=max(ends) if len(ends) == len(every) else None,
            settled=any(one.settled for one in every if one.id in self.versions),
        )  # fmt: skip


class Around(NamedTuple):
    """What tells whether two incidents are one: the counts, up to window `end`, and the ids that were told."""

    store: Store
    end: int
    told: Collection[str]


@dataclass(slots=True)
class Joining:
    """Those that last, and how many of them are stored."""

    groups: list[Joined] = field(default_factory=list)
    stored: int = 0

    def join(self, incidents: Sequence[Incident], found: Sequence[Found], around: Around) -> dict[str, Incident]:
        """The incidents by id, those of one cause as one.

        Args:
            incidents: of services, that last or just ended.
            found: of versions, likewise.
            around: what tells.
        """
        alone = {one.id: one for one in incidents}
        for group in self.groups:
            group.members |= {key: alone.pop(key) for key in group.members if key in alone}
        for each in sorted(found, key=lambda one: (one.incident.detected_us, one.incident.service, one.rise.version)):
            self._place(each, alone, around)
        for one in [one for one in alone.values() if one.id not in around.told]:
            for group in self.groups:
                if any(is_same(one, group.members[key], around.store, around.end) for key in group.versions):
                    group.members[one.id] = alone.pop(one.id)
                    break
        return alone | {one.id: one for one in (group.kept() for group in self.groups)}

    def _place(self, found: Found, alone: dict[str, Incident], around: Around) -> None:
        """Put a version's incident where it belongs."""
        mine = found.incident
        group = next((one for one in self.groups if mine.id in one.members), None)
        if group is None:
            group = next((one for one in self.groups if is_same(one.kept(), mine, around.store, around.end)), None)
        if group is None:
            same = [one for one in alone.values() if is_same(one, mine, around.store, around.end)]
            group = Joined({one.id: alone.pop(one.id) for one in same}, {}, found.rise)
            self.groups.append(group)
        group.members[mine.id], group.versions[mine.id], group.rise = mine, found.rise.version, found.rise

    def rises(self) -> dict[str, Rise]:
        """By id of the incident, the version that stands out in it."""
        return {group.kept().id: group.rise for group in self.groups}

    def dismiss(self, incident: str) -> list[str]:
        """Somebody says that an incident is none; the versions that it is about."""
        gone = [group for group in self.groups if group.kept().id == incident]
        self.groups = [group for group in self.groups if group not in gone]
        return [version for group in gone for version in group.versions.values()]

    def keep(self, connection: sqlite3.Connection) -> None:
        """Forget what is over, and write what is not; the caller commits."""
        if self.groups or self.stored:
            self.groups = [group for group in self.groups if group.kept().ended_us is None]
            self.stored = len(self.groups)
            memory.write_run(connection, "joined", [asdict(group) for group in self.groups])

    def restore(self, connection: sqlite3.Connection) -> None:
        """Take up what is stored."""
        self.groups = msgspec.convert(memory.read_run(connection, "joined") or [], list[Joined])
        self.stored = len(self.groups)
