"""Decompression: promises that hold over every codec."""

from __future__ import annotations

import io
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.sources.archives import decompress
from detector.sources.streams import Peeked, Raw
from tests.sources.packing import PACKERS, lines_of, unpack

every_codec = pytest.mark.parametrize("codec", PACKERS)
contents = st.one_of(
    st.binary(), st.builds(lambda unit, times: unit * times, st.binary(max_size=50), st.integers(0, 3000))
)


@every_codec
@settings(max_examples=40)
@given(content=contents, view_bytes=st.integers(1, 5000))
def test_roundtrip(codec: str, content: bytes, view_bytes: int) -> None:
    """Any content comes back whole through any size of view, and nothing is reported."""
    expected = content
    actual, damage = unpack(PACKERS[codec](content), view_bytes)
    assert expected == actual
    assert None is damage


@every_codec
@settings(max_examples=40)
@given(contents=st.lists(contents, max_size=6))
def test_members_follow_each_other(codec: str, contents: list[bytes]) -> None:
    """Members or frames written one behind the other are all read, the empty ones too."""
    actual, damage = unpack(b"".join(map(PACKERS[codec], contents)))
    assert b"".join(contents) == actual
    assert None is damage


@every_codec
@pytest.mark.parametrize("padding", [8, 512, 100_000])
def test_zero_padding_is_nothing(codec: str, padding: int) -> None:
    """Zeros behind the end, as tapes and block devices leave them, are no damage."""
    actual, damage = unpack(PACKERS[codec](b"one\n") + bytes(padding))
    assert b"one\n" == actual
    assert None is damage


@pytest.mark.parametrize("codec", ["gz", "bz2", "xz"])
def test_zero_padding_between_members(codec: str) -> None:
    """Zeros between two members are stepped over where the codec's tools do so."""
    actual, damage = unpack(PACKERS[codec](b"one\n") + bytes(1024) + PACKERS[codec](b"two\n"))
    assert b"one\ntwo\n" == actual
    assert None is damage


@every_codec
def test_zeros_in_place_of_the_rest_are_damage(codec: str) -> None:
    """A file whose end a crash left as zeros is reported, though it ends in zeros."""
    packed = PACKERS[codec](b"".join(lines_of(20_000)))
    _, damage = unpack(packed[: len(packed) // 2] + bytes(100_000))
    assert damage is not None


@every_codec
def test_other_bytes_behind_the_end(codec: str) -> None:
    """Garbage behind the end costs nothing of what came before, and is reported as damage."""
    content = b"".join(lines_of(5000))
    actual, damage = unpack(PACKERS[codec](content) + b"other bytes, not compressed")
    assert content == actual
    assert damage is not None
    assert "damaged" == damage.reason


@pytest.mark.parametrize("codec", ["zst", "lz4"])
def test_skippable_frames(codec: str) -> None:
    """Frames that are to be skipped are, before, between and behind the others."""
    note = b"\x5a\x2a\x4d\x18\x05\x00\x00\x00notes"
    actual, damage = unpack(note + note + PACKERS[codec](b"one\n") + note + PACKERS[codec](b"two\n") + note)
    assert b"one\ntwo\n" == actual
    assert None is damage


@every_codec
@settings(max_examples=40)
@given(data=st.data())
def test_truncation_keeps_the_good_part(codec: str, data: st.DataObject) -> None:
    """Cut at any byte, a stream keeps every member before the cut, gives no false byte, and is called truncated."""
    contents = [bytes(line) * 300 for line in lines_of(8)]
    members = [PACKERS[codec](content) for content in contents]
    cut = data.draw(st.integers(10, sum(map(len, members)) - 1))
    ends = [sum(map(len, members[: n + 1])) for n in range(len(members))]
    whole = sum(end <= cut for end in ends)
    actual, damage = unpack(b"".join(members)[:cut])
    assert b"".join(contents[:whole]) == actual[: sum(map(len, contents[:whole]))]
    assert b"".join(contents).startswith(actual)
    assert ("truncated" if cut not in ends else None) == (damage and damage.reason)


@every_codec
@settings(max_examples=40)
@given(data=st.data())
def test_damage_keeps_what_came_before(codec: str, data: st.DataObject) -> None:
    """Any byte changed in any member never raises and costs nothing of the members before it."""
    contents = [bytes(line) * 300 for line in lines_of(5)]
    members = [PACKERS[codec](content) for content in contents]
    hurt = data.draw(st.integers(0, 4))
    at = data.draw(st.integers(0 if hurt else 16, len(members[hurt]) - 1))
    broken = bytearray(members[hurt])
    broken[at] ^= data.draw(st.integers(1, 255))
    actual, _ = unpack(b"".join([*members[:hurt], broken, *members[hurt + 1 :]]))
    before = b"".join(contents[:hurt])
    assert before == actual[: len(before)]


@given(data=st.data())
def test_gzip_truncation_is_exact(data: st.DataObject) -> None:
    """A gzip stream cut anywhere gives every byte that zlib itself can give."""
    packed = PACKERS["gz"](b"".join(lines_of(3000)))
    cut = data.draw(st.integers(8, len(packed)))
    assert zlib.decompressobj(31).decompress(packed[:cut]) == unpack(packed[:cut])[0]


def test_gzip_with_a_wrong_checksum() -> None:
    """Where only the checksum at the end is wrong, all content is kept and the damage told."""
    content = b"".join(lines_of(3000))
    packed = bytearray(PACKERS["gz"](content))
    packed[-6] ^= 1
    actual, damage = unpack(bytes(packed), 1 << 20)
    assert content == actual
    assert damage is not None
    assert "damaged" == damage.reason


class _Breaking(io.BytesIO):
    """A file that gives 100,000 bytes and then fails with `error`."""

    def __init__(self, data: bytes, error: BaseException) -> None:
        super().__init__(data)
        self._error = error

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]  # io's own type is wider
        if self.tell() >= 100_000:
            raise self._error
        return super().readinto(buffer[: 100_000 - self.tell()])


@pytest.mark.parametrize("codec", [*PACKERS, None])
def test_a_disk_that_fails(codec: str | None) -> None:
    """An I/O error in the midst keeps what came before and is called unreadable, not truncated."""
    content = b"".join(lines_of(200_000))
    packed = PACKERS[codec](content) if codec else content
    stream = decompress(Peeked(Raw(_Breaking(packed, OSError(5, "Input/output error")), None)), codec)
    view = memoryview(bytearray(1 << 20))
    actual = b"".join(bytes(view[:count]) for count in iter(lambda: stream.readinto(view), 0))
    assert content.startswith(actual)
    assert ("unreadable", "cannot be read on: Input/output error") == stream.damage
    assert len(actual) >= 100_000 or codec == "bz2"


@every_codec
def test_an_interrupt_passes(codec: str) -> None:
    """Control-C during a read ends the program as always, through pyarrow too."""
    packed = PACKERS[codec](b"".join(lines_of(200_000)))
    stream = decompress(Peeked(Raw(_Breaking(packed, KeyboardInterrupt()), None)), codec)
    view = memoryview(bytearray(1 << 20))
    with pytest.raises(KeyboardInterrupt):
        list(iter(lambda: stream.readinto(view), 0))


def test_progress_counts_bytes_on_disk() -> None:
    """What progress is told adds up to the size of the compressed file."""
    packed = PACKERS["zst"](b"".join(lines_of(300_000)))
    told: list[int] = []
    stream = decompress(Peeked(Raw(io.BytesIO(packed), told.append)), "zst")
    view = memoryview(bytearray(1 << 20))
    while stream.readinto(view):
        pass
    assert len(packed) == sum(told)
    assert len(told) > 1
