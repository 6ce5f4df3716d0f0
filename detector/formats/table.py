"""The formats that are known: one line each. The order is that of `formats list`."""

from __future__ import annotations

from detector.formats import access, error_logs, glog, syslog
from detector.formats.format import Format

FORMATS: tuple[Format, ...] = (
    access.FORMAT,
    *error_logs.FORMATS,
    glog.FORMAT,
    *syslog.FORMATS,
)  # fmt: skip
