"""The formats that are known: one line each. The order is that of `formats list`."""

from __future__ import annotations

from detector.formats import access, cri, docker, error_logs, glog, jsonlines, logfmt, syslog, text, vpc_flow, zeek
from detector.formats.format import Format

FORMATS: tuple[Format, ...] = (
    access.FORMAT,
    *cri.FORMATS,
    docker.FORMAT,
    *error_logs.FORMATS,
    glog.FORMAT,
    jsonlines.FORMAT,
    logfmt.FORMAT,
    *syslog.FORMATS,
    text.FORMAT,
    vpc_flow.FORMAT,
    zeek.FORMAT,
)  # fmt: skip
