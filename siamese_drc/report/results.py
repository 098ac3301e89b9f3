"""The errors that were measured, as read from the metrics files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from siamese_drc.compressor.settings import PARAMETERS
from siamese_drc.core.errors import InputError, reading

PROTOCOLS = ("paper", "unseen_loops")
"""How a regressor is tested on the corpus that its network was trained on; the paper's first."""

TRANSFER_PROTOCOLS = ("transfer", "refit")
"""How it is tested on another corpus; the paper's, as we read it, first."""

EVERY_PROTOCOL = (*PROTOCOLS, *TRANSFER_PROTOCOLS)

BASELINES = ("constant", "closed_form")
"""Predictors without a training: the median, and the solution of the compressor's equations."""

PARAMETER_NAMES = {
    "threshold_db": "Threshold (dB)",
    "ratio": "Ratio",
    "attack_ms": "Attack (ms)",
    "release_ms": "Release (ms)",
}

DASH = "\N{EN DASH}"

Place = tuple[str, str, str]
"""Where an error is in the metrics: experiment (or transfer), data set and parameter."""


@dataclass(frozen=True)
class Results:
    """Errors by experiment (or transfer), data set, entry and parameter.

    An entry is a protocol of the regressor (`PROTOCOLS`, `TRANSFER_PROTOCOLS`), the network's own
    output (`network`, `network_unseen_loops`), or a baseline (`BASELINES`). By each protocol a
    trained network has two more: `untrained/<protocol>`, its twin, the same network at its first
    weights with the same forest; and `no_network/<protocol>`, a forest on simple statistics of
    the network's input. `learnt/<protocol>` has the 95 % intervals of the paired differences.

    Examples
    --------
    >>> errors = {"paper": {"ratio": {"mae": 1.2}}, "untrained": {"paper": {"ratio": {"mae": 3.6}}}}
    >>> results = Results({"drum-cnn": {"drum-ds2": errors}})
    >>> place = ("drum-cnn", "drum-ds2", "ratio")
    >>> results.mae(place, "paper"), results.mae(place, "untrained/paper")
    (1.2, 3.6)
    """

    experiments: dict[str, dict[str, dict[str, Any]]]

    def error(self, place: Place, entry: str) -> Any:
        """Return mae, std, percent, mae_identifiable and n; None where it was not measured."""
        experiment, data_set, parameter = place
        found: Any = self.experiments
        for key in (experiment, data_set, *entry.split("/"), parameter):
            if key not in found:
                return None
            found = found[key]
        return found

    def mae(self, place: Place, entry: str) -> float | None:
        """Return the mean absolute error in the parameter's unit, or None."""
        error = self.error(place, entry)
        return None if error is None else error["mae"]

    def with_twins(self) -> Results:
        """Return the trained results that have an untrained twin; earlier ones have none."""
        found = {
            name: {key: entries for key, entries in sets.items() if "untrained" in entries}
            for name, sets in self.experiments.items()
        }
        return Results({name: sets for name, sets in found.items() if sets})

    def learnt(self, place: Place, protocol: str) -> bool | None:
        """Return whether an error is below the twin's and the constant predictor's.

        The 95 % interval of each paired difference must lie below zero. None: there is no twin.
        """
        found = self.error(place, f"learnt/{protocol}")
        return None if found is None else found["learnt"]

    def measured(self) -> Iterator[Place]:
        """Yield every place at which there are errors."""
        for experiment, data_sets in self.experiments.items():
            for data_set, entries in data_sets.items():
                varied = set().union(*entries.values())
                for parameter in PARAMETERS:
                    if parameter in varied:
                        yield experiment, data_set, parameter


def read_results(
    folder: Path,
    names: Sequence[str],
    unseen_loops: Sequence[str] = (),
    *,
    complete: bool = True,
) -> Results:
    """Read `folder`/experiments/<name>.json and `folder`/unseen_loops/<name>.json, and merge them.

    The constant predictor is the first file's where both have one. InputError if a file is damaged,
    or is missing and the results are to be `complete`.
    """
    found: dict[str, Any] = {}
    for kind, wanted in (("experiments", names), ("unseen_loops", unseen_loops)):
        for name in wanted:
            path = folder / kind / f"{name}.json"
            if complete or path.exists():
                found[name] = merged(found.get(name, {}), read_json(path))
    return Results(found)


def merged(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Return both dictionaries joined at all levels; `second` wins, but for `constant`.

    Examples
    --------
    >>> merged({"untrained": {"paper": 1}, "constant": 2}, {"untrained": {"x": 3}, "constant": 4})
    {'untrained': {'paper': 1, 'x': 3}, 'constant': 2}
    """
    joined = dict(first)
    for key, value in second.items():
        if isinstance(value, dict) and isinstance(first.get(key), dict) and key != "constant":
            joined[key] = merged(first[key], value)
        elif key != "constant" or key not in first:
            joined[key] = value
    return joined


def read_json(path: Path) -> dict[str, Any]:
    """Return the content of one file of metrics; InputError if it is missing or damaged."""
    if not path.exists():
        raise InputError(f"{path}: missing; `dvc repro` makes it")
    with reading(path):
        return json.loads(path.read_text(encoding="utf-8"))


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
