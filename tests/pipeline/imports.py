"""What a module imports of the project, read from the sources and not by importing them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.pipeline.working_copy import PROJECT

LIBRARY = PROJECT / "siamese_drc"
STAGES = PROJECT / "stages"
# Packages that a module imports by a name made at run time.
IMPORTED_BY_NAME = {
    LIBRARY / "loops/composers.py": sorted((LIBRARY / "loops").glob("*/__init__.py")),
}
# Lines of an `__init__.py` about caches and windows, on which no result depends.
ENVIRONMENT = (
    "import os",
    "os.environ['MPLBACKEND'] = ",
    "from siamese_drc.core.machine_code import use_writable_cache",
    "use_writable_cache()",
)


def module_file(name: str) -> Path | None:
    """Return the source of a module, a package's `__init__.py`; None if there is none."""
    path = PROJECT.joinpath(*name.split("."))
    found = [path / "__init__.py", path.with_suffix(".py")]
    return next((source for source in found if source.is_file()), None)


@cache
def direct_imports(source: Path) -> set[Path]:
    """Return what one module imports anywhere in it, with the packages on the way there.

    Names that an `__init__.py` offers by `lazy_loader` are imported only when they are asked for.
    """
    imported = set(IMPORTED_BY_NAME.get(source, []))
    for name in _imported_names(ast.parse(source.read_text(encoding="utf-8"))):
        parts = name.split(".")
        prefixes = [".".join(parts[: i + 1]) for i in range(len(parts))]
        imported.update(path for prefix in prefixes if (path := module_file(prefix)))
    return {
        path
        for path in imported
        if path.is_relative_to(LIBRARY)
        or path.is_relative_to(STAGES)
        or "experiments" in path.parts
    }


def _imported_names(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def lazily_imported(source: Path) -> list[str]:
    """Return what a module imports of a package's lazy names, which `direct_imports` cannot see."""
    found = []
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if _only_names(module_file(alias.name))]
        elif isinstance(node, ast.ImportFrom) and _only_names(module_file(node.module or "")):
            found += [
                f"{node.module}.{alias.name}"
                for alias in node.names
                if module_file(f"{node.module}.{alias.name}") is None
            ]
    return found


def all_imports(source: Path) -> set[Path]:
    """Return a module and all that it imports, over any number of steps.

    An `__init__.py` that holds only a docstring, lazy names and lines about the environment cannot
    change what a stage does.
    """
    seen: set[Path] = set()
    waiting = [source]
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            waiting += direct_imports(path)
    return {path for path in seen if not _only_names(path)}


@cache
def _only_names(source: Path | None) -> bool:
    """Tell whether a package's `__init__.py` has only a docstring, lazy names, `ENVIRONMENT`."""
    if source is None or source.name != "__init__.py":
        return False
    for node in ast.parse(source.read_text(encoding="utf-8")).body:
        text = ast.unparse(node)
        docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        lazy = text == "import lazy_loader" or "lazy_loader.attach(" in text
        if not (docstring or lazy or text.startswith(ENVIRONMENT)):
            return False
    return True
