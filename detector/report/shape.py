"""The answer of a scan as `detector.scan/1`: what scripts read. It grows; what stands here keeps its meaning."""

from __future__ import annotations

import msgspec

from detector.causes import Cause, Contributor, Factor, Forecast, Rise
from detector.report.numbers import MINUTE_US, factor_of, rounded, unit_of
from detector.schemas import Incident, InputSummary, ScanResult
from detector.times import rfc3339

SCHEMA = "detector.scan/1"
NO_CAUSE = Cause("volume", None, None, None)


class FaultShape(msgspec.Struct, frozen=True):
    """Trouble with one source."""

    source: str
    reason: str
    detail: str
    offset_bytes: int | None


class InputShape(msgspec.Struct, frozen=True):
    """What was read; numbers of lines, of bytes after decompression, and of files."""

    files: int
    bytes_read: int
    lines_read: int
    lines_parsed: int
    lines_unparsed: dict[str, int]
    formats: dict[str, int]
    passed_over: dict[str, int]
    repaired: dict[str, int]
    faults: list[FaultShape]


class DriverShape(msgspec.Struct, frozen=True):
    """One factor of volume, per window, and its share in the change."""

    before: float
    during: float
    share: float | None


class DriversShape(msgspec.Struct, frozen=True):
    """The factors of volume; None where clients are unknown.

    `denominator`: what clients are here: `client`, else `request` or `host`; None where nothing is known.
    `retries_share`: of the growth of messages per client, what are retries, 0..1; None where that is not known.
    """

    clients: DriverShape | None
    messages_per_client: DriverShape | None
    bytes_per_message: DriverShape | None
    retries_share: float | None = None
    denominator: str | None = None


class ContributorShape(msgspec.Struct, frozen=True):
    """One value of one dimension that makes up part of the excess; records or bytes per minute."""

    dimension: str
    value: str
    before: float
    during: float
    share_of_excess: float
    sample: str
    first_seen_at: str


class ForecastShape(msgspec.Struct, frozen=True):
    """When the service will be overloaded; None where no capacity is known.

    It is a forecast of `as_of`, and knows nothing of what came later: the end of the input for an incident that lasts,
    else the moment it was noticed. With a chance of 90 % the overload comes between `earliest_at` and `latest_at`;
    None: not within 24 h of `as_of`. `load_of_all`: the load if all clients did what one version does.
    """

    capacity: float | None = None
    capacity_from: str | None = None
    load: float | None = None
    overload_at: str | None = None
    minutes_to_overload: float | None = None
    earliest_at: str | None = None
    latest_at: str | None = None
    capacity_unit: str | None = None
    capacity_seen_at: str | None = None
    load_of_all: float | None = None
    course: str | None = None
    as_of: str | None = None


class VersionShape(msgspec.Struct, frozen=True):
    """A client version that sends more than the others do at the same moment, as it was seen last.

    `share_of_clients` is of the clients of its family, `against` its largest other version; None: all other clients of
    the service. `lines_now` and `lines_at_full` (when all these clients have it) are lines per minute of the service.
    """

    value: str
    against: str | None
    first_seen_at: str
    noticed_at: str
    share_of_clients: float
    ratio: float
    lines_now: float
    lines_at_full: float


class MarkerShape(msgspec.Struct, frozen=True):
    """What was done to services (a pattern of their names) and when."""

    at: str
    services: str
    text: str


class IncidentShape(msgspec.Struct, frozen=True):
    """One surge; observed and expected in `unit`, times RFC 3339 in UTC; settled: it lasts, but is followed no more.

    `group` is the same for all incidents of one cause: the id of the one that was noticed first. `markers` are what was
    done to the service from an hour before its begin on, until it was noticed, such as a deploy.
    """

    id: str
    service: str
    signal: str
    kind: str
    started_at: str
    detected_at: str
    ended_at: str | None
    observed: float
    expected: float
    factor: float
    unit: str
    score: float
    severity: str
    page: bool
    drivers: DriversShape
    contributors: list[ContributorShape]
    forecast: ForecastShape
    services_together: list[str]
    settled: bool = False
    calendar: str | None = None
    services_known: int | None = None
    group: str = ""
    version: VersionShape | None = None
    markers: list[MarkerShape] = []


class ScanShape(msgspec.Struct, frozen=True, rename={"from_": "from"}):
    """The whole answer."""

    schema: str
    input: InputShape
    window_seconds: float
    from_: str | None
    to: str | None
    services: int
    incidents: list[IncidentShape]
    notes: list[str]


class BudgetsShape(msgspec.Struct, frozen=True):
    """What the incidents of a kept report were measured by, as it was set; `own`: by service, where it has its own."""

    budget: str
    incident_budget: str
    own: dict[str, str] = {}


class KeptShape(ScanShape, frozen=True, rename={"from_": "from"}):
    """A report that `detector explain` reads: that of the last scan tells its budgets, others need not."""

    settings: BudgetsShape | None = None


def shape_scan(result: ScanResult) -> ScanShape:
    """The answer as scripts get it."""
    return ScanShape(
        SCHEMA, shape_input(result.input), rounded(result.window_seconds),
        rfc3339(result.from_us), rfc3339(result.to_us), result.services, shape_incidents(result), result.notes,
    )  # fmt: skip


def shape_input(summary: InputSummary) -> InputShape:
    """What was read, with sorted reasons, so that the same input gives the same text."""
    faults = [FaultShape(one.source, one.reason, one.detail, one.offset_bytes) for one in summary.faults]
    return InputShape(
        summary.files, summary.bytes_read, summary.lines_read, summary.lines_parsed,
        _sorted(summary.lines_unparsed), _sorted(summary.formats), _sorted(summary.passed_over),
        _sorted(summary.repaired), faults,
    )  # fmt: skip


def _sorted(counts: dict[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items()))


def shape_incidents(result: ScanResult) -> list[IncidentShape]:
    """All incidents, in the order of the result."""
    return [shape_incident(one, result.causes.get(one.id, NO_CAUSE)) for one in result.incidents]


def shape_incident(incident: Incident, cause: Cause) -> IncidentShape:
    """One incident, converted from per window to its unit."""
    unit, scale = unit_of(incident.signal, incident.window_us, cause.per)
    return IncidentShape(
        id=incident.id, service=incident.service, signal=incident.signal, kind=cause.kind,
        started_at=rfc3339(incident.started_us), detected_at=rfc3339(incident.detected_us),
        ended_at=rfc3339(incident.ended_us), unit=unit, factor=factor_of(incident), score=rounded(incident.score),
        observed=rounded(incident.observed * scale), expected=rounded(incident.expected * scale),
        severity=incident.severity, page=incident.page,
        drivers=shape_drivers(cause),
        contributors=[*map(_contributor, cause.contributors)], services_together=list(cause.together),
        settled=incident.settled, forecast=shape_forecast(cause.forecast), calendar=incident.calendar,
        services_known=incident.services_known, group=cause.group or incident.id, version=shape_version(cause.version),
        markers=[MarkerShape(rfc3339(one.at_us), one.services, one.text) for one in cause.markers],
    )  # fmt: skip


def shape_drivers(cause: Cause) -> DriversShape:
    """The factors of volume."""
    clients, messages, size = map(_driver, (cause.clients, cause.messages_per_client, cause.bytes_per_message))
    retries = None if cause.retries_share is None else rounded(cause.retries_share)
    per = None if messages is None and cause.per == "client" else cause.per
    return DriversShape(clients, messages, size, retries, per)


def shape_version(rise: Rise | None) -> VersionShape | None:
    """What is told of a version."""
    if rise is None:
        return None
    share, ratio, now, full = map(rounded, (rise.share_of_clients, rise.ratio, rise.lines_now, rise.lines_at_full))
    return VersionShape(
        rise.version, rise.against, rfc3339(rise.first_us), rfc3339(rise.noticed_us), share, ratio, now, full
    )


def shape_forecast(one: Forecast | None) -> ForecastShape:
    """Converted to minutes and text; all None where no capacity is known."""
    if one is None:
        return ForecastShape()
    return ForecastShape(
        rounded(one.capacity), one.source, rounded(one.load), rfc3339(one.overload_us),
        None if one.left_us is None else rounded(one.left_us / MINUTE_US),
        rfc3339(one.earliest_us), rfc3339(one.latest_us), one.unit, rfc3339(one.learned_us),
        None if one.load_of_all is None else rounded(one.load_of_all), one.course, rfc3339(one.as_of_us),
    )  # fmt: skip


def _contributor(one: Contributor) -> ContributorShape:
    before, during, share = map(rounded, (one.before, one.during, one.share))
    return ContributorShape(one.dimension, one.value, before, during, share, one.sample, rfc3339(one.first_us))


def _driver(factor: Factor | None) -> DriverShape | None:
    if factor is None:
        return None
    share = None if factor.share is None else rounded(factor.share)
    return DriverShape(rounded(factor.before), rounded(factor.during), share)
