"""Where text logs put the level and the logger's name, seen from their time: one regex per layout.

Each begins right after the time (`BEFORE`: it ends right before it) and was written from the documentation of the
program in its comment, so that what is found is a level or a name and not a word of the message.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

WORDS = (
    "trace|debug|dbg|verbose|vrb|info|information|inf|notice|note|warning|warn|wrn|error|err|eror|erro|severe|fatal|ftl|"
    "critical|crit|crt|alert|emerg|emergency|panic|fine|finer|finest|config|log|dpanic|fail"
)
LEVEL = rf"(?<level>(?i:{WORDS}))"
UPPER = rf"(?<level>{WORDS.upper()})"
NAME = r"(?<service>[A-Za-z_][\w.$/-]*)"
DOTTED = r"(?<service>[A-Za-z_$][\w$-]*(?:\.[\w$-]+)+)"


@dataclass(frozen=True, slots=True)
class Layout:
    """A regex with the groups `level` and `service` or one of them; `share` of the lines must fit to use it."""

    pattern: str
    share: float = 0.9

    @property
    def compiled(self) -> re.Pattern[str]:
        """For Python."""
        return re.compile(for_python("^" + self.pattern))


def for_python(pattern: str) -> str:
    """Rust's spelling of named groups to Python's."""
    return pattern.replace("(?<", "(?P<")


def for_rust(pattern: str, *groups: str) -> str:
    """Some groups of it (one of them needs no name), in ASCII: a regex over all of Unicode is several times as slow."""

    def opening(match: re.Match[str]) -> str:
        if match[1] not in groups:
            return "(?:"
        return "(" if len(groups) == 1 else match[0]

    return TOKEN.sub(in_ascii, re.sub(r"\(\?<(\w+)>", opening, pattern))


def in_ascii(token: re.Match[str]) -> str:
    """An escaped character or a class of characters, in ASCII."""
    if token[0] == r"\b":
        return r"(?-u:\b)"
    if token[0] in OUTSIDE:
        return OUTSIDE[token[0]]
    return ESCAPED.sub(lambda match: INSIDE.get(match[0], match[0]), token[0]) if token[0][0] == "[" else token[0]


TOKEN = re.compile(r"\\.|\[\^?\]?(?:[^\]\\]|\\.)*\]", re.DOTALL)
ESCAPED = re.compile(r"\\.", re.DOTALL)
INSIDE = {r"\w": "A-Za-z0-9_", r"\d": "0-9", r"\s": r" \t"}
OUTSIDE = {name: f"[{characters}]" for name, characters in INSIDE.items()} | {r"\S": r"[^ \t]"}
LAYOUTS = tuple(
    Layout(*layout) if isinstance(layout, tuple) else Layout(layout)
    for layout in (
        rf"\]? - (?<service>[^\s\[\]]+) - {LEVEL} - ",  # Python's logging, as in its tutorial
        rf" {UPPER}:(?<service>[\w.$-]+):",  # Python's BASIC_FORMAT after a time
        rf" \| {LEVEL} *\| (?<service>[\w.$<>]+):",  # loguru
        rf"\]? {UPPER} +\[[^\]]*\] (?<service>[\w.$-]+)(?::\d+)?(?::| -) ",  # Hadoop
        rf" +{UPPER} +\d+ --- (?:\[[^\]]*\] ?)+(?<service>[\w.$/-]+) *: ",  # Spring Boot
        rf" \[[^\]]*\] {UPPER} +(?<service>[\w.$-]+)(?:[:#]\d+)?(?: \[[^\]]*\])* +-+ ",  # logback
        rf"\]\[\d+\]\[{LEVEL}\]\[(?<service>[^\]\s]+)\] ",  # Envoy itself
        rf"\]\[(?<service>[^\]\s\d][^\]\s]*)\]\[{LEVEL} *\]",  # Rust's fern
        rf"\]\[{LEVEL} *\]\[(?<service>[^\]\s]+) *\]",  # Elasticsearch
        rf"\] (?<service>[\w-]+)\.{UPPER}: ",  # Monolog
        rf" {LEVEL}: (?<service>[\w.`+]+)\[\d+\]",  # .NET's console
        rf" \[{UPPER}\] {{1,2}}(?<service>[a-z][\w.-]*): ",  # Consul, Vault, Nomad
        rf" \[ \d+ \] \{{[^}}]*\}} <{LEVEL}> (?<service>[A-Za-z_]\w*)\b",  # ClickHouse
        rf"\] \[{LEVEL}\] \[{NAME}\] ",  # Django, gunicorn with names
        rf"\] \[{LEVEL}\] \[\d+\] (?<service>[\w.$-]+): ",  # Serilog
        rf" {UPPER} \([^)]*\) \[(?<service>[^\]\s]+)\] ",  # Home Assistant
        rf" {UPPER} +\[{NAME}\] \(",  # WildFly, Quarkus
        r" +\d+ +\d+ (?<level>[VDIWEFSA]) (?<service>[^\s:][^:]*?) *: ",  # Android's logcat
        rf" \d+ {UPPER} (?<service>[\w.$-]+)(?::| \[) ?",  # OpenStack's oslo.log, HDFS
        rf"\]? {UPPER} +{DOTTED}(?::\d+)?(?::| -) ",  # log4j with the class's full name
        (rf" {UPPER} {NAME}: ", 0.97),  # Spark's console
        rf", {LEVEL} +(?<service>[A-Z]{{2,}}) +",  # Windows servicing
        rf" \[{NAME}\] {UPPER}:? ",  # uptime-kuma
        rf" \[{LEVEL}\]\[{NAME}\]: ",  # winston as Overseerr uses it
        rf"\|{LEVEL} *\|(?<service>[\w.$-]+) *\|",  # NLog
        r"(?::\d+)?\|(?<service>[A-Za-z_]\w*)\|\d+\|",  # HealthApp
        rf"\t{LEVEL}\t(?<service>[A-Za-z_][\w.$-]*)\t",  # zap's console
        r" (?<level>[DIWEF])\d? +(?<service>[A-Z]+) +\[",  # MongoDB before 4.4
        rf" {UPPER} \[[^\]]*\] (?<service>[\w$]+(?:\.[\w$]+)+)\.[\w$<>]+ ",  # Tomcat
        rf" \[id=\d+\]\t{UPPER}\t(?<service>[\w.$]+)#",  # Jenkins
        rf" +{UPPER} \[(?<service>[^\]\s]+)\] ",  # NestJS
        rf" +{UPPER} +(?<service>\w+(?:::\w+)*)\] ",  # Rust's env_logger
        rf" +{UPPER} (?<service>\w+(?:::\w+)+): ",  # Rust's tracing
        rf" ?#\d+\] +{UPPER} -- (?<service>[^:\s]*): ",  # Ruby's logger
        r".{0,60}? (?<service>[A-Za-z_][\w./()-]*)\[\d+\]: ",  # any syslog tag
        r" [\d.]{10} \S+ [A-Z][a-z]{2} +\d+ [\d:]{8} \S+ (?<service>[A-Za-z_][\w.()-]*)(?:\[\d+\])?: ",  # CFDR's dumps
        r"\] (?<service>\S+\.exe)(?: \*64)? - ",  # Proxifier
        (rf"(?:\x1b\[[\d;]*m|[^A-Za-z\n]){{0,16}}{LEVEL}\b[^A-Za-z]", 0.5),  # the level is the first word
        (rf".{{0,120}}?[\s\[(<|:.,]{UPPER}[\s\])>|:,/]", 0.5),  # or stands alone in capitals
        (rf".{{0,80}}?\[{LEVEL}\]", 0.5),  # or in brackets
        (r"[^A-Za-z\n]{0,8}[\[(](?<level>[A-Z])[\])] ", 0.5),  # or is one letter in them
        (rf".{{0,60}}? {LEVEL}: ", 0.3),
    )
)
BEFORE = tuple(
    Layout(pattern)
    for pattern in (
        rf"[\[(<]?{LEVEL}\b[^A-Za-z]*[\]\s]\S*?\s*$",  # Cassandra, Mealie
        rf"[\[(<]?{LEVEL}[\])>]?:?\s+(?:\[[^\]]*\] )?[\[(]?$",
        rf"\[{LEVEL}\|[^\]]*\] $",
        r"[\[(]?(?<level>[A-Z])[\]),]+ \[?$",  # Ruby's logger, qBittorrent
    )
)
ALONE = tuple(
    Layout(pattern, 0.5)
    for pattern in (rf"{UPPER}:(?<service>[\w.$-]+):", rf"\[?{UPPER}\]?:?\s", rf"{LEVEL}: (?<service>[\w.`+]+)\[\d+\]$")
)
"""Lines without any time: Python's BASIC_FORMAT, anything that begins with a level, .NET's console."""


def best_layout(texts: Sequence[str], layouts: Sequence[Layout]) -> tuple[Layout, list[re.Match[str]]] | None:
    """The first layout that fits enough of the texts, with its matches; else the one that fits the most, if half."""
    found = []
    for layout in layouts:
        compiled = layout.compiled
        matches = [match for match in map(compiled.search, texts) if match]
        if len(matches) >= layout.share * len(texts):
            return layout, matches
        found.append((len(matches), layout, matches))
    count, layout, matches = max(found, key=lambda entry: entry[0])
    return (layout, matches) if 2 * count >= len(texts) else None
