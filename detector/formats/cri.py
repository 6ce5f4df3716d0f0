"""What Kubernetes writes around each line of a container: the CRI log format, and `kubectl logs --timestamps`.

A line longer than 16 KiB comes in parts marked `P`, the last one `F`. That last part is the record; the text of those
before it, of the same stream, goes to it, and they count for no record.
Source: https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md
"""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from detector.formats.format import LINE, Format, Sample, Span

HEAD = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d) "
FIXED = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}(?:Z|[+-]\d\d:\d\d) "
"""`kubectl logs` and `docker logs` write all nine digits, which hardly any program does by itself."""
CRI = HEAD + r"(?:stdout|stderr) [FP](?::\S*)? "
LAST, PART = (HEAD + rf"(?:stdout|stderr) {tag}(?::\S*)? " for tag in "FP")
SPACE = pl.col("space")


def find_space(lines: pl.Series) -> pl.LazyFrame:
    """Where the time ends."""
    return lines.to_frame("line").lazy().with_columns(space=LINE.str.find(" ", literal=True))


def cri_message() -> pl.Expr:
    """Where the message begins: behind the stream (six letters) and the tags, nearly always one letter."""
    usual = SPACE + len(" stdout F ")
    tagged = (
        LINE.str.find(r" (?:stdout|stderr) [FP]:\S* ")
        + LINE.str.extract(r" (?:stdout|stderr) ([FP]:\S*) ").str.len_bytes()
    )
    return (
        pl.when(LINE.str.contains(HEAD + r"(?:stdout|stderr) [FP] ")).then(usual).otherwise(tagged + len(" stdout  "))
    )


CRI_SAMPLES = (
    Sample("2026-03-01T00:00:00.123456789Z stdout F listening on :8080",
           {"timestamp": "2026-03-01T00:00:00.123456Z", "message": "listening on :8080"}),
    Sample("2026-03-01T01:00:00.5+01:00 stderr F out of memory",
           {"timestamp": "2026-03-01T00:00:00.5Z", "message": "out of memory"}),
    Sample("2026-03-01T00:00:01.000000001Z stdout P the first part of \n"
           "2026-03-01T00:00:01.000000002Z stdout F a long one",
           {"timestamp": "2026-03-01T00:00:01Z", "message": "a long one"}),
    Sample("2026-03-01T00:00:02Z stdout F ", {"timestamp": "2026-03-01T00:00:02Z", "message": None}),
    Sample('2026-03-01T00:00:03.25Z stdout F:x {"level":"info"}',
           {"timestamp": "2026-03-01T00:00:03.25Z", "message": '{"level":"info"}'}),
)  # fmt: skip
KUBECTL_SAMPLES = (
    Sample("2026-03-01T00:00:00.123456789Z listening on :8080",
           {"timestamp": "2026-03-01T00:00:00.123456Z", "message": "listening on :8080"}),
    Sample("2026-03-01T00:00:01.000000000Z GET /health 200",
           {"timestamp": "2026-03-01T00:00:01Z", "message": "GET /health 200"}),
    Sample("2026-03-01T01:00:02.500000000+01:00 bye", {"timestamp": "2026-03-01T00:00:02.5Z", "message": "bye"}),
    Sample("2026-03-01T00:00:03.000000001Z   indented", {"timestamp": "2026-03-01T00:00:03Z", "message": "  indented"}),
    Sample("2026-03-01T00:00:04.400000000Z ", {"timestamp": "2026-03-01T00:00:04.4Z", "message": None}),
)  # fmt: skip
FORMAT = Format(
    "cri",
    "Kubernetes container log (CRI)",
    CRI_SAMPLES,
    {"matched": LINE.str.contains(LAST), "time": Span(0, SPACE), "message": Span(cri_message())},
    ("iso",),
    find_space,
    needs=("time",),
    envelope=True,
    priority=1,
    hint=CRI,
    thread=LINE.str.extract(r"^\S+ (stdout|stderr) "),
)
FORMAT = replace(
    FORMAT,
    fallback=replace(FORMAT, fields={**FORMAT.fields, "matched": LINE.str.contains(PART)}, part=""),
)
KUBECTL = Format(
    "kubectl",
    "kubectl logs --timestamps",
    KUBECTL_SAMPLES,
    {"matched": LINE.str.contains(FIXED), "time": Span(0, SPACE), "message": Span(SPACE + 1)},
    ("iso",),
    find_space,
    needs=("time",),
    envelope=True,
    priority=-1,
    hint=FIXED,
)
FORMATS = (FORMAT, KUBECTL)
