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


def as_json(items: Sequence[object]) -> str:
    """A JSON array of records."""
    return escape_json(msgspec.json.format(msgspec.json.encode(items), indent=2).decode()) + "\n"


def list_text(formats: Sequence[KnownFormat], width: int) -> str:
    """Name, what it is, and the fields that it yields."""
    margin = max(len(one.name) for one in formats) + 2
    lines = []
    for one in formats:
        lines += textwrap.wrap(f"{one.name:<{margin}}{one.about}", width, subsequent_indent=" " * margin)
        indent = " " * margin
        lines += textwrap.wrap(", ".join(one.fields), width, initial_indent=indent, subsequent_indent=indent)
    return "\n".join(lines) + "\n"


def explain_text(found: Recognition, width: int) -> str:
    """One block per source."""
    read = " + ".join(found.formats) or "no format"
    confidence = f" ({found.confidence:.0%} sure)" if found.formats else ""
    rows = [("read as", f"{read}{confidence}: {found.why}")]
    if found.runner_up is not None:
        rows.append(("runner-up", f"{found.runner_up}: {found.runner_up_why}"))
    if found.fields:
        rows.append(("fields", ", ".join(_share(name, share) for name, share in found.fields.items())))
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
