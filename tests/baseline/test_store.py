"""Models on disk: whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import polars as pl
import pytest

from detector.baseline.store import MANIFEST, SCHEMA, VERSION, Manifest, load, save, settings_hash
from detector.errors import ModelError

MODEL = Manifest("", 60_000_000, 1, 2, 3, "settings", {})
TABLES = {
    "services": pl.DataFrame({"service": ["a", "ü", ""], "born": [1, -2, 3], "spoke": [True, False, None]}),
    "seasons": pl.DataFrame({"service": ["a"], "cross": [[0.1, float("nan"), -1e300]]}),
    "empty": pl.DataFrame(schema={"service": pl.String, "value": pl.Float64}),
}
OTHER = {"services": pl.DataFrame({"service": ["other"], "born": [9], "spoke": [True]})}


def refuse(*_arguments: object) -> None:
    """What the system does when the disk is full."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def same(expected: dict[str, pl.DataFrame], folder: Path) -> bool:
    """Does the folder hold just these tables?"""
    found, _ = load(str(folder))
    return expected.keys() == found.keys() and all(table.equals(found[name]) for name, table in expected.items())


def test_what_is_saved_is_loaded(tmp_path):
    """Tables come back with their types, gaps and numbers, and the manifest says what they are."""
    save(str(tmp_path / "new" / "model"), TABLES, MODEL)
    tables, manifest = load(str(tmp_path / "new" / "model"))
    assert {name: table.schema for name, table in TABLES.items()} == {
        name: table.schema for name, table in tables.items()
    }
    assert same(TABLES, tmp_path / "new" / "model")
    assert (f"{SCHEMA}/{VERSION}", 60_000_000, 1, 2, 3, "settings") == (
        manifest.schema, manifest.window_us, manifest.from_us, manifest.to_us,
        manifest.next_window, manifest.settings_sha256,
    )  # fmt: skip


def test_the_same_model_is_the_same_bytes(tmp_path):
    """Saving is deterministic: two folders hold the same files."""
    files = []
    for name in ("a", "b"):
        save(str(tmp_path / name), TABLES, MODEL)
        files.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})
    assert files[0] == files[1]


def test_a_new_model_leaves_no_old_tables(tmp_path):
    """After a second save only the tables of the second model are there, and other people's files still are."""
    (tmp_path / "notes.txt").write_text("mine")
    save(str(tmp_path), TABLES, MODEL)
    save(str(tmp_path), OTHER, MODEL)
    sealed = {seal.file for seal in load(str(tmp_path))[1].tables.values()}
    assert sealed | {MANIFEST, "notes.txt"} == {path.name for path in tmp_path.iterdir()}
    assert same(OTHER, tmp_path)


def test_the_old_model_stays_if_the_new_one_is_not_finished(tmp_path, monkeypatch):
    """When the last step fails the old model is read as before, and the next save cleans up."""
    save(str(tmp_path), TABLES, MODEL)
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", refuse)
        with pytest.raises(ModelError, match="cannot be written: No space left"):
            save(str(tmp_path), OTHER, MODEL)
    assert same(TABLES, tmp_path)
    save(str(tmp_path), OTHER, MODEL)
    assert 2 == len(list(tmp_path.iterdir()))


def test_the_old_model_stays_if_a_table_is_half_written(tmp_path, monkeypatch):
    """A full disk in the middle of a table that both models share does not damage the old one."""
    save(str(tmp_path), TABLES, MODEL)

    def half(path: Path, data: bytes) -> int:
        with path.open("wb") as file:
            file.write(memoryview(data)[: len(data) // 2])
        refuse()
        return 0

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", half)
        with pytest.raises(ModelError, match="cannot be written"):
            save(str(tmp_path), TABLES, MODEL)
    assert same(TABLES, tmp_path)


@pytest.mark.parametrize("at", [0, 100, -1])
def test_a_damaged_table_is_refused(tmp_path, at):
    """One byte that changed anywhere in a table is seen."""
    save(str(tmp_path), OTHER, MODEL)
    path = next(tmp_path.glob("services-*.parquet"))
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelError, match="is damaged"):
        load(str(tmp_path))


def test_a_missing_table_or_model_is_told(tmp_path):
    """A folder without a model says how to make one, a model without a table which one it lacks."""
    with pytest.raises(ModelError, match="detector learn"):
        load(str(tmp_path))
    save(str(tmp_path), OTHER, MODEL)
    next(tmp_path.glob("services-*.parquet")).unlink()
    with pytest.raises(ModelError, match=r"table services-.* cannot be read"):
        load(str(tmp_path))


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        ('{"schema": "detector.model/4"}', "newer version"),
        ('{"schema": "detector.model/99", "unheard": 1}', "newer version"),
        ('{"schema": "another.model/1"}', "is not one of a detector model"),
        ('{"schema": "detector.model/1"}', "older version .* learn anew"),
        ('{"schema": "detector.model/1", "last_day": 3}', "older version .* learn anew"),
        ('{"schema": "detector.model/3"}', "is damaged"),
        ('{"schema": "detector.model/3", "last_day": 3}', "is damaged"),
        ('{"schema": "detector.model/-1"}', "is not one of a detector model"),
        ("[]", "is damaged"),
        ("{", "is damaged"),
        ("", "is damaged"),
    ],
)
def test_a_foreign_newer_older_or_damaged_manifest_is_refused(tmp_path, manifest, reason):
    """Whatever the manifest holds, the answer is one line that says why."""
    (tmp_path / MANIFEST).write_text(manifest)
    with pytest.raises(ModelError, match=reason) as caught:
        load(str(tmp_path))
    assert 1 == len(str(caught.value).splitlines())


def test_a_table_outside_the_folder_is_not_read(tmp_path):
    """A manifest that names a path elsewhere reads nothing outside its folder."""
    save(str(tmp_path / "a"), OTHER, MODEL)
    save(str(tmp_path / "b"), OTHER, MODEL)
    table = next((tmp_path / "b").glob("services-*.parquet"))
    manifest = (tmp_path / "a" / MANIFEST).read_text().replace(table.name, f"../b/{table.name}")
    (tmp_path / "a" / MANIFEST).write_text(manifest)
    next((tmp_path / "a").glob("services-*.parquet")).unlink()
    with pytest.raises(ModelError, match="cannot be read"):
        load(str(tmp_path / "a"))


def test_the_order_of_settings_makes_no_difference():
    """Settings are the same in any order, and others have another hash."""
    assert settings_hash({"a": 1, "b": [2, None]}) == settings_hash({"b": [2, None], "a": 1})
    assert settings_hash({"a": 1}) != settings_hash({"a": 2})
