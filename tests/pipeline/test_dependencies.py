"""What dvc.yaml declares is what the code needs; the rooms import in one direction."""

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
    LIBRARY,
    STAGES,
    all_imports,
    direct_imports,
    lazily_imported,
    module_file,
)
from tests.pipeline.working_copy import PROJECT

# From low to high: a room imports only from those before it.
ROOMS = [
    *("core", "audio.py", "compressor", "solver", "loops", "inputs", "handcrafted"),
    *("networks", "evaluation", "report", "match", "export", "app"),
]
SOURCES = sorted(LIBRARY.rglob("*.py"))


@pytest.fixture(scope="module")
def stages() -> list[PipelineStage]:
    """Return the stages as DVC sees them, every template filled in."""
    with Repo(str(PROJECT)) as repo:
        return list(repo.index.stages)


def entry_point(stage: PipelineStage) -> Path:
    """Return the source that `python -m <module>` starts."""
    python, option, module, *_ = stage.cmd.split()
    assert (python, option) == ("python", "-m")
    source = module_file(module)
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


def test_nothing_is_declared_that_is_not_imported(stages):
    """A stage depends on the rooms that it imports, and on no more."""
    unused = {}
    for stage in stages:
        needed = all_imports(entry_point(stage))
        unused[stage.name] = [
            str(dep.relative_to(PROJECT))
            for dep in declared(stage)
            if dep.is_relative_to(LIBRARY) or dep.is_relative_to(STAGES)
            if not modules(dep) & needed and dep.suffix != ".npz" and dep not in composers()
        ]
    assert faults(unused) == {}


def composers() -> set[Path]:
    """Return the folders that `materials` names as sources."""
    return {path.parent for path in (LIBRARY / "loops").glob("*/__init__.py")}


@pytest.mark.parametrize(
    "place", ["siamese_drc/app", "siamese_drc/export", "siamese_drc/report", "docs", "benchmarks"]
)
def test_pages_exports_and_benchmarks_retrain_nothing(stages, place):
    late = ("report", "match-evaluate")  # stages on which no other depends
    touched = [
        stage.name
        for stage in stages
        if stage.name not in late
        if any(dep.is_relative_to(PROJECT / place) for dep in declared(stage))
    ]
    assert touched == []


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


def test_names_are_imported_from_the_modules_that_define_them():
    """The lazy names of an `__init__.py` are for users: these tests do not follow them."""
    sources = [*SOURCES, *STAGES.rglob("*.py"), *(PROJECT / "experiments").rglob("*.py")]
    assert faults({names({source})[0]: lazily_imported(source) for source in sources}) == {}


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (
            "from siamese_drc.compressor import compress, settings",
            "siamese_drc.compressor.compress",
        ),
        ("from siamese_drc import compress", "siamese_drc.compress"),
        ("import siamese_drc.handcrafted", "siamese_drc.handcrafted"),
        ("from siamese_drc.compressor.compressor import compress", None),
        ("from siamese_drc.compressor import settings", None),
        ("from siamese_drc.loops.drum import drum_stems", None),
    ],
)
def test_lazy_names_are_told_from_modules(tmp_path, line, found):
    (tmp_path / "module.py").write_text(f"def f():\n    {line}\n")
    assert lazily_imported(tmp_path / "module.py") == ([found] if found else [])


def room(source: Path) -> str:
    return source.relative_to(LIBRARY).parts[0]


def test_rooms_import_only_from_those_before_them():
    late = {}
    for source in SOURCES:
        home = room(source)
        if home == "__init__.py":
            continue
        known = ROOMS[: ROOMS.index(home) + 1]
        imported = {path for path in direct_imports(source) if path != LIBRARY / "__init__.py"}
        late[names({source})[0]] = names(
            {
                path
                for path in imported
                if not path.is_relative_to(LIBRARY) or room(path) not in known
            }
        )
    assert faults(late) == {}


def test_presentation_rooms_do_not_know_each_other():
    for source in (LIBRARY / "match").rglob("*.py"):
        assert "report" not in {room(path) for path in direct_imports(source)}


def test_the_package_itself_imports_nothing_but_core():
    assert {room(path) for path in all_imports(LIBRARY / "__init__.py")} <= {"core"}


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


def test_no_stage_depends_on_a_part_of_anothers_output(stages):
    """DVC would need the whole of it in the cache, in the state of the last commit."""
    outputs = {PROJECT / out.def_path for stage in stages for out in stage.outs}
    parts = {stage.name: [d for d in declared(stage) if outputs & {*d.parents}] for stage in stages}
    assert faults({name: names(set(paths)) for name, paths in parts.items()}) == {}


def test_stages_are_few(stages):
    """DVC rewrites dvc.lock after each: with hundreds of stages that takes minutes."""
    assert len(stages) < 150


def test_every_declared_parameter_exists(stages):
    missing = {}
    for stage in stages:
        for dep in stage.deps:
            if isinstance(dep, ParamsDependency):
                missing[stage.name] = sorted(set(dep.params) - set(dep.read_params()))
    assert len(missing) == len(stages)
    assert faults(missing) == {}
