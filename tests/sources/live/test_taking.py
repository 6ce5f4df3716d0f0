"""However a stream comes in pieces, its lines are the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from detector.errors import Losses
from detector.sources.lines import LINE_BYTES
from detector.sources.live.taking import Inside, clean_runs, joined, take


def through(pieces: list[bytes]) -> tuple[bytes, dict[str, int]]:
    """All lines of a stream that comes in these pieces."""
    losses, lines = Losses(), b""
    waiting, inside = b"", Inside.BEGIN
    for piece in pieces:
        taken = take(waiting + piece, inside, flush=False)
        waiting, inside = (waiting + piece)[taken.size :], taken.inside
        lines += b"".join(clean_runs(taken.lines, losses))
    lines += b"".join(clean_runs(take(waiting, inside, flush=True).lines, losses))
    return lines, losses.as_dict()


@given(st.lists(st.text("ab\n", max_size=8), max_size=8))
def test_any_pieces_give_the_same_lines(texts: list[str]):
    """The lines are those of the whole stream; a last one without LF gets one."""
    pieces = [text.encode() for text in texts]
    whole = b"".join(pieces)
    assert whole + (b"" if whole.endswith(b"\n") or not whole else b"\n") == through(pieces)[0]


def test_a_line_that_is_too_long_is_cut_once():
    """Of a line of many megabytes its begin is kept, and the next line is whole."""
    giant = b"x" * (5 * LINE_BYTES)
    lines, losses = through([giant[:100_000], *[giant] * 4, b"y\nnext\n"])
    assert [b"x" * LINE_BYTES, b"next"] == lines.splitlines()
    assert {"line_too_long": 1} == losses


def test_after_a_flush_the_line_end_is_no_line():
    """A line that was taken before its LF came is not followed by an empty one."""
    flushed = take(b"half", Inside.BEGIN, flush=True)
    assert (b"half\n", 4, Inside.FLUSHED) == flushed
    assert (b"next\n", 6, Inside.BEGIN) == take(b"\nnext\n", flushed.inside, flush=False)
    assert (b" rest\n", 6, Inside.BEGIN) == take(b" rest\n", flushed.inside, flush=False)


def test_no_more_lines_are_made_than_allowed():
    """Beyond the bound nothing is made any more, and what is left out is counted."""
    made: list[int] = []

    def make(number: int) -> bytes:
        made.append(number)
        return b"x" * 600_000

    runs = list(joined([(3, map(make, range(3))), (7, map(make, range(3, 10)))], 2_000_000))
    assert [2, 2, 0] == [lines.count(b"\n") for lines, _ in runs]
    assert [2, 2, 6] == [count for _, count in runs]
    assert list(range(4)) == made
