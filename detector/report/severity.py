"""How bad an incident is."""

from __future__ import annotations

from detector.schemas import Incident

WARNING_FACTOR = 2.0
WARNING_US = 5 * 60_000_000


def severity(incident: Incident, to_us: int | None) -> str:
    """`warning` for at least twice what is expected, or at most half, over at least five minutes, else `info`.

    `critical` waits for the forecast, which knows what a service can bear.

    Args:
        incident: the surge.
        to_us: end of the input, which stands for the end of a surge that lasts; microseconds since 1970 UTC.
    """
    end = incident.ended_us if incident.ended_us is not None else to_us
    lasted = (end if end is not None else incident.detected_us) - incident.started_us
    far = incident.factor >= WARNING_FACTOR or incident.factor <= 1 / WARNING_FACTOR
    return "warning" if far and lasted >= WARNING_US else "info"
