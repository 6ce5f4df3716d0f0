"""Learned baselines on disk: Parquet tables with page checksums, and a manifest that names and seals them.

A model is a folder. Its tables carry part of their own hash in their names and the manifest is replaced last, in one
step, so that a reader sees the old model or the new one and never a mixture. Nothing in it can execute.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pyarrow as pa

from detector.errors import ModelError

SCHEMA = "detector.model"
VERSION = 3
MANIFEST = "manifest.json"


class TableSeal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One table: its file, the SHA-256 of that, and its rows."""

    file: str
    sha256: str
    rows: int


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a model is.

    Attributes:
        schema: `detector.model/2`.
        window_us: length of a window.
        from_us, to_us: training span, microseconds since 1970 UTC.
        next_window: number of the window after the last one that was learned.
        settings_sha256: of the settings that shape what is learned.
        tables: by name.
    """

    schema: str
    window_us: int
    from_us: int
    to_us: int
    next_window: int
    settings_sha256: str
    tables: dict[str, TableSeal]


def settings_hash(settings: dict[str, Any]) -> str:
    """SHA-256 of settings, independent of their order."""
    return hashlib.sha256(msgspec.json.encode(settings, order="deterministic")).hexdigest()


def save(folder: str, tables: dict[str, pl.DataFrame], manifest: Manifest) -> None:
    """Write a model.

    Raises:
        ModelError: the folder cannot be written.
    """
    place = Path(folder)
    try:
        place.mkdir(parents=True, exist_ok=True)
        seals = {name: _write(place, name, table) for name, table in tables.items()}
        sealed = msgspec.structs.replace(manifest, schema=f"{SCHEMA}/{VERSION}", tables=seals)
        waiting = place / (MANIFEST + ".new")
        waiting.write_bytes(msgspec.json.format(msgspec.json.encode(sealed)) + b"\n")
        os.replace(waiting, place / MANIFEST)
        for old in place.glob("*.parquet"):
            if old.name not in {seal.file for seal in seals.values()}:
                old.unlink()
    except OSError as error:
        raise ModelError(f"model {folder}: cannot be written: {error.strerror or error}") from error


def _write(place: Path, name: str, table: pl.DataFrame) -> TableSeal:
    from pyarrow.parquet import write_table

    sink = pa.BufferOutputStream()
    arrow = table.to_arrow(compat_level=pl.CompatLevel.oldest())
    write_table(arrow, sink, compression="zstd", write_page_checksum=True)
    data = sink.getvalue()
    digest = hashlib.sha256(data).hexdigest()
    file = f"{name}-{digest[:12]}.parquet"
    waiting = place / (file + ".new")
    waiting.write_bytes(data)
    os.replace(waiting, place / file)  # the old model may have the same table: never half of it
    return TableSeal(file, digest, table.height)


def load(folder: str) -> tuple[dict[str, pl.DataFrame], Manifest]:
    """Read a model and hold it to its seals.

    Raises:
        ModelError: it is missing, damaged, foreign or newer, in one line that says what to do.
    """
    manifest = _manifest(folder)
    return {name: _read(folder, name, seal) for name, seal in manifest.tables.items()}, manifest


def _manifest(folder: str) -> Manifest:
    path = Path(folder) / MANIFEST
    try:
        data = path.read_bytes()
    except OSError as error:
        hint = "no model there; make one with: detector learn PATH... --model " + folder
        why = hint if isinstance(error, FileNotFoundError) else error.strerror
        raise ModelError(f"model {folder}: {why}") from error
    try:
        _check_schema(folder, str(msgspec.json.decode(data)["schema"]))
        return msgspec.json.decode(data, type=Manifest)
    except (msgspec.MsgspecError, TypeError, KeyError) as error:
        raise ModelError(f"model {folder}: {MANIFEST} is damaged ({error}); learn anew") from error


def _check_schema(folder: str, schema: str) -> None:
    """Refuse a model that is another program's or a newer one's."""
    name, _, version = schema.rpartition("/")
    if name == SCHEMA and version.isdigit() and int(version) > VERSION:
        raise ModelError(
            f"model {folder}: written by a newer version (format {version}, this program reads {VERSION}); "
            "update, or learn anew"
        )
    if name == SCHEMA and version.isdigit() and int(version) < VERSION:
        raise ModelError(f"model {folder}: written by an older version (format {version}); learn anew")
    if name != SCHEMA or version != str(VERSION):
        raise ModelError(f"model {folder}: {MANIFEST} is not one of a detector model")


def _read(folder: str, name: str, seal: TableSeal) -> pl.DataFrame:
    from pyarrow.parquet import read_table

    path, what = Path(folder) / Path(seal.file).name, f"model {folder}: table {seal.file}"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{what} cannot be read ({error.strerror}); learn anew") from error
    if hashlib.sha256(data).hexdigest() != seal.sha256:
        raise ModelError(f"{what} is damaged (its checksum differs); restore it or learn anew")
    try:
        table = read_table(pa.BufferReader(data), page_checksum_verification=True)
    except (pa.ArrowException, OSError) as error:
        raise ModelError(f"{what} is damaged; learn anew") from error
    frame = pl.DataFrame(pl.from_arrow(table))
    if frame.height != seal.rows:
        raise ModelError(f"model {folder}: table {name} has {frame.height} rows instead of {seal.rows}; learn anew")
    return frame
