"""A clone of the project in which params.yaml holds one experiment at the paper's sizes."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from ruamel.yaml import YAML

from stages.common.params import load_params


def make_project(checkout: Path, project: Path, experiment: str, grids: Sequence[str]) -> None:
    """Clone the last commit, unless the clone is there already: then its work goes on.

    Parameters
    ----------
    checkout, project : Path
        The project, and where its clone is to lie.
    experiment : str
    grids : sequence of str
        Of the experiment's corpus.

    Raises
    ------
    InputError
        If params.yaml does not hold such an experiment, or the corpus such a grid.
    """
    if project.exists():
        return
    cloned = project.with_name(project.name + ".tmp")
    shutil.rmtree(cloned, ignore_errors=True)
    command = ["git", "clone", "--quiet", str(checkout.resolve()), str(cloned.resolve())]
    subprocess.run(command, check=True)
    (cloned / "dvc.lock").unlink(missing_ok=True)  # it locks the whole chain at another scale
    restrict(cloned / "params.yaml", experiment, grids)
    load_params(cloned / "params.yaml")
    cloned.rename(project)


def restrict(file: Path, experiment: str, grids: Sequence[str]) -> None:
    """Rewrite params.yaml: paper scale, one experiment, its corpus under some grids."""
    yaml = YAML()
    yaml.width = 100
    params = yaml.load(file)
    entry = params["experiments"][experiment]
    entry.pop("only", None)
    corpus = params["corpora"][entry["corpus"]]
    corpus["grids"] = list(grids)
    used = f"{entry['corpus']}-{entry['representation']}"
    params["inputs"][used].pop("only", None)
    params["scale"] = "paper"
    params["materials"] = {corpus["material"]: params["materials"][corpus["material"]]}
    params["corpora"] = {entry["corpus"]: corpus}
    params["inputs"] = {used: params["inputs"][used]}
    params["experiments"] = {experiment: entry}
    params["transfers"] = {}
    params["handcrafted"] = {}
    params["handcrafted_transfers"] = {}
    yaml.dump(params, file)
