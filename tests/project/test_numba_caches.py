"""Kernels whose machine code Numba caches use nothing of other files of the project.

Numba keys its cache by the file that holds a kernel. A function or constant from another file could
change, and the old machine code would still run.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
ROOTS = ("siamese_drc", "stages", "experiments", "benchmarks")
COMPILERS = {"njit", "jit", "vectorize", "guvectorize", "stencil", "generated_jit"}


def foreign_names_in_cached_kernels(source: str) -> list[str]:
    """Return `kernel: name` for every name from another file of the project in a cached kernel."""
    tree = ast.parse(source)
    foreign = {
        alias.asname or alias.name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
        if (node.module or "." if isinstance(node, ast.ImportFrom) else alias.name).startswith(
            (*ROOTS, ".")
        )
    }
    for node in tree.body:  # constants that are computed from such names
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value and names(node) & foreign:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            foreign |= {name for target in targets for name in names(target)}
    return [
        f"{node.name}: {name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and any(map(is_cached, node.decorator_list))
        for name in sorted(names(node) & foreign)
    ]


def names(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def is_cached(decorator: ast.expr) -> bool:
    return (
        isinstance(decorator, ast.Call)
        and ast.unparse(decorator.func).rpartition(".")[2] in COMPILERS
        and any(
            keyword.arg == "cache" and ast.unparse(keyword.value) == "True"
            for keyword in decorator.keywords
        )
    )


def test_cached_kernels_use_only_their_own_file():
    modules = [path for root in ROOTS for path in (PROJECT / root).rglob("*.py")]
    found = {
        str(path.relative_to(PROJECT)): foreign_names_in_cached_kernels(path.read_text("utf-8"))
        for path in modules
    }
    assert len(modules) > 20
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    "use", ["return imported(x)", "return x * IMPORTED", "return x * DERIVED", "return room.f(x)"]
)
def test_the_check_finds_what_it_looks_for(use):
    source = (
        "import numba\n"
        "import siamese_drc.room as room\n"
        "from siamese_drc.room import IMPORTED, imported\n"
        "DERIVED = 2 * IMPORTED\n"
        "OWN = 3\n"
        "@numba.njit(cache=True)\n"
        "def kernel(x):\n"
        f"    {use}\n"
        "@numba.njit\n"
        "def not_cached(x):\n"
        "    return imported(x) * OWN\n"
    )
    assert len(foreign_names_in_cached_kernels(source)) == 1
    own = source.replace(use, "return x * OWN")
    assert foreign_names_in_cached_kernels(own) == []
