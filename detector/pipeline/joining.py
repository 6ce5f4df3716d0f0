"""The end of a block is not the end of a record: its last one waits for the lines that may still belong to it."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from detector.errors import Losses
from detector.pipeline.leading import as_one, merge
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
        parts: writer -> parts whose record has not come, one row.
    """

    source: str
    losses: Losses
    held: pl.DataFrame | None = None
    further: list[str] = field(default_factory=list)
    parts: dict[str, pl.DataFrame] = field(default_factory=dict)
    further_bytes: int = 0

    def take(self, piece: Piece) -> pl.DataFrame:
        """The records that this piece completes."""
        if piece.head is not None:
            self._go_on(piece.head, piece.head_line)
        frame = self._lead(piece) if piece.between is not None else piece.frame
        if not len(frame):
            return frame
        done = self._go()
        self.held = frame.tail(1)
        return pl.concat([done, frame.head(-1)])

    def finish(self) -> pl.DataFrame:
        """The record that waited, and parts whose record never came."""
        alone, self.parts = self.parts.values(), {}
        table = pl.concat([self._go(), *(parts.drop("thread") for parts in alone)], how="diagonal")
        return table.sort("line_number", maintain_order=True)

    def _lead(self, piece: Piece) -> pl.DataFrame:
        """The piece's records with the parts of them that waited; its own last parts wait in their turn."""
        frame, between = piece.frame, piece.between or ""
        for thread in self.parts.keys() & piece.threads.keys():
            row = piece.threads[thread]
            whole = merge(frame[row : row + 1], self.parts.pop(thread), between)
            frame = pl.concat([frame[:row], whole, frame[row + 1 :]])
        for parts in [] if piece.parts is None else piece.parts.partition_by("thread"):
            thread = str(parts["thread"][0])
            waiting = self.parts.get(thread)
            self.parts[thread] = parts if waiting is None else self._longer(waiting, parts, between)
        return frame

    def _longer(self, waiting: pl.DataFrame, parts: pl.DataFrame, between: str) -> pl.DataFrame:
        """Parts and those after them, whose text is kept up to a limit."""
        if waiting["message"].str.len_bytes().sum() >= MESSAGE_BYTES:
            self.losses.add("record_too_long")
            return waiting.with_columns(pl.col("size_bytes") + parts["size_bytes"])
        return as_one(pl.concat([waiting, parts], how="diagonal"), "thread", between)

    def _go(self) -> pl.DataFrame:
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
