"""JSON lines taken apart by a parser: right for every line, and the fastest way for objects in objects.

polars reads a block of lines at once and fails as a whole at the first bad one, so lines are then read in small
pieces, and line by line where a piece fails.
"""

from __future__ import annotations

import io
import json
from collections.abc import Collection, Sequence

import numpy as np
import polars as pl

from detector.formats.jsonshape import parse_object, written
from detector.formats.lines import Lines

PIECE = 256
DEEP = 200
OPENING, CLOSING, BRACKET = b"{}["
ONE_TEXT = r'^\["([^"\\\x00-\x1f]*)"\]$'
ITEM = r"(?:-?\d+(?:\.\d+)?|null|true|false)"
PARTS = rf'(?s)^(?:\{{["}}]|\[(?:["\[{{\]]|{ITEM}(?:\]$|, .*\]$)))'
Tree = dict[str, "Tree | None"]


def read_paths(lines: Lines, paths: Sequence[str], free: Collection[str] = ()) -> pl.DataFrame:
    """`matched` (is the line an object?) and one String column per path.

    A column is null where there is no scalar, but those of `free` paths may also be the JSON of what has parts.
    """
    if (lines.bytes[lines.begins] == OPENING).all() and (lines.bytes[lines.ends - 1] == CLOSING).all():
        table = _read_block(lines.text, paths, free, lines)
    else:
        texts = lines.text.str.strip_chars()
        rows = (texts.str.starts_with("{") & texts.str.ends_with("}")).arg_true()
        read = _read_block(texts.gather(rows), paths, free, None).with_columns(row=rows.cast(pl.Int64))
        every = pl.DataFrame({"row": pl.int_range(len(texts), dtype=pl.Int64, eager=True)})
        table = every.join(read, on="row", how="left", maintain_order="left").drop("row")
        table = table.with_columns(pl.col("matched").fill_null(value=False))
    if _is_flat(lines):
        return table
    return table.with_columns(_scalar(table[path]) for path in paths if path not in free)


def _is_flat(lines: Lines) -> bool:
    """Is there nothing but the outer objects, so that no text can look like one?"""
    if not len(lines):
        return True
    data, outer = lines.bytes[lines.begins[0] : lines.ends[-1]], lines.bytes[lines.begins] == OPENING
    return np.count_nonzero(data == OPENING) == np.count_nonzero(outer) and not (data == BRACKET).any()


def _read_block(texts: pl.Series, paths: Sequence[str], free: Collection[str], lines: Lines | None) -> pl.DataFrame:
    """All lines at once if that works, else in pieces; `lines` are the same if they lie in one run of bytes."""
    whole = _read_at_once(texts, paths, lines)
    if whole is not None:
        return whole
    tables = []
    for begin in range(0, len(texts), PIECE):
        piece = texts.slice(begin, PIECE)
        table = _read_at_once(piece, paths, None)
        tables.append(_read_singly(piece, paths, free) if table is None else table)
    return pl.concat(tables)


def _read_at_once(texts: pl.Series, paths: Sequence[str], lines: Lines | None) -> pl.DataFrame | None:
    """The table, or None if one of the lines is no JSON."""
    if not len(texts):
        return pl.DataFrame(schema=_columns(paths))
    tree = grow_tree(paths)
    if lines is None or (lines.begins[1:] != lines.ends[:-1] + 1).any():
        if texts.str.contains("\n", literal=True).any():
            texts = texts.str.replace_all("\n", " ", literal=True)
        data = texts.str.join("\n").item().encode()
    else:
        data = lines.bytes[lines.begins[0] : lines.ends[-1]].tobytes()
    try:
        found = pl.read_ndjson(io.BytesIO(data), schema=_schema(tree), ignore_errors=True)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return None
    if len(found) != len(texts):
        return None
    table = found.select(_pick(path, tree).alias(path) for path in paths)
    flags = pl.repeat(value=True, n=len(texts), dtype=pl.Boolean, eager=True).alias("matched")
    return pl.DataFrame([flags, *table.get_columns()])


def _read_singly(texts: pl.Series, paths: Sequence[str], free: Collection[str]) -> pl.DataFrame:
    """Line by line: only for pieces that hold a line that polars cannot read."""
    keys = {path: path.split(">") for path in paths}
    rows: list[dict[str, object]] = []
    for text in texts:
        value = parse_object(text)
        row: dict[str, object] = {"matched": value is not None, **{path: _follow(value, keys[path]) for path in paths}}
        deeper = value is None and text.count("[") + text.count("{") > DEEP  # polars reads deeper than Python
        if deeper or any(isinstance(_follow_any(value, keys[path]), dict | list) for path in keys if path in free):
            alone = _read_at_once(pl.Series([text]), paths, None)
            row = row if alone is None else alone.row(0, named=True)
        rows.append(row)
    return pl.DataFrame(rows, schema=_columns(paths))


def _columns(paths: Sequence[str]) -> dict[str, pl.DataType]:
    return {"matched": pl.Boolean(), **dict.fromkeys(paths, pl.String())}


def _follow_any(value: object, keys: Sequence[str]) -> object:
    """What lies at the end of a path."""
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def _follow(value: object, keys: Sequence[str]) -> str | None:
    """The scalar at the end of a path, as text; a list of one text as JSON."""
    found = _follow_any(value, keys)
    text = written(found)
    return json.dumps([text], ensure_ascii=False) if isinstance(found, list) and text is not None else text


def grow_tree(paths: Sequence[str]) -> Tree:
    """Paths as objects in objects; a path that goes through the end of another one is left to that one."""
    tree: Tree = {}
    for path in sorted(paths, key=lambda path: path.count(">")):
        *outer, last = path.split(">")
        branch: Tree | None = tree
        for key in outer:
            branch = branch.setdefault(key, {}) if branch is not None else None
        if branch is not None:
            branch.setdefault(last, None)
    return tree


def _schema(tree: Tree) -> dict[str, pl.DataType]:
    return {key: pl.String() if branch is None else pl.Struct(_schema(branch)) for key, branch in tree.items()}


def _pick(path: str, tree: Tree) -> pl.Expr:
    """The expression for a path; through a text that is sometimes an object it is looked up in that text."""
    first, *rest = path.split(">")
    value, branch = pl.col(first), tree[first]
    for number, key in enumerate(rest):
        if branch is None:
            return value.str.json_path_match("$" + "".join(f"['{inner}']" for inner in rest[number:]))
        value, branch = value.struct.field(key), branch[key]
    return value


def _scalar(texts: pl.Series) -> pl.Series:
    """Null for texts that look like an object or array, but for a list of one text.

    That is how polars writes what stands where a text is expected; a text that looks so is rarer than they are.
    """
    odd = texts.str.starts_with("{") | texts.str.starts_with("[")
    if not odd.any():
        return texts
    text = pl.col(texts.name)
    only = text.str.extract(ONE_TEXT)
    plain = pl.when(pl.lit(odd) & text.str.contains(PARTS)).then(only).otherwise(text)
    return texts.to_frame().select(plain.alias(texts.name)).to_series()
