"""JSON lines taken apart by a parser: right for every line, and the fastest way for objects in objects.

polars reads a block of lines at once and fails as a whole at the first bad one, so lines are then read in small
pieces, and line by line where a piece fails.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import polars as pl

from detector.formats.jsonshape import parse_object, written
from detector.formats.lines import Lines

PIECE = 256
Tree = dict[str, "Tree | None"]


def read_paths(lines: Lines, paths: Sequence[str]) -> pl.DataFrame:
    """`matched` (is the line an object?) and one String column per path, null where there is no scalar."""
    texts = lines.text.str.strip_chars()
    fits = texts.str.starts_with("{") & texts.str.ends_with("}")
    if fits.all():
        table = _read_block(texts, paths, lines)
    else:
        rows = fits.arg_true()
        table = _read_block(texts.filter(fits), paths, None).with_columns(row=rows)
        every = pl.DataFrame({"row": pl.int_range(len(texts), dtype=rows.dtype, eager=True)})
        table = every.join(table, on="row", how="left", maintain_order="left").drop("row")
    return table.with_columns(pl.col("matched").fill_null(value=False))


def _read_block(texts: pl.Series, paths: Sequence[str], lines: Lines | None) -> pl.DataFrame:
    """All lines at once if that works, else in pieces; `lines` are the same if they lie in one run of bytes."""
    whole = _read_at_once(texts, paths, lines)
    if whole is not None:
        return whole
    pieces = [texts.slice(begin, PIECE) for begin in range(0, len(texts), PIECE)]
    tables = []
    for piece in pieces:
        table = _read_at_once(piece, paths, None)
        tables.append(_read_singly(piece, paths) if table is None else table)
    return pl.concat(tables)


def _read_at_once(texts: pl.Series, paths: Sequence[str], lines: Lines | None) -> pl.DataFrame | None:
    """The table, or None if one of the lines is no JSON."""
    if not len(texts):
        return _table({path: [] for path in paths}, [])
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
    return pl.DataFrame([flags, *map(_scalar, table.get_columns())])


def _read_singly(texts: pl.Series, paths: Sequence[str]) -> pl.DataFrame:
    """Line by line: only for pieces that hold a line that polars cannot read."""
    objects = [parse_object(text) for text in texts]
    keys = {path: path.split(">") for path in paths}
    columns = {path: [_follow(value, keys[path]) for value in objects] for path in paths}
    return _table(columns, [value is not None for value in objects])


def _follow(value: object, keys: Sequence[str]) -> str | None:
    """What lies at the end of a path, as text."""
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return written(value)


def _table(columns: Mapping[str, Sequence[str | None]], matched: Sequence[bool]) -> pl.DataFrame:
    flags = pl.Series("matched", matched, dtype=pl.Boolean)
    return pl.DataFrame([flags, *(pl.Series(path, texts, dtype=pl.String) for path, texts in columns.items())])


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
    """polars writes objects and arrays that stand where a text is expected as JSON: null, but for a list of one text."""
    odd = texts.str.starts_with("{") | texts.str.starts_with("[")
    if not odd.any():
        return texts
    text = pl.col(texts.name)
    only = text.str.extract(r'^\["((?:[^"\\]|\\.)*)"\]$')
    parts = text.str.contains(r'^(?:\{(?:"|\}$)|\[(?:["\[{\]]|[^:]*\]$))')
    return texts.to_frame().select(pl.when(pl.lit(odd) & parts).then(only).otherwise(text)).to_series().alias(texts.name)
