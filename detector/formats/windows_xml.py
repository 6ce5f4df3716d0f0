"""Windows events as XML, one a line, as `wevtutil qe /f:xml` and the tools that read .evtx files write them.

Service is the provider, client the address of a logon (`IpAddress`), host the computer.
Source: https://learn.microsoft.com/windows/win32/wes/eventschema-systempropertiestype-complextype
"""

from __future__ import annotations

import polars as pl

from detector.formats.cut import present
from detector.formats.format import LINE, Sample
from detector.formats.grouped import by_groups
from detector.formats.levels import from_number

PATTERN = (
    r"""^[\s-]*<Event [^>]*>.{0,20}<System>.{0,20}?<Provider .{0,30}?Name=['"](?<service>[^'"]+)['"].{0,600}?"""
    r"""<TimeCreated SystemTime=['"](?<time>[^'"]+)['"]"""
)
LEVELS = {0: "info", 1: "critical", 2: "error", 3: "warning", 4: "info", 5: "debug"}
"""0 is what is logged always."""
SCHEMA = "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'>"


def element(name: str) -> pl.Expr:
    """The text of an element."""
    return LINE.str.extract(rf"<{name}(?: [^>]*)?>([^<]*)</{name}>")


def sample(second: str, number: int, data: str, **fields: object) -> Sample:
    """An event as Windows writes it."""
    text = (
        f"{SCHEMA}<System><Provider Name='Shop' Guid='{{0}}'/><EventID>4625</EventID><Version>0</Version>"
        f"<Level>{number}</Level><Task>1</Task><TimeCreated SystemTime='2026-01-02T03:04:{second}Z'/>"
        f"<EventRecordID>7</EventRecordID><Computer>pc1</Computer></System><EventData>{data}</EventData></Event>"
    )
    whole = {"timestamp": f"2026-01-02T03:04:{second[:9]}Z", "service": "Shop", "host": "pc1", **fields}
    return Sample(text, whole)


SAMPLES = (
    sample("05.902791300", 0, "<Data Name='IpAddress'>192.0.2.7</Data>", level="info", client="192.0.2.7"),
    sample("06.500", 2, "<Data Name='IpAddress'>-</Data>", level="error", client=None),
    sample("07.500", 3, "<Data>x</Data>", level="warning", client=None),
    sample("08.500", 1, "", level="critical", client=None),
    sample("09.500", 5, "<Data Name='IpAddress'>2001:db8::7</Data>", level="debug", client="2001:db8::7"),
)
ADDRESS = LINE.str.extract(r"""<Data Name=['"]IpAddress['"]>([^<]*)<""")
FORMAT = by_groups(
    "windows_xml", "Windows events as XML, one a line", SAMPLES, PATTERN, ("iso",),
    {"level": from_number(element("Level"), LEVELS), "host": element("Computer"), "client": present(ADDRESS),
     "endpoint": element("EventID")},
    hint=r"[\s-]*<Event ",
)  # fmt: skip
