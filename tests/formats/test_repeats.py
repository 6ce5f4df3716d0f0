"""Records that say how many others were not written."""

from __future__ import annotations

import json

import pytest

from detector.formats.sniff import choose
from detector.formats.table import FORMATS
from detector.schemas import MOST_REPEATS
from tests.formats.reading import CALENDAR, read

MESSAGES = {
    "last message repeated 7 times": 7,
    "message repeated 3 times: [ Failed password for root]": 3,
    "--- last message repeated 1 time ---": 1,
    "Last message 'it's over: no' repeated 12 times, suppressed by syslog-ng on gate": 12,
    "Suppressed 917 messages from nginx.service": 917,
    "Missed 1427 kernel messages": 1427,
    "__ratelimit: 7 callbacks suppressed": 7,
    "[  180.769204] quiet_error: 48 callbacks suppressed": 48,
    "printk: systemd: 42 output lines suppressed due to ratelimiting": 42,
    "imuxsock lost 5 messages from pid 4711 due to rate-limiting": 5,
    "imuxsock[pid: 51, name: /usr/bin/x]: 488 messages lost due to rate-limiting (20000 allowed within 300 s)": 488,
    "imuxsock[pid 51]: begin to drop messages due to rate-limiting": None,
    "a user wrote: message repeated 9 times": None,
    "it was suppressed": None,
    "message repeated 1000000000000000000000000 times: [ x]": MOST_REPEATS,
    "message repeated 1000000001 times: [ x]": MOST_REPEATS,
    "message repeated 000000000000002 times: [ x]": 2,
}
WAYS = {
    "BSD": "Oct 11 22:14:1{n} gate app[9]: {text}",
    "BSD with priority": "<14>Oct 11 22:14:1{n} gate app[9]: {text}",
    "BSD with a year": "<14>Oct 11 2025 22:14:1{n} gate app: {text}",
    "ISO": "2026-01-02T03:04:0{n}+01:00 gate app[9]: {text}",
    "RFC 5424": "<14>1 2025-10-11T22:14:1{n}Z gate app 9 - - {text}",
}
PLAIN = [f"nothing to say about {n}" for n in range(10)]


def repeats_of(lines: list[str]) -> list[int | None]:
    """The column of these lines, recognised from themselves."""
    frame = read(lines, choose(lines, FORMATS, CALENDAR)).frame
    return frame["repeats"].to_list() if "repeats" in frame.columns else [None] * len(lines)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("text", MESSAGES)
def test_syslog_says_how_many_it_stands_for(way, text):
    """Every way in which daemons say it is understood in every form of syslog, and nothing else is."""
    lines = [WAYS[way].format(n=n, text=each) for n, each in enumerate([*PLAIN[:4], text, *PLAIN[4:9]])]
    assert [*[None] * 4, MESSAGES[text], *[None] * 5] == repeats_of(lines)


@pytest.mark.parametrize("text", MESSAGES)
def test_journald_says_how_many_it_stands_for(text):
    """So do the messages of the journal as JSON, also where they are escaped."""
    each = [*PLAIN, text, text + ' "\n']
    lines = [
        json.dumps({"__REALTIME_TIMESTAMP": "1782900000000000", "SYSLOG_IDENTIFIER": "x", "MESSAGE": one})
        for one in each
    ]
    assert [*[None] * 10, MESSAGES[text], MESSAGES[text]] == repeats_of(lines)


def test_other_formats_stand_for_themselves():
    """Where nobody suppresses messages a text that looks like it is a text."""
    line = '192.0.2.1 - - [01/Mar/2026:00:00:0{} +0000] "GET /message repeated 9 times HTTP/1.1" 200 5 "-" "{}"'
    assert [None] * 5 == repeats_of([line.format(n, "message repeated 9 times") for n in range(5)])
    shop = '{{"time":"2026-03-01T00:00:0{}Z","level":"info","msg":"message repeated 9 times"}}'
    assert [None] * 5 == repeats_of([shop.format(n) for n in range(5)])
