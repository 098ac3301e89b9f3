"""The errors that `evaluate` wrote: read whole, never guessed from what lies in the folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stages.common.errors import InputError
from stages.common.params import PARAMETERS, Params

PROTOCOLS = ("paper", "unseen_loops")
TRANSFER_PROTOCOLS = ("transfer", "refit")
"""How a forest is tested, on the corpus that its network learnt from and on another: as the paper
does, or as we read it, comes first."""

LEARNT = 0.7
"""An error counts as learnt below this share of the constant predictor's: better by 30 %."""


@dataclass(frozen=True)
class Metrics:
    """Errors by name, data set, entry and parameter.

    A name is one of `Params.evaluated`.

    An entry is a protocol of the forest (`PROTOCOLS`, `TRANSFER_PROTOCOLS`), the network's own
    output (`network`, `network_unseen_loops`), or a yardstick (`constant`, `closed_form`).
    """

    experiments: dict[str, dict[str, dict[str, dict[str, Any]]]]

    def error(
        self, experiment: str, data_set: str, entry: str, parameter: str
    ) -> dict[str, Any] | None:
        """Return mae, std, percent, mae_identifiable and n; None where it was not measured."""
        data_sets = self.experiments.get(experiment, {})
        return data_sets.get(data_set, {}).get(entry, {}).get(parameter)

    def mae(self, experiment: str, data_set: str, entry: str, parameter: str) -> float | None:
        """Return the mean absolute error in the parameter's unit, or None."""
        error = self.error(experiment, data_set, entry, parameter)
        return None if error is None else error["mae"]

    def learnt(self, experiment: str, data_set: str, entry: str, parameter: str) -> bool | None:
        """Whether an error beats the constant predictor by 30 %; None where one is missing."""
        mae = self.mae(experiment, data_set, entry, parameter)
        constant = self.mae(experiment, data_set, "constant", parameter)
        return None if mae is None or constant is None else mae < LEARNT * constant

    def measured(self) -> Iterator[tuple[str, str, str]]:
        """Go through every (experiment, data set, parameter)."""
        for experiment, data_sets in self.experiments.items():
            for data_set, entries in data_sets.items():
                varied = set().union(*entries.values())
                for parameter in PARAMETERS:
                    if parameter in varied:
                        yield experiment, data_set, parameter


def read_metrics(params: Params, folder: Path) -> Metrics:
    """Read the errors of all that params.yaml asks to be evaluated.

    Raises
    ------
    InputError
        If a file is missing or is not JSON.
    """
    for name in params.evaluated:
        if not (path := folder / f"{name}.json").exists():
            raise InputError(f"{path}: missing; `dvc repro` makes it")
    return read_landed(params, folder)


def read_landed(params: Params, folder: Path) -> Metrics:
    """Read what there is of the errors: at full size, one experiment lands after the other.

    Raises
    ------
    InputError
        If a file is not JSON.
    """
    paths = {name: folder / f"{name}.json" for name in params.evaluated}
    return Metrics({name: read_json(path) for name, path in paths.items() if path.exists()})


def read_json(path: Path) -> dict[str, Any]:
    """Read a file of metrics.

    Raises
    ------
    InputError
        If it is missing or is not JSON.
    """
    if not path.exists():
        raise InputError(f"{path}: missing; `dvc repro` makes it")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"{path}: is not JSON ({error})") from error
