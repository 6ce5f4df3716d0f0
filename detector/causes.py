"""What lies behind an incident: its drivers, who holds the excess, which version, and how long is left."""

from __future__ import annotations

from dataclasses import dataclass

from detector.markers import Marker


@dataclass(frozen=True, slots=True)
class Factor:
    """One factor of volume = clients x messages per client x bytes per message.

    Attributes:
        before, during: per window, what was usual and what was seen.
        share: of the change in volume; the shares of the three factors add up to 1, one that fell is negative.
    """

    before: float
    during: float
    share: float | None


@dataclass(frozen=True, slots=True)
class Contributor:
    """One value of one dimension, or a pair of them, that makes up part of the excess of an incident.

    Attributes:
        dimension: a column of Records, or two, joined by ` + `; `message` stands for its template.
        value: likewise; without secrets.
        before, during: records per minute in the time before the incident and in the first of it; bytes per minute
            where messages grew.
        share: of the excess, 0..1.
        first_us: the earliest record with the value in these times, microseconds since 1970 UTC.
        sample: the earliest line of the incident with the value; without secrets, not escaped.
    """

    dimension: str
    value: str
    before: float
    during: float
    share: float
    first_us: int
    sample: str


@dataclass(frozen=True, slots=True)
class Rise:
    """One version of a client that sends more than the others do at the same moment; as it was seen last.

    Attributes:
        version: family and version.
        against: the other version of its family with most clients; None: all others of the service.
        first_us: when it was first seen, to five minutes, microseconds since 1970 UTC.
        share_of_clients: of the family's (else the service's) clients of the last hour, those that have it.
        ratio: lines per client, times what the others send.
        share_of_excess: of what clients of any version send beyond the others' rate.
        before, during: lines per minute of its clients: at the others' rate, and as it is.
        noticed_us: when it stood out first.
        lines_now, lines_at_full: lines per minute of the service, and what they come to when all clients have it.
        lines_then, full_then: the same when it was noticed.
    """

    version: str
    against: str | None
    first_us: int
    share_of_clients: float
    ratio: float
    share_of_excess: float
    before: float
    during: float
    lines_now: float
    lines_at_full: float
    noticed_us: int = 0
    lines_then: float = 0.0
    full_then: float = 0.0


LEAST_LOAD = 0.1
"""Where less of a rate's capacity is taken, any course leads anywhere: nothing is foretold."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """When a service will be overloaded, from what was known at one moment.

    Attributes:
        as_of_us: that moment, microseconds since 1970 UTC: the end of the input for an incident that lasts, else when
            it was noticed.
        capacity: what the service can bear, in `unit`: lines/min, bytes/s, bytes/day or bytes.
        source: `settings`; or `learned`, the highest load that it bore for five minutes without failing.
        learned_us: when it bore that; None where the settings say it.
        course: how the surge grows: `level`, `linear` or `exponential`.
        load: share of the capacity at that moment; of a quota or a disk what will be taken of it by midnight or in
            24 h.
        load_of_all: the load if all clients did what one version does; None where no version is to blame.
        overload_us: when the capacity is reached; `as_of_us` if it is reached already; None: not within 24 h, or not
            known, since the service bears more than it ever did (a load above 1).
        earliest_us, latest_us: between them it lies with a chance of 90 %; None: not within 24 h.
    """

    as_of_us: int
    capacity: float
    unit: str
    source: str
    learned_us: int | None
    course: str
    load: float
    load_of_all: float | None = None
    overload_us: int | None = None
    earliest_us: int | None = None
    latest_us: int | None = None

    @property
    def is_uncharted(self) -> bool:
        """Does the service bear more than it ever did?"""
        return self.overload_us is None and self.source == "learned" and self.load >= 1

    @property
    def left_us(self) -> int | None:
        """From that moment to the overload; None: not within 24 h."""
        return None if self.overload_us is None else self.overload_us - self.as_of_us


@dataclass(frozen=True, slots=True)
class Cause:
    """What drives an incident, and its course for a sparkline.

    Attributes:
        kind: the factor with the largest share; `volume` where clients are unknown.
        clients, messages_per_client, bytes_per_message: the factors; None where clients are unknown.
        observed, expected: lines per window around the incident, oldest first; expected is None where unknown.
        contributors: who holds the excess, the strongest first; none where that is not known.
        forecast: when the service will be overloaded; None where it is not known what it can bear.
        version: the version that talks more than the others, if that is what was seen.
        group: the same for all incidents of one cause: the id of that which was noticed first.
        together: the other services of the group, sorted.
        per: what clients are here: `client`, or `request` or `host` where none is known.
        retried: share of retries in what clients sent before and during; None where that is not known.
        markers: what was done to the service from an hour before its begin on, until it was noticed; ascending.
    """

    kind: str
    clients: Factor | None
    messages_per_client: Factor | None
    bytes_per_message: Factor | None
    observed: tuple[float, ...] = ()
    expected: tuple[float, ...] = ()
    contributors: tuple[Contributor, ...] = ()
    forecast: Forecast | None = None
    version: Rise | None = None
    group: str = ""
    together: tuple[str, ...] = ()
    markers: tuple[Marker, ...] = ()
    per: str = "client"
    retried: tuple[float, float] | None = None

    @property
    def retries_share(self) -> float | None:
        """Of what messages per client grew by, what are retries, 0..1; None where they did not grow, or not known."""
        messages, clients = self.messages_per_client, self.clients
        if self.retried is None or clients is None or messages is None or messages.during <= messages.before:
            return None
        more = self.retried[1] * messages.during - self.retried[0] * messages.before
        return min(max(more / (messages.during - messages.before), 0.0), 1.0)
