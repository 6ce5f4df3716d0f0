"""What is known about formats, and about why a source was read as it was, as text or JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from detector.report.escape import cells, escape, escape_json, shorten
from detector.report.numbers import grouped, plural

if TYPE_CHECKING:
    from detector.recognition import KnownFormat, Recognition

MARGIN = 14
WATCHED = {
    "S": ("service", {"service"}), "L": ("level", {"level"}), "C": ("client", {"client", "clients"}),
    "T": ("status", {"status"}), "B": ("bytes", {"payload_bytes", "bytes"}),
}  # fmt: skip
"""Letter -> title, and the columns of records or of counts tables that it stands for."""


def as_json(items: Sequence[object]) -> str:
    """A JSON array of records."""
    return escape_json(msgspec.json.format(msgspec.json.encode(items), indent=2).decode()) + "\n"


def list_text(formats: Sequence[KnownFormat], width: int) -> str:
    """A table: the name, which of the fields that are watched it yields, and what it is."""
    margin = max(len(one.name) for one in formats) + 2
    lines = ["  ".join(f"{letter} {title}" for letter, (title, _) in WATCHED.items()), ""]
    lines.append(f"{'format':<{margin}}{' '.join(WATCHED)}  what it is")
    for one in formats:
        marks = " ".join(letter if fields & set(one.fields) else "-" for letter, (_, fields) in WATCHED.items())
        first = f"{one.name:<{margin}}{marks}  "
        room, indent = max(width, len(first) + 20), " " * len(first)
        lines += textwrap.wrap(one.about, room, initial_indent=first, subsequent_indent=indent, break_on_hyphens=False)
    return "\n".join(lines) + "\n"


def explain_text(found: Recognition, width: int) -> str:
    """One block per source."""
    read = " + ".join(found.formats) or "no format"
    confidence = f" ({found.confidence:.0%} sure)" if found.formats else ""
    rows = [("read as", f"{read}{confidence}: {found.why}")]
    if found.runner_up is not None:
        rows.append(("runner-up", f"{found.runner_up}: {found.runner_up_why}"))
    elif found.formats:
        rows.append(("runner-up", "no other format reads any of these lines"))
    if found.fields:
        rows.append(("fields", ", ".join(_share(name, share) for name, share in found.fields.items())))
    if found.fields and found.stem:
        services = grouped(found.services) if found.services else f"none is named; lines count for {found.stem}"
        rows += [("services", services), ("clients", grouped(found.clients) if found.clients else "none is named")]
    rows.append(("looked at", f"{plural(found.lines, 'line')}, {grouped(found.records)} of them begin a record"))
    rows += [(f"miss, line {number}", shorten(text, max(width - MARGIN - 12, 20))) for number, text in found.misses]
    return "\n".join([escape(found.source), *(line for row in rows for line in _row(*row, width))]) + "\n"


def _share(name: str, share: float) -> str:
    return name if share > 0.9995 else f"{name} ({share:.0%})"


def _row(title: str, text: str, width: int) -> list[str]:
    label = f"  {title:<{MARGIN - 2}}"
    label = label if cells(label) <= MARGIN and label.endswith(" ") else f"  {title}: "
    margin = " " * MARGIN
    return textwrap.wrap(escape(text), width, initial_indent=label, subsequent_indent=margin, break_on_hyphens=False)
