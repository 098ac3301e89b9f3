"""The errors that were measured, as read from the metrics files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from siamese_drc.compressor.settings import PARAMETERS
from siamese_drc.core.errors import InputError

PROTOCOLS = ("paper", "unseen_loops")
"""How a regressor is tested on the corpus that its network was trained on; the paper's first."""

TRANSFER_PROTOCOLS = ("transfer", "refit")
"""How it is tested on another corpus; the paper's, as we read it, first."""

LEARNT = 0.7
"""An error counts as learnt below this share of the constant predictor's: better by 30 %."""

PARAMETER_NAMES = {
    "threshold_db": "Threshold (dB)",
    "ratio": "Ratio",
    "attack_ms": "Attack (ms)",
    "release_ms": "Release (ms)",
}

DASH = "\N{EN DASH}"


@dataclass(frozen=True)
class Results:
    """Errors by experiment (or transfer), data set, entry and parameter.

    An entry is a protocol of the regressor (`PROTOCOLS`, `TRANSFER_PROTOCOLS`), the network's own
    output (`network`, `network_unseen_loops`), or a baseline (`constant`, `closed_form`).

    Examples
    --------
    >>> errors = {"paper": {"ratio": {"mae": 1.2}}, "constant": {"ratio": {"mae": 4.8}}}
    >>> results = Results({"drum-cnn": {"drum-ds2": errors}})
    >>> results.mae("drum-cnn", "drum-ds2", "paper", "ratio")
    1.2
    >>> results.learnt("drum-cnn", "drum-ds2", "paper", "ratio")
    True
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
        """Return whether an error is below 0.7 of the constant predictor's; None: missing."""
        mae = self.mae(experiment, data_set, entry, parameter)
        constant = self.mae(experiment, data_set, "constant", parameter)
        return None if mae is None or constant is None else mae < LEARNT * constant

    def measured(self) -> Iterator[tuple[str, str, str]]:
        """Yield every (experiment, data set, parameter)."""
        for experiment, data_sets in self.experiments.items():
            for data_set, entries in data_sets.items():
                varied = set().union(*entries.values())
                for parameter in PARAMETERS:
                    if parameter in varied:
                        yield experiment, data_set, parameter


def read_results(folder: Path, names: Sequence[str], *, complete: bool = True) -> Results:
    """Read the errors of the named experiments from `folder`/<name>.json.

    Parameters
    ----------
    folder : Path
    names : sequence of str
        Other files in the folder are not read.
    complete : bool
        Whether a missing file is an error, or is left out.

    Raises
    ------
    InputError
        If a file is not JSON, or is missing and `complete` is true.
    """
    paths = {name: folder / f"{name}.json" for name in names}
    return Results({name: read_json(p) for name, p in paths.items() if complete or p.exists()})


def read_json(path: Path) -> dict[str, Any]:
    """Read one file of metrics.

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


def error_text(mae: float | None) -> str:
    """Return an error with three significant digits and at most three decimals; None: a dash.

    Examples
    --------
    >>> error_text(4.338), error_text(0.0001)
    ('4.34', '<0.001')
    """
    if mae is None:
        return DASH
    if mae < 0.0005:
        return "<0.001"
    decimals = 3 if mae < 1 else 2 if mae < 10 else 1 if mae < 100 else 0
    return f"{mae:.{decimals}f}"
