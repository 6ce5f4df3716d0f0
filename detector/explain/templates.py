"""Messages to templates: what varies from one message to the next becomes `<*>`, the fixed words stay.

A template depends on nothing but its message, so it is the same in every run and under every split of the input; that
is what a parser that learns its groups as it goes (Drain: He et al. 2017, ICWS) cannot give. The expressions are
those of Rust's regex, linear in the length of the text whatever stands there. They have no groups, since to tell where
a group lies takes several times as long as to tell where a match lies, and they come one after another, since the
automaton of all of them together outgrows its cache. How well they group: `tests/bench/templates.md`.
"""

from __future__ import annotations

import polars as pl
import pyarrow as pa

from detector.explain.scrub import cut

MASK = "<*>"
LONGEST = 512
"""Characters of a message that count; what lies behind them says more about data than about code."""
ALIKE = bytes.maketrans(b"123456789", b"000000000")
"""No rule tells one digit from another and no digit is left in a template, so a zero stands for all of them."""

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
REWRITTEN = {f'"{method} ': f'{method} "' for method in METHODS} | {" ./": " /", " ../": " /"}
"""The method of a request line tells requests apart, so it leaves the quotation; paths begin with a slash."""
CHARACTER = r"[A-Za-z0-9_/\\#%+*$~\-]"
NUMBERED = (
    r"[A-Za-z_/\\#%+*$~\-]*"
    rf"(?:[0-9](?:[.:]{{0,2}}(?:{CHARACTER}|<\*>))*|<\*>(?:[./:~\-]{{0,2}}(?:<\*>|[0-9]))*)"
)
"""A word with a digit or a mask in it: a number, a time, an id, a hex string, a file; not the `name:` before one."""
UNIT = (
    "(?:[KMGTkmgt]?i?B|[Bb]ytes?|[mun]?s|(?:m|milli|micro)?sec(?:ond)?s?|min(?:ute)?s?|[KMG]?Hz|"
    r"UTC|GMT|CES?T|[PMCE][SD]T|[AP]M)(?-u:\b)"
)
DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
VALUE = rf"(?:{NUMBERED}(?: {UNIT})?|(?-u:\B)[<~]{NUMBERED} {UNIT})"
DATED = rf"(?:{DAY},? +)*{VALUE}"
NAMED = (
    r"(?-u:\b)(?:[A-Za-z0-9_-]+(?:\.[a-z0-9_-]+)+:[0-9]+|"  # a host and its port
    r"[A-Za-z0-9_-]+(?:\.[a-z0-9_-]+){2,}|"  # a host, a package; of a class the last name stays
    r"[0-9A-Fa-f]{1,4}(?:::?[0-9A-Fa-f]{1,4}){2,})"  # IPv6, hardware addresses
)
SETTING = (
    r"=(?:<\*>|[^ \t,;&<>(){}\[\]=])(?:<\*>|[^ \t,;&<>(){}\[\]])*"
    r"(?:\{[^{} ]*\}|\([^() ]*\)|\[[^\[\] ]*\])?"
)
"""What stands behind the `=` of `name=value`."""
RULES = (
    (r""""[^"]*"|(?-u:\B)'[^']*'""", MASK),  # a quotation, not the apostrophe of "can't"
    (r"(?-u:\b)[a-z][a-z0-9+.-]*://[^ \t\"'<>|,;)\]}]+", MASK),
    (r"[A-Za-z]:\\[^ \t\"'<>|,;]*", MASK),
    (r"(?-u:\B)~?/[^ \t\"'<>|,;:)\]}]+(?::[0-9]+)*", MASK),
    (r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", MASK),
    (r"(?-u:\b)user +[A-Za-z0-9_.\\-]+", MASK),
    (r"(?-u:\b)for [A-Za-z_][A-Za-z0-9_.\\-]* from", f"for {MASK} from"),  # messages of logins
    (NAMED, MASK),
    # a value may have its other form behind it: `1190 bytes (1.16 KB)`, `192.0.2.7 ()`; lists differ in length
    (rf"{DATED}(?: \((?:{VALUE})?\))?(?:[ ,;|]+{DATED})*", MASK),
    (SETTING, "=" + MASK),
)  # fmt: skip
"""What is looked for, and what is written instead, in turn."""


def templates_of(messages: pl.Series) -> pl.Series:
    """The template of each message.

    Args:
        messages: String, n; of a message with several lines the first one counts.

    Returns:
        String, n; null where there is no message.
    """
    shapes, numbers = _shapes_of(messages)
    first = shapes.str.strip_chars_start()
    if first.str.contains("\n", literal=True).any():
        first = first.str.splitn("\n", 2).struct.field("field_0")
    text = pl.col("shape").str.replace_many(REWRITTEN)
    for pattern, instead in RULES:
        text = text.str.replace_all(pattern, instead)
    short = cut(first, LONGEST).alias("shape").to_frame()
    return short.select(text.str.strip_chars_end().alias("template")).to_series().gather(numbers)


def _shapes_of(messages: pl.Series) -> tuple[pl.Series, pl.Series]:
    """The messages that differ in more than digits, with zeros for the digits, and which of them each message is."""
    array = messages.to_arrow(compat_level=pl.CompatLevel.oldest())
    valid, offsets, data = array.buffers()
    zeros = pa.py_buffer(data.to_pybytes().translate(ALIKE)) if data is not None else None
    shapes = pa.Array.from_buffers(array.type, len(array), [valid, offsets, zeros], offset=array.offset)
    encoded = shapes.dictionary_encode()
    return pl.Series(encoded.dictionary, dtype=pl.String), pl.Series(encoded.indices)
