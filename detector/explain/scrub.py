"""Secrets taken out of lines before they leave in a report: passwords, tokens, keys, cookies, mail addresses.

What a rule does not know it cannot hide; so the rules rather take too much. Rust's regex: linear time on any text.
"""

from __future__ import annotations

import polars as pl

HIDDEN = "***"
LONGEST = 4096
"""Characters that are looked at; what lies behind them is left out."""
NAMES = (
    "(?:pass(?:word|wd|phrase|code)|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|client[_-]?key|"
    "credential|session[_-]?id|sessid|jwt|signature|csrf|xsrf|x-amz-)[a-z0-9_-]{0,24}"
)
"""Names of secrets, also within longer names."""
SHORT_NAMES = r"\b(?:pass|auth|authorization|session|cookie|sid|sig|otp|pin|mfa|e-?mail)"
GIVEN = r"(\\?[\"']?\s*(?:=>|[:=]|%3D)\s*)"
VALUE = r"""(?:\\?"[^"\\]*(?:\\?"|$)|'[^']*(?:'|$)|[^\s&,;"'}\])]+)"""
VENDORS = (
    "(?:AKIA|ASIA)[0-9A-Z]{16}|AIza[0-9A-Za-z_-]{30,}|gh[pousr]_[0-9A-Za-z]{16,}|github_pat_[0-9A-Za-z_]{16,}|"
    "glpat-[0-9A-Za-z_-]{16,}|xox[a-z]-[0-9A-Za-z-]{8,}|[rsp]k[_-][0-9A-Za-z_-]{16,}|npm_[0-9A-Za-z]{16,}"
)
"""How the keys of some vendors begin."""
RULES = (
    (r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?s:.*?)(?:-----END [A-Z ]*PRIVATE KEY-----|$)", HIDDEN),
    (r"(?i)\b(set-cookie|cookie|authorization)(\\?[\"']?\s*[:=]\s*\\?[\"']?)[^\"'\r\n]+", "${1}${2}" + HIDDEN),
    (r"(?i)\b(bearer|basic|digest|negotiate)\s+[A-Za-z0-9._~+/=-]{6,}", "${1} " + HIDDEN),
    (r"(://)[^/\s@\"']+@", "${1}" + HIDDEN + "@"),
    (rf"(?i)({NAMES}){GIVEN}{VALUE}", "${1}${2}" + HIDDEN),
    (rf"(?i)({SHORT_NAMES}){GIVEN}{VALUE}", "${1}${2}" + HIDDEN),
    (r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?", HIDDEN),
    (rf"\b(?:{VENDORS})", HIDDEN),
    (r"[A-Za-z0-9._+-]+(?:@|%40)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", HIDDEN + "@" + HIDDEN),
    (r"\b[3-6][0-9]{3}([ -]?)[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{3,4}\b", HIDDEN),
    (r"\b[A-Za-z0-9_-]{40,}={0,2}", HIDDEN),
    (r"\b[A-Za-z0-9]{32,}\b", HIDDEN),
)
"""What is looked for, and what is written instead."""


def scrub(texts: pl.Series) -> pl.Series:
    """The texts without their secrets; String, n, null for null."""
    clean = pl.col("text")
    for pattern, instead in RULES:
        clean = clean.str.replace_all(pattern, instead)
    return cut(texts, LONGEST).alias("text").to_frame().select(clean).to_series()


def cut(texts: pl.Series, characters: int) -> pl.Series:
    """The begin of each text, without the word in which the cut falls: half a token cannot be told from a word."""
    if not (texts.str.len_bytes() > characters).any():
        return texts
    text = pl.col("text")
    begin = text.str.head(characters).str.replace(r"\S+$", "")
    short = pl.when(text.str.len_chars() > characters).then(begin).otherwise(text)
    return texts.alias("text").to_frame().select(short.alias(texts.name)).to_series()
