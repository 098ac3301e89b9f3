"""The pipeline with three experiments at smoke scale, made once and cloned by each test."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import pytest

from tests.pipeline.working_copy import WorkingCopy, clone, copy_project

KEPT = {
    "materials": ["drum", "drum-training"],
    "corpora": ["drum", "drum-d4p", "drum-training"],
    "closed_form": ["drum", "drum-d4p"],
    "inputs": [
        *("drum-stft128", "drum-training-stft128"),
        *("drum-handcrafted", "drum-d4p-handcrafted"),
    ],
    "experiments": ["drum-cnn-stft128", "drum-handcrafted", "drum-d4p-handcrafted"],
    "unseen_loops": ["drum-cnn-stft128"],
    "pretrained": [],
    "transfers": [],
    # The rest makes dvc.lock long, which DVC rewrites after every stage.
    "models": ["cnn", "none"],
    "representations": ["stft128", "handcrafted"],
}


def keep_three_experiments(copy: WorkingCopy) -> None:
    """Three small experiments; drum-d4p has a second grid, which a test takes away.

    The scale `laptop` becomes as small as `smoke`. The committed results are taken away.
    """
    copy.run("git", "rm", "-r", "-q", "dvc.lock", "metrics/laptop", "reports/laptop")
    with copy.edited_params() as params:
        params["scale"] = "smoke"
        for section, names in KEPT.items():
            for name in [name for name in params[section] if name not in names]:
                del params[section][name]
        for corpus in ("drum", "drum-training"):
            params["corpora"][corpus]["grids"] = ["dm2"]
        params["corpora"]["drum-d4p"]["grids"] = ["d4p", "ds4"]
        smoke, laptop = params["scales"]["smoke"], params["scales"]["laptop"]
        laptop.update(deepcopy(smoke))  # the same objects would be written as aliases
        laptop["clip_seconds"] = 0.4
        params["match"].update(materials=["drum"], clip_seconds=1.0)
        params["match"]["sizes"]["laptop"] = dict(params["match"]["sizes"]["smoke"], settings=3)


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkingCopy]:
    """Yield the repository after `dvc repro`, commit and push. Tests leave it as it is.

    One process a stage: on pieces this small, starting a second costs more than it brings.
    """
    folder = tmp_path_factory.mktemp("pipeline")
    copy = copy_project(folder / "project", jobs=1)
    try:
        keep_three_experiments(copy)
        copy.commit("Keep three experiments")
        copy.run("dvc", "remote", "add", "--default", "store", str(folder / "store"))
        copy.run("dvc", "repro")
        copy.commit("Make it all")
        copy.run("dvc", "push")
        yield copy
    finally:
        copy.end()


@pytest.fixture
def pulled(finished: WorkingCopy, tmp_path: Path) -> Iterator[WorkingCopy]:
    """Yield a clone of the finished repository with its data."""
    copy = clone(finished, tmp_path / "clone")
    copy.run("dvc", "pull")
    yield copy
    copy.end()
