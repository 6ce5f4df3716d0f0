"""What is said: the facts of an incident, and the notice that is one decision to speak of them."""

from __future__ import annotations

from typing import Literal
from uuid import UUID, uuid5

from msgspec import Struct

Severity = Literal["info", "warning", "critical"]
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "critical")
"""The mildest first."""
State = Literal["open", "update", "resolved"]
Topic = Literal["surge", "source_silent", "source_lagging", "digest", "test"]
Reason = Literal[
    "began", "severity_changed", "kind_changed", "contributor_known", "others_joined", "ended", "settled", "joined",
    "unseen", "digest",
    "unchanged", "too_soon", "quiet_time", "silenced", "maintenance", "below_page", "too_old", "already_told",
]  # fmt: skip
"""Why a notice is spoken (the first two lines) or held back (the third). A closed list:

- began, ended: the incident did; settled: it lasted so long that it is no surge any more
- severity_changed, kind_changed: against what was told last
- contributor_known: who holds most of it took longer to find out than the first notice could wait
- others_joined: the same cause raises services that were not told; joined: it has the cause of another life, which
  tells of it from now on
- unseen: nothing was heard of it for too long, so nobody knows whether it lasts
- digest: the collected incidents that page nobody
- unchanged: nothing new; already_told: it was over and told before
- too_soon: an update waits for its turn; quiet_time: it ended, but may come back
- silenced, maintenance: somebody wants quiet; below_page: it pages nobody; too_old: it ended long before it was seen
"""
SPOKEN: frozenset[Reason] = frozenset(
    {"began", "severity_changed", "kind_changed", "contributor_known", "others_joined", "ended", "settled", "joined",
     "unseen", "digest"}
)
NAMESPACE = UUID("6f0b2a52-4d1e-5c39-9d0e-0d7f5c0d8a11")


class Facts(Struct, frozen=True, kw_only=True):
    """One incident (or one source in trouble) as it is known now.

    Attributes:
        id: of the incident, as `detector explain` takes it; for a source such as `silent:NAME`.
        topic: what it is about.
        service: or the name of the source.
        severity, page: how bad, and whether it may wake somebody.
        kind: the driver with the largest share, or `volume`.
        group: the same for all incidents of one cause; None: it stands alone.
        factor, observed, expected, unit: how much; None where that is not known.
        score: strangeness; the strangest leads its group.
        started_us, detected_us, ended_us: event time, microseconds since 1970 UTC; no end while it lasts.
        settled: it ended because it lasted too long to be a surge.
        drivers: in words, the largest first: `messages per client x9.4`.
        contributor, share: who holds most of the excess, in words, and how much of it, 0..1.
        minutes_to_overload: None where no capacity is known.
        services_together: other services that the same cause raised.
        detail: what else there is to say, one sentence.
    """

    id: str
    service: str
    severity: Severity
    started_us: int
    detected_us: int
    ended_us: int | None = None
    topic: Topic = "surge"
    page: bool = True
    kind: str = "volume"
    group: str | None = None
    factor: float | None = None
    observed: float | None = None
    expected: float | None = None
    unit: str = ""
    score: float = 0.0
    settled: bool = False
    drivers: tuple[str, ...] = ()
    contributor: str | None = None
    share: float | None = None
    minutes_to_overload: float | None = None
    services_together: tuple[str, ...] = ()
    detail: str = ""


class Notice(Struct, frozen=True, kw_only=True):
    """One decision to speak.

    Attributes:
        id: the same for the same decision, whenever it is made again.
        key: of the incident, or of the group of them that has one cause.
        thread: id of the first notice of this key's life.
        sequence: 0 for the first of the life.
        state, reason: what is said and why.
        topic, service: of the life; they do not change while it lasts.
        severity: now; `worst`: of the life so far; `told`: all that the life was told with, this one included.
        page: whether it may wake somebody.
        first_seen_us: when the life was first told, or would have been; decided_us: when this was decided.
        facts: of the incident that leads; also: of the others, in a digest.
        owner, runbook: from the settings.
        title, text: for people; already free of control characters.
    """

    id: str
    key: str
    thread: str
    sequence: int
    state: State
    reason: Reason
    topic: Topic
    service: str
    severity: Severity
    worst: Severity
    told: tuple[Severity, ...]
    page: bool
    first_seen_us: int
    decided_us: int
    facts: Facts
    also: tuple[Facts, ...] = ()
    owner: str | None = None
    runbook: str | None = None
    title: str = ""
    text: str = ""


def notice_id(key: str, life_us: int, state: State, sequence: int) -> str:
    """A UUID that depends on nothing but these; `life_us`: tells the lives of a key apart."""
    return str(uuid5(NAMESPACE, f"{key}\0{life_us}\0{state}\0{sequence}"))


def worse(one: Severity, other: Severity) -> Severity:
    """The worse of two."""
    return max(one, other, key=SEVERITIES.index)
