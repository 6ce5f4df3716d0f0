"""Text from logs, made harmless for terminals: whoever writes to a log must not write to the operator's screen.

Escaped are control characters (C0, DEL, C1, with them every ANSI sequence), line and paragraph separators,
bidirectional and invisible characters (Unicode category Cf; "Trojan Source", CVE-2021-42574), lone surrogates and
characters that are not assigned.
"""

from __future__ import annotations

import unicodedata

HARMFUL = frozenset({"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"})
FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
"""Letters and marks that show nothing."""
SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
"""Variation selectors show nothing either."""
MOST_MARKS = 4
"""More combining marks than this on one letter are no writing: they climb over the lines above."""


def escape(text: str, *, keep: str = "") -> str:
    """Write every harmful character as `\\n`, `\\x1b`, `\\u202e` or `\\U000e0001`; those of `keep` stay."""
    if text.isascii() and text.isprintable():
        return text
    pieces, marks = [], 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        harmful = (is_harmful(character) and character not in keep) or marks > MOST_MARKS
        pieces.append(_escaped(character) if harmful else character)
    return "".join(pieces)


def is_harmful(character: str) -> bool:
    """Could it move the cursor, change the direction of text, or hide?"""
    if unicodedata.category(character) in HARMFUL or character in FILLERS:
        return True
    return any(ord(character) in selectors for selectors in SELECTORS)


def _escaped(character: str) -> str:
    return repr(character)[1:-1] if character.isascii() else character.encode("ascii", "backslashreplace").decode()


def escape_json(document: str) -> str:
    """A JSON text that means the same, with harmful characters inside its strings written as `\\u202e`."""
    if document.isascii() and "\x7f" not in document:
        return document
    return "".join(_as_json(one) if one not in "\n\t" and is_harmful(one) else one for one in document)


def _as_json(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at] << 8 | units[at + 1]:04x}" for at in range(0, len(units), 2))


def cells(text: str) -> int:
    """Columns that escaped `text` takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(one) else 1 + (unicodedata.east_asian_width(one) in "WF") for one in text)


def shorten(text: str, width: int) -> str:
    """`text`, escaped, in at most `width` columns; the middle gives way, since both ends tell services apart."""
    text = escape(text)
    if cells(text) <= width:
        return text
    keep = max(width - 3, 2)
    head, tail = text[: keep - keep // 2], text[len(text) - keep // 2 :]
    while cells(head) > keep - keep // 2:
        head = head[:-1]
    while cells(tail) > keep // 2:
        tail = tail[1:]
    return f"{head}...{tail}"
