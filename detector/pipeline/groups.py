"""Incidents of several services that have one cause, as one group: one thing to tell, and to alert on.

Two incidents of different services are tied if they overlap in time, and

- the value that holds the most of their excess is the same version, host or client, or
- they began within ten minutes, are of the same kind, and a value holds a fifth of the excess of both.

What is tied to something tied is tied, and stays so: a watch has told it. A group is named by the incident that was
noticed first, so its name does not change when others join it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

from detector.causes import Cause
from detector.schemas import Incident

TELLING = frozenset({"version", "host", "client"})
"""Dimensions of which one value is a cause by itself; the same status or endpoint may be two causes."""
LEAST_SHARE = 0.2
NEAR_US = 10 * 60_000_000
Values = frozenset[tuple[str, str]]


def tie(incidents: Sequence[Incident], causes: Mapping[str, Cause]) -> dict[str, Cause]:
    """The causes by id of the incident, each with its group and the other services of that.

    Args:
        incidents: in any order.
        causes: of each; one that names its group already was tied before, to others that may be over and not be here.
    """
    ordered = sorted(incidents, key=_by_detection)
    rank = {one.id: place for place, one in enumerate(ordered)}
    group = {one.id: causes[one.id].group or one.id for one in ordered}
    members: dict[str, list[Incident]] = defaultdict(list)
    for one in ordered:
        members[group[one.id]].append(one)
    for one, other in _near(ordered, causes):
        names = {group[one.id], group[other.id]}
        if len(names) > 1 and _are_tied(one, other, causes):
            kept, gone = sorted(names, key=lambda name: (rank.get(name, -1), name))
            for each in members[gone]:
                group[each.id] = kept
            members[kept] += members.pop(gone)
    services = {name: {one.service for one in every} for name, every in members.items()}
    found = dict(causes)
    for one in incidents:
        others = (services[group[one.id]] | set(causes[one.id].together)) - {one.service}
        found[one.id] = replace(causes[one.id], group=group[one.id], together=tuple(sorted(others)))
    return found


def _near(ordered: Sequence[Incident], causes: Mapping[str, Cause]) -> Iterator[tuple[Incident, Incident]]:
    """The pairs that share a value: only these can be tied."""
    sharing: dict[Hashable, list[Incident]] = defaultdict(list)
    for one in ordered:
        for value in sorted(_values(causes[one.id])):
            sharing[value].append(one)
    for every in sharing.values():
        yield from combinations(every, 2)


def _by_detection(incident: Incident) -> tuple[int, str]:
    return incident.detected_us, incident.id


def _are_tied(one: Incident, other: Incident, causes: Mapping[str, Cause]) -> bool:
    if one.service == other.service or not _overlap(one, other):
        return False
    mine, theirs = causes[one.id], causes[other.id]
    if _first(mine) & _first(theirs):
        return True
    near = abs(one.started_us - other.started_us) <= NEAR_US and mine.kind == theirs.kind
    return near and bool(_values(mine) & _values(theirs))


def _overlap(one: Incident, other: Incident) -> bool:
    begin = max(one.started_us, other.started_us)
    return all(each.ended_us is None or each.ended_us > begin for each in (one, other))


def _first(cause: Cause) -> Values:
    """The strongest contributor, if that is a cause by itself."""
    strong = cause.contributors[:1]
    return frozenset((one.dimension, one.value) for one in strong if one.dimension in TELLING) & _values(cause)


def _values(cause: Cause) -> Values:
    """Who holds a fifth of the excess or more."""
    return frozenset((one.dimension, one.value) for one in cause.contributors if one.share >= LEAST_SHARE)
