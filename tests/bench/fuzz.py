"""Throws binary lines and damaged samples at every format and holds the reader to its promises.

    python tests/bench/fuzz.py 5              # minutes; --seed N repeats a run

No exception, no lost line (lines in = lines of records + lines that are none, by reason), the same counts whichever way
a file is cut, and a line of a megabyte takes each format at most 50 ms. All goes through the reader, as files do.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from detector.config import Settings
from detector.errors import Losses
from detector.formats.format import Format, Sample
from detector.formats.table import FORMATS
from detector.pipeline.joining import Joint
from detector.pipeline.opening import context_for, head_of
from detector.pipeline.pieces import read_piece
from detector.pipeline.read import Context, read
from detector.schemas import Block
from detector.sources.blocks import read_blocks
from detector.sources.files import find

LIMIT_SECONDS = 0.05
GIANT_BYTES = 1_000_000
PIECES = (
    b"\0", b"\xff\xfe", b"\xc3", "é漢😀".encode(), b"\x1b[31m", b"\t", b'"', b"\\", b"\\u0000", b"{", b"}", b"[" * 40,
    b" " * 40, b"9" * 30, b"-1", b"1e999", b"2026-02-30T25:61:61Z", b"9999-12-31 23:59:59", b"0000-00-00T00:00:00Z",
    b"Feb 29 24:00:00", b"18446744073709551616", b"<999>", b'"time":null', b"#Fields: ", b"#separator \\x09",
    b"SET timestamp=99999999999999;", b" stdout P ", b"CEF:0|", b"\xef\xbb\xbf", b"\r", b"=", b"|",
)  # fmt: skip


def lines_of(sample: Sample) -> list[bytes]:
    """The physical lines of a sample, those of its head first."""
    return "\n".join([*([sample.head] if sample.head else []), sample.text]).encode().split(b"\n")


def damaged(line: bytes, chance: random.Random) -> bytes:
    """A line with something inserted, removed, repeated or replaced."""
    for _ in range(chance.choice((0, 0, 1, 1, 2, 5))):
        begin = chance.randint(0, len(line))
        end = min(len(line), begin + chance.choice((0, 1, 4, 20)))
        new = chance.choice((b"", chance.choice(PIECES), chance.randbytes(chance.randint(0, 9)), line[begin:end] * 2))
        line = line[:begin] + new + line[end:]
    return line


def source_of(known: Format, chance: random.Random) -> bytes:
    """Lines of a format, some damaged, some foreign, some random."""
    lines = [line for sample in known.samples for line in lines_of(sample)]
    every = lines * chance.choice((1, 1, 3))
    if chance.random() < 0.5:
        chance.shuffle(every)
    text = [damaged(line, chance) if chance.random() < 0.6 else line for line in every]
    for _ in range(chance.randint(0, 3)):
        other = chance.choice(chance.choice(FORMATS).samples)
        text.insert(chance.randint(0, len(text)), chance.choice((chance.randbytes(40), b"", *lines_of(other))))
    return b"\n".join(text) + b"\n" * chance.randint(0, 2)


def check(path: Path, settings: Settings) -> None:
    """Read a file as records and as counts, whole and in pieces.

    Raises:
        AssertionError: a line was lost, or a cut changed what was counted.
    """
    losses = Losses()
    for file in find([str(path)]).files:
        blocks = list(read_blocks(file, losses, []))
        if not blocks or file.kind != "text":
            continue
        context = context_for(file, head_of(blocks[0]), settings, 0)
        joint, whole = Joint("x", losses), Counter[str]()
        rows, told, lines = 0, 0, 0
        for block in blocks:
            piece = read_piece(block, context)
            rows += len(joint.take(piece))
            lines, told = lines + piece.lines, told + sum(piece.unparsed.values())
            whole += _totals(block, context)
        rows += len(joint.finish())
        assert lines == sum(block.data.count(b"\n") for block in blocks), "a line is missing"
        assert rows <= lines, "more records than lines"
        assert rows or told == lines, "lines are neither records nor told"
        cut = sum((_totals(block, context) for whole_one in blocks for block in _halves(whole_one)), Counter[str]())
        assert whole == cut, f"a cut changes what is counted: {whole} {cut}"


def _totals(block: Block, context: Context) -> Counter[str]:
    """What one block gives that no cut may change."""
    reading = read(block, context)
    return Counter({"lines": reading.lines, "bytes": reading.size_bytes, **reading.unparsed, **reading.formats})


def _halves(block: Block) -> Iterator[Block]:
    cut = block.data.find(b"\n", len(block.data) // 2) + 1
    for begin, data in ((0, block.data[:cut]), (cut, block.data[cut:])):
        if data:
            yield Block(block.source, block.offset_bytes + begin, block.first_line, data)


def giants(folder: Path, chance: random.Random) -> Iterator[tuple[str, float]]:
    """Name of each format, and the seconds that a line of a megabyte takes it above what its other lines do."""
    for known in FORMATS:
        lines = [line for sample in known.samples for line in lines_of(sample)]
        line = max(lines, key=len)
        begin = chance.randint(0, len(line))
        filler = chance.choice((b"x", b" ", b'"', b"\\", b"1", b"[", b"= ", b'\\"', "é".encode(), line[begin:] or b"."))
        giant = line[:begin] + filler * (GIANT_BYTES // len(filler)) + line[begin:]
        spent = []
        for text in (lines, [*lines, giant]):
            path = folder / "giant.log"
            path.write_bytes(b"\n".join(text) + b"\n")
            spent.append(min(_seconds(path, b"\n".join(lines).decode().split("\n"), known.name) for _ in range(3)))
        yield known.name, spent[1] - spent[0]


def _seconds(path: Path, head: list[str], name: str) -> float:
    (file,) = find([str(path)]).files
    context = context_for(file, head, Settings(input_format=name), 0)
    begin = time.process_time()
    for block in read_blocks(file, Losses(), []):
        read(block, context)
    return time.process_time() - begin


def fuzz(folder: Path, seed: int, seconds: float, *, judge_time: bool = True) -> tuple[int, list[str]]:
    """Files tried, and what went wrong, one line each; a file that does harm stays in the folder."""
    chance, faults, tried, end = random.Random(seed), [], 0, time.monotonic() + seconds
    for name, spent in giants(folder, chance) if judge_time else ():
        if spent > LIMIT_SECONDS:
            faults.append(f"{name}: a line of a megabyte takes {1000 * spent:.0f} ms")
    while time.monotonic() < end:
        for known in FORMATS:
            path = folder / f"{known.name}-{seed}-{tried}.log"
            path.write_bytes(source_of(known, chance))
            named = Settings(input_format=chance.choice(("auto", known.name)))
            try:
                check(path, named)
            except BaseException as error:  # polars panics with what is no Exception
                if isinstance(error, KeyboardInterrupt):
                    raise
                faults.append(f"{path} ({named.input_format}): {type(error).__name__}: {str(error)[:200]}")
            else:
                path.unlink()
            tried += 1
            if time.monotonic() > end:
                break
    return tried, faults


def main() -> None:
    """Run for so many minutes; exit code 1 if anything went wrong."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("minutes", type=float, nargs="?", default=5)
    ask.add_argument("--seed", type=int, default=int(time.time()))
    ask.add_argument("--folder", type=Path, default=None, help="where files that do harm are kept")
    asked = ask.parse_args()
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="fuzz-"))
    tried, faults = fuzz(folder, asked.seed, 60 * asked.minutes)
    print(f"seed {asked.seed}: {tried} files, {len(faults)} faults")
    for fault in faults[:40]:
        print(" ", fault)
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
