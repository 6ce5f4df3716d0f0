"""What a tile knows, as bytes and back: named arrays, compressed and sealed. Nothing in them can execute."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, fields
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from detector.baseline.habits import Habits
from detector.detect.verdicts import Detector
from detector.errors import ModelError
from detector.incidents.surge import Surge
from detector.pipeline.advance import State
from detector.pipeline.block import followed
from detector.pipeline.ticks import Ticking

VERSION = 2
MEMORY = ("counts", "exposure", "cells", "cells_exposure")
NOISE = ("sums", "phi", "dispersion")
FALLS = "falls."
KINDS: dict[str, Callable[[str], object]] = {"int": int, "float": float, "bool": lambda text: text == "True"}
"""How the fields of a surge are read."""
LIGHT = 1
"""The level of compression: as fast as a disk."""


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One array: its name, type and shape."""

    name: str
    dtype: str
    shape: tuple[int, ...]


Followed = tuple[dict[int, dict[str, str]], dict[int, tuple[int, float]]]


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What stands before the arrays.

    Attributes:
        version: of all of it.
        signals, names: of the services.
        next: the window that comes after what was learned; None before the first.
        begun: whether any window was judged.
        followers: of surges and of falls; incidents that were open at the begin of the block, and what was over.
        parts: the arrays, in order.
    """

    version: int
    signals: tuple[str, ...]
    names: list[str]
    next: int | None
    begun: bool
    followers: tuple[Followed, Followed]
    parts: list[Part]


def pack(tile: Ticking) -> bytes:
    """What a tile knew at the begin of its block; what came since stands in the windows that closed since."""
    state = tile.state
    arrays = _arrays(state)
    now = (followed(state.follower), followed(state.falls.follower)) if tile.block is None else tile.block.followers
    surges, falls = (({at: _texts(surge) for at, surge in found.items()}, over) for found, over in now)
    head = Head(
        VERSION, state.signals, state.names, tile.learned, tile.begun,
        (surges, falls),
        [Part(name, array.dtype.str, array.shape) for name, array in arrays.items()],
    )  # fmt: skip
    first = msgspec.json.encode(head)
    data = (np.ascontiguousarray(one).tobytes() for one in arrays.values())
    raw = b"".join([len(first).to_bytes(8, "little"), first, *data])
    squeezed = pa.Codec("zstd", LIGHT).compress(raw, asbytes=True)
    return b"".join([_digest(squeezed), len(raw).to_bytes(8, "little"), squeezed])


def unpack(data: bytes, fresh: State) -> Ticking:
    """The inverse of `pack`, into a state of no services.

    Raises:
        ModelError: the bytes are damaged or of another version.
    """
    squeezed = data[24:]
    if _digest(squeezed) != data[:16]:
        raise ModelError("what is known of services is damaged (its checksum differs); start anew with an empty folder")
    raw = pa.Codec("zstd").decompress(squeezed, int.from_bytes(data[16:24], "little"), asbytes=True)
    begin = 8 + int.from_bytes(raw[:8], "little")
    try:
        head = msgspec.json.decode(raw[8:begin], type=Head)
    except msgspec.DecodeError as error:
        raise ModelError(f"what is known of services is of another version ({error}); start anew") from error
    if head.version != VERSION:
        raise ModelError("what is known of services is of another version; start anew with an empty folder")
    state = State(fresh.width_us, head.signals, fresh.prior, fresh.settings, fresh.open_at)
    tile = Ticking(state, begun=head.begun)
    tile.state.grow(head.names)
    falls_are_lost = _fill(tile.state, _read(raw, begin, head.parts))
    tile.state.history.next = head.next
    for follower, (surges, over) in zip((state.follower, state.falls.follower), head.followers, strict=True):
        follower.surges, follower.over = {at: _surge(values) for at, values in surges.items()}, dict(over)
    if falls_are_lost:
        state.falls.follower.surges.clear()
        state.falls.follower.over.clear()
    return tile


def _texts(surge: Surge) -> dict[str, str]:
    """Numbers as texts: unlike JSON they have NaN."""
    return {name: repr(value) for name, value in asdict(surge).items()}


def _surge(values: dict[str, str]) -> Surge:
    kinds = {each.name: KINDS[str(each.type)] for each in fields(Surge)}
    numbers: dict[str, Any] = {name: kinds[name](value) for name, value in values.items()}
    return Surge(**numbers)


def _arrays(state: State) -> dict[str, NDArray[np.floating]]:
    return {
        **{f"habits.{each.name}": getattr(state.habits, each.name) for each in fields(Habits)},
        **{f"history.{name}": getattr(state.history, name) for name in MEMORY},
        **_scatter("", state.detector),
        **_scatter(FALLS, state.falls.detector),
    }


def _scatter(prefix: str, detector: Detector) -> dict[str, NDArray[np.floating]]:
    noise = {f"{prefix}noise.{name}": getattr(detector.noise, name) for name in NOISE}
    return {**noise, f"{prefix}peaks.seen": detector.peaks.seen}


def _read(raw: bytes, begin: int, parts: list[Part]) -> dict[str, NDArray[np.floating]]:
    found = {}
    for part in parts:
        count = int(np.prod(part.shape))
        array = np.frombuffer(raw, np.dtype(part.dtype), count, begin).reshape(part.shape)
        found[part.name] = array
        begin += array.nbytes
    return found


def _fill(state: State, arrays: dict[str, NDArray[np.floating]]) -> bool:
    """Put arrays where they were.

    Returns:
        whether what is known of falls is lost, because others are watched for them by now.

    Raises:
        ModelError: they do not fit, because another version wrote them.
    """
    ours, lost = _arrays(state), set()
    for name, array in ours.items():
        if name not in arrays or array.shape != arrays[name].shape:
            lost.add(name)
    if any(not name.startswith(FALLS) for name in lost):
        raise ModelError("what is known of services is of another version; start anew with an empty folder")
    for name, array in arrays.items():
        if name in ours and not (lost and name.startswith(FALLS)):
            ours[name][:] = array
    state.detector.peaks.measure()
    state.falls.detector.peaks.measure()
    return bool(lost)


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()
