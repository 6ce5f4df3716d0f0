"""Whole lines from the beginning of what has come so far of a stream that goes on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple

from detector.errors import Losses
from detector.sources.cutting import Limits, Piece, fit
from detector.sources.lines import LINE_BYTES, PREFIX_SPARE_BYTES
from detector.sources.live.live import BLOCK_BYTES

LIMITS = Limits(BLOCK_BYTES, LINE_BYTES)
RUN_BYTES = 1024 * 1024
_TOO_LONG = 2 * LINE_BYTES


class Inside(StrEnum):
    """Where in a line the next byte lies."""

    BEGIN = "begin"
    FLUSHED = "flushed"
    """The line's first part was taken as a line; its rest will be one, if there is any."""
    CUT = "cut"
    """The line's first part was taken as a line that is too long; its rest is to be passed over."""


class Taken(NamedTuple):
    """Lines, each with its LF; how many bytes these took of the stream; and where in a line the next byte lies."""

    lines: bytes
    size: int
    inside: Inside


def take(data: bytes, inside: Inside, *, flush: bool) -> Taken:
    """The whole lines that `data` begins with; `flush`: an unfinished line too. Nothing taken: more has to come."""
    begin = 0
    if inside is Inside.CUT:
        begin = data.find(b"\n") + 1
        if not begin:
            return Taken(b"", len(data), Inside.CUT)
    elif inside is Inside.FLUSHED and data.startswith(b"\n"):
        begin = 1
    end = data.rfind(b"\n", begin) + 1
    if end > begin:
        return Taken(data[begin:end], end, Inside.BEGIN)
    rest = data[begin:]
    if len(rest) > _TOO_LONG:
        return Taken(rest[: LINE_BYTES + PREFIX_SPARE_BYTES] + b"\n", len(data), Inside.CUT)
    if rest and flush:
        return Taken(rest + b"\n", len(data), Inside.FLUSHED)
    return Taken(b"", begin, Inside.BEGIN if begin else inside)


def clean_runs(lines: bytes, losses: Losses) -> list[bytes]:
    """Whole lines, clean, in runs of at most `BLOCK_BYTES`, a bound that repairs could break."""
    return [piece.data for piece in fit(Piece(0, lines), LIMITS, losses)] if lines else []


def joined(parts: Iterable[tuple[int, Iterator[bytes]]], most_bytes: int) -> Iterator[tuple[bytes, int]]:
    """Lines, each with an LF, in runs of about `RUN_BYTES`, each with its number of lines.

    Once `most_bytes` are reached no more lines are made: the last run then has no lines, and the number left out.

    Args:
        parts: number of lines, and the lines, without LF, which are made as they are asked for.
        most_bytes: of all lines together, about.
    """
    waiting: list[bytes] = []
    size = run = left_out = 0
    for count, lines in parts:
        left = count
        while size <= most_bytes and left:
            waiting.append(next(lines))
            left -= 1
            size += len(waiting[-1]) + 1
            if size - run > RUN_BYTES:
                yield b"\n".join([*waiting, b""]), len(waiting)
                waiting, run = [], size
        left_out += left
    if waiting:
        yield b"\n".join([*waiting, b""]), len(waiting)
    if left_out:
        yield b"", left_out
