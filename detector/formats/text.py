"""Text logs of programs: a time near the beginning of a line, mostly a level, often a logger's name, and a message.

It is the generic format: `adapt` finds in the first lines of a source how the time is written, where it lies, and
where level and name lie, and returns a format that reads just that. Lines without a time (stack traces) continue the
record before. Sources: the documentation of the loggers named in `text_times.py` and `text_layouts.py`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import polars as pl

from detector.formats.format import LINE, Format, LevelAt, Sample, Span
from detector.formats.levels import from_word
from detector.formats.text_layouts import ALONE, BEFORE, LAYOUTS, WORDS, best_layout, for_rust
from detector.formats.text_times import Place, find_times, usual_way

NAME, ABOUT = "generic", "text: a time, mostly a level, often a logger's name, and a message of one or more lines"
SAMPLED = 250
"""Lines of the head that are looked at, evenly spread."""
RARE = 0.005
"""If fewer lines than this have a time, they have it by chance."""
SAME = 0.98
"""A field has a fixed place if this share of the lines have it there."""
MANY = 20
"""More names than this are no names of services if they are new in every other line."""
EVERY = pl.repeat(value=True, n=pl.len())
SOMEWHERE = rf"(?:^|[\s\[(<|:.,])({WORDS.upper()})(?:[\s\])>|:,/]|$)"
Fields = dict[str, pl.Expr | Span | LevelAt]


def adapt(head: Sequence[str]) -> Format | None:
    """The format of these lines, or None if hardly any has a time or at least a level."""
    sample = [line for line in head[:: max(1, len(head) // SAMPLED)] if line.strip()]
    places = find_times(sample)
    if not places or len(places) < RARE * len(sample):
        return undated(sample)
    way = usual_way(places)
    usual = [place for place in places if place.way == way]
    strays = [place for place in places if place.way != way and place.way.clock]
    return dated(usual, strays) if way.clock else clock_only(usual)


def dated(places: Sequence[Place], strays: Sequence[Place]) -> Format:
    """A format for lines that have their time where these have it, and slowly for those that have it elsewhere."""
    way = places[0].way
    begin, end = fixed(place.begin for place in places), fixed(place.end for place in places)
    fields: Fields = {"matched": EVERY, "message": LINE}
    steady = begin is not None and end is not None and all(place.line[: place.end].isascii() for place in places)
    if begin is not None and end is not None and steady:
        fields |= {"time": Span(begin, end - begin), "message": Span(end)}
        strays = [*strays, *(place for place in places if (place.begin, place.end) != (begin, end))]
    else:
        fields["time"] = LINE.str.extract(for_rust(f"^{prefix_of(places)}(?<time>{way.pattern})", "time"))
    fields |= level_and_service(places, end if steady else None)
    return Format(
        NAME, ABOUT, SAMPLES, fields, way.clock, continues=pl.lit(value=True), adapt=adapt, needs=("time",),
        fallback=anywhere([*places, *strays]) if strays else None, priority=-10, dialect=way.name,
    )  # fmt: skip


def clock_only(places: Sequence[Place]) -> Format:
    """Lines with a time of day: they have no date, but level and name are worth reading inside an envelope."""
    fields: Fields = {"matched": LINE.str.contains(f"^{prefix_of(places)}{places[0].way.pattern}"), "message": LINE}
    fields |= level_and_service(places, None)
    return Format(
        NAME, ABOUT, SAMPLES, fields, continues=pl.lit(value=True), adapt=adapt, priority=-10, dialect="clock"
    )


def undated(lines: Sequence[str]) -> Format | None:
    """Lines that at least begin with a level."""
    best = best_layout(lines, ALONE) if lines else None
    if best is None:
        return None
    layout, _ = best
    fields: Fields = {"matched": EVERY, "message": LINE} | by_regex("^" + layout.pattern, layout.compiled.groupindex)
    return Format(
        NAME, ABOUT, SAMPLES, fields, continues=pl.lit(value=True), adapt=adapt, needs=("level",), priority=-10,
        dialect="undated",
    )  # fmt: skip


def anywhere(places: Sequence[Place]) -> Format:
    """The same by regex, for times of several ways at several places; a level in capitals somewhere in the line."""
    ways = list(dict.fromkeys(place.way for place in places))
    times = "|".join(way.pattern for way in ways)
    fields: Fields = {
        "matched": EVERY,
        "time": LINE.str.extract(for_rust(rf"^{prefix_of(places)}(?<time>{times})\b", "time")),
        "level": from_word(LINE.str.extract(SOMEWHERE)),
        "message": LINE,
    }
    return Format(NAME, ABOUT, SAMPLES, fields, tuple(clock for way in ways for clock in way.clock), needs=("time",))


def fixed(values: Iterable[int]) -> int | None:
    """The value that nearly all have."""
    counts = Counter(values)
    value, count = counts.most_common(1)[0]
    return value if count >= SAME * counts.total() else None


def prefix_of(places: Sequence[Place]) -> str:
    """A regex for what stands before the time."""
    begins = [place.begin for place in places]
    least, most = min(begins), max(begins)
    return f".{{{least}}}" if least == most else rf".{{{least},{most + 8}}}?(?:\b|m)"


def level_and_service(places: Sequence[Place], end: int | None) -> Fields:
    """Both, by the layout that fits what follows the time, or the level by what comes before it.

    Args:
        places: where the times of the sample lie.
        end: the byte after the time, if that is the same in every line.
    """
    way = f"(?:{places[0].way.pattern})"
    after = best_layout([place.line[place.end :] for place in places], LAYOUTS)
    fields: Fields = {}
    if after is not None:
        layout, matches = after
        if end is None:
            fields = by_regex(f"^{prefix_of(places)}{way}{layout.pattern}", usable(matches))
        else:
            fields = by_regex("^" + layout.pattern, usable(matches), LINE.str.slice(end))
            fields |= by_position(
                matches, end, [name for name in fields if name == "level" or len(matches) == len(places)]
            )
    if "level" not in fields and any(place.begin for place in places):
        before = best_layout([place.line[: place.begin] for place in places], BEFORE)
        if before is not None:
            layout, matches = before
            fields |= by_regex("^" + layout.pattern.removesuffix("$") + way, ["level"])
            fields |= by_position(matches, 0, ["level"])
    return fields


def usable(matches: Sequence[re.Match[str]]) -> list[str]:
    """The groups found; a service whose name changes all the time is none."""
    groups = list(matches[0].re.groupindex)
    names = Counter(match["service"] for match in matches) if "service" in groups else Counter[str]()
    if len(names) > max(MANY, len(matches) / 2):
        groups.remove("service")
    return groups


def by_regex(pattern: str, groups: Iterable[str], text: pl.Expr = LINE) -> Fields:
    """Groups of a regex."""
    found = {name: text.str.extract(for_rust(pattern, name)) for name in groups}
    return {name: from_word(value) if name == "level" else value for name, value in found.items()}


def by_position(matches: Sequence[re.Match[str]], end: int, groups: Iterable[str]) -> Fields:
    """Those of the groups that can be found without a regex, which is much cheaper.

    Args:
        matches: of the layout, in the text from byte `end` of each line.
        end: the byte.
        groups: `level`, `service`.
    """
    fields: Fields = {}
    for name in groups:
        begin = begin_of(matches, end, name)
        stops = {match.string[match.end(name) : match.end(name) + 1] for match in matches}
        stop = stops.pop() if len(stops) == 1 else ""
        if begin is None:
            continue
        if name == "level":
            fields[name] = LevelAt(begin)
        elif stop and stop.isascii() and not any(set(match[name]) & {stop, " "} for match in matches):
            # a name has no spaces: a line of another kind must not make one of its words a service
            fields[name] = Span(begin, until=stop) if stop == " " else Span(begin, until=stop + " ", barrier=" ")
    return fields


def begin_of(matches: Sequence[re.Match[str]], end: int, name: str) -> pl.Expr | int | None:
    """The byte of the line where a group begins: always the same, or after the first such separator."""
    begin = fixed(match.start(name) for match in matches)
    if begin is not None:
        return end + begin if all(match.string[:begin].isascii() for match in matches) else None
    nearest = min(match.start(name) for match in matches)
    for size in (3, 2, 1):
        separators = {match.string[match.start(name) - size : match.start(name)] for match in matches}
        separator = separators.pop()
        if separators or len(separator) != size or separator.isalnum() or not separator.isascii():
            continue
        for skip in range(nearest - size + 1):
            if all(match.string.find(separator, skip) + size == match.start(name) for match in matches):
                return LINE.str.slice(end + skip).str.find(separator, literal=True).cast(pl.Int64) + (end + skip + size)
    return None


SAMPLES = (
    Sample(
        "2026-01-02 03:04:05,678 - shop.cart - INFO - added 3 things",
        {"timestamp": "2026-01-02T03:04:05.678Z", "level": "info", "service": "shop.cart"},
    ),
    Sample(
        "2026-01-02 03:04:05,678 INFO [main] org.example.Server: up\njava.lang.Exception: x\n\tat org.example.A.b(1)",
        {"timestamp": "2026-01-02T03:04:05.678Z", "level": "info", "service": "org.example.Server"},
    ),
    Sample(
        "[2026-01-02 03:04:06,001] WARN No broker is alive for topic-7 (kafka.controller.Selector)",
        {"timestamp": "2026-01-02T03:04:06.001Z", "level": "warning"},
    ),
    Sample(
        "2026-01-02 03:04:07.333 | CRITICAL | __main__:run:79 - disk is full",
        {"timestamp": "2026-01-02T03:04:07.333Z", "level": "critical", "service": "__main__"},
    ),
    Sample("2026/01/02 03:04:08 listening on :8080", {"timestamp": "2026-01-02T03:04:08Z", "level": None}),
    Sample(
        "2026-01-02 03:04:09.120 +02:00 [WRN] Failed login attempt",
        {"timestamp": "2026-01-02T01:04:09.12Z", "level": "warning"},
    ),
    Sample(
        "26/01/02 03:04:10 ERROR executor.Executor: Exception in task 1.0",
        {"timestamp": "2026-01-02T03:04:10Z", "level": "error", "service": "executor.Executor"},
    ),
    Sample(
        "I, [2026-01-02T03:04:11.678901 #1234]  INFO -- worker: done",
        {"timestamp": "2026-01-02T03:04:11.678901Z", "level": "info", "service": "worker"},
    ),
    Sample(
        "01-02 03:04:12.811  1702  2395 D WindowManager: freezing display",
        {"timestamp": "2025-01-02T03:04:12.811Z", "level": "debug", "service": "WindowManager"},
    ),
    Sample(
        "02-Jan-2026 03:04:05.678 SEVERE [http-nio-8080-exec-1] org.apache.catalina.core.ApplicationFilterChain.x boom",
        {"timestamp": "2026-01-02T03:04:05.678Z", "level": "error",
         "service": "org.apache.catalina.core.ApplicationFilterChain"},
    ),
    Sample(
        "2026-01-02T03:04:05.678Z warn: Shop.Cart[14]\n      Slow answer",
        {"timestamp": "2026-01-02T03:04:05.678Z", "level": "warning", "service": "Shop.Cart"},
    ),
    Sample(
        "2026.01.02 03:04:05.678901 [ 123 ] {a-1} <Error> executeQuery: Code: 60. DB::Exception",
        {"timestamp": "2026-01-02T03:04:05.678901Z", "level": "error", "service": "executeQuery"},
    ),
    Sample(
        "[2026-01-02 03:04:05,678: INFO/MainProcess] Connected to broker",
        {"timestamp": "2026-01-02T03:04:05.678Z", "level": "info"},
    ),
    Sample("1767323045.250 something happened", {"timestamp": "2026-01-02T03:04:05.25Z", "level": None}),
    Sample("ERROR    2026-01-02T03:04:13 - Wrong password", {"timestamp": "2026-01-02T03:04:13Z", "level": "error"}),
    Sample("INFO:catalog:no time at all", {"timestamp": None, "level": "info", "service": "catalog"}),
)  # fmt: skip
FORMAT = Format(
    NAME, ABOUT, SAMPLES, {"matched": EVERY, "time": LINE.str.extract(r"(\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d\S*)"),
    "level": from_word(LINE.str.extract(SOMEWHERE)), "message": LINE}, ("iso",), continues=pl.lit(value=True),
    adapt=adapt, needs=("time",), priority=-10,
)  # fmt: skip
