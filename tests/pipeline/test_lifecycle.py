"""The pipeline as users live with it: repro, clone, push and pull, smaller grids, mistakes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.pipeline.working_copy import WorkingCopy, clone

pytestmark = pytest.mark.timeout(900)  # the first test makes everything, on a busy machine too

MADE = ("data", "models", "metrics", "reports")
LANDED = (
    "data/recorded_dynamics.npz",
    "metrics/paper",
    "metrics/studies",
)  # in git, made by no stage


def stages_run(output: str) -> list[str]:
    return re.findall(r"^Running stage '(.*)':$", output, flags=re.MULTILINE)


def made_files(copy: WorkingCopy) -> dict[Path, bytes]:
    """Return all that the pipeline made, by the path in the repository."""
    return {
        path.relative_to(copy.folder): path.read_bytes()
        for folder in MADE
        for path in copy.folder.joinpath(folder).rglob("*")
        if path.is_file()
        and path.name != "README.md"
        and not path.relative_to(copy.folder).as_posix().startswith(LANDED)
    }


def assert_clean(copy: WorkingCopy) -> None:
    assert copy.run("git", "status", "--porcelain") == ""
    assert "up to date" in copy.run("dvc", "status")


def test_second_repro_does_nothing(finished):
    output = finished.run("dvc", "repro")
    assert "up to date" in output
    assert stages_run(output) == []
    assert_clean(finished)


def test_the_cache_takes_no_second_copy(finished):
    """What a stage made is the cache's own file, unless another stage had made the same bytes."""
    made = {
        path: content
        for path, content in made_files(finished).items()
        if path.parts[0] in ("data", "models")
    }
    linked = {made[path] for path in made if (finished.folder / path).stat().st_nlink > 1}
    assert linked
    assert [path for path, content in made.items() if content not in linked] == []


def test_lock_of_a_fresh_clone_matches_without_data(finished, tmp_path):
    copy = clone(finished, tmp_path / "clone")
    check = ("dvc", "repro", "--dry", "--allow-missing")
    assert stages_run(copy.run(*check)) == []

    with copy.edited_params() as params:
        params["evaluate"]["seed"] = 5
    assert copy.attempt(*check).returncode != 0


def test_pull_brings_what_was_pushed(finished, pulled):
    assert made_files(pulled) == made_files(finished)
    assert_clean(pulled)


def test_a_changed_experiment_reruns_its_own_stages(pulled):
    with pulled.edited_params() as params:
        params["experiments"]["drum-handcrafted"]["regressor"] = "ridge"
    stages = [f"{stage}@drum-handcrafted" for stage in ("train", "embed", "evaluate")]
    assert stages_run(pulled.run("dvc", "repro")) == [*stages, "plot-data", "report"]


def test_a_grid_taken_away_and_back_leaves_no_trace(pulled):
    before = made_files(pulled)
    of_grid = {path for path in before if "ds4" in str(path)}
    assert of_grid

    pulled.run("git", "checkout", "-q", "-b", "smaller")
    with pulled.edited_params() as params:
        params["corpora"]["drum-d4p"]["grids"] = ["d4p"]
    pulled.run("dvc", "repro")
    pulled.commit("Take a grid away")
    assert made_files(pulled).keys() == before.keys() - of_grid
    assert_clean(pulled)

    pulled.run("git", "checkout", "-q", "main")
    pulled.run("dvc", "checkout")
    assert made_files(pulled) == before
    assert_clean(pulled)


def test_an_experiment_taken_away_is_to_be_cleared_away(pulled):
    """What it left would stand in the hashes of the folders that the report depends on."""
    name = "drum-d4p-handcrafted"
    with pulled.edited_params() as params:
        del params["experiments"][name]
    failed = pulled.attempt("dvc", "repro")
    assert failed.returncode != 0
    command = re.search(r"`(rm -rf .*?)`", failed.stderr)
    assert command, failed.stderr

    pulled.run(*command[1].split())
    assert stages_run(pulled.run("dvc", "repro")) == ["plot-data", "report"]
    pulled.commit("Take an experiment away")
    copy = clone(pulled, pulled.folder.with_name("other"))
    assert stages_run(copy.run("dvc", "repro", "--dry", "--allow-missing")) == []


def test_an_impossible_value_stops_the_stage_with_one_line(pulled):
    failed = pulled.attempt("dvc", "exp", "run", "-S", "train.batch_size=0")
    assert failed.returncode != 0
    assert re.search(r"^error: params\.yaml: train\.batch_size = 0: .*$", failed.stderr, re.M)
    assert "Traceback" not in failed.stderr
