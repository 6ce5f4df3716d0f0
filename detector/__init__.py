"""Finds sudden increases of log volume, and says what drives them.

    import detector
    result = detector.scan(["/var/log/nginx"], window="1m")
    result.incidents, result.windows
    for frame in detector.parse(["access.log"]): ...

The settings are those of `detector.config.Settings`; files and the environment are not looked at. Nothing heavy is
imported before it is used.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from detector.errors import (
    DetectorError,
    InputError,
    ModelError,
    SettingsError,
    UsageError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO, Unpack

    import polars as pl

    from detector.overrides import Overrides
    from detector.schemas import ScanResult

__version__ = "0.1.0"
__all__ = [
    "DetectorError", "InputError", "ModelError", "SettingsError", "UsageError", "__version__", "incidents_frame",
    "parse", "scan",
]  # fmt: skip


def scan(
    paths: Sequence[str], *, windows: bool = False, stdin: BinaryIO | None = None, now_us: int | None = None,
    **settings: Unpack[Overrides],
) -> ScanResult:  # fmt: skip
    """Find surges, as `detector scan` does.

    Args:
        paths: files, folders, globs, `-`.
        windows: keep the verdict of every service and window in the result, as the table `schemas.VERDICTS`.
        stdin: what `-` is, if not the process' own standard input.
        now_us: the clock, microseconds since 1970 UTC, for times without a year in streams; None: the computer's.
        settings: see `detector.config.Settings`.

    Raises:
        InputError: nothing could be read.
        SettingsError: a setting is unknown, of the wrong type or out of range.
    """
    from detector.layers import settings_of
    from detector.pipeline.aids import Aids
    from detector.pipeline.digest import Keep
    from detector.pipeline.scan import scan as walk

    return walk(paths, settings_of(settings), _now(now_us), Aids(stdin), Keep(windows=windows))


def parse(
    paths: Sequence[str], *, stdin: BinaryIO | None = None, now_us: int | None = None, **settings: Unpack[Overrides]
) -> Iterator[pl.DataFrame]:
    """Yield the records of all sources as tables `schemas.RECORDS`, as `detector parse` prints them.

    Args:
        paths, stdin, now_us, settings: as for `scan`.

    Raises:
        InputError: nothing could be read.
        SettingsError: a setting is unknown, of the wrong type or out of range.
    """
    from detector.layers import settings_of
    from detector.pipeline.aids import Aids
    from detector.pipeline.parse import Parsing

    return Parsing(settings_of(settings), _now(now_us), Aids(stdin)).frames(paths)


def incidents_frame(result: ScanResult) -> pl.DataFrame:
    """The incidents of a scan as a table, one row each, as `detector scan --format parquet` writes it."""
    from detector.report.rows import tabulate

    return tabulate(result)


def _now(now_us: int | None) -> int:
    return time.time_ns() // 1000 if now_us is None else now_us  # noqa: TID251  an entry point, like the command line
