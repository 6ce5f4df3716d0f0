"""What reading is given besides paths, settings and the clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from detector.pipeline.crew import Crew
    from detector.sources.files import SourceFile


@dataclass(frozen=True, slots=True)
class Aids:
    """Where standard input comes from, and who is told how far reading is.

    Attributes:
        stdin: what `-` is; None: the process' own standard input.
        begin: is told the files found; None: nobody listens.
        progress: is told, now and then, how many more bytes on disk were read.
        crew: processes that were started ahead; None: those that are needed are started and ended.
    """

    stdin: BinaryIO | None = None
    begin: Callable[[list[SourceFile]], None] | None = None
    progress: Callable[[int], None] | None = None
    crew: Crew | None = None


NO_AIDS = Aids()
