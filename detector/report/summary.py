"""What a scan came to, in sentences: the outcome, what was read, what was not, and what the user should know."""

from __future__ import annotations

from detector.report.escape import escape
from detector.report.numbers import grouped, plural, size
from detector.schemas import InputSummary, ScanResult
from detector.times import duration, span

MOST_FAULTS = 10
UNPARSED = {"unknown_format": "in no known format", "blank": "blank", "header": "of a header",
            "bad_row": "without time or number", "implausible_time": "of a time far from all others"}  # fmt: skip
PASSED_OVER = {"broken_link": "broken link", "special": "pipe or device", "duplicate": "reached twice"}
UNDATED = "lines_without_time"
"""Told as a problem of its source."""
REPAIRED = {
    "nul_bytes": "{} NUL bytes dropped",
    "line_too_long": "{} lines cut to 256 KiB",
    "invalid_utf8": "invalid UTF-8 in {} lines",
    "utf16": "{} files read as UTF-16",
    "document_bytes": "{} bytes of unfinished JSON left out",
    "repeats_beyond_most": "{} records that say they stand for a billion or more, which count for a billion",
}


def summarize(result: ScanResult) -> list[str]:
    """One sentence or list a line; the first is the outcome."""
    summary = result.input
    lines = [outcome(result), _read(result), _unparsed(summary), _passed_over(summary), _repaired(summary)]
    lines += [f"Note: {note}" for note in result.notes] + tell_faults(summary)
    return [line for line in lines if line]


def outcome(result: ScanResult) -> str:
    """Whether anything was found, in how much and which time."""
    lines = plural(result.input.lines_read, "line")
    when = ", " + span(result.from_us, result.to_us) if result.from_us is not None and result.to_us is not None else ""
    if not when and not result.incidents:
        undated = result.input.repaired.get(UNDATED, 0) == result.input.lines_read > 0
        return f"Nothing could be judged in {lines}" + (": none has a time." if undated else ".")
    services = plural(result.services, "service")
    if not result.incidents:
        return f"No surge found in {lines} of {services}{when}."
    pages = sum(one.page for one in result.incidents)
    hit = len({one.service for one in result.incidents})
    falls = sum(one.factor < 1 for one in result.incidents)
    kinds = {"surge": len(result.incidents) - falls, "fall": falls}
    surges = " and ".join(plural(count, word) for word, count in kinds.items() if count)
    surges += f" ({plural(pages, 'page')})" if pages else ""
    where = services if hit == result.services else f"{grouped(hit)} of {services}"
    return f"{surges} in {where}{when}."


def _read(result: ScanResult) -> str:
    summary = result.input
    text = f"Read {plural(summary.files, 'file')}, {size(summary.bytes_read)}, {plural(summary.lines_read, 'line')}"
    text += f", in windows of {duration(result.window_seconds * 1e6)}"
    return f"{text}; understood: {_shares(summary)}." if summary.formats else f"{text}."


def _shares(summary: InputSummary) -> str:
    """The commonest format first."""
    ranked = sorted(summary.formats.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {grouped(lines)}" for name, lines in ranked)


def _unparsed(summary: InputSummary) -> str:
    return _listed("No records", {UNPARSED.get(name, name): n for name, n in summary.lines_unparsed.items()}, "line")


def _passed_over(summary: InputSummary) -> str:
    return _listed("Passed over", {PASSED_OVER.get(name, name): n for name, n in summary.passed_over.items()}, "file")


def _listed(title: str, counts: dict[str, int], word: str) -> str:
    if not sum(counts.values()):
        return ""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    total = plural(sum(counts.values()), word)
    if len(ranked) == 1:
        return f"{title}: {total}, {ranked[0][0]}."
    return f"{title}: {total} ({', '.join(f'{grouped(number)} {name}' for name, number in ranked)})."


def _repaired(summary: InputSummary) -> str:
    counts = {name: number for name, number in summary.repaired.items() if number and name != UNDATED}
    parts = [REPAIRED.get(name, "{} " + name).format(grouped(number)) for name, number in counts.items()]
    return f"Mended: {', '.join(parts)}." if parts else ""


def tell_faults(summary: InputSummary) -> list[str]:
    """Trouble with single sources, the first ten."""
    told = [f"Problem: {fault}" for fault in summary.faults[:MOST_FAULTS]]
    more = len(summary.faults) - len(told)
    return [*told, f"Problem: {more} more; --format json lists all"] if more > 0 else told


def tell_learned(services: int, from_us: int | None, to_us: int | None, summary: InputSummary, folder: str) -> str:
    """One sentence about what `learn` stored."""
    when = f", {span(from_us, to_us)}" if from_us is not None and to_us is not None else ""
    what = f"{plural(services, 'service')} from {plural(summary.lines_read, 'line')}"
    return escape(f"Learned {what}{when}, stored in {folder}.")
