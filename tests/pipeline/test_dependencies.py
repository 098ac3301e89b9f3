"""What dvc.yaml declares is what the code needs: deps, params, names, and the order of the rooms."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from dvc.dependency.param import ParamsDependency
from dvc.repo import Repo
from dvc.stage import PipelineStage

from tests.pipeline.imports import (
    IMPORTED_BY_NAME,
    STAGES,
    all_imports,
    direct_imports,
    module_file,
)
from tests.pipeline.working_copy import PROJECT

ROOMS = "render compress spectrogram handcraft train embed evaluate report match".split()
SOURCES = sorted(STAGES.rglob("*.py"))


@pytest.fixture(scope="module")
def stages() -> list[PipelineStage]:
    """Return the stages as DVC sees them: every template filled in, every name unique."""
    with Repo(str(PROJECT)) as repo:
        return list(repo.index.stages)


def entry_point(stage: PipelineStage) -> Path:
    """Return the source that `python -m <module>` starts."""
    python, option, module, *_ = stage.cmd.split()
    assert (python, option) == ("python", "-m")
    source = module_file(f"{module}.__main__") or module_file(module)
    assert source is not None, f"{stage.name}: there is no module {module}"
    return source


def declared(stage: PipelineStage) -> list[Path]:
    return [PROJECT / dep.def_path for dep in stage.deps if not isinstance(dep, ParamsDependency)]


def modules(dep: Path) -> set[Path]:
    return {dep} if dep.suffix == ".py" else set(dep.rglob("*.py"))


def names(paths: set[Path]) -> list[str]:
    return sorted(str(path.relative_to(PROJECT)) for path in paths)


def test_every_imported_module_is_declared(stages):
    for stage in stages:
        covered = set().union(*map(modules, declared(stage)))
        undeclared = all_imports(entry_point(stage)) - covered
        assert not undeclared, f"{stage.name} imports {names(undeclared)}: add to its deps"


def test_no_module_is_declared_that_is_not_imported(stages):
    """But for the whole of `common` and of the stage's own room: these two are named as one."""
    for stage in stages:
        entry = entry_point(stage)
        needed = all_imports(entry)
        for dep in declared(stage):
            if not dep.is_relative_to(STAGES):
                continue
            unused = {path for path in modules(dep) - needed if path.name != "__init__.py"}
            as_one = dep in (entry.parent, STAGES / "common")
            assert not unused or as_one, (
                f"{stage.name} depends on {names({dep})}, but does not import {names(unused)}"
            )


def test_every_stage_depends_on_the_pinned_packages(stages):
    for stage in stages:
        assert PROJECT / "requirements.txt" in declared(stage), stage.name


def test_modules_imported_by_name_are_known():
    """`importlib.import_module` hides an import from these tests: `IMPORTED_BY_NAME` names it."""
    by_name = {
        source
        for source in SOURCES
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8")))
        if isinstance(node, ast.Name | ast.Attribute)
        and ast.unparse(node).split(".")[-1] in ("import_module", "__import__")
    }
    assert by_name == set(IMPORTED_BY_NAME)


def room(source: Path) -> str:
    return source.relative_to(STAGES).parts[0]


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(STAGES)))
def test_rooms_import_only_from_earlier_rooms_and_common(source):
    if source.parent == STAGES:
        assert not direct_imports(source)
        return
    earlier = [] if room(source) == "common" else ROOMS[: ROOMS.index(room(source)) + 1]
    imported = {room(path) for path in direct_imports(source) if path.parent != STAGES}
    assert imported <= {"common", *earlier}


def test_stage_names_are_unique_and_few(stages):
    """DVC rewrites dvc.lock after every stage: with hundreds of them that takes minutes."""
    addresses = [stage.name for stage in stages]
    assert len(addresses) == len(set(addresses))
    assert len(addresses) < 100


def test_outputs_of_stages_do_not_collide(stages):
    outputs = [out.def_path for stage in stages for out in stage.outs]
    assert len(outputs) == len(set(outputs))


def test_every_declared_parameter_exists(stages):
    for stage in stages:
        for dep in stage.deps:
            if isinstance(dep, ParamsDependency):
                missing = set(dep.params) - set(dep.read_params())
                assert not missing, f"{stage.name}: {sorted(missing)} not in {dep.def_path}"
