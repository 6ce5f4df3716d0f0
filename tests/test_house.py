"""What neither the linter nor the import contracts can say about the house."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import detector

HOUSE = Path(detector.__file__).parent
MODULES = sorted(HOUSE.rglob("*.py"))
CLOCKS = {"time", "time_ns", "now", "utcnow", "today", "monotonic", "perf_counter"}
MAY_READ_THE_CLOCK = {HOUSE / "__init__.py"}
LONGEST_FILE, LONGEST_FUNCTION = 300, 50


def name_of(path: Path) -> str:
    """`detector/formats/access.py` -> `detector.formats.access`."""
    return ".".join(path.relative_to(HOUSE.parent).with_suffix("").parts)


def tree_of(path: Path) -> ast.Module:
    """The parsed file."""
    return ast.parse(path.read_text("utf-8"))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_does_not_import_from_its_own_package(path):
    """A module names the module that it needs, not the package around itself, which imports it back."""
    package = name_of(path).rpartition(".")[0]
    if path.name == "__init__.py" or package == "detector":
        package = "detector" if path.name != "__init__.py" else ""
    names = {name_of(module) for module in MODULES}
    found = [
        f"line {node.lineno}: from {node.module} import {alias.name}"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ImportFrom) and package and node.module == package
        for alias in node.names
        if f"{package}.{alias.name}" not in names and f"{package}.{alias.name}.__init__" not in names
    ]
    assert [] == found


@pytest.mark.parametrize("path", [path for path in MODULES if "cli" not in path.parts], ids=name_of)
def test_the_clock_is_read_at_the_entry_point_only(path):
    """Time is an argument everywhere but in the command line and the functions of the package itself."""
    if path in MAY_READ_THE_CLOCK:
        return
    found = [
        f"line {node.lineno}: {ast.unparse(node.func)}()"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in CLOCKS
        and ast.unparse(node.func.value) in {"time", "datetime", "date", "datetime.datetime", "datetime.date"}
    ]
    assert [] == found


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_files_and_functions_stay_small(path):
    """A file fits in a head, a function on a screen (its docstring does not count)."""
    long = [
        f"{node.name}: {length}"
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := _code_lines(node)) > LONGEST_FUNCTION
    ]
    assert [] == long
    assert LONGEST_FILE >= len(path.read_text("utf-8").splitlines())


def _code_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
    return (node.end_lineno or 0) - body[0].lineno + 1
