"""The settings of a run as named arguments, for who calls `detector.scan` from Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict


class Overrides(TypedDict, total=False):
    """The settings of `Settings` as named arguments."""

    input_format: str
    service: str | None
    service_name: str | None
    client: str | None
    timezone: str
    year: int | None
    since: str | None
    until: str | None
    by: str
    max_unparsed: float | str
    window: str
    budget: str
    incident_budget: str
    least_excess: float
    least_factor: float
    direction: str
    warmup: str
    threads: int
    model: str | None
    lateness: str
    idle: str
    assume_now: bool
    capacity: Mapping[str, Mapping[str, object]]
    critical_within: str
    warning_within: str
    warning_factor: float
    warning_lasts: str
    page_on: str
    markers: Mapping[str, str] | None
    settle_after: str
    services: Mapping[str, Mapping[str, object]]
    calendar: Sequence[Mapping[str, object]]
    formats: Mapping[str, Mapping[str, object]]
