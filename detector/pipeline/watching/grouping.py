"""The incidents of a watch that have one cause, as one group: one thing to tell, to which later ones are added.

Who holds the excess is known when an incident was told or a moment later, so a group may be found after two of its
incidents were told alone; from then on they are told as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from detector.pipeline.groups import tie
from detector.pipeline.watching.cases import Case, Told, case_of, store

if TYPE_CHECKING:
    from detector.pipeline.watching.watch import Watch


def group(watch: Watch, news: Sequence[Case], told: Told) -> None:
    """Tie incidents to groups, and store what changed; the caller commits.

    Args:
        watch: changed in place.
        news: incidents of which something new is known; if it is not who holds the excess, no group changes by it.
        told: brought up to date.
    """
    if not any(case.cause.contributors for case in news):
        return
    known = {case.incident.id: case for case in (*news, *watch.lasting.values())}
    since = min(case.incident.started_us for case in known.values())
    rows = watch.connection.execute("SELECT body FROM watch_incidents WHERE ended_us > ?", (since,)).fetchall()
    known |= {case.incident.id: case for case in map(case_of, (body for (body,) in rows))}
    causes = tie([case.incident for case in known.values()], {key: case.cause for key, case in known.items()})
    changed = {key: replace(case, cause=causes[key]) for key, case in known.items() if causes[key] != case.cause}
    for key, case in changed.items():
        store(watch.connection, case)
        if key in watch.lasting:
            watch.lasting[key] = case
    told.opened = [changed.get(case.incident.id, case) for case in told.opened]
    told.closed = [changed.get(case.incident.id, case) for case in told.closed]
