"""Settings -> sources."""

from __future__ import annotations

from collections.abc import Callable

from detector.sources.live.journald import Journald
from detector.sources.live.live import Live
from detector.sources.live.otlp import Otlp
from detector.sources.live.settings import FileSource, JournaldSource, OtlpSource, Source, StdinSource, SyslogSource
from detector.sources.live.stdin import Stdin
from detector.sources.live.syslog import Syslog
from detector.sources.live.tail import FileTail

_KINDS: dict[type[Source], Callable[..., Live]] = {
    FileSource: FileTail,
    StdinSource: Stdin,
    SyslogSource: Syslog,
    JournaldSource: Journald,
    OtlpSource: Otlp,
}


def open_source(settings: Source, clock: Callable[[], int]) -> Live:
    """The source that the settings describe; nothing is opened before it runs.

    Args:
        settings: as `read_sources` gives them.
        clock: microseconds since 1970 UTC.
    """
    return _KINDS[type(settings)](settings, clock)
