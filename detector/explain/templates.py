"""Messages to templates: what varies from one message to the next becomes `<*>`, the fixed words stay.

A template depends on nothing but its message, so it is the same in every run and under every split of the input; that
is what a parser that learns its groups as it goes (Drain: He et al. 2017, ICWS) cannot give. The expressions are
those of Rust's regex, linear in the length of the text whatever stands there, and have no groups, since to tell
where a group lies takes several times as long as to tell where a match lies.
"""

from __future__ import annotations

import polars as pl

from detector.explain.scrub import cut

MASK = "<*>"
LONGEST = 512
"""Characters of a message that count; what lies behind them says more about data than about code."""

WORD = r"[A-Za-z0-9_.:/\\@#%+*$-]"
NUMBERED = f"{WORD}*[0-9]{WORD}*"
"""A word with a digit in it: a number, a time, an address, an id, a hex string, a file, a host."""
VARIABLE = "|".join((
    r'"[^"]*"',
    r"(?-u:\B)'[^']*'",  # a quotation, not the apostrophe of "can't"
    r"(?-u:\b)user +[A-Za-z0-9_.\\-]+",
    r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+",
    r"[A-Za-z]:\\[^ \t\"'<>|,;]*",
    r"(?-u:\B)~?/[^ \t\"'<>|,;:)\]}]+(?::[0-9]+)*",
    rf"{NUMBERED}(?:[ ,;|]+{NUMBERED})*(?: (?:[KMGTkmgt]?i?B|B|[mun]?s)(?-u:\b))?",  # lists differ in length
))  # fmt: skip
SETTING = r"=[^ \t,;&<)\]}]+"
"""What stands behind the `=` of `name=value`."""
SENDER = r"(?-u:\b)for [A-Za-z_][A-Za-z0-9_.\\-]* from"
"""An account in messages of logins: `for root from`."""


def templates_of(messages: pl.Series) -> pl.Series:
    """The template of each message.

    Args:
        messages: String, n; of a message with several lines the first one counts.

    Returns:
        String, n; null where there is no message.
    """
    first = messages.str.strip_chars_start()
    if first.str.contains("\n", literal=True).any():
        first = first.str.splitn("\n", 2).struct.field("field_0")
    text = pl.col("message").str.replace_all(VARIABLE, MASK)
    text = text.str.replace_all(SETTING, "=" + MASK).str.replace_all(SENDER, f"for {MASK} from").str.strip_chars_end()
    return cut(first, LONGEST).alias("message").to_frame().select(text.alias("template")).to_series()
