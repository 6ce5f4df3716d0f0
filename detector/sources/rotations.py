"""Names of rotated log files: which set a file belongs to, and where it stands in the set's time order.

Schemes met in the field: logrotate (`.1`, `-20260101`, dateformat with `%s`), log4j and logback (`.2016-12-19-16`,
`.2026-01-01.3`, the date before the extension), glog, Apache rotatelogs (epoch seconds), Tomcat, IIS, lumberjack.
"""

from __future__ import annotations

import os
import re
from typing import NamedTuple

_COMPRESSION = re.compile(r"\.(?:gz|gzip|zst|zstd|bz2|xz|lz4)$", re.IGNORECASE)
_TEXT = r"\.(?:logs?|txt|json|jsonl|ndjson|csv|tsv|out|err|clf|parquet|arrow|feather)"
_EXTENSIONS = re.compile(rf"(?:{_TEXT})+$", re.IGNORECASE)

_DAY = r"(?:19|20)\d\d(?P<sep>[-_.]?)(?:0[1-9]|1[0-2])(?:(?P=sep)(?:0[1-9]|[12]\d|3[01]))?"
_TIME = r"(?:[-_.T]?[0-2]\d(?:[-:_.]?[0-5]\d){0,2}(?:[.,]\d{3,9})?(?:Z|[-+]\d\d:?\d\d)?)?"
_DATED = re.compile(
    rf"(?P<head>.*?)(?:(?:^|[-_.]+)(?P<date>{_DAY}{_TIME}|1\d{{9}}(?:\d{{3}})?)|(?<=u_ex)(?P<iis>\d{{6,8}}))"
    rf"(?:[-_.](?P<index>\d{{1,10}}))?(?P<tail>(?:{_TEXT})*)",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"(?P<head>.+)\.(?P<number>\d{1,3}|(?<=\.log\.)\d{4,5})", re.IGNORECASE)
_SET_ASIDE = re.compile(r"(?P<head>.+?)(?:\.(?:old|bak|prev)|~)", re.IGNORECASE)
# A file per sender, as rsyslog writes them, is named by an address whose last number is no rotation.
_ADDRESS = re.compile(r"(?:.*(?:[^\d.]|[A-Za-z]\.))?(?:\d{1,3}\.){3}\d{1,3}")


class Rotation(NamedTuple):
    """What a name says: files with the same `key` in one folder are one log, `age` sorts them oldest first."""

    key: str
    age: tuple[int, str, int]


def rotation(name: str) -> Rotation:
    """Read the file name `name` (no folders): dated parts come first, then numbered, set aside, and the live file."""
    name = _COMPRESSION.sub("", name)
    if found := _DATED.fullmatch(name):
        digits = re.sub(r"\D", "", found["date"] or found["iis"])
        return Rotation(found["head"] + found["tail"], (0, digits, int(found["index"] or 0)))
    if (found := _NUMBERED.fullmatch(name)) and not _ADDRESS.fullmatch(name):
        return Rotation(found["head"], (1, "", -int(found["number"])))
    if found := _SET_ASIDE.fullmatch(name):
        return Rotation(found["head"], (2, "", 0))
    return Rotation(name, (3, "", 0))


def stem(path: str) -> str:
    """The name of the log in `path`, without folders, extension, compression and rotation suffixes.

    A name that is nothing but a date or a number (`2026-01-01.log`, Kubernetes' `web/0.log`) says nothing: there the
    folder's name stands in. Bytes that are no UTF-8 become U+FFFD, since a stem becomes the name of a service.
    """
    folder, name = os.path.split(path)
    bare = _EXTENSIONS.sub("", rotation(name).key).strip("-_.")
    if not bare or bare.isdigit():
        bare = os.path.basename(os.path.abspath(folder)) or "log"
    return printable(bare)


def printable(path: str) -> str:
    """`path` as text that can be encoded: names on disk are bytes, and need not be UTF-8."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
