"""Reading one source: from its bytes, whatever they are wrapped in, to clean blocks of whole lines."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from dataclasses import dataclass
from typing import BinaryIO, cast

from detector.errors import Fault, Losses
from detector.schemas import Block
from detector.sources import kinds
from detector.sources.answers import Tabled, find_answer
from detector.sources.archives import decompress
from detector.sources.cutting import Cutter, Limits, Piece, Seekable, cutting_limits, fit, leap
from detector.sources.documents import Element
from detector.sources.files import SourceFile, open_fault
from detector.sources.lines import LINE_BYTES, clean, count_lines
from detector.sources.parts import Part, Window
from detector.sources.rotations import printable
from detector.sources.splitting import Splitter, find_splitter
from detector.sources.streams import Peeked, Raw, Readable, Stream, Utf16, utf16_bytes

BLOCK_BYTES = 4 * 1024 * 1024
DOCUMENT_PEEK_BYTES = 64 * 1024


def read_blocks(  # noqa: PLR0913  what comes behind the star has defaults and goes by name
    file: SourceFile,
    losses: Losses,
    faults: list[Fault],
    *,
    block_bytes: int = BLOCK_BYTES,
    line_bytes: int = LINE_BYTES,
    numbered: bool = True,
    stdin: BinaryIO | None = None,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Block]:
    """Yield the lines of `file` in blocks; nothing is opened before the first one is asked for.

    Trouble never raises: it ends the source early, what was good is kept, and one `Fault` tells why.

    Args:
        file: what `find` found.
        losses: where repairs are counted, by the reasons in `lines.REASONS`.
        faults: where trouble is told.
        block_bytes: the most bytes in a block; less than two lines of `line_bytes` is raised to that.
        line_bytes: the longest line left whole, without its LF.
        numbered: count lines, so that each block knows the number of its first one; else it says 0.
        stdin: what `-` stands for, if not the process' own standard input.
        progress: is told, now and then, how many more bytes on disk were read.
    """
    source = printable(file.path)
    try:
        opened = _open(file, stdin)
    except OSError as error:
        faults.append(open_fault(source, error))
        return
    reader = _Reader(source, losses, faults, cutting_limits(block_bytes, line_bytes), numbered)
    with closing(opened) if isinstance(opened, io.FileIO) else nullcontext():
        yield from reader.read(opened, Raw(opened, progress))


def read_part(  # noqa: PLR0913  what comes behind the star has defaults and goes by name
    source: str,
    file: io.FileIO,
    part: Part,
    losses: Losses,
    faults: list[Fault],
    *,
    block_bytes: int = BLOCK_BYTES,
    line_bytes: int = LINE_BYTES,
) -> Iterator[Block]:
    """Yield the lines of one part of a plain file, as `read_blocks` yields those of all, without numbers."""
    reader = _Reader(printable(source), losses, faults, cutting_limits(block_bytes, line_bytes), numbered=False)
    window = Window(file, part)
    raw = Raw(window, None)
    yield from reader.number(reader.plain(window, raw, part.begin), len)
    if raw.damage:
        reader.tell(*raw.damage, raw.position)


def head(file: SourceFile, lines: int = 1000, *, line_bytes: int = LINE_BYTES) -> bytes:
    """The first `lines` lines of `file`, clean; fewer if there are no more or it cannot be read. Not for `-`."""
    kept: list[bytes] = []
    wanted = lines
    blocks = read_blocks(file, Losses(), [], block_bytes=512 * 1024, line_bytes=line_bytes)
    for block in blocks:
        found = block.data.split(b"\n", wanted)
        kept += found[:-1]
        wanted = lines - len(kept)
        if not wanted:
            break
    return b"".join(line + b"\n" for line in kept)


def _open(file: SourceFile, stdin: BinaryIO | None) -> Readable:
    if file.path != "-":
        return io.FileIO(file.path)
    if stdin is None and sys.stdin is None:
        raise OSError("standard input is closed")
    return cast("Readable", sys.stdin.buffer if stdin is None else stdin)


@dataclass(frozen=True, slots=True)
class _Reader:
    """What stays the same while one source is read."""

    source: str
    losses: Losses
    faults: list[Fault]
    limits: Limits
    numbered: bool

    def read(self, file: Readable, raw: Raw) -> Iterator[Block]:
        disk = Peeked(raw)
        codec = kinds.codec(disk.peek(kinds.PEEK_BYTES))
        content = Peeked(decompress(disk, codec))
        beginning = content.peek(kinds.PEEK_BYTES)
        if refusal := kinds.refusal(beginning, codec):
            self.tell("unreadable", refusal.words)
            return
        encoding = kinds.utf16(beginning)
        self.losses.add("utf16", int(encoding is not None))
        text = Peeked(Utf16(content, encoding)) if encoding else content
        measure = utf16_bytes if encoding else len
        head = text.peek(DOCUMENT_PEEK_BYTES)
        if answer := find_answer(head):
            text = Peeked(Tabled(text, answer))
            yield from self.number(self._cutter(text, len).pieces(), len)
        elif splitter := find_splitter(head):
            yield from self._split(text, splitter(text, 4 * self.limits.line_bytes, measure))
        elif isinstance(file, io.FileIO) and content is text and codec is None and file.seekable():
            yield from self.number(self.plain(file, raw), measure)
        else:
            yield from self.number(self._cutter(text, measure).pieces(), measure)
        if text.damage:
            self.tell(*text.damage, None if answer else raw.position if codec is None else content.position)

    def _cutter(self, stream: Stream, measure: Callable[[bytes], int], start_bytes: int = 0) -> Cutter:
        return Cutter(stream, self.limits, self.losses, measure, start_bytes)

    def plain(self, file: Seekable, raw: Raw, start: int = 0) -> Iterator[Piece]:
        """A plain file from a byte on: without copies as far as that goes, the rest like any stream."""
        for piece in leap(file, self.limits.block_bytes, start):
            yield piece
            start = piece.offset_bytes + len(piece.data)
            raw.move(start)
        file.seek(start)
        raw.move(start)
        yield from self._cutter(raw, len, start).pieces()

    def number(self, pieces: Iterator[Piece], measure: Callable[[bytes], int]) -> Iterator[Block]:
        """Pieces as clean blocks, with the numbers of their first lines if these are wanted."""
        line = int(self.numbered)
        for piece in pieces:
            for whole in fit(piece, self.limits, self.losses, measure):
                yield Block(self.source, whole.offset_bytes, line, whole.data)
                line += count_lines(whole.data) if self.numbered else 0

    def _split(self, text: Stream, scanner: Splitter) -> Iterator[Block]:
        """A document's elements as lines; giants are kept for a while longer, since white space will leave them."""
        batch: list[Element] = []
        size = 0
        for element in map(self._as_line, scanner.elements()):
            if batch and size + len(element.data) > self.limits.block_bytes:
                yield self._join(batch)
                batch, size = [], 0
            batch.append(element)
            size += len(element.data)
        if batch:
            yield self._join(batch)
        self.losses.add("document_bytes", scanner.lost_bytes)
        if scanner.is_unfinished and not text.damage:
            detail = f"the document ends too early; {scanner.lost_bytes} bytes belong to no whole element"
            self.tell("truncated", detail, scanner.offset_bytes)

    def _as_line(self, element: Element) -> Element:
        if element.is_cut and len(element.data) <= self.limits.line_bytes:
            self.losses.add("line_too_long")
        return element._replace(data=clean(element.data + b"\n", self.losses, self.limits.line_bytes))

    def _join(self, batch: list[Element]) -> Block:
        numbers = tuple(element.line for element in batch)
        data = b"".join(element.data for element in batch)
        return Block(self.source, batch[0].offset_bytes, numbers[0], data, line_numbers=numbers)

    def tell(self, reason: str, detail: str, offset_bytes: int | None = None) -> None:
        """Keep what went wrong with the source."""
        self.faults.append(Fault(self.source, reason, detail, offset_bytes))
