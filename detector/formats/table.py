"""The formats that are known: one line each. The order is that of `formats list`."""

from __future__ import annotations

from detector.formats import (
    access,
    aws_load_balancers,
    aws_s3,
    cri,
    docker,
    error_logs,
    glog,
    haproxy,
    jsonlines,
    logfmt,
    squid,
    syslog,
    text,
    vpc_flow,
    zeek,
)
from detector.formats.format import Format

FORMATS: tuple[Format, ...] = (
    access.FORMAT,
    *aws_load_balancers.FORMATS,
    aws_s3.FORMAT,
    *cri.FORMATS,
    docker.FORMAT,
    *error_logs.FORMATS,
    glog.FORMAT,
    haproxy.FORMAT,
    jsonlines.FORMAT,
    logfmt.FORMAT,
    squid.FORMAT,
    *syslog.FORMATS,
    text.FORMAT,
    vpc_flow.FORMAT,
    zeek.FORMAT,
)  # fmt: skip
