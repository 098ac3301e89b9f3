"""What dvc.yaml declares is what the code needs; the rooms import in the order of the pipeline."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from dvc.dependency.param import ParamsDependency
from dvc.repo import Repo
from dvc.stage import PipelineStage
from ruamel.yaml import YAML

from tests.pipeline.imports import (
    IMPORTED_BY_NAME,
    STAGES,
    all_imports,
    direct_imports,
    module_file,
)
from tests.pipeline.working_copy import PROJECT

ROOMS = [
    *("render", "compress", "spectrogram", "handcraft", "train"),
    *("embed", "evaluate", "report", "match"),
]
SOURCES = sorted(STAGES.rglob("*.py"))


@pytest.fixture(scope="module")
def stages() -> list[PipelineStage]:
    """Return the stages as DVC sees them, every template filled in."""
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


def faults(found: dict[str, list[str]]) -> dict[str, list[str]]:
    return {name: faulty for name, faulty in found.items() if faulty}


def test_every_imported_module_is_declared(stages):
    undeclared = {}
    for stage in stages:
        covered = set().union(*map(modules, declared(stage)))
        undeclared[stage.name] = names(all_imports(entry_point(stage)) - covered)
    assert faults(undeclared) == {}


def test_no_module_is_declared_that_is_not_imported(stages):
    """But for `common` and the stage's own room, which are declared as a whole."""
    unused = {}
    for stage in stages:
        entry = entry_point(stage)
        needed = all_imports(entry)
        for dep in declared(stage):
            if dep.is_relative_to(STAGES) and dep not in (entry.parent, STAGES / "common"):
                own = {path for path in modules(dep) if path.name != "__init__.py"}
                unused[f"{stage.name}: {dep.relative_to(PROJECT)}"] = names(own - needed)
    assert faults(unused) == {}


def test_every_stage_depends_on_the_pinned_packages(stages):
    assert not [
        stage.name for stage in stages if PROJECT / "requirements.txt" not in declared(stage)
    ]


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


def test_rooms_import_only_from_earlier_rooms_and_common():
    late = {}
    for source in SOURCES:
        home = room(source)
        known = ROOMS[: ROOMS.index(home) + 1] if home in ROOMS else []
        imported = {room(path) for path in direct_imports(source)}
        late[names({source})[0]] = sorted(imported - {"__init__.py", "common", *known})
    assert faults(late) == {}


def test_every_room_has_its_place_in_the_order():
    rooms = {room(source) for source in SOURCES} - {"__init__.py"}
    assert rooms <= {"common", *ROOMS}


def test_every_entry_of_params_has_a_stage_of_its_own(stages):
    """No two entries share a stage's name, and none is lost."""
    read = YAML(typ="safe", pure=True).load
    params = read((PROJECT / "params.yaml").read_text(encoding="utf-8"))
    expected = []
    for name, entry in read((PROJECT / "dvc.yaml").read_text(encoding="utf-8"))["stages"].items():
        section = entry.get("foreach", "").strip("${}")
        expected += [f"{name}@{key}" for key in params[section]] if section else [name]
    assert sorted(stage.name for stage in stages) == sorted(expected)
    assert len(expected) == len(set(expected))


def test_stages_are_few(stages):
    """DVC rewrites dvc.lock after each: with hundreds of stages that takes minutes."""
    assert len(stages) < 100


def test_every_declared_parameter_exists(stages):
    missing = {}
    for stage in stages:
        for dep in stage.deps:
            if isinstance(dep, ParamsDependency):
                missing[stage.name] = sorted(set(dep.params) - set(dep.read_params()))
    assert len(missing) == len(stages)
    assert faults(missing) == {}
