"""The journal's export format becomes one JSON line for each entry."""

from __future__ import annotations

import json

from hypothesis import example, given
from hypothesis import strategies as st

from detector.sources.documents import Element
from detector.sources.journal_export import VALUE_BYTES, Entries, is_export
from detector.sources.splitting import find_splitter
from detector.sources.streams import Raw
from tests.sources.packing import Trickle

BEGIN = {"__CURSOR": "s=1", "__REALTIME_TIMESTAMP": "1767323045000000"}
names = st.sampled_from(["MESSAGE", "PRIORITY", "_HOSTNAME", "X_1"])
odd = st.sampled_from(["\n", "\n\n", "a=b", "A\n\nB=\n", "\0", ""])
texts = st.text(st.characters(codec="utf-8"), max_size=12) | odd
entries = st.lists(st.dictionaries(names, texts, max_size=4), min_size=1, max_size=4)


def written(entry: dict[str, str], *, sized: bool = False) -> bytes:
    """An entry as journalctl writes it: with sizes where a value is no plain text, or for all."""
    fields = []
    for name, value in entry.items():
        data = value.encode()
        if sized or not value.isprintable():
            fields.append(name.encode() + b"\n" + len(data).to_bytes(8, "little") + data + b"\n")
        else:
            fields.append(name.encode() + b"=" + data + b"\n")
    return b"".join(fields) + b"\n"


def split(text: bytes, step: int = 100_000, entry_bytes: int = 1 << 20) -> tuple[list[Element], Entries]:
    """The entries of `text`, which comes `step` bytes at a time."""
    splitter = Entries(Raw(Trickle(text, step), None), entry_bytes)
    return list(splitter.elements()), splitter


@given(entries=entries, step=st.integers(1, 300), entry_bytes=st.integers(1, 200))
@example(entries=[{"MESSAGE": "A\n\nB"}], step=1, entry_bytes=1)
def test_entries(entries: list[dict[str, str]], step: int, entry_bytes: int) -> None:
    """Each entry comes out once, in order, on one line, with its place, however the stream comes."""
    whole = [BEGIN | entry for entry in entries]
    pieces = [written(entry) for entry in whole]
    found, splitter = split(b"".join(pieces), step, entry_bytes)
    assert whole == [json.loads(one.data) for one in found]
    assert [sum(map(len, pieces[:n])) for n in range(len(pieces))] == [one.offset_bytes for one in found]
    assert [1 + b"".join(pieces[:n]).count(b"\n") for n in range(len(pieces))] == [one.line for one in found]
    assert (0, False) == (splitter.lost_bytes, splitter.is_unfinished)
    assert not any(b"\n" in one.data or one.is_cut for one in found)


def test_giants_are_cut_and_what_follows_is_found() -> None:
    """A core dump in an entry takes no memory and hides nothing."""
    for sized in (True, False):
        giant = written({"COREDUMP": "x" * (3 * VALUE_BYTES)}, sized=sized)[:-1] + written({"MESSAGE": "after it"})
        found, _ = split(written(BEGIN)[:-1] + giant + written(BEGIN), entry_bytes=1000)
        assert [True, False] == [one.is_cut for one in found]
        assert "after it" == json.loads(found[0].data)["MESSAGE"]
        assert len(found[0].data) < 2 * VALUE_BYTES


def test_an_end_within_an_entry_is_told() -> None:
    """A file that is still being written, or was cut."""
    for size in range(1, 9):
        found, splitter = split((written(BEGIN) + written(BEGIN | {"MESSAGE": "a\nb"}, sized=True))[:-size])
        assert (2, True) == (len(found), splitter.is_unfinished)


@given(st.binary(max_size=200), st.integers(1, 50))
def test_anything_ends(rest: bytes, step: int) -> None:
    """Whatever follows, all of it is read."""
    text = written(BEGIN) + rest
    found, splitter = split(text, step)
    assert BEGIN == json.loads(found[0].data)
    assert len(text) == splitter.offset_bytes


def test_by_the_beginning() -> None:
    """Only what begins with a time of the journal is one."""
    assert Entries is find_splitter(written(BEGIN))
    assert not is_export(b"NAME=value\nOTHER=value\n")
    assert not is_export(b'{"__REALTIME_TIMESTAMP":"1"}\n')
