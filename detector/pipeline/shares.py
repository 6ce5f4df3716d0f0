"""A share of the work on a large file: one part of it, from bytes to counts, in this process or in another one."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing.connection import Connection
from typing import Any

from detector.config import Settings
from detector.errors import Fault, Losses
from detector.pipeline.opening import context_for, for_counting
from detector.pipeline.read import Context, Reading, read
from detector.sources.blocks import head, read_part
from detector.sources.files import SourceFile
from detector.sources.parts import Identity, Part, identity_of

PART_BYTES = 32 * 1024 * 1024
"""Large enough that handing over costs nothing, small enough that the last ones end together."""


@dataclass(frozen=True, slots=True)
class Share:
    """What another process has to be told.

    Attributes:
        file: where to read.
        identity: which file was meant, should another one have its name by now.
        part: of it.
        settings: how to read.
        now_us: the clock, as for `gather`.
        work: what is made of it.
    """

    file: SourceFile
    identity: Identity
    part: Part
    settings: Settings
    now_us: int
    work: Callable[[Share, io.FileIO], Any]


@dataclass(slots=True)
class Done:
    """What a share gave: the readings of its blocks in order, repairs and trouble."""

    readings: list[Reading]
    losses: Losses
    faults: list[Fault]

    def send(self, pipe: Connection) -> None:
        """Hand it to another process."""
        pipe.send(self)

    def complete(self, _pipe: Connection) -> None:
        """There is nothing more to take over."""


def read_share(share: Share, file: io.FileIO) -> Done:
    """Read a part of a file that is open."""
    context = _context(share.file, share.identity, share.settings, share.now_us)
    done = Done([], Losses(), [])
    for block in read_part(share.file.path, file, share.part, done.losses, done.faults):
        done.readings.append(read(block, context))
    return done


def open_share(share: Share) -> Any:
    """The same from another process; None if the file of that name is another one by now."""
    try:
        with io.FileIO(share.file.path) as file:
            return share.work(share, file) if identity_of(file) == share.identity else None
    except OSError:
        return None


def head_lines(file: SourceFile) -> list[str]:
    """The first lines of a file, by which it is recognised."""
    return head(file).decode().split("\n")[:-1]


@lru_cache(maxsize=4)
def _context(file: SourceFile, _identity: Identity, settings: Settings, now_us: int) -> Context:
    return for_counting(context_for(file, head_lines(file), settings, now_us))
