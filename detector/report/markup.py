"""HTML, SVG and XML that cannot be broken by what they show: text is text unless it was built here.

Every string that is no `Markup` is escaped twice over: harmful characters as for a terminal (`escape`), then `&`, `<`,
`>` and quotes. So no name or sample from a log can become an element or an attribute, wherever it is put.
"""

from __future__ import annotations

from html import escape as quote

from detector.report.escape import escape

VOID = frozenset({"meta", "link", "br", "col"})
"""Elements of HTML that have no end."""


class Markup(str):
    """Markup that was built by `element` or `join`; everything else is text."""

    __slots__ = ()


def element(name: str, /, *children: str | None, **attributes: str | float | None) -> Markup:
    """`<name attributes>children</name>`.

    Args:
        name: of the element, from the program, never from a log.
        children: markup as it is, text escaped; None is left out.
        attributes: None is left out; `class_` is `class`, `aria_label` is `aria-label`.
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_text(_number(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{join(*children)}</{name}>")


def join(*children: str | None) -> Markup:
    """Children one after the other, text escaped; None is left out."""
    return Markup("".join(one if isinstance(one, Markup) else _text(one) for one in children if one is not None))


def _text(text: str) -> str:
    return quote(escape(text))


def _number(value: str | float) -> str:
    """A number as short as it is exact enough for a drawing; text as it is."""
    return value if isinstance(value, str) else f"{value:.7g}"
