"""Tables of sources become settings, or one clear line."""

from __future__ import annotations

import re
import tomllib

import pytest

from detector.errors import SettingsError
from detector.sources.live.opening import open_source
from detector.sources.live.settings import (
    FileSource,
    JournaldSource,
    OtlpSource,
    StdinSource,
    SyslogSource,
    read_sources,
)


def read(text: str):
    """The sources of a TOML text."""
    return read_sources(tomllib.loads(text)["sources"])


def test_each_kind_is_read():
    """Every kind of source, with defaults and options."""
    found = read("""
        [[sources]]
        kind = "file"
        paths = ["/var/log/*.log", "/srv"]
        poll_seconds = 1
        [[sources]]
        kind = "stdin"
        [[sources]]
        kind = "syslog"
        transport = "udp"
        port = 5514
        [[sources]]
        kind = "journald"
        units = ["nginx.service"]
        [[sources]]
        kind = "otlp"
    """)
    expected = (
        FileSource(("/var/log/*.log", "/srv"), poll_seconds=1.0),
        StdinSource(),
        SyslogSource("udp", port=5514),
        JournaldSource(units=("nginx.service",)),
        OtlpSource(),
    )
    assert expected == found
    names = [open_source(source, lambda: 0).name for source in found]
    assert ["file /var/log/*.log, /srv", "-", "syslog udp 127.0.0.1:5514", "journald", "otlp 127.0.0.1:4318"] == names


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({}, "`kind` is None: write one of file, stdin, syslog, journald, otlp"),
        ({"kind": "sylog"}, "did you mean `syslog`?"),
        ({"kind": "file"}, "needs `paths`"),
        ({"kind": "file", "paths": []}, "needs `paths`"),
        ({"kind": "file", "paths": [1]}, "write a list of texts"),
        ({"kind": "file", "path": "x"}, "has no `path`; did you mean `paths`?"),
        ({"kind": "file", "paths": "x", "begin": "start"}, "write one of end, beginning"),
        ({"kind": "file", "paths": "x", "poll_seconds": 0}, "must be above 0"),
        ({"kind": "syslog", "port": "514"}, "write a whole number"),
        ({"kind": "syslog", "port": 70_000}, "the highest is 65535"),
        ({"kind": "syslog", "transport": "tls"}, "are needed for transport tls"),
        ({"kind": "syslog", "certificate": "x"}, "go together"),
        ({"kind": "otlp", "address": "0.0.0.0"}, "set `token_file`"),
        ({"kind": "otlp", "address": "0.0.0.0", "token_file": "t"}, "or `insecure = true`"),
        ({"kind": "otlp", "insecure": 1}, "write true or false"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(table, words):
    """The table by its number, the key, and what would be right."""
    with pytest.raises(SettingsError, match=re.escape(words)) as told:
        read_sources([{"kind": "stdin"}, table])
    assert str(told.value).startswith("sources[2]")
    assert "\n" not in str(told.value)
