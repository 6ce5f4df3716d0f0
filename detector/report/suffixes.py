"""Which format is meant."""

from __future__ import annotations

from collections.abc import Mapping

from detector.errors import UsageError


def by_suffix(wanted: str | None, path: str | None, suffixes: Mapping[str, str]) -> str:
    """The format that the user names, else by the suffix of the file, else the table.

    Raises:
        UsageError: the suffix says nothing.
    """
    if wanted is not None:
        return wanted
    if path is None or path == "-":
        return "table"
    suffix = path.rpartition(".")[2].lower()
    if suffix not in suffixes:
        known = ", ".join(f".{one}" for one in suffixes)
        raise UsageError(f"-o {path}: this suffix names no format; use one of {known}, or add --format")
    return suffixes[suffix]
