"""Picking formats by the first lines: the best one, mixed files, envelopes, names, and heads that begin badly."""

from __future__ import annotations

import json
import time

import pytest

from detector.errors import UsageError
from detector.formats.counts import find_header
from detector.formats.format import Format
from detector.formats.records import CONTINUATION, RECORD, Recipe
from detector.formats.sniff import HEAD_CHARACTERS, choose, fit, rank
from detector.formats.table import FORMATS
from tests.formats.reading import CALENDAR, read

ACCESS = [f'192.0.2.1 - - [01/Mar/2025:00:00:0{second} +0000] "GET /a HTTP/1.1" 200 5 "-" "x"' for second in range(9)]
TEXT = [f"2025-03-01 00:00:0{second},001 INFO [main] org.example.Server: step {second}" for second in range(9)]
TRACE = ["java.lang.IllegalStateException: no", "\tat org.example.A.b(A.java:1)", "Caused by: x", "\t... 7 more"]
BSD = "Mar  1 00:00:0%d gate %s[7]: %s"


def names(recipe: Recipe) -> list[str]:
    """The formats that are used, in their order."""
    return [known.name for known in recipe.formats]


def test_nothing_fits() -> None:
    """Prose and nothing at all have no format, and are read all the same."""
    for head in ([], ["", ""], ["Once upon a time", "there was a log."]):
        recipe = choose(head, FORMATS, CALENDAR)
        assert [] == names(recipe)
        assert len(head) == len(read(head, recipe).frame)


@pytest.mark.parametrize("line", ["timestamp,li\rnes", "timestamp," + "a" * 200_000])
def test_a_first_line_that_is_no_csv_is_no_header_of_counts(line: str) -> None:
    """A carriage return within it, a name longer than the library takes."""
    assert find_header(line) is None


def test_a_specific_format_goes_before_a_generic_one() -> None:
    """Lines that a specific format reads do not count for a generic one, even if it reads a few more."""
    head = [*ACCESS * 5, "[01/Mar/2025:00:00:09 +0000] something else"]
    assert ["access", "generic"] == names(choose(head, FORMATS, CALENDAR))
    assert "access" == rank(head, FORMATS, CALENDAR)[0].format.name


def test_a_few_chance_matches_do_not_win() -> None:
    """A specific format that reads some lines does not hide the generic one that reads the rest."""
    recipe = choose([*TEXT * 20, ACCESS[0]], FORMATS, CALENDAR)
    assert {"generic", "access"} == set(names(recipe))
    parsed = read([TEXT[0], ACCESS[0], *TRACE], recipe)
    assert ["generic", "access"] == parsed.frame["format"].to_list()[:2]


def test_a_head_in_the_middle_of_a_stack_trace() -> None:
    """A rotated file may begin with the end of a record."""
    recipe = choose([*TRACE * 10, *TEXT], FORMATS, CALENDAR)
    assert ["generic"] == names(recipe)
    parsed = read([*TRACE, TEXT[0], *TRACE], recipe)
    assert parsed.kinds is not None
    assert [CONTINUATION] * 4 + [RECORD] + [CONTINUATION] * 4 == parsed.kinds.to_list()


def test_envelopes_are_opened_if_their_messages_say_something() -> None:
    """syslog that carries an access log is read with both; syslog of daemons is left closed."""
    web = [BSD % (second, "nginx", line) for second, line in enumerate(ACCESS)]
    recipe = choose(web, FORMATS, CALENDAR)
    assert (["syslog_rfc3164"], ["access"]) == (names(recipe), [known.name for known in recipe.inner])
    frame = read(web, recipe).frame
    assert ("syslog_rfc3164", "nginx", "192.0.2.1", 200) == tuple(
        frame[0].select("format", "service", "client", "status").row(0)
    )
    daemons = [BSD % (second, "sshd", "Accepted publickey for anna from 192.0.2.3") for second in range(9)]
    assert () == choose(daemons, FORMATS, CALENDAR).inner


def test_a_few_messages_of_a_sure_format_are_opened() -> None:
    """Where a tenth of a syslog are requests of a proxy or packets, these yield clients; the rest stays as it is."""
    packet = "IN=eth0 OUT= SRC=192.0.2.7 DST=198.51.100.1 LEN=60 TOS=0x00 PROTO=TCP SPT=1 DPT=22"
    request = '192.0.2.8:1 [01/Mar/2025:00:00:01.500] in shop/a 0/0/1/2/3 200 17 - - ---- 1/1/0/0/0 0/0 "GET /"'
    daemons = [BSD % (second, "sshd", "Accepted publickey for anna from 192.0.2.3") for second in range(9)]
    head = [*daemons, BSD % (9, "kernel", packet), BSD % (9, "haproxy", request)]
    recipe = choose(head, FORMATS, CALENDAR)
    assert (["syslog_rfc3164"], {"haproxy", "netfilter"}) == (names(recipe), {known.name for known in recipe.inner})
    frame = read(head, recipe).frame
    assert [None] * 9 + ["192.0.2.7", "192.0.2.8"] == frame["client"].to_list()
    assert ["kernel", "haproxy"] == frame["service"].to_list()[9:]


def test_lines_that_describe_a_file_keep_no_other_format() -> None:
    """The date in a header is no record of a generic format."""
    head = ["#Date: 2025-03-01 00:00:00", "#Fields: date time c-ip sc-status", "2025-03-01 00:00:01 192.0.2.1 200"]
    assert ["w3c"] == names(choose(head, FORMATS, CALENDAR))


def test_a_named_format_comes_first() -> None:
    """`--input-format` decides, whatever the lines look like."""
    assert "logfmt" == names(choose(ACCESS, FORMATS, CALENDAR, "logfmt"))[0]


@pytest.mark.parametrize(
    ("name", "hint"), [("acess", "did you mean `access`"), ("logfnt", "`logfmt`"), ("qqq", "formats list")]
)
def test_an_unknown_name_is_refused_with_a_suggestion(name: str, hint: str) -> None:
    """A misspelt format is a usage error that helps."""
    with pytest.raises(UsageError, match=hint):
        choose(ACCESS, FORMATS, CALENDAR, name)


def test_candidates_tell_why() -> None:
    """Confidence counts records and what continues them, not blank lines."""
    best = rank([*TEXT, *TRACE, ""], FORMATS, CALENDAR)[0]
    assert ("generic", 1.0, 9, 9) == (best.format.name, best.confidence, best.matched, best.dated)
    assert "9 of 13 lines are records, 5 continue one" == best.why


def test_only_a_beginning_is_looked_at() -> None:
    """Huge lines are judged by fewer of them, but by one at least."""
    huge = json.dumps({"time": "2025-03-01T00:00:00Z", "text": "x" * (HEAD_CHARACTERS // 2 - 50)})
    assert ["json"] == names(choose([huge, huge, *ACCESS], FORMATS, CALENDAR))
    assert ["access", "json"] == names(choose([huge, *ACCESS], FORMATS, CALENDAR))
    assert ["json"] == names(choose([huge.replace("x", "long")], FORMATS, CALENDAR))


@pytest.mark.parametrize("known", FORMATS, ids=lambda known: known.name)
def test_odd_lines_do_not_hold_up(known: Format) -> None:
    """A long line of what a pattern looks for costs time in proportion to its length, not to its square."""
    begins = ("", "[02/Jan/2026:03:04:05 +0000] ", "2026-01-02 03:04:05 UTC ", "Jan  2 03:04:05 host x[1]: ")
    texts = ('"', "[", "] ", " ", "a", "1", "\\", '\\"', ":", '="', "- ", "1 ", "[Client ", "192.0.2.1:1 [", "|")
    begin = time.perf_counter()
    for start in begins:
        for text in texts:
            fit(known, [start + text * (16_000 // len(text))])
    assert time.perf_counter() - begin < 3


@pytest.mark.parametrize(
    "line",
    [
        ACCESS[0],
        TEXT[0],
        BSD % (1, "sshd", "x"),
        "level=info ts=2025-03-01T00:00:00Z msg=x",
        '{"a": 1}',
        json.dumps({"time": "2025-03-01T00:00:00Z", **{f"number {n}": n / 7 for n in range(999)}}),
    ],
)
def test_sniffing_is_quick(line: str) -> None:
    """All formats on a thousand lines take a fraction of a second (80 ms at most on a free machine)."""
    choose([line] * 1000, FORMATS, CALENDAR)
    begin = time.perf_counter()
    choose([line] * 1000, FORMATS, CALENDAR)
    assert time.perf_counter() - begin < 0.6


def test_lines_that_once_did_harm() -> None:
    """Found by throwing damaged lines at every format: each is read or left."""
    for line in ("é" * 300, "ééé", r"#separator \x" + "9" * 30):
        assert 2 == len(read([line, line], choose([line, ACCESS[0]] * 5, FORMATS, CALENDAR)).frame)
    envelope = BSD % (1, "nginx", ACCESS[1])
    recipe = choose([*ACCESS * 3, envelope], FORMATS, CALENDAR)
    assert 9 == len(read(ACCESS, recipe).frame)
