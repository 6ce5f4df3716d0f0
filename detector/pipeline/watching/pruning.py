"""Forgetting, so that the state of a watch does not grow for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detector.alerts.outbox import prune as prune_outbox

if TYPE_CHECKING:
    from detector.pipeline.watching.watch import Watch

DAY_US = 86_400_000_000


def prune(watch: Watch, now_us: int) -> list[str]:
    """Once a day forget incidents and markers of long ago, sources not heard since, and notices; the caller commits.

    How long ago an incident was is counted from the newest line: an old log keeps its own.

    Returns:
        what is worth a word.
    """
    if now_us - watch.pruned_us < DAY_US:
        return []
    watch.pruned_us = now_us
    reached = watch.intake.watermark.reached
    before_us = (now_us if reached is None else min(now_us, reached)) - watch.keep_us
    watch.connection.execute("DELETE FROM watch_incidents WHERE ended_us < ?", (before_us,))
    gone = "kind = 'deploy' OR subject NOT IN (SELECT id FROM watch_incidents)"
    watch.connection.execute(f"DELETE FROM watch_marks WHERE at_us < ? AND ({gone})", (before_us,))  # noqa: S608  constants
    _forget_sources(watch, now_us - watch.keep_us)
    if not watch.connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alerts_outbox'").fetchall():
        return []
    lost = prune_outbox(watch.connection, now_us - watch.keep_us)
    return [f"{lost} notices that never arrived are forgotten"] if lost else []


def _forget_sources(watch: Watch, before_us: int) -> None:
    clocks = watch.intake.watermark.clocks
    gone = [source for source, clock in clocks.items() if 0 < clock.heard < before_us]
    for source in gone:
        del clocks[source]
        watch.intake.streams.pop(source, None)
    watch.connection.executemany("DELETE FROM watch_streams WHERE source = ?", [(source,) for source in gone])
