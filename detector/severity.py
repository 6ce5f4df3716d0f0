"""How bad an incident is, and whether that is enough to page: one table, every number of it a setting.

    critical  an overload is due within `critical_within`, or has come; or the load is above all that the service ever
              bore, and grows
    warning   an overload is due within `warning_within`; or what one version does would overload the service if all
              clients had it; or the settings do not say what the service can bear, and it is at `warning_factor` times
              what is expected, or the same part of it, for `warning_lasts`
    info      else

What was learned is only what a service bore so far: it can make an incident worse, never harmless.
"""

from __future__ import annotations

from dataclasses import replace

from detector.causes import Forecast
from detector.config import Settings, parse_severities, parse_span
from detector.schemas import Incident


def severity(incident: Incident, forecast: Forecast | None, to_us: int | None, settings: Settings) -> str:
    """`critical`, `warning` or `info`.

    Args:
        incident: the surge.
        forecast: of it; None where it is not known what the service can bear.
        to_us: end of the input, which stands for the end of a surge that lasts; microseconds since 1970 UTC.
        settings: the numbers of the table.
    """
    left = None if forecast is None else forecast.left_us
    grows_on = forecast is not None and forecast.is_uncharted and forecast.course != "level"
    if grows_on or (left is not None and left <= parse_span(settings.critical_within) * 1e6):
        return "critical"
    if left is not None and left <= parse_span(settings.warning_within) * 1e6:
        return "warning"
    if forecast is not None and forecast.load_of_all is not None and forecast.load_of_all >= 1:
        return "warning"
    if forecast is not None and forecast.source == "settings":
        return "info"
    end = incident.ended_us if incident.ended_us is not None else to_us
    lasted = (end if end is not None else incident.detected_us) - incident.started_us
    lasts = lasted >= parse_span(settings.warning_lasts) * 1e6
    far = incident.factor >= settings.warning_factor or incident.factor <= 1 / settings.warning_factor
    return "warning" if far and lasts else "info"


def rate(incident: Incident, forecast: Forecast | None, to_us: int | None, settings: Settings) -> Incident:
    """The incident with its severity; one that is within the budget pages if its severity does."""
    found = severity(incident, forecast, to_us, settings)
    return replace(incident, severity=found, page=incident.page and found in parse_severities(settings.page_on))
