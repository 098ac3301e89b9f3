"""The project's own pipeline on the recordings, in a clone of its own."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from ruamel.yaml import YAML

from recordings.debian.commands import run
from stages.common.params import load_params

MATERIALS = ("drum", "guitar")
GRIDS = ["ds1", "ds2", "dm2"]  # together they vary all four parameters
REPRESENTATIONS = {"drum": "stft128", "guitar": "mel512"}  # those that rendered loops have too
LOOPS = {"drum": 32, "guitar": 22}  # every recording at least once; all of the guitar
EXPERIMENTS = tuple(f"{material}-cnn-{REPRESENTATIONS[material]}" for material in MATERIALS)


def make_project(checkout: Path, project: Path, audio: Path) -> None:
    """Clone the last commit and give the clone the recordings, as a user would.

    `audio` holds a folder for each of `MATERIALS`.
    """
    shutil.rmtree(project, ignore_errors=True)
    run(["git", "clone", "--quiet", str(checkout.resolve()), str(project.resolve())], checkout)
    (project / "dvc.lock").unlink(missing_ok=True)  # what it locks is the rendered loops' chain
    for material in MATERIALS:
        shutil.copytree(audio / material, project / "recordings" / material)
        _dvc(["add", "--quiet", f"recordings/{material}"], project)
    name_recordings(project / "params.yaml")
    load_params(project / "params.yaml")


def name_recordings(file: Path) -> None:
    """Rewrite `params.yaml`: the materials are recordings, the experiments `EXPERIMENTS` alone."""
    yaml = YAML()
    yaml.width = 100
    params = yaml.load(file)
    params["materials"] = {name: {"source": {"folder": f"recordings/{name}"}} for name in MATERIALS}
    params["corpora"] = {name: {"material": name, "grids": list(GRIDS)} for name in MATERIALS}
    params["inputs"] = {
        f"{name}-{REPRESENTATIONS[name]}": {
            "material": name,
            "corpus": name,
            "representation": REPRESENTATIONS[name],
        }
        for name in MATERIALS
    }
    params["experiments"] = {
        experiment: {
            "model": "cnn",
            "corpus": name,
            "representation": REPRESENTATIONS[name],
            "unseen_loops": True,
        }
        for experiment, name in zip(EXPERIMENTS, MATERIALS, strict=True)
    }
    params["transfers"] = {}
    params["handcrafted"] = {}
    params["handcrafted_transfers"] = {}
    scale = params["scales"][params["scale"]]
    scale["loops"].update(LOOPS)
    scale["folds_run"] = scale["folds"]  # so that each of the few recordings is once unseen
    yaml.dump(params, file)


def reproduce(project: Path) -> None:
    """Run everything that the metrics of `EXPERIMENTS` depend on."""
    _dvc(["repro", *(f"evaluate@{experiment}" for experiment in EXPERIMENTS)], project)


def keep_results(project: Path, folder: Path) -> None:
    """Copy the metrics, and what they were made from, into `folder`; the audio stays behind."""
    scale = load_params(project / "params.yaml").scale
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "experiments").mkdir(parents=True)
    for name in ("params.yaml", "dvc.lock"):
        shutil.copyfile(project / name, folder / name)
    for experiment in EXPERIMENTS:
        metrics = Path("experiments") / f"{experiment}.json"
        shutil.copyfile(project / "metrics" / scale / metrics, folder / metrics)


def _dvc(arguments: list[str], project: Path) -> None:
    run([sys.executable, "-m", "dvc", *arguments], project)
