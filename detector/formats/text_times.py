"""The ways in which text logs write the time near the beginning of a line, and where it lies in the lines of a source.

Own collection, from the documentation of the programs named; lnav's list served as a check of what is common
(https://github.com/tstack/lnav/blob/master/src/time_formats.am).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

REACH = 64
"""Characters of a line in which its time must begin."""
MONTH, DAY, CLOCK, FRACTION = r"[A-Z][a-z]{2}", r"[ \d]?\d", r"\d\d:\d\d:\d\d", r"(?:[.,]\d{1,9})?"


@dataclass(frozen=True, slots=True)
class Way:
    """One way to write a time.

    Attributes:
        name: for the dialect of the format.
        pattern: a regex without groups, for Python and Rust.
        clock: the ways of `clock.py` that read it; empty for a time of day without a date, which dates nothing.
    """

    name: str
    pattern: str
    clock: tuple[str, ...]


WAYS = (
    Way("iso", rf"\d{{4}}[-/]\d\d[-/]\d\d[T ]{CLOCK}{FRACTION}(?: ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d)\b)?", ("iso",)),
    Way("dotted", rf"\d{{4}}\.\d\d\.\d\d {CLOCK}(?:\.\d{{1,9}})?", ("%Y.%m.%d %H:%M:%S%.f",)),
    Way("gin", rf"\d{{4}}/\d\d/\d\d - {CLOCK}", ("%Y/%m/%d - %H:%M:%S",)),
    Way("mariadb", r"\d{4}-\d\d-\d\d {1,2}\d{1,2}:\d\d:\d\d", ("%Y-%m-%d %H:%M:%S",)),
    Way("bluegene", r"\d{4}-\d\d-\d\d-\d\d\.\d\d\.\d\d\.\d{1,9}", ("%Y-%m-%d-%H.%M.%S%.f",)),
    Way("asctime", rf"{MONTH} {DAY} {CLOCK}(?:\.\d{{1,9}})? \d{{4}}", ("%b %d %H:%M:%S%.f %Y",)),
    Way("date", rf"{MONTH} {DAY} {CLOCK} UTC \d{{4}}", ("%b %d %H:%M:%S UTC %Y",)),
    Way("java", rf"{MONTH} {DAY}, \d{{4}} \d{{1,2}}:\d\d:\d\d [AP]M", ("%b %d, %Y %I:%M:%S %p",)),
    Way("clf", rf"\d\d/{MONTH}/\d{{4}}:{CLOCK}(?:\.\d{{1,9}})? [+-]\d{{4}}", ("%d/%b/%Y:%H:%M:%S%.f %z",)),
    Way("haproxy", rf"\d\d/{MONTH}/\d{{4}}:{CLOCK}(?:\.\d{{1,9}})?", ("%d/%b/%Y:%H:%M:%S%.f",)),
    Way("w3c", rf"\d{{4}}-\d\d-\d\d\t{CLOCK}", ("%Y-%m-%d\t%H:%M:%S",)),
    Way("tomcat", rf"\d\d-{MONTH}-\d{{4}} {CLOCK}(?:\.\d{{1,9}})?", ("%d-%b-%Y %H:%M:%S%.f",)),
    Way("redis", rf"\d\d {MONTH} \d{{4}} {CLOCK}(?:\.\d{{1,9}})?", ("%d %b %Y %H:%M:%S%.f",)),
    Way("american", r"\d{1,2}/\d{1,2}/\d{4},? \d{1,2}:\d\d:\d\d(?: [AP]M)?",
        ("%m/%d/%Y, %I:%M:%S %p", "%m/%d/%Y, %H:%M:%S", "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S",
         "%d/%m/%Y %H:%M:%S")),
    Way("german", rf"\d\d\.\d\d\.\d{{4}} {CLOCK}{FRACTION}", ("%d.%m.%Y %H:%M:%S%.f", "%d.%m.%Y %H:%M:%S,%3f")),
    Way("short year", rf"\d\d/\d\d/\d\d {CLOCK}", ("%y/%m/%d %H:%M:%S",)),
    Way("healthapp", r"\d{8}-\d{1,2}:\d{1,2}:\d{1,2}(?::\d{3})?", ("%Y%m%d-%H:%M:%S:%3f", "%Y%m%d-%H:%M:%S")),
    Way("basic", r"\d{8}[T ]\d{6}Z?", ("%Y%m%dT%H%M%SZ", "%Y%m%dT%H%M%S", "%Y%m%d %H%M%S")),
    Way("hadoop", r"\d{6} \d{6}", ("%y%m%d %H%M%S",)),
    Way("old mysql", r"\d{6} {1,2}\d{1,2}:\d\d:\d\d", ("%y%m%d %H:%M:%S",)),
    Way("android", r"\d\d-\d\d \d\d:\d\d:\d\d\.\d{1,9}", ("%m-%d %H:%M:%S%.f",)),
    Way("proxifier", rf"\d\d\.\d\d {CLOCK}", ("%m.%d %H:%M:%S",)),
    Way("syslog", rf"{MONTH} {DAY} {CLOCK}(?:\.\d{{1,9}})?", ("%b %d %H:%M:%S%.f",)),
    Way("epoch", r"(?:1\d{9}(?:\.\d{1,9})?|1\d{12}|1\d{15}|1\d{18})", ("epoch",)),
    Way("clock", rf"{CLOCK}{FRACTION}", ()),
)  # fmt: skip
EACH = "|".join(f"(?P<w{number}>{way.pattern})" for number, way in enumerate(WAYS))
# A terminal's colour ends with a digit and an m right before the time. What all begin with is looked at first:
# fourteen times as fast over real logs.
ANY = re.compile(rf"(?=[A-Z\d])(?:(?<![\w.:/-])|(?<=\dm))(?:{EACH})(?!\w|:\d)")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the time of one line lies: `way`, and the characters from `begin` to `end`."""

    way: Way
    begin: int
    end: int
    line: str


def find_times(head: Sequence[str]) -> list[Place]:
    """The first time near the beginning of each line that has one."""
    places = []
    for line in head:
        match = ANY.search(line, 0, REACH + 40)
        if match and match.start() <= REACH and match.lastgroup:
            places.append(Place(WAYS[int(match.lastgroup[1:])], match.start(), match.end(), line))
    return places


def usual_way(places: Sequence[Place]) -> Way:
    """The way of most lines; one that tells the date goes before a mere time of day."""
    counts = Counter(place.way for place in places)
    return max(counts, key=lambda way: (bool(way.clock), counts[way]))
