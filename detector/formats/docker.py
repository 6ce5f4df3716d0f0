r"""Docker's json-file: each line of a container wrapped as {"log":"...\n","stream":"stdout","time":"..."}.

Docker cuts lines longer than 16 KiB; only the last part ends with `\n`. That one is the record; the text of those
before it, of the same stream, goes to it, and they count for no record.
Source: https://docs.docker.com/engine/logging/drivers/json-file/
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from detector.formats.format import LINE, Format, LevelAt, Sample, Span
from detector.formats.jsontree import read_paths
from detector.formats.lines import Lines, texts_at

OPENING, MIDDLE, TIME = '{"log":"', '","stream":"', '"time":"'


def decode(lines: Lines, asked: frozenset[str]) -> pl.DataFrame:  # noqa: ARG001  all formats are called alike
    """By the JSON parser: for messages with quotes or other escapes."""
    return read_paths(lines, ["log", "time", "stream"], ["log"])


def find_marks(lines: Lines, asked: frozenset[str]) -> pl.DataFrame:  # noqa: ARG001  all formats are called alike
    """Where message and time lie; what the message says must need no unescaping, but for its line break."""
    line = pl.col("line")
    table = lines.text.to_frame("line").lazy().select(
        opens=line.str.starts_with(OPENING),
        closes=line.str.find(MIDDLE, literal=True).cast(pl.Int64),
        time=line.str.find(TIME, literal=True).cast(pl.Int64) + len(TIME),
    ).collect(engine="in-memory")  # fmt: skip
    closes = (lines.begins + table["closes"].fill_null(0).to_numpy()).clip(lines.begins, lines.ends)
    begins = (lines.begins + len(OPENING)).clip(max=closes)
    broken = (closes - begins >= 2) & (lines.bytes[closes - 2] == ord("\\")) & (lines.bytes[closes - 1] == ord("n"))
    ends = closes - 2 * broken
    plain = texts_at(lines.bytes, begins, ends).str.contains("\\", literal=True).not_().fill_null(value=False)
    time_length = pl.Series(lines.sizes) - pl.col("time") - 2
    return table.with_columns(
        plain=plain, broken=pl.Series(broken), length=pl.Series(ends - begins), time_length=time_length
    )


ABOUT = "Docker json-file"
LOG = pl.col("log").str.strip_suffix("\n")
SAMPLES = (
    Sample(r'{"log":"listening on :8080\n","stream":"stdout","time":"2026-03-01T00:00:00.123456789Z"}',
           {"timestamp": "2026-03-01T00:00:00.123456Z", "message": "listening on :8080"}),
    Sample(r'{"log":"said \"no\"\n","stream":"stderr","time":"2026-03-01T00:00:01Z"}',
           {"timestamp": "2026-03-01T00:00:01Z", "message": 'said "no"'}),
    Sample('{"log":"the first part of ","stream":"stdout","time":"2026-03-01T00:00:02.5Z"}\n'
           '{"log":"a long one\\n","stream":"stdout","time":"2026-03-01T00:00:02.6Z"}',
           {"timestamp": "2026-03-01T00:00:02.6Z", "message": "a long one"}),
    Sample('{"log":"a file without line breaks","stream":"stdout","time":"2026-03-01T00:00:02.7Z"}',
           {"timestamp": "2026-03-01T00:00:02.7Z", "message": "a file without line breaks"}),
    Sample(r'{"log":"\n","stream":"stdout","time":"2026-03-01T00:00:03.000000001Z"}',
           {"timestamp": "2026-03-01T00:00:03Z", "message": None}),
    Sample(r'{"log":"tagged\n","stream":"stdout","attrs":{"tag":"web"},"time":"2026-03-01T00:00:04.1Z"}',
           {"timestamp": "2026-03-01T00:00:04.1Z", "message": "tagged"}),
    Sample(r'{"log":"50 \u003c 60 caf\u00e9\n","stream":"stdout","time":"2026-03-01T00:00:05.1Z"}',
           {"timestamp": "2026-03-01T00:00:05.1Z", "message": "50 < 60 café"}),
)  # fmt: skip


def docker(*, in_parts: bool) -> Format:
    """With or without lines that come in parts."""
    ends, told = pl.col("log").str.ends_with("\n"), pl.col("stream").is_in(["stdout", "stderr"])
    known = Format(
        "docker", ABOUT, SAMPLES,
        {
            "matched": pl.col("log").is_not_null() & told & (ends if in_parts else True),
            "time": pl.col("time"),
            "message": pl.when(LOG != "").then(LOG),
        },
        ("iso",), locate=decode, needs=("time",), envelope=True, priority=2, adapt=adapt,
        thread=LINE.str.extract(r'"stream":"(stdout|stderr)"'),
    )  # fmt: skip
    if in_parts:
        known = replace(known, fallback=replace(known, fields={**known.fields, "matched": told & ~ends}, part=""))
    ended = pl.col("broken") if in_parts else pl.col("closes").is_not_null()
    places: dict[str, pl.Expr | Span | LevelAt] = {
        "matched": pl.col("opens") & pl.col("plain") & ended,
        "time": Span(pl.col("time"), pl.col("time_length")),
        "message": Span(pl.lit(len(OPENING)) + 0 * pl.col("length"), pl.col("length")),
    }
    return replace(known, fields=places, locate=find_marks, fallback=known)


def adapt(head: Sequence[str]) -> Format | None:
    """Lines come in parts unless hardly any has a line break at its end."""
    lines = [line for line in head if HINT.match(line)]
    return docker(in_parts=2 * sum(BREAK in line for line in lines) >= len(lines)) if lines else None


HINT = re.compile(r'\{\s*"(?:log|stream|attrs|time)"')
BREAK = r'\n"'
FORMAT = docker(in_parts=True)
