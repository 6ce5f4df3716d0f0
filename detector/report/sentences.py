"""An incident of `detector.scan/1` in sentences, for reports that are read by people."""

from __future__ import annotations

import re

from detector.report.numbers import MINUTE_US, brief, times_normal
from detector.report.shape import DriverShape, DriversShape, IncidentShape, MarkerShape, VersionShape
from detector.times import clock, day, duration, micros

NOTABLE = 1.15
"""A factor that changed by less is not worth a word."""
LEAST_RETRIES = 0.05
"""A smaller share of retries neither."""
LARGE = 1000
DRIVERS = {"clients": "clients", "messages_per_client": "messages per client", "bytes_per_message": "bytes per message"}
SIGNALS = {"lines": "lines", "bytes": "bytes", "lines_per_client": "lines per client",
           "bytes_per_line": "bytes per line", "errors": "errors", "debug": "debug lines",
           "version": "one client version"}  # fmt: skip


def tell_volume(one: IncidentShape) -> str:
    """`x9.7 normal: 215 lines/min, expected 22`."""
    return f"{times_normal(one.factor)}: {brief(one.observed)} {one.unit}, expected {brief(one.expected)}"


def tell_course(one: IncidentShape, to: str | None) -> str:
    """`began 15 Jul 2025 11:35 UTC, noticed after 14 min, lasted 26 min`; `to`: end of the input."""
    return f"began {tell_moment(one.started_at)}, noticed after {tell_delay(one)}, {tell_length(one, to)}"


def tell_planned(calendar: str | None) -> str:
    """`planned (load test), so it does not page`; nothing for what was not planned."""
    return "" if calendar is None else f"planned ({calendar}), so it does not page"


def tell_moment(at: str) -> str:
    """`15 Jul 2025 11:35 UTC`."""
    return f"{day(micros(at), year=True)} {clock(micros(at))} UTC"


def tell_delay(one: IncidentShape) -> str:
    """From its begin to the alarm: `14 min`."""
    return duration(micros(one.detected_at) - micros(one.started_at))


def tell_length(one: IncidentShape, to: str | None) -> str:
    """`lasted 26 min`, or `lasts (26 min so far)`."""
    begin = micros(one.started_at)
    if one.settled:
        return "stayed at this level and counts as settled"
    if one.ended_at is not None:
        return f"lasted {duration(micros(one.ended_at) - begin)}"
    return "lasts" if to is None else f"lasts ({duration(micros(to) - begin)} so far)"


def tell_question(one: IncidentShape, *, can_mark: bool) -> str:
    """What a settled incident asks, once; nothing of others."""
    if not one.settled:
        return ""
    return "Is this the new normal?" + (f" Then say so: detector mark {one.id} accepted" if can_mark else "")


def tell_reasons(one: IncidentShape) -> str:
    """`messages per client x9.4, clients x1.2`: what changed, the largest share first; nothing if that is unknown."""
    found = [(words, driver) for words, driver in named_drivers(one.drivers) if _is_notable(driver)]
    found.sort(key=lambda item: -(item[1].share if item[1].share is not None else 0.0))
    told = [(f"{words} {tell_change(driver.before, driver.during)}", driver) for words, driver in found]
    return ", ".join(text + tell_retries(one.drivers, driver) for text, driver in told)


def tell_retries(drivers: DriversShape, driver: DriverShape) -> str:
    """` (of that 35 % retries)`, of messages per client; nothing where they hardly matter, or it is not known."""
    share = drivers.retries_share
    is_worth = driver is drivers.messages_per_client and share is not None and share >= LEAST_RETRIES
    return f" (of that {tell_percent(share)} retries)" if is_worth else ""


def named_drivers(drivers: DriversShape) -> list[tuple[str, DriverShape]]:
    """Words and driver, of those that are known."""
    found = [(driver_words(name, drivers), getattr(drivers, name)) for name in DRIVERS]
    return [(words, driver) for words, driver in found if driver is not None]


def driver_words(name: str, drivers: DriversShape) -> str:
    """`messages per client`; requests or hosts stand for clients that are not known."""
    return DRIVERS[name].replace("client", drivers.denominator or "client")


def signal_words(one: IncidentShape) -> str:
    """`lines per client`, likewise."""
    words = SIGNALS.get(one.signal, one.signal)
    return words if one.signal == "version" else words.replace("client", one.drivers.denominator or "client")


def _is_notable(driver: DriverShape) -> bool:
    low, high = sorted((driver.before, driver.during))
    return driver.share is not None and (low <= 0 or high / low >= NOTABLE)


def tell_change(before: float, during: float) -> str:
    """`x9.4`, or `from nothing to 20` where no factor says it."""
    if before <= 0 or during / before > LARGE:
        return f"from {'almost ' * (before > 0)}nothing to {brief(during)}"
    return f"x{brief(during / before)}"


def tell_markers(one: IncidentShape) -> str:
    """`8 min after deploy 4.9.0 of fleet-api`: what was done, the latest first; nothing if nothing was."""
    return ", ".join(_marker(each, one) for each in sorted(one.markers, key=lambda each: each.at, reverse=True))


def _marker(marker: MarkerShape, one: IncidentShape) -> str:
    """Seen from the begin of the incident, which is known to a minute or so."""
    what = marker.text if " " in marker.text else f"deploy {marker.text}"
    whom = "" if marker.services == "*" else f" of {marker.services}"
    after_us = micros(one.started_at) - micros(marker.at)
    when = f"{duration(abs(after_us))} {'after' if after_us > 0 else 'before'}"
    return f"{'right after' if abs(after_us) < MINUTE_US else when} {what}{whom}"


def tell_percent(share: float | None) -> str:
    """`97 %`, `-3 %`, `-` where it is unknown."""
    return "-" if share is None else f"{round(share * 100)} %"


def tell_version(version: VersionShape) -> str:
    """`x6 version 4.8.2 at the same moment; 25 % of clients have it; when all do, 1,310 lines/min (now 540)`."""
    others = "all others" if version.against is None else f"version {_number(version)}"
    share = f"{tell_percent(version.share_of_clients)} of clients have it"
    told = f"x{brief(version.ratio)} {others} at the same moment; {share}"
    if version.lines_at_full < NOTABLE * version.lines_now:
        return told
    return f"{told}; when all do, {brief(version.lines_at_full)} lines/min (now {brief(version.lines_now)})"


def _number(version: VersionShape) -> str:
    """The other version without the family, where both have the same."""
    family = re.match(r".*[ /:@_-](?=v?\d)", version.against or "")
    return (version.against or "").removeprefix(family[0] if family and version.value.startswith(family[0]) else "")
