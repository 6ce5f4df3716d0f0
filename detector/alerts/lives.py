"""What the policy remembers: the life of each incident or group, from the first word to the last."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from detector.alerts.notice import SEVERITIES, Facts, Reason, Severity


class Life(Struct, frozen=True, kw_only=True):
    """What is known and was told of one key.

    Attributes:
        key: the group, or the id of the first incident.
        first_us: when the first incident was detected; tells the lives of a key apart.
        service: of the incident that was told first.
        started_us: earliest begin of its incidents.
        names: ids and groups of the incidents that belong to it.
        lead: the incident that it is told by.
        worst: severity so far.
        seen_us: when anything was heard of it last, to the minute.
        sequence: of the next notice; 0 while nothing was said.
        told: severities told, the latest last; kind: told last; spoken_us: when.
        named: whether it was told who holds most of it.
        together: services that were told.
        quiet_us: since when it is quiet; None while it lasts.
        over: nothing more is to be said.
        digested: it was part of a digest.
        reason: of the last decision.
    """

    key: str
    first_us: int
    service: str
    started_us: int
    names: tuple[str, ...]
    lead: Facts
    worst: Severity
    seen_us: int
    sequence: int = 0
    told: tuple[Severity, ...] = ()
    kind: str = ""
    spoken_us: int = 0
    named: bool = False
    together: tuple[str, ...] = ()
    quiet_us: int | None = None
    over: bool = False
    digested: bool = False
    reason: Reason | None = None


class Book(Struct, frozen=True, kw_only=True):
    """All lives by key, and the number of the period of the last digest."""

    lives: dict[str, Life] = {}
    digest: int | None = None


def grouped(facts: Iterable[Facts]) -> dict[str, list[Facts]]:
    """Group, or id where there is none -> its incidents, all sorted; of one id the last word counts."""
    groups: dict[str, dict[str, Facts]] = {}
    for one in facts:
        groups.setdefault(one.group or one.id, {})[one.id] = one
    return {name: [groups[name][key] for key in sorted(groups[name])] for name in sorted(groups)}


def assign(groups: dict[str, list[Facts]], lives: dict[str, Life]) -> dict[str, list[Facts]]:
    """Key of the life -> its incidents. What comes back about the same service goes on with the life it had."""
    going_on = {name: life for life in lives.values() if not life.over for name in life.names}
    subjects = {(life.lead.topic, life.service): life for life in lives.values() if not life.over}
    told: dict[tuple[str, str], list[Life]] = {}
    for one in lives.values():
        if one.over:
            told.setdefault((one.lead.topic, one.service), []).append(one)
    found: dict[str, list[Facts]] = {}
    for name, members in groups.items():
        life = next((going_on[key] for key in (name, *(member.id for member in members)) if key in going_on), None)
        past = [old for member in members for old in told.get((member.topic, member.service), ())]
        life = life or next((old for old in past if is_told(old, members)), None)
        same = [(subjects.get((member.topic, member.service)), member) for member in members]
        life = life or next((now for now, member in same if now is not None and _goes_on(now, member)), None)
        found.setdefault(life.key if life else name, []).extend(members)
    return found


def joined(found: dict[str, list[Facts]], lives: dict[str, Life]) -> dict[str, Facts]:
    """Key of each life that goes on as part of another one -> what that is told by; `found`: as `assign` gives it."""
    owner = {member.id: members for members in found.values() for member in members}
    going_on = [life for key, life in lives.items() if not life.over and key not in found]
    theirs = {life.key: [owner[name] for name in life.names if name in owner] for life in going_on}
    return {key: lead_of(others[0], None, ()) for key, others in theirs.items() if others}


def _goes_on(life: Life, one: Facts) -> bool:
    """Whether an incident of the service of a life that is not over belongs to it: it did not end before that began."""
    return one.ended_us is None or one.ended_us > life.started_us


def is_told(life: Life, members: Sequence[Facts]) -> bool:
    """Whether a life that is over is all that these incidents are: they have ended, and it knew them, or lay then.

    An incident is named after when it was noticed, which may come out differently when a log is read again with less
    before it.
    """
    end = life.seen_us if life.quiet_us is None else life.quiet_us
    return all(
        one.ended_us is not None and (one.id in life.names or (one.started_us < end and one.ended_us > life.started_us))
        for one in members
    )


def lead_of(members: Sequence[Facts], service: str | None, quiet: Collection[str]) -> Facts:
    """Who speaks for a group: the strangest of those that last, of its own service if possible; with the others named.

    Args:
        members: at least one.
        service: of the life; None if it is new.
        quiet: services about which somebody wants quiet; they speak only if nobody else does.
    """
    loud = [one for one in members if one.service not in quiet]
    lead = max(
        loud or members, key=lambda one: (one.ended_us is None, one.service == service, one.score, one.service, one.id)
    )
    others = {one.service for one in members} | {name for one in members for name in one.services_together}
    lasting = [one for one in loud or members if one.ended_us is None] or [lead]
    severity = max((one.severity for one in lasting), key=SEVERITIES.index)
    return replace(
        lead, services_together=tuple(sorted(others - {lead.service})), page=any(one.page for one in loud or members),
        severity=severity,
    )  # fmt: skip


def new_life(key: str, members: Sequence[Facts], now_us: int, quiet: Collection[str], *, again: bool) -> Life:
    """A life that begins; `again`: the key had one before."""
    lead = lead_of(members, None, quiet)
    first = min(one.detected_us for one in members)
    return Life(
        key=key, first_us=max(first, now_us) if again else first, service=lead.service, names=(), lead=lead,
        worst=lead.severity, seen_us=now_us, started_us=min(one.started_us for one in members),
    )  # fmt: skip
