"""Which modules of `stages` a module imports, read from the sources and not by importing them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.pipeline.working_copy import PROJECT

STAGES = PROJECT / "stages"

# Packages that a module imports by a name made at run time.
IMPORTED_BY_NAME = {STAGES / "render/composers.py": sorted(STAGES.glob("render/*/__init__.py"))}


def module_file(name: str) -> Path | None:
    """Return the source of a module, a package's `__init__.py`; None if there is no such."""
    path = PROJECT.joinpath(*name.split("."))
    found = [path / "__init__.py", path.with_suffix(".py")]
    return next((source for source in found if source.is_file()), None)


def direct_imports(source: Path) -> set[Path]:
    """Return what one module imports anywhere in it, with the packages on the way there.

    What an `__init__.py` imports on demand (PEP 562) no stage asks for.
    """
    imported = set(IMPORTED_BY_NAME.get(source, []))
    tree = ast.parse(source.read_text(encoding="utf-8"))
    if source.name == "__init__.py":
        tree.body = [node for node in tree.body if not _on_demand(node)]
    for name in _imported_names(tree):
        parts = name.split(".")
        prefixes = [".".join(parts[: i + 1]) for i in range(len(parts))]
        imported.update(path for prefix in prefixes if (path := module_file(prefix)))
    return {path for path in imported if path.is_relative_to(STAGES)}


def _imported_names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _on_demand(node: ast.stmt) -> bool:
    """Tell whether a statement imports only when a name is asked for, or for type checkers."""
    if isinstance(node, ast.FunctionDef):
        return node.name == "__getattr__"
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"


def all_imports(source: Path) -> set[Path]:
    """Return a module and all that it imports, over any number of steps, but for empty packages.

    An `__init__.py` with nothing but a docstring cannot change what a stage does.
    """
    seen: set[Path] = set()
    waiting = [source, source.parent / "__init__.py"]
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            waiting += direct_imports(path)
    return {path for path in seen if not _only_docstring(path)}


def _only_docstring(source: Path) -> bool:
    body = ast.parse(source.read_text(encoding="utf-8")).body
    return all(isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) for node in body)
