"""Which incidents page, within the budget of the installation."""

from __future__ import annotations

from dataclasses import replace

from detector.config import score_of
from detector.schemas import Incident


def mark_pages(incidents: list[Incident], services: int, weeks_between_pages: float) -> list[Incident]:
    """Which incidents page: those that all services together would raise by mistake no more often than budgeted."""
    need = score_of(max(services, 1) * weeks_between_pages)
    return [replace(incident, page=incident.score >= need) for incident in incidents]
