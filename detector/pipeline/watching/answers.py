"""What people say of the incidents of a watch."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from detector.pipeline.watching import memory
from detector.pipeline.watching.cases import Told, store

if TYPE_CHECKING:
    from detector.pipeline.watching.watch import Watch


def hear_people(watch: Watch, told: Told) -> None:
    """End the incidents that somebody called false, or accepted; the caller commits."""
    now = watch.intake.closed
    for mark in memory.answers(watch.connection, applied=False) if now is not None else ():
        ended = watch.fleet.dismiss(watch.intake.services[mark.service])
        memory.apply(watch.connection, mark.position, now or 0)
        case, versions = watch.lasting.pop(mark.incident, None), watch.joining.dismiss(mark.incident)
        if versions:
            watch.intake.versions.dismiss(mark.service, versions)
            watch.intake.versions.store_known(watch.connection)
            watch.joining.keep(watch.connection)
        if case is not None and (ended is not None or versions):
            over = replace(case.incident, ended_us=(now or 0) * watch.intake.width_us)
            ended = over if versions or ended is None else replace(ended, page=case.incident.page)
            case = replace(case, incident=ended)
            told.closed.append(case)
            store(watch.connection, case)
