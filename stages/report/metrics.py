"""The errors that `evaluate` wrote: read whole, never guessed from what lies in the folder."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stages.common.errors import InputError
from stages.common.params import PARAMETERS, Params

LEARNT = 0.7
"""An error counts as learnt below this share of the constant predictor's: better by 30 %."""


@dataclass(frozen=True)
class Metrics:
    """Errors by experiment or transfer, data set, entry and parameter.

    An entry is a protocol of the forest (`paper`, `unseen_loops`, `transfer`, `refit`), the
    network's own output (`network`, `network_unseen_loops`), or a yardstick (`constant`,
    `closed_form`).
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

    def measured(self, experiments: Iterable[str]) -> Iterator[tuple[str, str, str]]:
        """Go through every (experiment, data set, parameter) of the named ones."""
        for experiment in experiments:
            for data_set, entries in self.experiments[experiment].items():
                varied = set().union(*entries.values())
                for parameter in PARAMETERS:
                    if parameter in varied:
                        yield experiment, data_set, parameter


def read_metrics(params: Params, folder: Path) -> Metrics:
    """Read the errors of every experiment and transfer of params.yaml.

    Raises
    ------
    InputError
        If one is missing or is not JSON.
    """
    names = [*params.experiments, *params.transfers]
    return Metrics({name: _read(folder / f"{name}.json", name) for name in names})


def _read(path: Path, name: str) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: missing; `dvc repro evaluate@{name}` makes it") from None
    except ValueError as error:
        raise InputError(f"{path}: is not JSON ({error})") from error
