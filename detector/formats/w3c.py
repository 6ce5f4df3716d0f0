"""W3C extended log files: IIS, CloudFront, Exchange and proxies. `#Fields` names the columns, and may change midway.

A line belongs to the `#Fields` that name as many columns as it has, else to a usual set of IIS; of others only the time
is read, and where two sets are of one size, only what they have in common. CloudFront's are known without header too.
Service is the site or the host name that was asked for, payload what went to the client. Times are UTC.
Source: https://www.w3.org/TR/WD-logfile.html,
https://learn.microsoft.com/iis/configuration/system.applicationhost/sites/site/logfile,
https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logs-reference.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

from detector.formats.access import without_query
from detector.formats.delimited import cut_columns, place_columns, tabulate_by_width
from detector.formats.format import LINE, Format, LevelAt, Span
from detector.formats.lines import Lines, Positions, texts_at
from detector.formats.w3c_samples import SAMPLES

COLUMNS = {
    "date": ("date", "date-time"),
    "clock": ("time", "date-time"),
    "service": ("x-host-header", "s-sitename", "cs-host", "cs(Host)", "s-computername", "connector-id"),
    "host": ("s-computername", "server-hostname", "s-ip", "x-edge-location"),
    "client": ("c-ip", "client-ip", "remote-endpoint"),
    "status": ("sc-status",),
    "payload_bytes": ("sc-bytes", "total-bytes"),
    "version": ("cs(User-Agent)",),
    "request": ("x-edge-request-id", "internal-message-id"),
    "method": ("cs-method", "event-id"),
    "path": ("cs-uri-stem", "cs-uri-path", "cs-uri"),
}
NEEDED = {"time": ("date", "clock"), "endpoint": ("method", "path")}
IN_PLACE = ("service", "host", "client", "status", "payload_bytes", "version", "request")
IIS_START = "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) "
IIS_ALL = (
    "date time s-sitename s-computername s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs-version "
    "cs(User-Agent) cs(Cookie) cs(Referer) cs-host sc-status sc-substatus sc-win32-status sc-bytes cs-bytes time-taken"
)
IIS = (
    IIS_START + "cs(Referer) sc-status sc-substatus sc-win32-status time-taken",
    IIS_START + "sc-status sc-substatus sc-win32-status time-taken",
    IIS_ALL,
)
"""What IIS writes if nobody chose: since version 8.5, before, and all that there is."""
CLOUDFRONT = re.split(
    " ",
    "date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) "
    "cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken "
    "x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status "
    "fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len "
    "sc-range-start sc-range-end",
)
BARE_CLOUDFRONT = re.compile(
    r"\d{4}-\d\d-\d\d\t\d\d:\d\d:\d\d\t[A-Z]{3}\d+(?:-[A-Z]\d+)?\t\d+\t[0-9a-fA-F.:]+\t[A-Z]+\t"
)
OLDEST = CLOUDFRONT.index("x-host-header") + 1
FIELDS = "#Fields:"
ABOUT = "W3C extended log file: IIS, CloudFront, Exchange"


def adapt(head: Sequence[str]) -> Format | None:
    """The columns named in these lines; of CloudFront also as many as the lines have."""
    named = [re.split(r"[,\s]+", line.removeprefix(FIELDS).strip()) for line in head if line.startswith(FIELDS)]
    separators = {"," if "," in line else " " for line in head if line.startswith(FIELDS)}
    if not named:
        widths = {line.count("\t") + 1 for line in head if BARE_CLOUDFRONT.match(line)}
        named, separators = [CLOUDFRONT[:width] for width in widths if OLDEST <= width <= len(CLOUDFRONT)], {"\t"}
    named = [names for names in named if {"date", "clock"} <= place_columns(names, COLUMNS).keys()]
    if not named:
        return None
    tabs = any("\t" in line for line in head if line and line[0] != "#")
    separator = "," if "," in separators else "\t" if tabs else " "
    usual = [names.split() for names in IIS] if separator == " " else []
    sets = {len(names): names for names in usual} | {len(names): names for names in named}
    for names in named:
        sets[len(names)] = [one if one == other else "-" for one, other in zip(names, sets[len(names)], strict=True)]
    return with_layouts([*sets.values()], separator)


def with_layouts(layouts: Sequence[Sequence[str]], separator: str) -> Format:
    """The format of a file with lines of these columns."""

    def locate(lines: Lines, asked: frozenset[str]) -> pl.DataFrame:
        wanted = [part for name in ("time", *asked) for part in NEEDED.get(name, (name,))]
        columns = {name: COLUMNS[name] for name in COLUMNS if name in wanted}
        table = tabulate_by_width(cut_columns(lines, separator, '"'), layouts, columns)
        texts = [text_of(name, table, lines) for name in ("method", "path") if name in columns]
        return table.with_columns(lines.text, text_of("date", table, lines, "clock"), *texts)

    known = {name for names in layouts for name in place_columns(names, COLUMNS)}
    fields: dict[str, pl.Expr | Span | LevelAt] = {
        name: Span(pl.col(f"{name} begin"), pl.col(f"{name} length")) for name in IN_PLACE if name in known
    }
    fields |= {"matched": pl.col("fits") & ~LINE.str.starts_with("#"), "time": in_utc(pl.col("date"))}
    if {"method", "path"} <= known:
        fields["endpoint"] = without_query(pl.col("method") + " " + pl.col("path"))
    return Format("w3c", ABOUT, SAMPLES, fields, ("iso",), locate=locate, header=LINE.str.starts_with("#"),
                  needs=("time",), adapt=adapt, fallback=only_time(), priority=11)  # fmt: skip


def text_of(name: str, table: pl.DataFrame, lines: Lines, last: str = "") -> pl.Series:
    """A column as text, or all from it to the end of the `last` one; null where it is missing."""
    begins, ends = bounds(name, table, lines)
    ends = bounds(last, table, lines)[1] if last else ends
    texts = texts_at(lines.bytes, begins, begins + (ends - begins).clip(0))
    return texts.alias(name).set(pl.Series(begins >= ends), None)


def bounds(name: str, table: pl.DataFrame, lines: Lines) -> tuple[Positions, Positions]:
    """Begin and end of a column in the block; a missing one is empty."""
    begins = lines.begins + table[f"{name} begin"].to_numpy().clip(0)
    return begins, begins + table[f"{name} length"].to_numpy()


def in_utc(text: pl.Expr) -> pl.Expr:
    """`date` and `time` as they stand, with the zone that they leave out."""
    whole = text.str.replace("\t", " ", literal=True)
    return pl.when(whole.str.ends_with("Z")).then(whole).otherwise(whole + "Z")


def only_time() -> Format:
    """For lines of columns that nobody named so far."""
    time = in_utc(LINE.str.extract(r"^(\d{4}-\d\d-\d\d[ \t]\d\d:\d\d:\d\d)[ \t]"))
    return Format("w3c", ABOUT, SAMPLES, {"matched": time.is_not_null(), "time": time}, ("iso",), needs=("time",))


FORMAT = with_layouts([names.split() for names in IIS], " ")
