"""The formats that are known: one line each. The order is that of `formats list`."""

from __future__ import annotations

from detector.formats import (
    access,
    aws_load_balancers,
    aws_s3,
    cri,
    docker,
    envoy,
    error_logs,
    glog,
    haproxy,
    jsonlines,
    logfmt,
    mysql,
    nfdump,
    postgresql,
    postgresql_csv,
    squid,
    syslog,
    text,
    traefik,
    vpc_flow,
    w3c,
    zeek,
)
from detector.formats.format import Format

FORMATS: tuple[Format, ...] = (
    access.FORMAT,
    *aws_load_balancers.FORMATS,
    aws_s3.FORMAT,
    *cri.FORMATS,
    docker.FORMAT,
    envoy.FORMAT,
    *error_logs.FORMATS,
    glog.FORMAT,
    haproxy.FORMAT,
    jsonlines.FORMAT,
    logfmt.FORMAT,
    *mysql.FORMATS,
    nfdump.FORMAT,
    postgresql.FORMAT,
    postgresql_csv.FORMAT,
    squid.FORMAT,
    *syslog.FORMATS,
    text.FORMAT,
    traefik.FORMAT,
    vpc_flow.FORMAT,
    w3c.FORMAT,
    zeek.FORMAT,
)  # fmt: skip
