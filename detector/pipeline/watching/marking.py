"""What was done to services, such as deploys, kept in the state of a watch: from lines, from a file, from people."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from detector.config import Settings
from detector.markers import BEFORE_US, Marker, markers_of
from detector.pipeline.watching import memory
from detector.schemas import Incident
from detector.sources.marker_files import read_marker_file, state_of


@dataclass(slots=True)
class Marking:
    """The file of markers.

    Attributes:
        path: of the file that was read last.
        state: of the file then; None: it was not there.
    """

    path: str | None = None
    state: tuple[int, int, int] | None = None

    def look(self, connection: sqlite3.Connection, settings: Settings) -> list[str]:
        """Store what the file says if it has changed; what of it cannot be read, in words. The caller commits."""
        path = settings.markers.file if settings.markers is not None else None
        if path is None:
            return []
        state = state_of(path)
        if (path, state) == (self.path, self.state):
            return []
        self.path, self.state = path, state
        told = read_marker_file(path)
        memory.note(connection, told.markers)
        return told.faults


def markers_for(connection: sqlite3.Connection, incident: Incident) -> tuple[Marker, ...]:
    """What was done to the service of an incident shortly before it."""
    begin, end = incident.started_us, incident.detected_us
    return markers_of(incident.service, begin, end, memory.markers(connection, begin - BEFORE_US, end))
