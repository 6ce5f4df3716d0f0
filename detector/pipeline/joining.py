"""The end of a block is not the end of a record: its last one waits for the lines that may still belong to it."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from detector.errors import Losses
from detector.pipeline.pieces import TYPES, UNKNOWN_FORMAT, Piece

MESSAGE_BYTES = 1024 * 1024
"""A record that goes on over many blocks keeps so much of its text."""


@dataclass(slots=True)
class Joint:
    """What one source's pieces, taken in order, leave for the next one.

    Attributes:
        source: the path, for lines before any record.
        losses: where text that was cut off is counted.
        held: the last record so far, one row; None before the first.
        further: its further lines in the blocks after it.
    """

    source: str
    losses: Losses
    held: pl.DataFrame | None = None
    further: list[str] = field(default_factory=list)
    further_bytes: int = 0

    def take(self, piece: Piece) -> pl.DataFrame:
        """The records that this piece completes."""
        if piece.head is not None:
            self._go_on(piece.head, piece.head_line)
        if not len(piece.frame):
            return piece.frame
        done = self.finish()
        self.held = piece.frame.tail(1)
        return pl.concat([done, piece.frame.head(-1)])

    def finish(self) -> pl.DataFrame:
        """The record that waited."""
        held, self.held = self.held, None
        if held is None:
            return pl.DataFrame(schema=TYPES)
        if self.further:
            text, size = "\n".join(["", *self.further]), self.further_bytes
            held = held.with_columns(pl.col("message").fill_null("") + text, pl.col("size_bytes") + size)
            self.further, self.further_bytes = [], 0
        return held

    def _go_on(self, text: str, line_number: int) -> None:
        if self.held is None:
            row = {"message": text, "format": UNKNOWN_FORMAT, "source": self.source, "line_number": line_number,
                   "size_bytes": _size(text)}  # fmt: skip
            self.held = pl.DataFrame([row], schema=TYPES)
        else:
            if self.further_bytes < MESSAGE_BYTES:
                self.further.append(text)
            else:
                self.losses.add("record_too_long", text.count("\n") + 1)
            self.further_bytes += _size(text)


def _size(text: str) -> int:
    """Bytes of the lines, without their line breaks."""
    return len(text.encode()) - text.count("\n")
