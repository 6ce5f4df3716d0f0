"""A report in sections, each a title, a sentence and a table, as text or as one static HTML page."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from detector.report.escape import cells, escape, shorten
from detector.report.look import Look

GAP = "  "
LEAST = 12
"""Columns that the widest cell of a row keeps, however narrow the terminal."""
STYLE = """
:root { color-scheme: light dark; --bar: #9ecbff66; --line: #8884; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .3rem; } p { margin: .3rem 0 .8rem; }
div { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid var(--line); padding: .2rem .8rem; text-align: right; white-space: nowrap; }
th { vertical-align: bottom; white-space: normal; }
th.text, td.text { text-align: left; } td.text { overflow-wrap: anywhere; white-space: normal; }
td.share { background: linear-gradient(90deg, var(--bar) var(--share), transparent 0); }
ul { color: GrayText; padding-left: 1.2rem; }
"""


@dataclass(frozen=True, slots=True)
class Section:
    """One table with what it means.

    Attributes:
        title: a few words.
        lead: what the table shows, in a sentence or two.
        header: names of the columns.
        rows: cells; they may hold text from logs and are not escaped yet.
        texts: columns that are texts and stand on the left; the first one of them gives way where there is no room.
        after: what to do with it.
    """

    title: str
    lead: str
    header: tuple[str, ...] = ()
    rows: Sequence[tuple[str, ...]] = ()
    texts: tuple[int, ...] = (0,)
    after: str = ""


def as_text(heading: Sequence[str], sections: Sequence[Section], closing: Sequence[str], look: Look) -> str:
    """All sections for a terminal or a file, `look.width` columns wide."""
    first, *others = heading
    top = [look.paint(line, "name") for line in _wrap(first, look)]
    blocks = [top + [line for one in others for line in _wrap(one, look)]]
    blocks += [_section_text(section, look) for section in sections]
    blocks.append([line for one in closing for line in _wrap(one, look, "  ")])
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _wrap(text: str, look: Look, indent: str = "") -> list[str]:
    return textwrap.wrap(
        escape(text), look.width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _section_text(section: Section, look: Look) -> list[str]:
    lines = [look.paint(section.title.upper(), "name"), *_wrap(section.lead, look)]
    if section.rows:
        lines += ["", *_table(section, look)]
    return lines + ([""] if section.after else []) + _wrap(section.after, look)


def _table(section: Section, look: Look) -> list[str]:
    """Header and rows, aligned."""
    grid = [section.header, *(tuple(map(escape, row)) for row in section.rows)]
    widths = [max(cells(row[column]) for row in grid) for column in range(len(section.header))]
    widest = section.texts[0]
    spare = look.width - sum(widths) - len(GAP) * (len(widths) - 1)
    widths[widest] = max(min(LEAST, widths[widest]), widths[widest] + min(spare, 0))
    lines = [GAP.join(_align(cell, width, is_text=at in section.texts)
                      for at, (cell, width) in enumerate(zip(row, widths, strict=True))).rstrip()
             for row in grid]  # fmt: skip
    return [look.paint(lines[0], "dim"), *lines[1:]]


def _align(cell: str, width: int, *, is_text: bool) -> str:
    cell = shorten(cell, width)
    space = " " * (width - cells(cell))
    return cell + space if is_text else space + cell


def as_html(title: str, heading: Sequence[str], sections: Sequence[Section], closing: Sequence[str]) -> str:
    """One page that loads and runs nothing."""
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    parts = [
        "<!doctype html>", '<html lang="en">', "<head>", '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{_safe(title)}</title>", f"<style>{STYLE}</style>", "</head>", "<body>", f"<h1>{_safe(title)}</h1>",
        *(f"<p>{_safe(one)}</p>" for one in heading),
        *(line for section in sections for line in _section_html(section)),
        "<ul>", *(f"<li>{_safe(one)}</li>" for one in closing), "</ul>", "</body>", "</html>",
    ]  # fmt: skip
    return "\n".join(parts) + "\n"


def _section_html(section: Section) -> list[str]:
    lines = [f"<h2>{_safe(section.title)}</h2>", f"<p>{_safe(section.lead)}</p>"]
    if section.rows:
        header = "".join(f"<th{_kind(at, section)}>{_safe(name)}</th>" for at, name in enumerate(section.header))
        lines += ["<div><table>", f"<tr>{header}</tr>"]
        for row in section.rows:
            lines.append("<tr>" + "".join(_cell(cell, at, section) for at, cell in enumerate(row)) + "</tr>")
        lines.append("</table></div>")
    return lines + ([f"<p>{_safe(section.after)}</p>"] if section.after else [])


def _kind(column: int, section: Section) -> str:
    return ' class="text"' if column in section.texts else ""


def _cell(cell: str, column: int, section: Section) -> str:
    if column not in section.texts and cell.endswith("%") and cell[:-1].isdecimal():
        return f'<td class="share" style="--share: {int(cell[:-1])}%">{_safe(cell)}</td>'
    return f"<td{_kind(column, section)}>{_safe(cell)}</td>"


def _safe(text: str) -> str:
    return html.escape(escape(text))
