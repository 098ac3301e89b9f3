"""A clone of the project in which params.yaml holds one run at the paper's sizes."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from ruamel.yaml import YAML

from full_size.chain import corpus_of
from stages.common.params import load_params


def make_project(checkout: Path, project: Path, names: Sequence[str], grids: Sequence[str]) -> None:
    """Clone the last commit, unless the clone is there already: then its work goes on.

    Parameters
    ----------
    checkout, project : Path
        The project, and where its clone is to lie.
    names : sequence of str
        What params.yaml is to hold of `Params.evaluated`; a clone that lacks some gets them.
    grids : sequence of str
        Of the corpora.

    Raises
    ------
    InputError
        If params.yaml holds no such entry, or a corpus no such grid.
    """
    if not project.exists():
        cloned = project.with_name(project.name + ".tmp")
        shutil.rmtree(cloned, ignore_errors=True)
        command = ["git", "clone", "--quiet", str(checkout.resolve()), str(cloned.resolve())]
        subprocess.run(command, check=True)
        (cloned / "dvc.lock").unlink(missing_ok=True)  # it locks the whole chain at another scale
        restrict(cloned / "params.yaml", names, grids)
        cloned.rename(project)
    file = project / "params.yaml"
    if not set(names) <= set(load_params(file).evaluated):
        subprocess.run(["git", "checkout", "--quiet", "--", file.name], cwd=project, check=True)
        restrict(file, names, grids)


def restrict(file: Path, names: Sequence[str], grids: Sequence[str]) -> None:
    """Rewrite params.yaml: paper scale, some of what is evaluated, its corpora under some grids."""
    known = load_params(file)
    yaml = YAML()
    yaml.width = 100
    params = yaml.load(file)
    corpora = {corpus_of(known, name) for name in names}
    inputs = {
        entries[name].input
        for entries in (known.experiments, known.transfers)
        for name in names
        if name in entries
    }
    kept = {
        "experiments": names,
        "transfers": names,
        "handcrafted": names,
        "handcrafted_transfers": names,
        "corpora": corpora,
        "inputs": inputs,
        "materials": {known.corpora[corpus].material for corpus in corpora},
    }
    for section, keys in kept.items():
        params[section] = {key: entry for key, entry in params[section].items() if key in keys}
    for entry in (*params["experiments"].values(), *params["inputs"].values()):
        entry.pop("only", None)
    for corpus in params["corpora"].values():
        corpus["grids"] = list(grids)
    params["scale"] = "paper"
    yaml.dump(params, file)
    load_params(file)
