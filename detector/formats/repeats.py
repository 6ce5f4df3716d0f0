"""Records that stand for others that were not written: how many these were.

Sources: the messages of BSD's syslogd (`last message repeated 7 times`), rsyslog (runtime/ratelimit.c), syslog-ng
(lib/logwriter.c), journald (src/journal/journald-manager.c) and the kernel (lib/ratelimit.c, kernel/printk).
"""

from __future__ import annotations

import polars as pl

from detector.formats.format import Format, Rare
from detector.formats.lines import Lines, lines_of
from detector.schemas import COUNT, MOST_REPEATS

WITHIN = "essage repeated |' repeated |uppressed|messages lost due|sock lost |Missed "
NAME = r"[^'\"]{1,200}"
TELLING = (
    r"^(?:--- )?(?:last )?message repeated (\d+) times?",
    r"^Last message '.*' repeated (\d+) times?",
    r"^Suppressed (\d+) messages? from ",
    r"^Missed (\d+) kernel messages?",
    rf"^{NAME}: (\d+) (?:callbacks|output lines) suppressed",
    rf"^{NAME}: (\d+) messages lost due to rate-limiting",
    r"^imuxsock lost (\d+) messages from pid ",
)
"""Ways in which a message says it, from its begin on."""
DIGITS = len(str(MOST_REPEATS))


def repeats_in(message: pl.Expr) -> Rare:
    """How many records a message says that it stands for, besides itself."""
    told = pl.coalesce(message.str.extract(way) for way in TELLING).str.strip_chars_start("0")
    # a number that no column holds is the largest that counts
    long = told.str.len_bytes() > DIGITS
    return Rare(WITHIN, pl.when(long).then(MOST_REPEATS).otherwise(told.str.head(DIGITS).cast(pl.Int64, strict=False)))


def read_rare(name: str, known: Format, where: Rare, lines: Lines) -> pl.Series:
    """A whole number that few of the lines have, null elsewhere."""
    nothing = pl.repeat(None, len(lines), dtype=COUNT, eager=True).alias(name)
    rows = lines.text.str.contains(where.within).arg_true()
    if not len(rows):
        return nothing
    some = lines_of(lines.text.gather(rows))
    table = known.decode(some.text) if known.locate is None else known.locate(some, frozenset({name})).lazy()
    return nothing.scatter(rows, table.select(where.value.alias(name)).collect(engine="in-memory").to_series())
