"""What experiments that are gone left behind in the folders that the report depends on."""

from __future__ import annotations

from pathlib import Path

from stages.common.errors import InputError
from stages.common.params import Params


def check_leftovers(params: Params, *, errors: Path, models: Path, predictions: Path) -> None:
    """Make sure that three folders hold the work of what params.yaml names and nothing else.

    DVC locks the hash of a whole folder: with anything else in it, `dvc.lock` would name a hash
    that no clone can make. Hidden and temporary (`*.tmp`) files are not looked at.

    Parameters
    ----------
    params : Params
    errors : Path
        Folder of <experiment, transfer or handcrafted features>.json.
    models : Path
        Folder of a folder per experiment.
    predictions : Path
        Folder of <experiment, transfer or handcrafted features>.csv.

    Raises
    ------
    InputError
        If there is a leftover: the message names each, and the command that removes them.
    """
    names = params.evaluated
    expected = {
        errors: {f"{name}.json" for name in names},
        models: set(params.experiments),
        predictions: {f"{name}.csv" for name in names},
    }
    leftovers = [
        str(path)
        for folder, known in expected.items()
        for path in sorted(folder.glob("[!.]*"))
        if path.name not in known and path.suffix != ".tmp"
    ]
    if leftovers:
        raise InputError(
            f"{', '.join(leftovers)}: not of an entry of params.yaml;"
            f" remove with `rm -rf {' '.join(leftovers)}`"
        )
