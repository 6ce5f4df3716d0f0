"""Words and numbers for severity, and the seven levels that they mean."""

from __future__ import annotations

import numpy as np
import polars as pl

from detector.formats.lines import WORD, Positions, Words

WORDS = {
    "trace": "trace verbose silly fine finer finest all v t tracing",
    "debug": "debug dbg debg d debug1 debug2 debug3 debug4 debug5",
    "info": "info information informational inform inf log default i success http config normal statement detail hint "
    "context",
    "notice": "notice n note",
    "warning": "warning warn wrn w warnings",
    "error": "error err eror erro e severe fail failure failed",
    "critical": "critical crit fatal ftl f c alert emerg emergency panic dpanic fault",
}  # fmt: skip
LEVELS = {word: level for level, words in WORDS.items() for word in words.split()}
KEYS = np.array([int.from_bytes(word[:WORD].encode(), "little") for word in LEVELS], np.uint64)
"""Each word as `lines.leading_word` gives it."""
NAMES = pl.Series([*LEVELS.values(), None], dtype=pl.String)
ORDER = np.argsort(KEYS).astype(np.int64)
SORTED = KEYS[ORDER]
SYSLOG = {0: "critical", 1: "critical", 2: "critical", 3: "error", 4: "warning", 5: "notice", 6: "info", 7: "debug"}
"""RFC 5424, section 6.2.1, table 2; GELF and journald use the same numbers."""
BUNYAN = {10: "trace", 20: "debug", 30: "info", 40: "warning", 50: "error", 60: "critical"}
"""bunyan and pino: https://getpino.io/#/docs/api?id=level-string"""


def from_word(text: pl.Expr) -> pl.Expr:
    """Any spelling of a level -> one of the seven; null for a word that is none."""
    return text.str.to_lowercase().replace_strict(LEVELS, default=None, return_dtype=pl.String)


def from_leading_word(words: Words) -> pl.Series:
    """Words of at most eight letters, as numbers -> levels; null for a word that is none."""
    place = np.minimum(np.searchsorted(SORTED, words), len(SORTED) - 1)
    return NAMES.gather(np.where(SORTED[place] == words, ORDER[place], len(NAMES) - 1))


def from_priorities(numbers: Positions) -> pl.Series:
    """syslog priorities -> levels: the lowest three bits are the severity; null where there is none (negative)."""
    return pl.Series([*SYSLOG.values(), None], dtype=pl.String).gather(np.where(numbers < 0, len(SYSLOG), numbers & 7))


def from_number(number: pl.Expr, names: dict[int, str]) -> pl.Expr:
    """A level as number -> one of the seven, by the dialect's table; null for other numbers."""
    return number.cast(pl.Int64, strict=False).replace_strict(names, default=None, return_dtype=pl.String)


def from_priority(priority: pl.Expr) -> pl.Expr:
    """syslog `<PRI>` as text or number -> level: the lowest three bits are the severity."""
    return from_number(priority.cast(pl.Int64, strict=False) % 8, SYSLOG)
